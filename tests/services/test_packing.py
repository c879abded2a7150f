from pathlib import Path

import pytest

from trackbook.errors import UsageError
from trackbook.services import packing
from trackbook.services.packing import find_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name in ("a.csv", "data/b.csv", "data/deep/c.csv", "data/d.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "secret.txt").write_text("s")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.csv", ["a.csv"]),
        ("data/*.csv", ["data/b.csv"]),
        ("data", ["data/b.csv", "data/d.txt", "data/deep/c.csv"]),
        ("**/*.csv", ["a.csv", "data/b.csv", "data/deep/c.csv"]),
    ],
)
def test_patterns_find_files_below_the_notebook(folder: Path, pattern: str, found: list[str]) -> None:
    assert [file.relative_to(folder).as_posix() for file in find_files(folder, pattern)] == found


@pytest.mark.parametrize(
    "pattern", ["", "/etc/passwd", "../secret.txt", "data/../../secret.txt", "link.txt", "no*"]
)
def test_what_is_not_there_or_leaves_the_folder_is_refused(folder: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match="--files"):
        find_files(folder, pattern)


def test_very_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_FILES", 2)
    with pytest.raises(UsageError, match="at most 2"):
        find_files(folder, "**/*")
