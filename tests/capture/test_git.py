"""The state of real git work trees."""

import subprocess
from pathlib import Path

import pytest

from trackbook.capture.git import parse_status, read_git
from trackbook.domain.environment import Git


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    git(tmp_path, "init")
    (tmp_path / "train.py").write_text("x = 1\n")
    git(tmp_path, "add", "train.py")
    git(tmp_path, "commit", "-m", "First")
    return tmp_path


def test_a_clean_tree(tree: Path) -> None:
    commit = git(tree, "rev-parse", "HEAD")
    (tree / "inside").mkdir()
    assert read_git(tree / "inside") == Git(commit, "main", False)


def test_changes_to_tracked_files_are_dirt(tree: Path) -> None:
    (tree / "new.txt").write_text("not tracked")
    assert read_git(tree) == Git(git(tree, "rev-parse", "HEAD"), "main", False)
    (tree / "train.py").write_text("x = 2\n")
    assert read_git(tree) == Git(git(tree, "rev-parse", "HEAD"), "main", True)
    git(tree, "add", "train.py")
    found = read_git(tree)
    assert found is not None
    assert found.dirty


def test_a_detached_head_has_no_branch(tree: Path) -> None:
    git(tree, "checkout", "--detach")
    assert read_git(tree) == Git(git(tree, "rev-parse", "HEAD"), None, False)


def test_where_git_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_git(tmp_path / "missing") is None
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init")
    assert read_git(empty) is None
    (tmp_path / "git").write_text("#!/bin/sh\nexit 128\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_git(empty) is None
    monkeypatch.setenv("PATH", str(empty))
    assert read_git(empty) is None


def test_a_folder_of_another_user_is_no_error(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert read_git(tree) is None


def test_status_of_every_kind() -> None:
    text = "# branch.oid abc\n# branch.head größe\n# branch.upstream origin/größe\n# branch.ab +1 -0\n"
    assert parse_status(text) == Git("abc", "größe", False)
    assert parse_status(text + "1 .M N... 100644 100644 100644 a b train.py\n") == Git("abc", "größe", True)
    assert parse_status("# branch.oid (initial)\n# branch.head main\n") is None
    assert parse_status("") is None
