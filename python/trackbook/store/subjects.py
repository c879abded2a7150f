"""All that the journals and segments of one run (or job) hold, file by file."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from trackbook.domain.ids import is_id
from trackbook.domain.records import Record, WriterClosed, WriterOpened
from trackbook.errors import CorruptRecord
from trackbook.store.journal import Damage, Entry, scan
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.segments import PartContent, Unread, read_segment, separate

_READ_AGAIN = 3


def list_parts(store: StorePaths, subject: str) -> list[PartName]:
    """Return the files, sealed or not, that hold what happened to a run or a job, by writer and number."""
    folders = ((store.segments, ".segment"), (store.journals, ".journal"))
    return sorted({name for root, suffix in folders for name in _names(root / subject, suffix)})


def read_part(store: StorePaths, name: PartName) -> PartContent:
    """Return what a file holds; of a journal, as far as it is written. Raises CorruptRecord for a damaged segment."""
    for _ in range(_READ_AGAIN):
        # A journal may be sealed at any moment: then the segment is there before the journal goes.
        with contextlib.suppress(FileNotFoundError):
            return read_segment(store.segment(name))
        with contextlib.suppress(FileNotFoundError):
            return _read_journal(store.journal(name))
    raise CorruptRecord(store.segment(name), "it is gone")


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


def _read_journal(path: Path) -> PartContent:
    data = path.read_bytes()
    entries = list(scan(data))
    content = separate(entry.record for entry in entries if isinstance(entry, Entry))
    content.unread = [
        Unread(lost.position, data[lost.position : lost.end], lost.reason)
        for lost in entries
        if isinstance(lost, Damage)
    ]
    return content


def _names(folder: Path, suffix: str) -> Iterator[PartName]:
    try:
        files = os.listdir(folder)
    except FileNotFoundError:
        return
    for file in files:
        writer, _, part = file.removesuffix(suffix).rpartition("-")
        if file.endswith(suffix) and is_id(writer) and part.isdigit():
            yield PartName(folder.name, writer, int(part))
