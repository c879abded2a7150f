"""The ingester killed before each statement and each file operation in turn: the next one brings the same answers."""

import os
import shutil
from pathlib import Path

import pytest
from crowd import answers, start
from sqlalchemy import event
from sqlalchemy.engine import Engine

from trackbook.services import ingest, ingestion
from trackbook.services.catchup import catch_up, rebuild
from trackbook.services.edits import Edits
from trackbook.services.numbering import Numbering
from trackbook.services.opening import open_place
from trackbook.services.recorder import RunRecorder
from trackbook.store import schema as t
from trackbook.store.paths import StorePaths, create_store

KILLED = 9
FILE_OPERATIONS = ("write", "replace", "rename", "unlink", "rmdir", "fsync", "link")


def pass_killed_at(root: str, number: int) -> None:
    """Make a whole pass, but end the process before its `number`-th statement or file operation."""
    store = StorePaths(Path(root))
    _die_at(number)
    catch_up(open_place(store))


def rebuild_killed_at(root: str, number: int) -> None:
    """Make the index anew, but end the process before its `number`-th statement or file operation."""
    ingestion.SEAL_AT_ONCE = 2  # several batches
    _die_at(number)
    rebuild(StorePaths(Path(root)))


def _die_at(number: int) -> None:
    left = number

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(KILLED)

    for name in FILE_OPERATIONS:
        setattr(os, name, _counted(getattr(os, name), step))
    for moment in ("before_cursor_execute", "commit", "rollback"):
        event.listen(Engine, moment, lambda *_: step())


def _counted(function, step):
    def counted(*arguments, **options):
        step()
        return function(*arguments, **options)

    return counted


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A store as its writers left it, with something of everything that a pass does, and the answers it should give."""
    store = create_store(tmp_path_factory.mktemp("written") / ".trackbook")
    place = open_place(store)
    first = RunRecorder.start(store, experiment="a", params={"lr": 0.1}, tags={"k": "v"})
    first.log({"loss": 0.5}, step=0)
    first.end()
    assert catch_up(place)  # one is sealed and numbered already
    finished = RunRecorder.start(store, experiment="a", params={"lr": 0.2})
    for step in range(20):
        finished.log({"loss": 1 / (step + 1), "acc": step}, step=step)
    finished.store_artifact(b"abc", "a.txt")
    order = finished.cell_started("cell", 1, "1")
    finished.cell_finished(order, "ok", 0.5, [])
    finished.end()
    Edits(store).rename(finished.run_id, "renamed")
    killed = RunRecorder.start(store, experiment="b")
    killed.log({"loss": 1}, step=0)
    _die(killed)
    child = RunRecorder.join(store, killed.run_id)
    child.log({"loss": 2}, step=1)
    _die(child)
    torn = RunRecorder.start(store, experiment="b")
    torn.log({"loss": 3}, step=0)
    with store.journal(next(n for n, _ in store.list_journals() if n.subject == torn.run_id)).open(
        "ab"
    ) as file:
        file.write(b"\xf7T\x01")
    _die(torn)
    place.close()
    copy = StorePaths(tmp_path_factory.mktemp("expected") / ".trackbook")
    shutil.copytree(store.root, copy.root)
    place = open_place(copy)
    assert catch_up(place)
    expected = answers(place)
    place.close()
    assert len(expected["runs"]) == 4
    return store, copy, expected


def _die(recorder: RunRecorder) -> None:
    """Leave the files as a killed process leaves them."""
    recorder._writer.forget()
    recorder._lock.release()
    recorder.is_open = False


def through_all_deaths(store, expected, folder, work, stride=1):
    """Kill `work` on copies of a store at its steps, each `stride`-th of them; returns how many steps it has."""
    number, code = 1 - stride, KILLED
    while code == KILLED:
        number += stride
        copy = StorePaths(folder / "copy" / ".trackbook")
        shutil.copytree(store.root, copy.root)
        code = start(work, copy.root, number).wait()
        place = open_place(copy)
        assert catch_up(place), number
        ingestion.Ingester(place).finish()
        assert list(copy.list_journals()) == [], number
        assert answers(place) == expected, number
        place.close()
        shutil.rmtree(copy.root)
    assert code == 0
    return number


def test_a_pass_that_is_killed_anywhere_is_made_good_by_the_next(written, tmp_path):
    store, _, expected = written
    # Each second step: most of them are statements of one transaction, before which death is the same.
    assert through_all_deaths(store, expected, tmp_path, pass_killed_at, stride=2) > 100


def test_a_rebuild_that_is_killed_anywhere_leaves_the_same_answers(written, tmp_path):
    _, sealed, expected = written
    # One transaction: death is the same at most of its statements.
    assert through_all_deaths(sealed, expected, tmp_path, rebuild_killed_at, stride=7) > 30


def test_a_number_in_a_journal_that_is_not_sealed_holds_for_runs_that_are(store, place, monkeypatch):
    runs = [RunRecorder.start(store, experiment="e") for _ in range(3)]
    for run in runs:
        run.end()
        (store.journals / run.run_id).rename(store.root / run.run_id)
    for run in reversed(runs):  # they are found, and numbered, in another order than that of their names
        (store.root / run.run_id).rename(store.journals / run.run_id)
        reader = ingestion.Ingester(place)
        reader._read_all()
        reader._numbering._writer.forget()  # this ingester is killed: its journal of numbers stays open
        reader._numbering._lock.release()
    sealer = ingestion.Ingester(place)
    seal = place.parts.seal
    monkeypatch.setattr(place.parts, "seal", lambda names: seal(n for n in names if n.subject != "project"))
    sealer._seal_closed()
    before = answers(place)
    monkeypatch.setattr(ingestion, "SEAL_AT_ONCE", 1)
    fresh = rebuild(store)
    assert answers(fresh) == before
    fresh.close()
    assert before["numbers"] == sorted((run.run_id, number) for number, run in enumerate(reversed(runs), 1))


def test_two_that_gave_out_one_number_do_not_stop_the_store(store, place):
    runs = [RunRecorder.start(store, experiment="e") for _ in range(2)]
    for run in runs:  # two ingesters at once, on a file system whose locks do not hold
        numbering = Numbering(store)
        numbering.give([run.run_id], [])
        numbering.close()
    for run in runs:
        run.end()
    assert catch_up(place)
    c = t.runs.c
    with place.database.read() as connection:
        numbers = connection.execute(t.runs.select().with_only_columns(c.number)).scalars().all()
    assert sorted(numbers) == [1, 2]
    before = answers(place)
    rebuild(store).close()
    assert answers(place) == before


def test_a_rebuild_that_was_killed_does_not_keep_ingesters_away(store, place):
    run = RunRecorder.start(store, experiment="e")
    store.ingester_request.touch()  # its request to give up the index
    run.end()
    process = start(serve_briefly, store.root)
    assert process.wait() == 0
    assert [row[0] for row in answers(place)["runs"]] == [run.run_id]


def serve_briefly(root: str) -> None:
    ingest.serve(StorePaths(Path(root)), idle_seconds=0.2)
