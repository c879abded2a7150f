"""What is sent arrives once, byte for byte, whatever is sent again, and nothing else arrives."""

import hashlib
import os
import random

import pytest

from trackbook.domain import records as r
from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.errors import JournalConflict, NotFound, UsageError
from trackbook.services.catchup import catch_up, rebuild
from trackbook.services.context import Services
from trackbook.services.opening import open_place
from trackbook.services.receiving import Receiving, Writer
from trackbook.services.recorder import RunRecorder
from trackbook.store.journal import JournalWriter, scan
from trackbook.store.locks import is_held
from trackbook.store.paths import PartName, StorePaths, create_store


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch):
    monkeypatch.setattr("trackbook.services.receiving.ensure_ingester", lambda store: True)


@pytest.fixture
def place(tmp_path):
    place = open_place(create_store(tmp_path / "server" / ".trackbook"))
    yield place
    place.close()


@pytest.fixture
def receiving(place):
    return Receiving(place)


@pytest.fixture
def source(tmp_path):
    """The store of another machine."""
    return create_store(tmp_path / "source" / ".trackbook")


def record(source: StorePaths, points: int = 50, *, close: bool = True) -> tuple[PartName, bytes]:
    """Record a run; returns its journal, and that of a writer that lives as it is by then."""
    run = RunRecorder.start(source, experiment="e", params={"lr": 0.1})
    for step in range(points):
        run.log({"loss": float(step)}, step=step)
    if close:
        run.end()
    (name,) = [name for name, _ in source.list_journals() if name.subject == run.run_id]
    return name, source.journal(name).read_bytes()


def ends(data: bytes) -> list[int]:
    return [item.end for item in scan(data)]


def steps(place, run_id):
    catch_up(place, timeout=60.0)
    return Services(place).series.read(run_id, "loss").steps


def test_pieces_become_the_same_journal(place, receiving, source):
    name, data = record(source, close=False)
    at = 0
    for end in sorted({*ends(data)[3::7], len(data)}):
        assert receiving.append(name, at, data[at:end]) == end
        at = end
    assert place.paths.journal(name).read_bytes() == data
    assert steps(place, name.subject) == list(range(50))


def test_whatever_is_sent_again_counts_once(place, receiving, source):
    name, data = record(source, close=False)
    bounds = [0, *ends(data)]
    chance = random.Random(7)
    size = 0
    while size < len(data):
        start = chance.choice([bound for bound in bounds if bound <= size])
        end = chance.choice([bound for bound in bounds if bound > start])
        size = max(size, end)
        assert receiving.append(name, start, data[start:end]) == size
    assert place.paths.journal(name).read_bytes() == data
    assert steps(place, name.subject) == list(range(50))


def test_a_gap_and_other_bytes_are_refused_with_the_size_that_is_there(place, receiving, source):
    name, data = record(source, close=False)
    first, second = ends(data)[:2]
    with pytest.raises(JournalConflict) as gap:
        receiving.append(name, first, data[first:second])
    assert (gap.value.size, gap.value.closed) == (0, False)
    receiving.append(name, 0, data[:second])
    _, other = record(source, close=False)
    with pytest.raises(JournalConflict, match="others") as conflict:
        receiving.append(name, 0, other[: ends(other)[1]])
    assert conflict.value.size == second
    assert place.paths.journal(name).read_bytes() == data[:second]


def test_a_sealed_journal_is_remembered_with_its_length(place, receiving, source):
    name, data = record(source)
    receiving.append(name, 0, data)
    assert steps(place, name.subject) == list(range(50))
    assert not place.paths.journal(name).exists()
    assert receiving.append(name, 0, data) == len(data)
    assert receiving.states([name]) == [(len(data), True)]
    with pytest.raises(JournalConflict) as refused:
        receiving.append(name, len(data), data[: ends(data)[0]])
    assert (refused.value.size, refused.value.closed) == (len(data), True)
    assert steps(place, name.subject) == list(range(50))


def test_so_it_is_after_the_index_was_made_anew(place, receiving, source):
    name, data = record(source)
    receiving.append(name, 0, data)
    catch_up(place, timeout=60.0)
    again = rebuild(place.paths)
    try:
        assert Receiving(again).states([name]) == [(len(data), True)]
    finally:
        again.close()


def test_and_while_there_is_no_index(place, receiving, source, tmp_path):
    name, data = record(source)
    receiving.append(name, 0, data)
    catch_up(place, timeout=60.0)
    place.close()
    for suffix in ("", "-wal", "-shm"):
        place.paths.index.with_name(place.paths.index.name + suffix).unlink(missing_ok=True)
    bare = open_place(place.paths)
    try:
        assert Receiving(bare).append(name, 0, data) == len(data)
        assert not place.paths.journal(name).exists()
    finally:
        bare.close()


def test_a_server_that_was_killed_while_it_wrote_cuts_the_torn_record_off(place, receiving, source):
    name, data = record(source, close=False)
    middle = ends(data)[10]
    receiving.append(name, 0, data[:middle])
    with place.paths.journal(name).open("ab") as file:
        file.write(data[middle : middle + 9])
    fresh = Receiving(place)
    assert fresh.states([name]) == [(middle, False)]
    fresh.append(name, middle, data[middle:])
    assert place.paths.journal(name).read_bytes() == data
    assert steps(place, name.subject) == list(range(50))


@pytest.mark.parametrize("cut", [1, 5, 13])
def test_only_whole_records_are_taken(place, receiving, source, cut):
    name, data = record(source, close=False)
    for piece in (data[:-cut], data[cut:], b"", b"\0" * 100, data[:40] + b"\xff" + data[41:]):
        with pytest.raises(UsageError):
            receiving.append(name, 0, piece)
    assert not place.paths.journal(name).exists()


def test_bytes_that_the_sender_can_not_read_either_are_kept_and_named(place, receiving, source):
    name, data = record(source, close=False)
    bounds = ends(data)
    hurt = bytearray(data)
    hurt[bounds[9] + 14] ^= 0xFF
    receiving.append(name, 0, bytes(hurt), damaged=True)
    assert place.paths.journal(name).read_bytes() == hurt
    assert len(steps(place, name.subject)) == 49


def test_records_of_a_later_version_are_kept(place, receiving, source):
    name, data = record(source, close=False)
    later = bytearray(data[: ends(data)[0]])
    later[2] = 9  # the format; the checksum is the payload's
    receiving.append(name, 0, data + bytes(later))
    assert place.paths.journal(name).read_bytes() == data + bytes(later)


SPECIAL = [
    r.RunNumbered(now(), new_id(), 1),
    r.JobFinished(now(), "failed"),
]


@pytest.mark.parametrize("record", SPECIAL, ids=lambda record: type(record).__name__)
def test_what_only_the_store_says_is_refused(place, receiving, source, record):
    writer = JournalWriter(source, new_id(), new_id())
    writer.append(record)
    writer.close()
    name = PartName(writer.subject, writer.writer, 0)
    for damaged in (False, True):
        with pytest.raises(UsageError, match="not for a run's writer"):
            receiving.append(name, 0, source.journal(name).read_bytes(), damaged=damaged)


@pytest.mark.parametrize(
    "name",
    [
        PartName("project", new_id(), 0),
        PartName("../journals", new_id(), 0),
        PartName(new_id(), "..", 0),
        PartName(new_id(), new_id(), -1),
    ],
)
def test_no_name_leaves_the_journals_of_runs(place, receiving, source, name):
    _, data = record(source)
    for call in (lambda: receiving.append(name, 0, data), lambda: receiving.states([name])):
        with pytest.raises(NotFound):
            call()
    if name.part == 0:
        with pytest.raises(NotFound):
            receiving.note_writers([], [Writer(name.subject, name.writer)])


def test_a_lock_stands_for_the_writer_on_another_machine_even_of_the_same_name(place, receiving, source):
    name, data = record(source, close=False)
    lock = place.paths.lock(name.subject, name.writer)
    receiving.append(name, 0, data)
    assert is_held(lock)
    os.utime(lock, (1.0, 1.0))
    receiving.note_writers([Writer(name.subject, name.writer)], [])
    assert lock.stat().st_mtime > 1.0
    catch_up(place, timeout=60.0)
    assert Services(place).runs.get(name.subject).status == "running"


def test_a_writer_that_ended_without_a_word_was_killed(place, receiving, source):
    name, data = record(source, close=False)
    receiving.append(name, 0, data)
    receiving.note_writers([], [Writer(name.subject, name.writer)])
    catch_up(place, timeout=60.0)
    assert Services(place).runs.get(name.subject).status == "killed"
    assert receiving.states([name]) == [(len(data), True)]


def test_a_closed_journal_leaves_no_lock(place, receiving, source):
    name, data = record(source)
    receiving.append(name, 0, data)
    assert not is_held(place.paths.lock(name.subject, name.writer))
    catch_up(place, timeout=60.0)
    assert Services(place).runs.get(name.subject).status == "finished"


def test_blobs_are_kept_under_the_digest_that_they_have(place, receiving):
    data = "Größe 模型".encode()
    digest = hashlib.sha256(data).hexdigest()
    assert receiving.missing([digest, digest]) == [digest]
    draft = receiving.new_draft()
    draft.write_bytes(data)
    with pytest.raises(UsageError, match="another digest"):
        receiving.keep_blob("0" * 64, draft, digest)
    receiving.keep_blob(digest, draft, digest)
    assert receiving.missing([digest]) == []
    assert receiving.blob(digest).read_bytes() == data
    assert not draft.exists()
    with pytest.raises(NotFound):
        receiving.blob("../" + digest[3:])
