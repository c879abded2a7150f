"""What is installed from folders, and the project's lock file."""

import json
import subprocess
from pathlib import Path

import pytest

from trackbook.capture import lockfile
from trackbook.capture.editable import read_editable
from trackbook.capture.lockfile import FoundLock, read_lock
from trackbook.domain.environment import Editable


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def install(site: Path, name: str, told: object) -> None:
    folder = site / f"{name}-0.1.dist-info"
    folder.mkdir(parents=True)
    text = told if isinstance(told, str) else json.dumps(told)
    (folder / "direct_url.json").write_text(text)


def test_editable_packages_have_their_commit(tmp_path: Path) -> None:
    source, site = tmp_path / "my source", tmp_path / "site"
    source.mkdir()
    git(source, "init")
    (source / "a.py").write_text("x = 1\n")
    git(source, "add", "a.py")
    git(source, "commit", "-m", "First")
    editable = {"dir_info": {"editable": True}}
    install(site, "My_Package", {"url": source.as_uri(), **editable})
    install(site, "gone", {"url": (tmp_path / "gone").as_uri(), **editable})
    install(site, "wheel", {"url": "https://example.org/a.whl", "archive_info": {}})
    install(site, "copied", {"url": source.as_uri(), "dir_info": {}})
    install(site, "broken", "{")
    install(site, "odd", [1])
    (site / "plain-1.0.dist-info").mkdir()
    commit = git(source, "rev-parse", "HEAD")
    path = [str(site), str(tmp_path / "missing")]
    gone = Editable(str(tmp_path / "gone"))
    assert read_editable(path) == {"my-package": Editable(str(source), commit, False), "gone": gone}
    (source / "a.py").write_text("x = 2\n")
    assert read_editable(path)["my-package"].dirty is True
    assert read_editable(path, git=False)["my-package"] == Editable(str(source))


def test_the_most_exact_lock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_lock(tmp_path) is None
    (tmp_path / "requirements.txt").write_text("a\n")
    assert read_lock(tmp_path) == FoundLock("requirements.txt", b"a\n")
    (tmp_path / "poetry.lock").write_text("p")
    (tmp_path / "uv.lock").mkdir()
    assert read_lock(tmp_path) == FoundLock("poetry.lock", b"p")
    (tmp_path / "uv.lock").rmdir()
    (tmp_path / "uv.lock").write_text("uv")
    assert read_lock(tmp_path) == FoundLock("uv.lock", b"uv")
    monkeypatch.setattr(lockfile, "LARGEST", 1)
    assert read_lock(tmp_path) == FoundLock("poetry.lock", b"p")
