import os
import struct

import msgspec
import pytest

from trackbook.domain import records as r
from trackbook.domain.ids import new_id
from trackbook.store.journal import HEADER_SIZE, Damage, Entry, JournalWriter, read_entries, read_records
from trackbook.store.paths import PartName, create_store


@pytest.fixture
def store(tmp_path):
    return create_store(tmp_path / ".trackbook")


@pytest.fixture
def writer(store):
    writer = JournalWriter(store, new_id(), new_id())
    yield writer
    writer.close()


def path_of(writer):
    return writer.paths.journal(PartName(writer.subject, writer.writer, writer.part))


def points(count):
    return [r.MetricsLogged(1000 + i, i, {"loss": i / 7}) for i in range(count)]


def test_what_was_appended_is_read_back(writer):
    written = [
        r.RunStarted(1, "churn", "first", "ada", "host", r.Source("notebook", "a/b.ipynb")),
        r.ParamsSet(2, {"lr": 0.1, "layers": [1, 2], "on": True, "none": None, "text": "ünï"}),
        r.MetricsLogged(3, 0, {"nan": float("nan"), "inf": float("inf")}, {"subset": "val"}),
        r.RunEnded(4, "failed", r.RunError("ValueError", "no", ["line"], 3)),
    ]
    for record in written:
        writer.append(record)
    assert repr(list(read_records(path_of(writer)))) == repr(written)


def test_reading_goes_on_where_it_stopped(writer):
    first, second = points(2)
    writer.append(first)
    (entry,) = read_entries(path_of(writer))
    writer.append(second)
    assert [e.record for e in read_entries(path_of(writer), entry.end)] == [second]


@pytest.mark.parametrize("cut", [1, HEADER_SIZE - 1, HEADER_SIZE, HEADER_SIZE + 3])
def test_a_torn_last_record_is_forgiven(writer, cut):
    for record in points(3):
        writer.append(record)
    entries = list(read_entries(path_of(writer)))
    os.truncate(path_of(writer), entries[-1].position + cut)
    assert list(read_entries(path_of(writer))) == entries[:2]


def test_a_broken_middle_record_is_reported_and_skipped(writer):
    for record in points(5):
        writer.append(record)
    path = path_of(writer)
    entries = list(read_entries(path))
    data = bytearray(path.read_bytes())
    data[entries[2].position + HEADER_SIZE + 2] ^= 0xFF
    path.write_bytes(data)
    found = list(read_entries(path))
    assert [e for e in found if isinstance(e, Entry)] == [*entries[:2], *entries[3:]]
    (damage,) = [e for e in found if isinstance(e, Damage)]
    assert (damage.position, damage.end) == (entries[2].position, entries[2].end)
    assert "checksum" in damage.reason


def test_foreign_bytes_and_a_torn_record_in_the_middle_cost_only_themselves(writer):
    for record in points(4):
        writer.append(record)
    path = path_of(writer)
    entries = list(read_entries(path))
    data = path.read_bytes()
    torn = data[entries[0].position : entries[0].end - 4]
    path.write_bytes(data[: entries[2].position] + torn + b"\0" * 100 + data[entries[2].position :])
    found = list(read_entries(path))
    assert [e.record for e in found if isinstance(e, Entry)] == [e.record for e in entries]
    assert sum(d.end - d.position for d in found if isinstance(d, Damage)) == len(torn) + 100


def test_a_record_of_an_unknown_format_is_kept_and_named(writer):
    for record in points(2):
        writer.append(record)
    path = path_of(writer)
    data = bytearray(path.read_bytes())
    data[2] = 9
    path.write_bytes(data)
    damage, entry = read_entries(path)
    assert "format 9" in damage.reason
    assert entry.record.step == 1


def test_a_record_of_an_unknown_kind_is_named(writer):
    payload = msgspec.msgpack.encode(["hologram", 1, 2])
    import zlib

    with path_of(writer).open("ab") as file:
        file.write(struct.pack("<2sBBII", b"\xf7T", r.FORMAT, 0, len(payload), zlib.crc32(payload)) + payload)
    (damage,) = read_entries(path_of(writer))
    assert "hologram" in damage.reason


def test_a_long_journal_goes_on_in_a_further_file(store):
    opening = r.WriterOpened(0, "owner", 1, 0.0, "host", "", "1")
    writer = JournalWriter(store, new_id(), new_id(), rotate_at=2000, on_rotate=lambda: [opening])
    written = points(200)
    for record in written:
        writer.append(record)
    writer.close()
    files = [path for _, path in store.list_journals()]
    assert len(files) > 3
    assert [name.part for name, _ in store.list_journals()] == list(range(len(files)))
    found = [record for path in files for record in read_records(path)]
    assert [record for record in found if record != opening] == written
    assert all(next(iter(read_records(path))) == opening for path in files[1:])
