"""The state of real git work trees."""

import subprocess
from pathlib import Path

import pytest

from trackbook.capture import git as capture
from trackbook.capture.git import Diff, parse_status, read_diff, read_git, read_remote, without_user
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


def test_a_remote_without_credentials(tree: Path) -> None:
    assert read_remote(tree) is None
    git(tree, "remote", "add", "origin", "https://bob:hunter2@example.org/team/a.git?private_token=x")
    assert read_remote(tree) == "https://example.org/team/a.git"
    git(tree, "remote", "add", "fork", "git@example.org:fork/a.git")
    git(tree, "config", "branch.main.remote", "fork")
    git(tree, "config", "branch.main.merge", "refs/heads/main")
    assert read_remote(tree) == "example.org:fork/a.git"
    assert read_remote(tree / "missing") is None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://token@example.org/a", "https://example.org/a"),
        ("ssh://git@example.org:22/a", "ssh://example.org:22/a"),
        ("https://a:b@c:d@example.org/a@b", "https://example.org/a@b"),
        ("https://example.org", "https://example.org"),
        ("git@example.org:a/b@c", "example.org:a/b@c"),
        ("/srv/git/a.git", "/srv/git/a.git"),
        ("../a@b.git", "../a@b.git"),
        ("file:///srv/a.git", "file:///srv/a.git"),
    ],
)
def test_addresses(address: str, shown: str) -> None:
    assert without_user(address) == shown


def test_a_diff_can_be_applied(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert read_diff(tree) is None
    git(tree, "config", "diff.noprefix", "true")
    git(tree, "config", "diff.external", "false")
    git(tree, "config", "color.ui", "always")
    (tree / "new größe.txt").write_text("not tracked")
    (tree / "sub").mkdir()
    (tree / "sub" / "inner.txt").write_text("")
    assert read_diff(tree) is None  # there is nothing to restore but files that nobody has
    (tree / "train.py").write_text("x = 2\n")
    diff = read_diff(tree / "sub")
    assert diff is not None
    assert (diff.size, diff.cut) == (len(diff.data), False)
    diff = read_diff(tree)
    assert diff is not None
    assert diff.data.decode().startswith(
        "# Not tracked by git:\n#   'new größe.txt'\n#   'sub/'\n\ndiff --git a/train.py"
    )
    copy = tmp_path_factory.mktemp("copy") / "tree"
    git(tree, "clone", str(tree), str(copy))
    (copy / "what.diff").write_bytes(diff.data)
    git(copy, "apply", "what.diff")
    assert (copy / "train.py").read_text() == "x = 2\n"


def test_a_long_diff_is_cut_at_a_line(tree: Path) -> None:
    (tree / "train.py").write_text("".join(f"line {i}\n" for i in range(100_000)))
    whole = read_diff(tree, limit=10**9)
    assert whole is not None
    assert not whole.cut
    diff = read_diff(tree)
    assert diff is not None
    assert diff.cut
    assert diff.size == whole.size
    assert 999_900 < len(diff.data) <= 1_000_000
    assert diff.data.endswith(b"\n")
    assert whole.data.startswith(diff.data)


def test_a_git_that_is_stuck_keeps_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_TIMEOUT", 0.3)
    program = tmp_path / "git"
    program.write_text('#!/bin/sh\n[ "$2" = diff ] || exit 1\necho first\nprintf sec\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    diff = read_diff(tmp_path)
    assert diff == Diff(b"first\n", 9, True)
    program.write_text("#!/bin/sh\necho first\nexit 1\n")
    assert read_diff(tmp_path) is None
