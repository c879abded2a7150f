"""Sealing: a closed journal becomes a segment, and the journal goes."""

import contextlib

from trackbook.store.journal import Damage, Entry, scan
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.segments import Unread, separate, write_segment


def seal(store: StorePaths, name: PartName) -> bool:
    """Write the segment of a closed journal; False if there is neither.

    Bytes that could not be read come along as they are: a newer version may know what they mean.
    """
    try:
        data = store.journal(name).read_bytes()
    except FileNotFoundError:
        return store.segment(name).exists()
    entries = list(scan(data))
    content = separate(entry.record for entry in entries if isinstance(entry, Entry))
    content.unread = [
        Unread(lost.position, data[lost.position : lost.end], lost.reason)
        for lost in entries
        if isinstance(lost, Damage)
    ]
    write_segment(store.segment(name), content)
    return True


def take_journal_away(store: StorePaths, name: PartName) -> None:
    """Delete a journal that is a segment now, and its folder with the last one."""
    path = store.journal(name)
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # others still write there
        path.parent.rmdir()
