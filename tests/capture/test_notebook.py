"""Which notebook a kernel belongs to."""

from pathlib import Path

import pytest

from trackbook.capture.notebook import find_notebook, kernel_id_of, parse_notebook, relative_path
from trackbook.errors import NotebookError


def test_what_jupyter_and_vs_code_say(tmp_path: Path) -> None:
    named = tmp_path / "work" / "train.ipynb"
    other = tmp_path / "other.ipynb"
    named.parent.mkdir()
    named.touch()
    other.touch()
    assert find_notebook(named, {}, tmp_path) == named
    assert find_notebook(named, {"__vsc_ipynb_file__": str(other)}, tmp_path) == other
    assert find_notebook(None, {"__vsc_ipynb_file__": str(other)}, tmp_path) == other
    # Relative to the server's root, while the kernel runs in the notebook's folder.
    assert find_notebook(Path("projects/work/train.ipynb"), {}, named.parent) == named
    assert find_notebook(Path("other.ipynb"), {}, tmp_path) == other


def test_what_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "console-1").touch()
    (tmp_path / "folder.ipynb").mkdir()
    assert find_notebook(None, {}, tmp_path) is None
    assert find_notebook(tmp_path / "console-1", {"__vsc_ipynb_file__": 3}, tmp_path) is None
    assert find_notebook(tmp_path / "renamed.ipynb", {"__vsc_ipynb_file__": ""}, tmp_path) is None
    assert find_notebook(tmp_path / "folder.ipynb", {}, tmp_path) is None


@pytest.mark.parametrize(
    ("file", "kernel_id"),
    [
        ("/run/user/0/jupyter/kernel-0a1b-2c.json", "0a1b-2c"),
        ("kernel-x.json", "x"),
        ("/tmp/kernel.json", None),
        ("", None),
        (None, None),
    ],
)
def test_kernel_ids(file: str | None, kernel_id: str | None) -> None:
    assert kernel_id_of(file) == kernel_id


def test_relative_paths(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    assert relative_path(project / "sub" / "größe.ipynb", project) == "sub/größe.ipynb"
    outside = tmp_path / "outside.ipynb"
    assert relative_path(outside, project) == str(outside.resolve())
    link = tmp_path / "link"
    link.symlink_to(project)
    assert relative_path(link / "a.ipynb", project) == "a.ipynb"


@pytest.mark.parametrize(
    "saved", [b"", b"no json", b"[]", b'{"cells": 3}', b'{"worksheets": []}', b"\xff\xfe"]
)
def test_files_that_are_no_notebooks(saved: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotebookError) as caught:
        parse_notebook(tmp_path / "x.ipynb", saved)
    assert caught.value.path == str(tmp_path / "x.ipynb")


def test_a_notebook(tmp_path: Path) -> None:
    assert parse_notebook(tmp_path, b'{"cells": [], "nbformat": 4}') == {"cells": [], "nbformat": 4}
