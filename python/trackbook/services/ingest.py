"""The ingester: the one process of a store that reads its journals into the index.

Run as `python -m trackbook.services.ingest STORE`. It makes pass after pass (ingestion.py), and ends when nothing is
left to do.
"""

import contextlib
import os
import sys
import time
from pathlib import Path

from trackbook.config import Settings
from trackbook.errors import StoreError, StoreTooNew
from trackbook.services.delivery import Delivery
from trackbook.services.heartbeat import vouch_until
from trackbook.services.ingestion import Ingester
from trackbook.services.opening import open_place
from trackbook.services.settling import settle
from trackbook.services.shelter import bring_home, shelter_of
from trackbook.store.bells import Bell
from trackbook.store.locks import ProcessLock, holder, is_held, os_host
from trackbook.store.paths import StorePaths
from trackbook.store.writers import is_being_written

POLL_SECONDS = 0.1
# It rests so many times as long as a pass took, at most LONGEST_REST seconds.
SPARING, LONGEST_REST = 12, 1.0
IDLE_SECONDS = 20.0
PATIENCE = 600.0
SHORTEST_WAIT, LONGEST_WAIT = 0.5, 30.0


def serve(store: StorePaths, idle_seconds: float = IDLE_SECONDS, patience: float = PATIENCE) -> None:
    """Ingest until nothing was written for `idle_seconds` and no writer lives. Ends at once if another one runs.

    A server that does not answer, an index that is locked or on a full disk is tried again and again, ever more
    slowly; where no writer lives, for `patience` seconds. What waits is sent by the next ingester. Where another host
    has the store's ingester, this one vouches for the writers of this host.
    """
    store = settle(store)
    lock = ProcessLock(store.ingester_lock)
    if not lock.acquire(timeout=2.0):
        elsewhere = holder(store.ingester_lock)[1] not in (None, os_host())
        if not elsewhere or not vouch_until(store, lock):
            return
    if hasattr(os, "nice"):
        os.nice(10)  # the user's work comes first
    try:
        away = Away()
        while _ingest(store, idle_seconds, away) is not None:
            # What this process knows of the store may be wrong, and is asked for anew.
            busy = any(is_being_written(store, name) for name, _ in store.list_journals())
            if _is_asked_to_end(store) or (not busy and away.seconds > patience):
                break
            _sleep(store, away.next_wait())
    finally:
        lock.release()


def _ingest(store: StorePaths, idle_seconds: float, away: "Away") -> Exception | None:
    """Ingest until there is nothing left to do: None then; the error if the store can't be used just now."""
    try:
        place = open_place(store)
    except StoreTooNew:
        raise
    except (OSError, StoreError) as error:
        return error
    try:
        with Delivery(place), contextlib.closing(Bell(store.ingester_bells)) as bell:
            ingester = Ingester(place)
            try:
                quiet_since = time.monotonic()
                while store.root.exists():
                    began = time.monotonic()
                    changed = ingester.run_pass()
                    away.ended()
                    if changed or ingester.has_living_writers():
                        quiet_since = time.monotonic()
                    elif time.monotonic() - quiet_since > idle_seconds:
                        break
                    if _is_asked_to_end(store):
                        break
                    _rest(bell, time.monotonic() - began)
                ingester.finish()
            finally:
                ingester.close()
    except (OSError, StoreError) as error:
        return error
    finally:
        place.close()
    return None


def _rest(bell: Bell, took: float) -> None:
    """Rest after a pass that took so many seconds; who waits for what it has not read may end that early."""
    # A pass over many runs that are being written takes long: the work has the processor, not this.
    least = min(LONGEST_REST, took)
    time.sleep(least)
    bell.wait(max(POLL_SECONDS, min(LONGEST_REST, SPARING * took)) - least)


def _is_asked_to_end(store: StorePaths) -> bool:
    return not store.root.exists() or is_held(store.ingester_request)


def _sleep(store: StorePaths, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not _is_asked_to_end(store):
        time.sleep(POLL_SECONDS)


class Away:
    """How long a server has not answered, and how long to wait before it is asked again."""

    def __init__(self) -> None:
        self.ended()

    @property
    def seconds(self) -> float:
        """Seconds since the first time that it did not answer."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def ended(self) -> None:
        """Note that it answers."""
        self._since: float | None = None
        self._wait = SHORTEST_WAIT

    def next_wait(self) -> float:
        """Note that it does not answer; returns the seconds to wait, each time twice as many."""
        self._since = time.monotonic() if self._since is None else self._since
        wait, self._wait = self._wait, min(2 * self._wait, LONGEST_WAIT)
        return wait


def main(store: StorePaths) -> None:
    """Be the ingester of a store, what waits for it elsewhere on this machine included."""
    with contextlib.suppress(OSError):  # the store can't be written yet: the next one does it
        bring_home(shelter_of(Settings.load().spool_folder, store.root), store)
    serve(store)


if __name__ == "__main__":
    main(StorePaths(Path(sys.argv[1])).check())
