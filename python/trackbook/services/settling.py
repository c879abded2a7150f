"""Where a store's own working files lie: in the store, or, if that is on a network, on this machine. Imports little."""

from dataclasses import replace

from trackbook.config import Settings
from trackbook.errors import StoreError
from trackbook.store.filesystem import lies_on_network
from trackbook.store.paths import StorePaths


def settle(store: StorePaths, settings: Settings | None = None) -> StorePaths:
    """Return the store with the place of its index and of the ingester's lock decided.

    Raises StoreError if this machine has no room for them where they belong.
    """
    if store.local is not None or not lies_on_network(store.root):
        return store
    local = (settings or Settings.load()).cache_folder / store.id
    try:
        local.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            store.root,
            f"it lies on a network, and its index can't be kept at {local} ({error.strerror or error}). "
            "Set TRACKBOOK_CACHE to a folder of this machine.",
        ) from error
    return replace(store, local=local)
