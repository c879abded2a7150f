"""Whether an ingester process runs for a store, and how one is started. Imports nothing heavy.

The spool of a served store has a forwarder in its place, which the light install has, too.
"""

import contextlib
import time
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from trackbook.errors import StoreError
from trackbook.services.heartbeat import vouching_lock
from trackbook.services.settling import settle
from trackbook.store.locks import ProcessLock, holder, is_held, is_running, os_host
from trackbook.store.paths import StorePaths

if TYPE_CHECKING:
    from trackbook.services.processes import Process

# Within which one that was started has its lock, or has ended.
_START_SECONDS = 10.0
# The process last started for each store: runs that begin at once after each other start one, not one each.
_starting: dict[str, "Process"] = {}


def ensure_ingester(store: StorePaths, *, forks: bool = False) -> bool:
    """Start the store's ingester process, a spool's forwarder, unless one runs.

    Returns at once: the process takes the ingester's lock by itself, and ends when nothing is left to do.
    False where the light install can't start it, or this machine has no place for what it needs.

    With `forks` it is forked where that can be: for who has imported all that an ingester needs, and opened nothing.
    """
    if store.home is not None:  # what is kept for another store is read there
        return False
    served = is_served(store.remote)
    if not served and not can_ingest():
        return False
    try:
        store = settle(store)
    except StoreError:  # readers are told why; writers go on
        return False
    if is_held(store.ingester_lock):
        pid, host = holder(store.ingester_lock)
        elsewhere = host not in (None, os_host())
        # Who only reads the journals for itself lets go of it soon, and who begins with the others looks once.
        passes = forks and not elsewhere and pid != _started_last(store)
        # One on another host can't tell whether the writers of this one live: somebody here vouches for them.
        if not passes and (not elsewhere or is_held(vouching_lock(store))):
            return True
    known = _starting.get(str(store.root))
    if known is not None and known.poll() is None:  # it has not come to take its lock yet
        return True
    if _is_being_started(store):
        return True
    with _alone(store) as alone:
        if not alone or _is_being_started(store):
            return True
        try:
            process = _starting[str(store.root)] = _start(store, served, forks)
        except OSError:  # no process, no memory, no disk: a later reader does it
            return False
        with contextlib.suppress(OSError):
            store.ingester_start.write_text(str(process.pid), encoding="ascii")
    return True


@contextlib.contextmanager
def _alone(store: StorePaths) -> Iterator[bool]:
    """Tell whether nobody else is about to start one: the workers of a supervisor begin at the same moment."""
    lock = ProcessLock(store.ingester_start.with_name("ingester.start.lock"))
    try:
        taken = lock.acquire()
    except OSError:  # a disk that is full, say: two that are started are no harm
        taken = True
    try:
        yield taken
    finally:
        lock.release()


def _start(store: StorePaths, served: bool, forks: bool) -> "Process":
    from trackbook.services.forked import fork_module, may_fork
    from trackbook.services.processes import start_module

    if served:
        return start_module("trackbook.services.forward", str(store.root), folder=store.root)
    if not (forks and may_fork()):
        return start_module("trackbook.services.ingest", str(store.root), folder=store.root)

    def main() -> None:
        from trackbook.services.ingest import main

        main(store)

    return fork_module("trackbook.services.ingest", str(store.root), main=main, folder=store.root)


def _is_being_started(store: StorePaths) -> bool:
    """Tell whether another process has just started one: those of a worker, and kernels, begin at the same time."""
    try:
        if abs(time.time() - store.ingester_start.stat().st_mtime) > _START_SECONDS:
            return False
    except OSError:
        return False
    return is_running(_started_last(store))


def _started_last(store: StorePaths) -> int:
    """Return the pid of the process that was last started to be the ingester; 0 where that can't be told."""
    try:
        return int(store.ingester_start.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def is_served(remote: str | None) -> bool:
    """Tell whether the URL of a store is that of a `trackbook serve`."""
    return remote is not None and remote.lower().startswith(("http://", "https://"))


@cache
def can_ingest() -> bool:
    """Tell whether this environment has what the index needs (the `lab` extra)."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("sqlalchemy", "alembic", "zstandard", "numpy"))
