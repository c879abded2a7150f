"""Packages, hardware and the rest of the environment."""

import importlib.metadata
import os
import re
import sys
from pathlib import Path

import pytest

from trackbook.capture import hardware
from trackbook.capture.environment import capture_environment
from trackbook.capture.packages import installed_packages


def test_packages_are_those_that_metadata_names() -> None:
    expected = {}
    for distribution in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        expected.setdefault(name, distribution.version)
    assert installed_packages() == dict(sorted(expected.items()))


def test_odd_folders(tmp_path: Path) -> None:
    (tmp_path / "My_Package-1.0.post1.dist-info").mkdir()
    (tmp_path / "old.style-2.0-py3.11.egg-info").mkdir()
    (tmp_path / "developed.egg-info").mkdir()
    (tmp_path / "developed.egg-info" / "PKG-INFO").write_text(
        "Metadata-Version: 2.1\nName: Developed\nVersion: 0.3\n"
    )
    (tmp_path / "broken.egg-info").mkdir()
    (tmp_path / "notes.txt").write_text("")
    second = tmp_path / "second"
    (second / "my.package-9.9.dist-info").mkdir(parents=True)
    found = installed_packages(
        [str(tmp_path), str(second), str(tmp_path / "missing"), str(tmp_path / "notes.txt")]
    )
    assert found == {"broken": "", "developed": "0.3", "my-package": "1.0.post1", "old-style": "2.0"}


def test_hardware() -> None:
    found = hardware.read_hardware()
    assert 1 <= int(found["cpus"]) <= (os.cpu_count() or 1)
    assert int(found["memory"]) > 100_000_000
    assert found["machine"]


def test_graphics_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hardware.gpu_names() == []
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200'\necho 'NVIDIA H200'\n")
    tool.chmod(0o755)
    assert hardware.gpu_names() == ["NVIDIA H200", "NVIDIA H200"]
    tool.write_text("#!/bin/sh\necho 'no devices were found'\nexit 6\n")
    assert hardware.gpu_names() == []


def test_a_platform_without_posix_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert hardware.total_memory() is None or hardware.total_memory() > 0
    assert hardware.usable_cpus() >= 1


def test_no_variable_of_the_environment_is_captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_TOKEN", "s3cret-value")
    environment = capture_environment(tmp_path)
    assert environment.python == ".".join(map(str, sys.version_info[:3]))
    assert environment.executable == sys.executable
    assert environment.packages["msgspec"]
    assert environment.git is None
    assert "s3cret-value" not in repr(environment)
