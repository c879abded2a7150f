"""Journals that were torn, overwritten or cut: what can be read is read, the rest is named, nothing raises."""

import os

import pytest
from crowd import answers, rows
from hypothesis import given
from hypothesis import strategies as st

from trackbook.domain import records as r
from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.errors import CorruptRecord
from trackbook.services import checkup as checkup_module
from trackbook.services.catchup import catch_up, rebuild
from trackbook.services.checkup import examine_store
from trackbook.services.recorder import RunRecorder
from trackbook.services.runs import Runs
from trackbook.store import record_rows
from trackbook.store import schema as t
from trackbook.store.journal import Entry, JournalWriter, scan
from trackbook.store.paths import create_store
from trackbook.store.segments import read_segment, separate, write_segment


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """The bytes of a whole journal with records of several kinds, and what a reader finds in it."""
    store = create_store(tmp_path_factory.mktemp("journal") / ".trackbook")
    writer = JournalWriter(store, new_id(), new_id())
    writer.append(r.WriterOpened(1, "owner", 1, 0.0, "host", "", "1"))
    writer.append(r.RunStarted(2, "churn", "name", "user", "host", r.Source("script")))
    writer.append(r.ParamsSet(3, {"lr": 0.1, "text": "ü" * 20}))
    for step in range(20):
        writer.append(r.MetricsLogged(4 + step, step, {"loss": step / 7}))
    writer.append(r.RunEnded(30, "finished"))
    writer.close(r.WriterClosed(31))
    ((_, path),) = store.list_journals()
    data = path.read_bytes()
    return data, list(scan(data))


def entries(found):
    return [entry for entry in found if isinstance(entry, Entry)]


def test_a_journal_cut_at_any_byte_keeps_each_whole_record(journal):
    data, whole = journal
    for cut in range(len(data)):
        found = list(scan(data[:cut]))
        assert entries(found) == [entry for entry in whole if entry.end <= cut]


@pytest.mark.parametrize("zeros", [1, 11, 4096])
def test_zeros_at_the_end_after_a_power_cut_cost_nothing_that_was_whole(journal, zeros):
    data, whole = journal
    for cut in range(0, len(data), 3):
        assert entries(scan(data[:cut] + b"\0" * zeros)) == [entry for entry in whole if entry.end <= cut]


@given(st.data())
def test_flipped_bytes_cost_the_records_that_they_hit_and_no_others(journal, data):
    clean, whole = journal
    hit = data.draw(st.lists(st.integers(0, len(clean) - 1), min_size=1, max_size=12, unique=True))
    flipped = bytearray(clean)
    for position in hit:
        flipped[position] ^= data.draw(st.integers(1, 255))
    found = list(scan(bytes(flipped)))
    # A flip in the reserved byte of a frame changes nothing that is read.
    untouched = [entry for entry in whole if not any(entry.position <= at < entry.end for at in hit)]
    assert [entry for entry in untouched if entry not in found] == []
    read = {(entry.position, entry.end) for entry in entries(found)}
    assert read <= {(entry.position, entry.end) for entry in whole}
    assert all(entry in whole for entry in entries(found))


@given(st.binary(max_size=400))
def test_any_bytes_can_be_scanned(noise):
    for found in scan(noise):
        assert 0 <= found.position < found.end <= len(noise)


@pytest.mark.parametrize("kind", ["cut", "zeros", "flipped", "inserted", "emptied"])
def test_a_run_with_a_damaged_journal_is_named_and_holds_up_no_other(store, place, kind):
    hurt, well = (RunRecorder.start(store, experiment="e") for _ in range(2))
    for step in range(200):
        hurt.log({"loss": step}, step=step)
        well.log({"loss": step}, step=step)
    hurt.close()  # without an end
    well.end()
    (path,) = (path for name, path in store.list_journals() if name.subject == hurt.run_id)
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(
        {
            "cut": data[: middle + 3],
            "zeros": data[:middle] + b"\0" * (len(data) - middle),
            "flipped": data[:middle]
            + bytes(b ^ 0x55 for b in data[middle : middle + 5])
            + data[middle + 5 :],
            "inserted": data[:middle] + os.urandom(64) + data[middle:],
            "emptied": b"",
        }[kind]
    )
    assert catch_up(place)
    c = t.series.c
    counts = dict(rows(place, t.series, c.run_id, c["count"]))
    assert counts[well.run_id] == 200
    if kind == "emptied":
        assert hurt.run_id not in counts
    else:
        assert 90 <= counts[hurt.run_id] <= 200
    checkup = examine_store(store)
    assert checkup.behind == 0
    assert bool(checkup.damaged) == (kind in {"zeros", "flipped", "inserted"})
    before = answers(place)
    rebuild(store).close()
    assert answers(place) == before


def test_a_value_that_no_table_can_keep_is_damage(store, place):
    run = RunRecorder.start(store, experiment="e")
    run.log({"loss": 1}, step=0)
    run.append(r.MetricsLogged(now(), 2**63, {"loss": 1.0}))
    run.append(r.MetricsLogged(2**62, 1, {"loss": 1.0}))
    run.log({"loss": 2}, step=1)
    run.end()
    assert catch_up(place)
    assert rows(place, t.series, t.series.c["count"]) == [(2,)]
    assert len(rows(place, t.damages)) == 2
    assert Runs(place).search().total == 1


def test_a_record_that_the_index_refuses_costs_only_itself(store, place, monkeypatch):
    refuse_notes = dict(record_rows._MEANING)

    def refused(batch, name, record):
        raise ZeroDivisionError("a fault of the projector")

    refuse_notes[r.NoteWritten] = refused
    runs = [RunRecorder.start(store, experiment="e") for _ in range(3)]
    for run in runs:
        run.log({"loss": 1}, step=0)
    runs[1].add_note("this one")
    runs[1].set_params({"after": 1})
    for run in runs:
        run.end()
    with monkeypatch.context() as patch:
        patch.setattr(record_rows, "_MEANING", refuse_notes)
        assert catch_up(place)
        found = {run.id: run for run in Runs(place).search().runs}
        assert {run.status for run in found.values()} == {"finished"}
        assert sorted(run.number for run in found.values()) == [1, 2, 3]
        assert found[runs[1].run_id].params == {"after": 1}
        (damage,) = examine_store(store).damaged
        assert "1 of its records, such as NoteWritten (a fault of the projector)" in damage.reason
        fresh = rebuild(store)
        assert Runs(fresh).search().total == 3
        fresh.close()
    # Nothing was thrown away: a version that knows better reads it.
    rebuild(store).close()
    assert Runs(place).get(runs[1].run_id).notes == "this one"
    assert examine_store(store).healthy


def test_a_journal_that_can_not_be_read_holds_up_no_other(store, place):
    hurt, well = (RunRecorder.start(store, experiment="e") for _ in range(2))
    hurt.end()
    (path,) = (path for name, path in store.list_journals() if name.subject == hurt.run_id)
    kept = path.read_bytes()
    path.unlink()
    path.mkdir()  # an error at each attempt to read, whoever asks
    well.end()
    assert not catch_up(place, timeout=0.5)
    assert [run.id for run in Runs(place).search().runs] == [well.run_id]
    checkup = examine_store_briefly(store)
    assert [file.path for file in checkup.unreadable] == [path.relative_to(store.root).as_posix()]
    assert not checkup.healthy
    path.rmdir()
    path.write_bytes(kept)
    assert catch_up(place)
    assert {run.id for run in Runs(place).search().runs} == {well.run_id, hurt.run_id}


def examine_store_briefly(store):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkup_module, "catch_up", lambda *rest: catch_up(*rest, timeout=0.5))
        return examine_store(store)


# Segments


@pytest.fixture
def sealed(store, place):
    """Three runs whose journals are segments, and the path of the middle one's."""
    runs = [RunRecorder.start(store, experiment="e") for _ in range(3)]
    for run in runs:
        for step in range(100):
            run.log({"loss": step / 3}, step=step)
        run.store_artifact(run.run_id.encode(), "a.txt")
        run.end()
    assert catch_up(place)
    (path,) = (path for name, path in store.list_segments() if name.subject == runs[1].run_id)
    return [run.run_id for run in runs], path


@pytest.fixture(scope="module")
def segment(journal, tmp_path_factory):
    """The bytes of a segment, and a path for damaged copies."""
    path = tmp_path_factory.mktemp("segment") / "some.segment"
    write_segment(path, separate(entry.record for entry in journal[1]))
    return path.read_bytes(), path


@given(st.data())
def test_a_flipped_byte_in_a_segment_never_goes_unnoticed(segment, data):
    clean, path = segment
    damaged = bytearray(clean)
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)
    with pytest.raises(CorruptRecord):
        read_segment(path)


def test_a_damaged_segment_is_named_and_costs_no_other_run(store, sealed):
    (first, hurt, last), path = sealed
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0xFF
    path.write_bytes(data)
    checkup = examine_store(store)
    assert [file.path for file in checkup.unreadable] == [path.relative_to(store.root).as_posix()]
    fresh = rebuild(store)
    assert {run.id for run in Runs(fresh).search().runs} == {first, last}
    assert [run.number for run in Runs(fresh).search().runs] == [3, 1]
    (damage,) = examine_store(store).damaged
    assert "segment is damaged" in damage.reason
    assert damage.size == len(data)
    # It is whole again, from a backup say.
    data[len(data) // 3] ^= 0xFF
    path.write_bytes(data)
    rebuild(store).close()
    assert Runs(fresh).get(hurt).number == 2
    assert examine_store(store).healthy
    fresh.close()


def test_a_missing_blob_is_named_and_all_else_can_be_used(store, place, sealed):
    (_, hurt, _), _ = sealed
    ((digest,),) = rows(place, t.artifacts, t.artifacts.c.digest, where=t.artifacts.c.run_id == hurt)
    (store.blobs / digest[:2] / digest).unlink()
    (missing,) = examine_store(store).missing
    assert (missing.run, missing.what) == (2, "a.txt")
    rebuild(store).close()
    assert [artifact.path for artifact in Runs(place).detail(hurt).artifacts] == ["a.txt"]
