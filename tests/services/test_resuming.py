"""Runs that go on after their end: attempts, steps, and what stands in the way."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackbook.domain import records as r
from trackbook.domain.clock import now
from trackbook.domain.records import Record
from trackbook.domain.run import Source
from trackbook.errors import Conflict, MissingExtra, NotFound
from trackbook.services import past as module
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.past import Past, check_resumable, find_past
from trackbook.services.recorder import RunRecorder
from trackbook.store.journal import JournalWriter, opening_record
from trackbook.store.paths import StorePaths, create_store


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = open_services(create_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def resume(store: StorePaths, run_id: str) -> RunRecorder:
    past = check_resumable(store, find_past(store, run_id))
    recorder = RunRecorder.resume(
        store, run_id, experiment=past.experiment, name=past.name, after=past.last_at
    )
    recorder.steps.go_on_after(past.steps)
    return recorder


def test_a_run_goes_on_as_a_further_attempt(services: Services) -> None:
    first = RunRecorder.start(services.store, experiment="e", name="n")
    first.log({"loss": 3.0})
    first.log({"loss": 2.0})
    first.log({"loss": 9.0}, step=40, context={"subset": "val"})
    first.end("failed", reason="It raised.")
    second = resume(services.store, first.run_id)
    second.log({"loss": 1.0})
    second.log({"loss": 8.0}, context={"subset": "val"})
    services.runs.refresh()
    run = services.runs.get(first.run_id)
    assert (run.number, run.status, run.attempt, run.ended, run.reason) == (1, "running", 2, None, None)
    second.end()
    services.runs.refresh()
    detail = services.runs.detail(first.run_id)
    assert (detail.run.status, detail.run.attempt) == ("finished", 2)
    assert [(a.number, a.status, a.reason) for a in detail.attempts] == [
        (1, "failed", "It raised."), (2, "finished", None)
    ]  # fmt: skip
    assert all(attempt.host == detail.run.host for attempt in detail.attempts)
    assert services.series.read(first.run_id, "loss").steps == [0, 1, 2]
    assert services.series.read(first.run_id, "loss", {"subset": "val"}).steps == [40, 41]
    rebuild(services.store).close()
    assert services.runs.detail(first.run_id).attempts == detail.attempts
    assert services.runs.get(first.run_id).status == "finished"


def test_a_run_can_be_resumed_after_every_end_and_more_than_once(services: Services) -> None:
    run_id = RunRecorder.start(services.store, experiment="e").run_id
    for status in ("finished", "failed", "aborted", "timed_out", "pruned", "killed", "lost"):
        # The object of the attempt before is given up by the loop: it ends here.
        recorder = next(known for known in _recorders() if known.run_id == run_id)
        recorder.end(status)  # type: ignore[arg-type]  # each is a status
        recorder = resume(services.store, run_id)
    recorder.end()
    services.runs.refresh()
    detail = services.runs.detail(run_id)
    assert [attempt.status for attempt in detail.attempts] == [
        "finished", "failed", "aborted", "timed_out", "pruned", "killed", "lost", "finished"
    ]  # fmt: skip


def _recorders() -> list[RunRecorder]:
    from trackbook.services import runwriter

    return list(runwriter._writers)


HOLD = """
import sys, time
from pathlib import Path
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store
run = RunRecorder.start(create_store(Path(sys.argv[1])), experiment="held")
run.log({"loss": 1}, step=7)
print(run.run_id, flush=True)
time.sleep(600)
"""


def test_a_run_that_is_being_written_is_not_resumed_until_its_process_is_gone(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    command = [sys.executable, "-c", HOLD, str(services.store.root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    with pytest.raises(Conflict, match=rf"still being written by process {process.pid}"):
        resume(services.store, run_id)
    process.kill()
    process.communicate()
    second = resume(services.store, run_id)
    second.log({"loss": 2})
    second.end()
    services.runs.refresh()
    detail = services.runs.detail(run_id)
    assert [attempt.status for attempt in detail.attempts] == ["killed", "finished"]
    assert services.series.read(run_id, "loss").steps == [7, 8]


def test_a_run_of_this_process_a_trashed_one_and_none(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    run = RunRecorder.start(services.store, experiment="e")
    with pytest.raises(Conflict, match="by this process"):
        resume(services.store, run.run_id)
    run.end()
    services.edits.trash(run.run_id)
    with pytest.raises(Conflict, match="trackbook restore"):
        resume(services.store, run.run_id)
    with pytest.raises(NotFound):
        find_past(services.store, "#7")


def foreign_writer(store: StorePaths, run_id: str, host: str = "elsewhere") -> JournalWriter:
    writer = JournalWriter(store, run_id, "01a1fe0c-1e2d-7f3f-b2cd-d6e4fe59f801")
    writer.append(opening_record("owner", "1", host, "boot", 1.0))
    store.lock(run_id, writer.writer).write_text(f'{{"pid": 77, "host": "{host}", "boot_id": "b"}}')
    return writer


def test_a_run_of_another_host_is_resumed_once_nothing_is_heard_of_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    run_id = "01a1fe0c-1e2d-703f-887a-cf98adbee86a"
    writer = foreign_writer(services.store, run_id)
    writer.append(r.RunStarted(now(), "e", "far", "me", "elsewhere", Source("script")))
    writer.append(r.MetricsLogged(now(), 5, {"loss": 1.0}))
    with pytest.raises(Conflict, match="by process 77 on elsewhere"):
        resume(services.store, run_id)
    for path in (services.store.lock(run_id, writer.writer), *services.store.journals.glob(f"{run_id}/*")):
        os.utime(path, (1, 1))
    second = resume(services.store, run_id)
    second.log({"loss": 0.5})
    second.end()
    writer.close()
    services.runs.refresh()
    assert services.series.read(run_id, "loss").steps == [5, 6]
    assert services.runs.get(run_id).attempt == 2


def test_a_clock_that_went_back_does_not_end_what_was_resumed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = RunRecorder.start(services.store, experiment="e")
    first.append(r.RunEnded(now() + 3_600_000_000, "failed"))
    first.close()
    second = resume(services.store, first.run_id)
    services.runs.refresh()
    assert services.runs.get(first.run_id).status == "running"
    second.end()
    services.runs.refresh()
    assert services.runs.get(first.run_id).status == "finished"


@pytest.mark.parametrize("seed", range(5))
def test_in_whatever_order_the_journals_are_read_the_answers_are_the_same(tmp_path: Path, seed: int) -> None:
    store = create_store(tmp_path / ".trackbook")
    run_id = "01a1fe0c-1e2d-703f-887a-cf98adbee86a"
    at = now()
    source = Source("notebook", "a.ipynb", "kernel-1")
    journals: list[tuple[str, list[Record]]] = [
        ("owner", [r.RunStarted(at, "e", "n", "me", "one", source),
                   r.MetricsLogged(at + 5, 0, {"loss": 1.0}), r.RunEnded(at + 10, "failed", None, "no")]),
        ("owner", [r.RunResumed(at + 20, "me", "two", Source("notebook", "a.ipynb", "kernel-2")),
                   r.MetricsLogged(at + 25, 1, {"loss": 2.0})]),
        ("editor", [r.RunEnded(at + 22, "lost", None, "Nothing was heard.")]),
        ("editor", [r.RunGrouped(at + 30, "cv"), r.RunGrouped(at + 31, "cross")]),
    ]  # fmt: skip
    random.Random(seed).shuffle(journals)
    services = open_services(store)
    for number, (role, records) in enumerate(journals):
        writer = JournalWriter(store, run_id, f"01a1fe0c-1e2d-7f3f-b2cd-d6e4fe59f80{number}")
        writer.append(opening_record(role, "1", "h", "b", 1.0))  # type: ignore[arg-type]  # a role
        for record in [*records, r.WriterClosed(at + 40)]:
            writer.append(record)
        writer.close()
        services.runs.refresh()
    detail = services.runs.detail(run_id)
    services.database.close()
    assert (detail.run.status, detail.run.attempt, detail.run.group) == ("running", 2, "cross")
    assert detail.run.source.kernel_id == "kernel-2"
    assert [(a.status, a.host, a.reason) for a in detail.attempts] == [
        ("failed", "one", "no"), ("running", "two", None)
    ]  # fmt: skip


def test_in_the_light_install_the_journals_say_how_to_go_on(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "can_ingest", lambda: False)
    run = RunRecorder.start(
        services.store, experiment="e", name="n", params={"lr": 1}, tags={"a": "1", "b": "2"}
    )
    run.log({"loss": 1.0}, step=3)
    run.set_tags({"b": None})
    run.rename("new")
    run.set_group("cv")
    run.end()
    known = find_past(services.store, run.run_id)
    assert known == Past(run.run_id, run.run_id, "e", "new", {"lr": 1}, {"a": "1"}, "cv", [("loss", {}, 3)],
                         known.last_at)  # fmt: skip
    second = resume(services.store, run.run_id)
    second.log({"loss": 0.5})
    second.end()
    with pytest.raises(MissingExtra, match=r"trackbook\[lab\]"):
        find_past(services.store, "#1")
    services.runs.refresh()  # seals the journals
    assert services.series.read(run.run_id, "loss").steps == [3, 4]
    with pytest.raises(MissingExtra, match="sealed"):
        find_past(services.store, run.run_id)
