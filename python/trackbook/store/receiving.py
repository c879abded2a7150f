"""The receiving lock: while one process adds to journals that others send, no other says that they have ended."""

import contextlib
from collections.abc import Iterator

from trackbook.errors import StoreError
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths

_NAME = "receiving.lock"
_SECONDS = 30.0


@contextlib.contextmanager
def receiving(store: StorePaths) -> Iterator[None]:
    """Hold the lock for as long as bytes are added. Raises StoreError if another process does not give it up."""
    lock = ProcessLock(store.root / _NAME)
    if not lock.acquire(timeout=_SECONDS):
        raise StoreError(store.root, "another process has been adding to its journals for half a minute")
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def no_receiving(store: StorePaths) -> Iterator[None]:
    """Hold the lock where the store has one, which is to say where it was ever served."""
    with receiving(store) if (store.root / _NAME).exists() else contextlib.nullcontext():
        yield
