"""Catching up: what readers do before they read, and how an index is made anew."""

import contextlib
import time
from collections.abc import Iterable, Iterator

from trackbook.errors import StoreError, StoreTooNew, StoreUnreachable
from trackbook.services.adoption import strange_segments
from trackbook.services.ingester import ensure_ingester
from trackbook.services.ingestion import Ingester, is_unread
from trackbook.services.opening import open_place
from trackbook.services.settling import settle
from trackbook.store import parts as index
from trackbook.store.bells import ring_bells
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.place import Place
from trackbook.store.writers import is_being_written

# Seconds, or as long as a look takes: the ingester is woken, and needs a few milliseconds for what was written last.
_LOOK_EVERY = 0.005


def catch_up(place: Place, *, inline: bool = True, timeout: float = 20.0) -> bool:
    """Wait until everything that the journals hold now is in the index, the end of dead writers' runs included;
    False if it took too long.

    When no ingester runs, the pass is made here (`inline`), or one is started.
    """
    deadline = time.monotonic() + timeout
    store = place.paths
    waiting = _journal_sizes(store)  # as of now: what busy writers add meanwhile is not waited for
    while True:
        began = time.monotonic()
        if _is_caught_up(place, waiting):
            return True
        if began > deadline:
            return False
        if inline and _pass_here(place) and _is_caught_up(place, waiting):
            return True
        if not inline:
            ensure_ingester(store)
        ring_bells(store.ingester_bells)
        time.sleep(max(_LOOK_EVERY, time.monotonic() - began))


def is_indexed(place: Place, run_ids: Iterable[str]) -> set[str]:
    """Return those of these runs of which all that their journals on this machine hold is in the index.

    A run that the index knows as ended may lack points yet: what its kernel wrote lies in another journal than its end.
    """
    wanted = set(run_ids)
    sizes = {name: size for name, size in _journal_sizes(place.paths).items() if name.subject in wanted}
    if not sizes:
        return wanted
    with place.database.read() as connection:
        parts = index.open_parts(connection, {name.subject for name in sizes})
    unread = {
        name.subject
        for name, size in sizes.items()
        if name not in parts or not (parts[name].sealed or parts[name].position >= size)
    }
    return wanted - unread


def rebuild(store: StorePaths, timeout: float = 60.0) -> Place:
    """Make the index of a store anew and return the store, opened.

    A running ingester is asked to end. Raises StoreError if it doesn't within `timeout` seconds.
    """
    store = settle(store)
    with holding_index(store, timeout):
        try:
            return _rebuild_here(store)
        except (StoreTooNew, StoreUnreachable):
            raise
        except StoreError:  # what is damaged is only the index
            for suffix in ("", "-wal", "-shm"):
                store.index.with_name(store.index.name + suffix).unlink(missing_ok=True)
            return _rebuild_here(store)


def _rebuild_here(store: StorePaths) -> Place:
    place = open_place(store)
    try:
        ingester = Ingester(place)
        ingester.rebuild()
        ingester.finish()
    except BaseException:
        place.close()
        raise
    return place


@contextlib.contextmanager
def holding_index(store: StorePaths, timeout: float = 60.0) -> Iterator[None]:
    """Keep every ingester away. Raises StoreError if a running one doesn't end within `timeout` seconds."""
    lock = ProcessLock(store.ingester_lock)
    request = ProcessLock(store.ingester_request)
    if not request.acquire(timeout=timeout):
        raise StoreError(store.root, "another process has been making its index anew for a while")
    try:
        if not lock.acquire(timeout=timeout):
            raise StoreError(store.root, "its ingester does not give up the index")
    finally:
        request.release(remove=True)
    try:
        yield
    finally:
        lock.release()


def _pass_here(place: Place) -> bool:
    lock = ProcessLock(place.paths.ingester_lock)
    if not lock.acquire():
        return False
    ingester = Ingester(place)
    try:
        try:
            ingester.finish()
        finally:
            ingester.close()
    finally:
        lock.release()
    if ingester.hears_others():
        ensure_ingester(place.paths)
    return True


def _journal_sizes(store: StorePaths) -> dict[PartName, int]:
    sizes: dict[PartName, int] = {}
    for name, path in store.list_journals():
        with contextlib.suppress(FileNotFoundError):
            sizes[name] = path.stat().st_size
    return sizes


def _is_caught_up(place: Place, waiting: dict[PartName, int]) -> bool:
    if strange_segments(place):
        return False
    with place.database.read() as connection:
        if is_unread(place, connection):
            return False
        if not waiting:
            return True
        parts = index.open_parts(connection, {name.subject for name in waiting})
    return all(
        name in parts
        and (parts[name].sealed or parts[name].position >= size)
        and (parts[name].closed or is_being_written(place.paths, name))
        for name, size in waiting.items()
    )


def indexed_positions(store: StorePaths) -> dict[PartName, int]:
    """Return how far each journal of a store is in its index."""
    subjects = {name.subject for name, _ in store.list_journals()}
    place = open_place(store)
    try:
        with place.database.read() as connection:
            return index.positions(connection, subjects)
    finally:
        place.close()
