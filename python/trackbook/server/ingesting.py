"""Keeps a store's ingester running while there is something for it to read."""

import time

from trackbook.services.ingester import ensure_ingester
from trackbook.store.paths import StorePaths

SECONDS_BETWEEN_LOOKS = 1.0
# An ingester that ends at once, on a full disk say, is not started again and again.
SECONDS_BETWEEN_STARTS = 10.0


class IngesterKeeper:
    """Starts the ingester for journals that nobody reads: those of a light install, or of an ingester that died."""

    def __init__(self, store: StorePaths) -> None:
        self._store = store
        self._next_look = 0.0

    def look(self) -> None:
        """Start the ingester if it is needed; cheap enough to be called all the time."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS
        if next(self._store.list_journals(), None) is not None and ensure_ingester(self._store):
            self._next_look = time.monotonic() + SECONDS_BETWEEN_STARTS
