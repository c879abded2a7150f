"""Whether a process that owns a run still lives, on this host or on another one that shares the folder."""

import os
from pathlib import Path

from trackbook.domain.ids import new_id
from trackbook.domain.records import WriterOpened
from trackbook.store.journal import read_records
from trackbook.store.locks import holder, is_held, os_host
from trackbook.store.paths import StorePaths

# Of a process on another host something is heard every 15 seconds: its records, or that its host vouches for it.
SILENT_AFTER = 60.0


def living_owner(store: StorePaths, run_id: str) -> str | None:
    """Return who writes a run as its owner now, in words; None if nobody does."""
    for name, path in store.list_journals(run_id):
        lock = store.lock(run_id, name.writer)
        if not is_held(lock) or _role(path) != "owner":
            continue
        pid, host = holder(lock)
        if host in (None, os_host()):
            return "by this process" if pid == os.getpid() else f"by process {pid}"
        if _age(lock, path) < SILENT_AFTER:
            return f"by process {pid} on {host}"
    return None


def _role(path: Path) -> str | None:
    try:
        first = next(read_records(path), None)
    except FileNotFoundError:  # sealed meanwhile
        return None
    return first.role if isinstance(first, WriterOpened) else None


def _age(lock: Path, journal: Path) -> float:
    """Return for how many seconds nothing was heard, by the clock of the file system that holds both files."""
    probe = lock.with_name(f"{new_id()}.now")
    try:
        probe.touch()
        present = probe.stat().st_mtime
        probe.unlink()
        return present - max(lock.stat().st_mtime, journal.stat().st_mtime)
    except OSError:  # one of them is gone: its writer has just closed it
        return SILENT_AFTER
