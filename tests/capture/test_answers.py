"""What forked processes ask git is asked once, and again as soon as it may be another answer."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.capture.test_git import git, tree

from trackbook.capture import answers
from trackbook.capture import git as capture
from trackbook.capture.answers import SharedAnswers
from trackbook.capture.git import read_git

__all__ = ["tree"]


@pytest.fixture
def asked(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Share answers; a file that has a line for each process of git."""
    folder = tmp_path_factory.mktemp("bin")
    told, usual = folder / "asked", os.environ["PATH"]
    told.touch()
    script = folder / "git"
    script.write_text(f'#!/bin/sh\necho once >> {told}\nPATH={usual} exec git "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{usual}")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(capture, "_shared", None)
    capture.share_answers()
    return told


def in_fork(work: Callable[[], bool]) -> bool:
    pid = os.fork()
    if not pid:
        code = 1
        try:
            code = 0 if work() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def count(asked: Path) -> int:
    return len(asked.read_text().splitlines())


def test_forked_processes_ask_once(tree: Path, asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "FRESH_SECONDS", 600.0)
    commit = git(tree, "rev-parse", "HEAD")
    asked.write_text("")
    for _ in range(3):
        assert in_fork(lambda: (read_git(tree) or read_git(tree)).commit == commit)  # type: ignore[union-attr]
    assert count(asked) == 1


def test_a_commit_or_a_branch_is_seen_at_once(
    tree: Path, asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "FRESH_SECONDS", 600.0)
    before = read_git(tree)
    (tree / "train.py").write_text("x = 3\n")
    git(tree, "commit", "-am", "Second")
    after = read_git(tree)
    assert before is not None
    assert after is not None
    assert before.commit != after.commit
    git(tree, "checkout", "-q", "-b", "other")
    last = read_git(tree)
    assert last is not None
    assert last.branch == "other"


def test_changes_of_files_are_seen_soon(tree: Path, asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_git(tree)
    (tree / "train.py").write_text("x = 4\n")
    moment = time.monotonic()
    monkeypatch.setattr(answers.time, "monotonic", lambda: moment + answers.FRESH_SECONDS)
    second = read_git(tree)
    assert first is not None
    assert second is not None
    assert (first.dirty, second.dirty) == (False, True)


def test_nobody_asks_where_there_is_no_repository(asked: Path, tmp_path: Path) -> None:
    assert read_git(tmp_path) is None
    assert count(asked) == 0


def test_another_folder_has_another_answer(tree: Path, asked: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init")
    assert read_git(tree) is not None
    assert read_git(other) is None


def test_what_was_torn_or_has_no_room_is_not_there() -> None:
    shared, now = SharedAnswers(), time.monotonic()
    shared.put("one", "text", now)
    shared.put("two", "x" * 100_000, now)
    assert (shared.get("one"), shared.get("two")) == ("text", None)
    shared._memory[12] ^= 255
    assert shared.get("one") is None
    shared.put("one", "again", now)
    assert shared.get("one") == "again"
