"""What of this machine's records is not in their store yet, and waiting until it is."""

import contextlib
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from trackbook.domain.clock import to_datetime
from trackbook.domain.records import Record
from trackbook.domain.references import digests_of
from trackbook.errors import InfrastructureError
from trackbook.services.ingester import ensure_ingester, is_served
from trackbook.services.remote.status import check_refusal, read_status, wake
from trackbook.services.remote.waiting import sent_so_far, sizes_now
from trackbook.store.blobs import BlobStore
from trackbook.store.journal import Entry, read_entries
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.writers import is_being_written

_LOOK_SECONDS = 0.25
_SECONDS_BETWEEN_STARTS = 1.0


class WaitingRun(Struct, frozen=True):
    """What of one run waits: records, their bytes, and content that they name, since when."""

    run: str
    records: int
    bytes: int
    blobs: int
    since: datetime


class Waiting(Struct, frozen=True):
    """What waits on this machine for `store`. `error` is what stood in the way last."""

    store: str
    runs: list[WaitingRun]
    error: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything is in the store."""
        return not self.runs


class Positions(Protocol):
    """How far what a folder holds is in its store."""

    def __call__(self, store: StorePaths) -> dict[PartName, int]:
        """Return the position in bytes of each journal of the folder; one that is missing has arrived nowhere yet."""


def look(store: StorePaths, positions: Positions | None = None) -> Waiting:
    """Return what waits in a folder, be it a store or a spool."""
    error = None
    try:
        reached = (positions or positions_of(store))(store)
    except InfrastructureError as unreachable:
        reached, error = {}, str(unreachable)
    gathered: dict[str, list[tuple[int, Record]]] = {}
    for name in sizes_now(store):
        path = store.journal(name)
        with contextlib.suppress(FileNotFoundError):
            for item in read_entries(path, reached.get(name, 0)):
                if isinstance(item, Entry):
                    gathered.setdefault(name.subject, []).append((item.end - item.position, item.record))
    blobs = BlobStore(store.blobs)
    status = read_status(store)
    return Waiting(
        store.remote or str(store.root),
        [_describe(subject, found, blobs) for subject, found in gathered.items()],
        error or (status.error or next(iter(status.stopped.values()), None) if status is not None else None),
    )


def sync(store: StorePaths, seconds: float, positions: Positions | None = None) -> bool:
    """Have everything that waits now brought to the store; False if it takes longer than `seconds`.

    What is recorded meanwhile is not waited for. Raises AccessDenied if the store's server refuses it.
    """
    reached = positions or positions_of(store)
    wanted = sizes_now(store)
    began, deadline, next_start = time.time(), time.monotonic() + seconds, 0.0
    while True:
        with contextlib.suppress(InfrastructureError):  # the next look may find it back
            if _has_arrived(store, wanted, reached(store)):
                return True
        if time.monotonic() >= deadline:
            return False
        check_refusal(store, began)
        if time.monotonic() >= next_start:
            next_start = time.monotonic() + _SECONDS_BETWEEN_STARTS
            ensure_ingester(store)
            wake(store)
        time.sleep(_LOOK_SECONDS)


def positions_of(store: StorePaths) -> Positions:
    """Return what knows how far the journals of a folder are in its store."""
    if is_served(store.remote):
        return sent_so_far
    from trackbook.services.catchup import indexed_positions  # the light install has no index

    return indexed_positions


def _has_arrived(store: StorePaths, wanted: dict[PartName, int], reached: dict[PartName, int]) -> bool:
    # The journal of a writer that has ended goes when the store has it, and knows of its end.
    left = [name for name in wanted if store.journal(name).exists()]
    return all(reached.get(name, 0) >= wanted[name] and is_being_written(store, name) for name in left)


def _describe(subject: str, found: "Iterable[tuple[int, Record]]", blobs: BlobStore) -> WaitingRun:
    found = list(found)
    digests = {digest for _, record in found for digest in digests_of(record)}
    return WaitingRun(
        subject,
        records=len(found),
        bytes=sum(size for size, _ in found),
        blobs=sum(blobs.has(digest) for digest in digests),
        since=to_datetime(min(record.at for _, record in found)),
    )
