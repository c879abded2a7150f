"""A shelter: where runs are kept while their store can't be written, and how they come home.

It is a store of its own in the user's spool folder, one for each store that could not be written. What lies there is
moved into the store by its next ingester, or by `trackbook doctor`: a file is in both places before it is in one, and
a name stands for one content, so that a move that was cut off is simply made again.
"""

import contextlib
import hashlib
import os
from dataclasses import replace
from pathlib import Path

from trackbook.store.blobs import BlobStore
from trackbook.store.locks import ProcessLock, is_held
from trackbook.store.paths import PartName, StorePaths, create_store

_KEPT = "kept"
_TRIES = 5


def shelter_of(spools: Path, home: Path) -> StorePaths:
    """Return the shelter, in the folder of all spools, for the store in the folder `home`; it may not be there."""
    name = hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:16]
    return StorePaths(spools / _KEPT / name, home=home.absolute())


def make_shelter(spools: Path, home: Path) -> StorePaths:
    """Return that shelter, made where there is none. Raises StoreError if it can't be."""
    shelter = shelter_of(spools, home)
    made = create_store(shelter.root)
    with contextlib.suppress(OSError):  # for people who look into the folder
        (made.root / "home.txt").write_text(f"{home.absolute()}\n", encoding="utf-8")
    return replace(made, home=shelter.home)


def waiting_runs(shelter: StorePaths) -> set[str]:
    """Return the ids of the runs (and of whatever else has a journal) that are kept in a shelter."""
    return {name.subject for name, _ in shelter.list_journals()}


def bring_home(shelter: StorePaths, store: StorePaths) -> int:
    """Move what a shelter holds into its store, but for journals that are still written; returns how many came.

    Raises OSError when the store still can't be written.
    """
    if next(shelter.list_journals(), None) is None:
        return 0
    moving = ProcessLock(shelter.root / "moving.lock")
    if not moving.acquire():
        return 0  # another process is at it
    try:
        _move_blobs(shelter, store)
        # The last part first: one that seems to be the last, and has no end, would be taken for a killed run's.
        names = sorted((name for name, _ in shelter.list_journals()), reverse=True)
        ended = [name for name in names if not is_held(shelter.lock(name.subject, name.writer))]
        for name in ended:
            _move_journal(shelter, store, name)
        return len(ended)
    finally:
        moving.release()


def _move_blobs(shelter: StorePaths, store: StorePaths) -> None:
    target = BlobStore(store.blobs)
    for path in sorted(shelter.blobs.glob("??/*")):
        if len(path.name) == 64:
            if not target.has(path.name):
                target.put_file(path)
            path.unlink(missing_ok=True)


def _move_journal(shelter: StorePaths, store: StorePaths, name: PartName) -> None:
    source, lock = shelter.journal(name), shelter.lock(name.subject, name.writer)
    if not (store.segment(name).exists() or store.journal(name).exists()):
        if lock.exists():  # it may hold the last words of the process
            _copy(lock, store.lock(name.subject, name.writer))
        _copy(source, store.journal(name))
    source.unlink(missing_ok=True)
    if not any(other.writer == name.writer for other, _ in shelter.list_journals()):
        lock.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # others are still there
        source.parent.rmdir()


def _copy(source: Path, target: Path) -> None:
    draft = target.with_name(f"{target.name}.arriving")
    for attempt in range(_TRIES):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                file.write(source.read_bytes())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        except FileNotFoundError:  # the ingester took the folder away, which was empty for a moment
            if attempt == _TRIES - 1:
                raise
        else:
            return
