"""All that the journals and segments of one run (or job) hold, file by file."""

from collections.abc import Iterable

from sqlalchemy import Connection

from trackbook.domain.records import Record, WriterClosed, WriterOpened
from trackbook.errors import CorruptRecord
from trackbook.store.journal import Damage, Entry, scan
from trackbook.store.parts import positions
from trackbook.store.paths import PartName
from trackbook.store.place import Parts
from trackbook.store.segments import PartContent, Unread, parse_segment, separate

_READ_AGAIN = 3


def list_parts(connection: Connection, subject: str) -> list[PartName]:
    """Return the files, sealed or not, that the index has read of a run or a job, by writer and number."""
    return sorted(positions(connection, [subject]))


def read_part(parts: Parts, name: PartName) -> PartContent:
    """Return what a file holds; of a journal, as far as it is written. Raises CorruptRecord for a damaged segment."""
    for _ in range(_READ_AGAIN):
        # A journal may be sealed at any moment: then the segment is there before the journal goes.
        if (data := parts.read_segment(name)) is not None:
            return parse_segment(name, data)
        if (data := parts.read_journal(name)) is not None:
            return _read_journal(data)
    raise CorruptRecord(f"{name.subject}/{name.stem}", "this journal is gone")


def without_marks(records: Iterable[Record], opened: bool) -> list[Record]:
    """Return a file's records without those that mark where files begin and end.

    That a writer began is kept once: `opened` tells that an earlier file of the writer said so.
    """
    kept: list[Record] = []
    for record in records:
        if isinstance(record, WriterOpened):
            if opened:
                continue
            opened = True
        if not isinstance(record, WriterClosed):
            kept.append(record)
    return kept


def _read_journal(data: bytes) -> PartContent:
    entries = list(scan(data))
    content = separate(entry.record for entry in entries if isinstance(entry, Entry))
    content.unread = [
        Unread(lost.position, data[lost.position : lost.end], lost.reason)
        for lost in entries
        if isinstance(lost, Damage)
    ]
    return content
