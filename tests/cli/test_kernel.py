"""`trackbook kernel`: kernelspecs of warm kernels, written, listed and taken away."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def jupyter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's kernels lie."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    return tmp_path / "jupyter" / "kernels"


def test_installed_listed_and_removed(call: Any, jupyter: Path) -> None:
    assert "`trackbook kernel install` adds one" in call("kernel", "list").err
    assert json.loads(call("kernel", "list", "--json").out) == []
    answer = call("kernel", "install", "--import", "pandas", "--import", "sklearn.linear_model")
    folder = jupyter / "trackbook-warm"
    assert (answer.code, answer.out) == (0, "")
    assert f"Python 3 (warm) is in Jupyter's menus, by {folder}." in answer.err
    assert "`trackbook kernel remove` takes that back." in answer.err
    spec = json.loads((folder / "kernel.json").read_text())
    assert spec["argv"][0] == sys.executable
    assert spec["argv"][-4:] == ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
    assert spec["metadata"]["debugger"] is True
    assert spec["metadata"]["kernel_provisioner"] == {
        "provisioner_name": "trackbook-warm",
        "config": {"imports": ["pandas", "sklearn.linear_model"]},
    }
    assert (folder / "logo-64x64.png").is_file()
    kernel = {
        "name": "trackbook-warm",
        "display_name": "Python 3 (warm)",
        "folder": str(folder),
        "imports": ["pandas", "sklearn.linear_model"],
    }
    assert json.loads(call("kernel", "list", "--json").out) == [kernel]
    assert call("kernel", "list").out.split() == [
        "trackbook-warm",
        "pandas,",
        "sklearn.linear_model",
        str(folder),
    ]
    assert f"{folder} is removed." in call("kernel", "remove").err
    assert not folder.exists()
    answer = call("kernel", "remove")
    assert answer.code == 2
    assert "There is no kernel 'trackbook-warm'." in answer.err


def test_installed_again_it_takes_the_place_of_the_one_before(call: Any, jupyter: Path) -> None:
    call("kernel", "install", "--import", "pandas")
    call("kernel", "install", "--display-name", "Mine")
    (found,) = json.loads(call("kernel", "list", "--json").out)
    assert (found["display_name"], found["imports"]) == ("Mine", [])


def test_for_an_environment(call: Any, tmp_path: Path) -> None:
    assert call("kernel", "install", "--name", "w", "--prefix", str(tmp_path / "env")).code == 0
    assert (tmp_path / "env" / "share" / "jupyter" / "kernels" / "w" / "kernel.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["install", "--name", "a/b"], "can't be the name of a kernel"),
        (["install", "--import", "import os"], "is no module's name"),
        (["install", "--name", "python3"], "is a kernel already"),
        (["install", "--sys-prefix", "--prefix", "x"], "two places"),
        (["remove", "--name", "python3"], "is a kernel already"),
    ],
)
def test_what_it_can_not_do_is_said(call: Any, arguments: list[str], text: str, jupyter: Path) -> None:
    answer = call("kernel", *arguments)
    assert answer.code == 2
    assert text in answer.err
    assert not jupyter.exists()


def test_a_folder_that_can_not_be_written(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file" / "x"))
    answer = call("kernel", "install")
    assert answer.code == 3
    assert "The kernel can't be written" in answer.err


def test_elsewhere_it_says_that_it_starts_as_ever(
    call: Any, jupyter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trackbook.cli.commands.kernel as command

    monkeypatch.setattr(command.sys, "platform", "darwin")
    assert "on Linux alone" in call("kernel", "install", "--prefix", str(jupyter)).err
