"""Signs of life between hosts that share a store's folder.

On one host a lock tells who lives. Another host can't see it: there the host's ingester vouches for its writers, by
touching their lock files, and listens to those of others. Nothing of this runs in a training process.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from trackbook.store.locks import ProcessLock, holder, is_held, os_host
from trackbook.store.paths import PROJECT_SUBJECT, PartName, StorePaths

VOUCH_EVERY = 15.0
LOST_AFTER = 45.0
_POLL_SECONDS = 0.5


class Heartbeats:
    """What one ingester says and hears. `clock` counts seconds and never goes back."""

    def __init__(
        self,
        store: StorePaths,
        *,
        vouch_every: float = VOUCH_EVERY,
        lost_after: float = LOST_AFTER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lost_after = lost_after
        self._store, self._clock, self._vouch_every = store, clock, vouch_every
        self._next_vouch = clock()
        self._heard: dict[PartName, tuple[object, float]] = {}
        self._silent: set[PartName] = set()

    def vouch(self, names: Iterable[PartName]) -> None:
        """Say of each writer of this host that it lives, if it does and it is time to say so again."""
        if self._clock() < self._next_vouch:
            return
        self._next_vouch = self._clock() + self._vouch_every
        for path in {self._store.lock(name.subject, name.writer) for name in names}:
            _vouch_for(path)

    def listen(self, names: Iterable[PartName]) -> list[PartName]:
        """Return the writers of other hosts of which nothing has been heard for `lost_after` seconds, each once."""
        fresh = []
        for name in names:
            if not is_elsewhere(self._store, name):
                continue
            sign = (
                _sign(self._store.lock(name.subject, name.writer)), _sign(self._store.journal(name))
            )  # fmt: skip
            before, since = self._heard.get(name, (None, 0.0))
            if sign != before:
                self._heard[name] = (sign, self._clock())
                self._silent.discard(name)
            elif name not in self._silent and self._clock() - since >= self.lost_after:
                self._silent.add(name)
                fresh.append(name)
        return fresh

    def is_silent(self, name: PartName) -> bool:
        """Tell whether nothing has been heard of a writer of another host for too long."""
        return name in self._silent


def is_elsewhere(store: StorePaths, name: PartName) -> bool:
    """Tell whether a process on another host holds the lock of this writer, as far as its file says."""
    return holder(store.lock(name.subject, name.writer))[1] not in (None, os_host())


def vouching_lock(store: StorePaths) -> Path:
    """Return the path of the lock of the process that vouches on this host while another host has the ingester."""
    return store.root / f"vouching-{os_host()}.lock"


def vouch_until(store: StorePaths, ingester: ProcessLock, every: float = VOUCH_EVERY) -> bool:
    """While another host has the ingester, vouch for this host's writers; True when its place is taken over here.

    Ends with False when no process of this host writes any more, or another one vouches already.
    """
    lock = ProcessLock(vouching_lock(store))
    if not lock.acquire():
        return False
    heartbeats = Heartbeats(store, vouch_every=every)
    try:
        while True:
            mine = [name for name, _ in store.list_journals() if _is_written_here(store, name)]
            heartbeats.vouch(mine)
            if ingester.acquire():
                return True
            if not mine:
                return False
            time.sleep(min(_POLL_SECONDS, every))
    finally:
        lock.release(remove=True)


def _is_written_here(store: StorePaths, name: PartName) -> bool:
    lock = store.lock(name.subject, name.writer)
    return name.subject != PROJECT_SUBJECT and not is_elsewhere(store, name) and is_held(lock)


def _vouch_for(lock: Path) -> None:
    if holder(lock)[1] == os_host() and is_held(lock):
        with contextlib.suppress(OSError):  # its writer has just ended, or the disk refuses
            os.utime(lock)


def _sign(path: Path) -> object:
    # A network file system answers for a file that is opened with what it is now, else with what it was.
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
