import contextlib

import pytest

from trackbook.domain import records as r
from trackbook.domain.ids import new_id
from trackbook.services.ingestion import Ingester
from trackbook.services.opening import open_place
from trackbook.services.recorder import RunRecorder
from trackbook.store import sealing
from trackbook.store.journal import JournalWriter
from trackbook.store.paths import PartName, create_store
from trackbook.store.sealing import seal
from trackbook.store.segments import read_segment


@pytest.fixture
def store(tmp_path):
    return create_store(tmp_path / ".trackbook")


def closed_journal(store):
    writer = JournalWriter(store, new_id(), new_id())
    writer.append(r.MetricsLogged(1, 0, {"loss": 0.5}))
    writer.close()
    return PartName(writer.subject, writer.writer, 0)


def test_many_journals_become_segments(store):
    names = [closed_journal(store) for _ in range(50)]
    assert sorted(seal(store, names)) == sorted(names)
    assert [name for name, _ in store.list_segments()] == sorted(names)
    assert all(read_segment(store.segment(name)).points["loss", "{}"].values == [0.5] for name in names)
    assert not list(store.segments.rglob("*.draft"))
    assert len(list(store.list_journals())) == 50


def test_what_is_a_segment_already_is_said_to_be_one(store):
    name = closed_journal(store)
    assert seal(store, [name]) == [name]
    store.journal(name).unlink()
    assert seal(store, [name, PartName(new_id(), new_id(), 0)]) == [name]


def test_no_journal_goes_before_its_segment_is_on_the_disk(store, monkeypatch):
    place = open_place(store)
    for number in range(5):
        run = RunRecorder.start(store, experiment="e")
        run.log({"loss": number})
        run.end()
    on_disk, dropped, levels = set(), [], []
    bring, drop, write = sealing.bring_to_disk, place.parts.drop, place.database.write

    def note(path):
        bring(path)
        on_disk.add(path.stat().st_ino)

    def check_and_drop(name):
        segment = store.segment(name)
        assert {path.stat().st_ino for path in (segment, segment.parent, store.segments)} <= on_disk
        assert levels[-1] == 2, "the index is on the disk, too: it says what was read of the journal"
        dropped.append(name)
        drop(name)

    @contextlib.contextmanager
    def note_level(**options):
        with write(**options) as connection:
            levels.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())
            yield connection

    monkeypatch.setattr(sealing, "bring_to_disk", note)
    monkeypatch.setattr(place.parts, "drop", check_and_drop)
    monkeypatch.setattr(place.database, "write", note_level)
    Ingester(place).finish()
    place.close()
    assert len(dropped) == 6  # the project's own journal, too
    assert list(store.list_journals()) == []


def test_a_disk_that_takes_no_segment_keeps_the_journal(store, monkeypatch):
    place = open_place(store)
    run = RunRecorder.start(store, experiment="e")
    run.end()
    bring = sealing.bring_to_disk

    def refuse(path):
        raise OSError(28, "the disk is full")

    monkeypatch.setattr(sealing, "bring_to_disk", refuse)
    ingester = Ingester(place)
    ingester.run_pass()
    assert run.run_id in {name.subject for name, _ in store.list_journals()}
    assert list(store.list_segments()) == []
    monkeypatch.setattr(sealing, "bring_to_disk", bring)
    ingester.finish()
    place.close()
    assert run.run_id not in {name.subject for name, _ in store.list_journals()}
    assert run.run_id in {name.subject for name, _ in store.list_segments()}
