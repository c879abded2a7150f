"""Sealing: closed journals become segments, and the journals go."""

import contextlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trackbook.domain.ids import new_id
from trackbook.domain.records import ContentKept
from trackbook.store.durable import bring_to_disk
from trackbook.store.journal import Damage, Entry, scan
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.segments import Unread, separate, write_draft

_AT_ONCE = 32


def seal(store: StorePaths, names: Iterable[PartName]) -> list[PartName]:
    """Write the segments of closed journals; returns those whose segment is on the disk, a power cut or not.

    Bytes that could not be read come along as they are: a newer version may know what they mean. A journal whose
    segment the disk does not take stays.
    """
    sealed: list[PartName] = []
    drafts: dict[PartName, Path] = {}
    for name in names:
        with contextlib.suppress(OSError):
            if (draft := _draft(store, name)) is not None:
                drafts[name] = draft
            elif store.segment(name).exists():
                sealed.append(name)
    if drafts:
        # A disk that is asked by many at once waits once for all of them, twenty times less than one after the other.
        with ThreadPoolExecutor(_AT_ONCE, "trackbook-sealing") as pool:
            kept = [
                name
                for name, on_disk in zip(drafts, pool.map(_to_disk, drafts.values()), strict=True)
                if on_disk
            ]
            for name in kept:
                os.replace(drafts[name], store.segment(name))
            folders = {store.segment(name).parent for name in kept}
            if all(pool.map(_to_disk, (*folders, store.segments))):
                sealed += kept
    return sealed


def take_journal_away(store: StorePaths, name: PartName) -> None:
    """Delete a journal that is a segment now, and its folder with the last one."""
    path = store.journal(name)
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # others still write there
        path.parent.rmdir()


def _draft(store: StorePaths, name: PartName) -> Path | None:
    try:
        data = store.journal(name).read_bytes()
    except FileNotFoundError:
        return None
    entries = list(scan(data))
    records = (entry.record for entry in entries if isinstance(entry, Entry))
    # Content is a blob since the journal was read, which it was to its end.
    content = separate(record for record in records if not isinstance(record, ContentKept))
    content.unread = [
        Unread(lost.position, data[lost.position : lost.end], lost.reason)
        for lost in entries
        if isinstance(lost, Damage)
    ]
    content.length = len(data)
    # Two machines may do so at the same moment, where the one that wrote the journal was thought to be gone.
    draft = store.segment(name).with_name(f"{name.stem}-{new_id()}.draft")
    draft.parent.mkdir(parents=True, exist_ok=True)
    write_draft(draft, content)
    return draft


def _to_disk(path: Path) -> bool:
    try:
        bring_to_disk(path)
    except OSError:
        return False
    return True
