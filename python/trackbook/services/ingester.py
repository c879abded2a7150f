"""Whether an ingester process runs for a store, and how one is started. Imports nothing heavy."""

from functools import cache

from trackbook.errors import StoreError
from trackbook.services.heartbeat import vouching_lock
from trackbook.services.settling import settle
from trackbook.store.locks import holder, is_held, os_host
from trackbook.store.paths import StorePaths


def ensure_ingester(store: StorePaths) -> bool:
    """Start the store's ingester process unless one runs; False where the light install can't, or has no place for it.

    Returns at once: the process takes the ingester's lock by itself, and ends when nothing is left to do.
    """
    if not can_ingest():
        return False
    try:
        store = settle(store)
    except StoreError:  # readers are told why; writers go on
        return False
    if is_held(store.ingester_lock):
        elsewhere = holder(store.ingester_lock)[1] not in (None, os_host())
        # One on another host can't tell whether the writers of this one live: somebody here vouches for them.
        if not elsewhere or is_held(vouching_lock(store)):
            return True
    from trackbook.services.processes import start_module

    start_module("trackbook.services.ingest", str(store.root), folder=store.root)
    return True


@cache
def can_ingest() -> bool:
    """Tell whether this environment has what the index needs (the `lab` extra)."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("sqlalchemy", "alembic", "zstandard", "numpy"))
