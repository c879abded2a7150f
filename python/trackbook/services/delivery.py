"""Sending blobs to where they are kept, beside the ingester's work: a big file must not hold up the points."""

import threading
from types import TracebackType
from typing import Self

from trackbook.errors import TrackbookError
from trackbook.store.place import Place

LOOK_SECONDS = 1.0
LONGEST_WAIT = 60.0


class Delivery:
    """Sends what waits, in a thread of its own, as long as the block lasts, and what is left at its end.

    Does nothing for blobs for which the records wait.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._place.blobs.may_lag:
            self._thread = threading.Thread(target=self._deliver, name="trackbook-delivery", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _deliver(self) -> None:
        wait = LOOK_SECONDS
        while True:
            ending = self._ending.is_set()
            try:
                self._place.blobs.deliver()
                wait = LOOK_SECONDS
            except (TrackbookError, OSError):  # they wait, and the doctor tells of them
                wait = min(2 * wait, LONGEST_WAIT)
            if ending:
                return
            self._ending.wait(wait)
