"""What is captured around runs: beside the work, behind the end of short runs, and once for many."""

import sys
import threading

import pytest

from trackbook.capture import environment as capture
from trackbook.domain import records as r
from trackbook.services import surroundings
from trackbook.services.recorder import RunRecorder
from trackbook.services.surroundings import Surroundings, wait_for_captures
from trackbook.store.journal import read_records
from trackbook.store.paths import create_store


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(surroundings, "_latest", {})
    return create_store(tmp_path / ".trackbook")


@pytest.fixture
def git(monkeypatch):
    """A git that answers when it is told to, and counts how often it was asked."""

    class Git:
        asked = 0
        answers = threading.Event()

    def read_git(folder):
        Git.asked += 1
        Git.answers.wait(60)

    monkeypatch.setattr(capture, "read_git", read_git)
    # However busy the machine is, the runs of a test follow each other at once.
    monkeypatch.setattr(surroundings, "_SHARED_SECONDS", 600.0)
    yield Git
    Git.answers.set()
    wait_for_captures(60)


def written(store, kind):
    records = [record for _, path in store.list_journals() for record in read_records(path)]
    return [record for record in records if isinstance(record, kind)]


def test_a_short_run_s_end_does_not_wait(store, git, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    run = RunRecorder.start(store, experiment="e")
    around = Surroundings(run).begin()
    (tmp_path / "tb_late.py").write_text("x = 1\n")
    import tb_late  # noqa: F401

    around.finish()
    run.end()
    assert len(written(store, r.RunEnded)) == 1
    assert written(store, r.EnvironmentCaptured) == []
    git.answers.set()
    wait_for_captures(60)
    del sys.modules["tb_late"]
    assert len(written(store, r.EnvironmentCaptured)) == 1
    assert [m.path for record in written(store, r.ModulesCaptured) for m in record.modules] == ["tb_late.py"]
    assert [record.role for record in written(store, r.WriterOpened)] == ["owner", "editor"]
    assert len(written(store, r.WriterClosed)) == 2
    assert list(store.journals.rglob("*.lock")) == []


def test_runs_that_follow_each_other_at_once_share_an_environment(store, git):
    git.answers.set()
    runs = [RunRecorder.start(store, experiment="e") for _ in range(3)]
    for run in runs:
        around = Surroundings(run).begin()
        around.wait(60)
        around.finish()
        run.end()
    assert git.asked == 1
    first, second, third = written(store, r.EnvironmentCaptured)
    assert first.environment == second.environment == third.environment


def test_runs_that_start_while_the_first_is_looked_at_wait_for_its_environment(store, git):
    runs = [RunRecorder.start(store, experiment="e") for _ in range(8)]
    begun = [Surroundings(run).begin() for run in runs]
    git.answers.set()
    for around, run in zip(begun, runs, strict=True):
        around.wait(60)
        run.end()
    assert git.asked == 1
    assert len(written(store, r.EnvironmentCaptured)) == 8


def test_a_later_run_asks_again(store, git, monkeypatch):
    git.answers.set()
    monkeypatch.setattr(surroundings, "_SHARED_SECONDS", 0.0)
    for _ in range(2):
        run = RunRecorder.start(store, experiment="e")
        Surroundings(run).begin().wait(60)
        run.end()
    assert git.asked == 2


def test_a_job_s_end_waits(store, git):
    run = RunRecorder.start(store, experiment="e")
    around = Surroundings(run).begin()
    threading.Timer(0.05, git.answers.set).start()
    around.finish(patience=60)
    run.end()
    assert [record.role for record in written(store, r.WriterOpened)] == ["owner"]
    assert len(written(store, r.EnvironmentCaptured)) == 1


def test_what_is_masked_once_is_told_in_each_run(store, git, tmp_path):
    git.answers.set()
    (tmp_path / "requirements.txt").write_text("--index-url https://me:hunter2hunter2@example.org\nmsgspec\n")
    runs = [RunRecorder.start(store, experiment="e") for _ in range(2)]
    for run in runs:
        Surroundings(run).begin().wait(60)
        run.end()
    assert git.asked == 1
    first, second = written(store, r.EnvironmentCaptured)
    assert first.environment.lock == second.environment.lock
    assert (
        run.blobs.get(first.environment.lock.digest)
        .decode()
        .startswith("--index-url https://me:•••@example.org")
    )
    told = [(one.kind, one.place, one.count) for one in written(store, r.SecretMasked)]
    assert told == [("password in a url", "requirements.txt", 1)] * 2


def test_runs_that_record_other_parts_share_nothing(store, git):
    git.answers.set()
    for parts in ({"environment", "git"}, {"environment"}, {"git"}, {"variables"}, set()):
        run = RunRecorder.start(store, experiment="e", capture=frozenset(parts))
        Surroundings(run).begin().wait(60)
        run.end()
    assert git.asked == 2
    environments = [record.environment for record in written(store, r.EnvironmentCaptured)]
    assert [bool(one.python) for one in environments] == [True, True, False, False]


def test_a_notebook_that_is_none_costs_only_itself(store, git, tmp_path, caplog):
    git.answers.set()
    (tmp_path / "a.ipynb").write_text("{")
    for _ in range(2):
        run = RunRecorder.start(store, experiment="e")
        Surroundings(run).begin(tmp_path / "a.ipynb").wait(60)
        run.end()
    assert len(written(store, r.EnvironmentCaptured)) == 2
    assert [record.getMessage().partition(" of ")[0] for record in caplog.records] == [
        "Trackbook could not record the notebook"
    ] * 2
