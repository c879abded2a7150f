"""Where a store's own working files lie: in the store, or, if that is on a network, on this machine. Imports little."""

import os
from dataclasses import replace
from pathlib import Path

from trackbook.config import CACHE, Settings
from trackbook.errors import StoreError
from trackbook.store.filesystem import lies_on_network
from trackbook.store.paths import StorePaths


def settle(store: StorePaths, settings: Settings | None = None) -> StorePaths:
    """Return the store with the place of its index and of the ingester's lock decided.

    Raises StoreError if this machine has no room for them where they belong.
    """
    if store.local is not None or not lies_on_network(store.root):
        return store
    local = _folder_of_this_machine(store, settings or Settings.load()) / store.id
    try:
        local.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _nowhere(store, f"can't be kept at {local} ({error.strerror or error})") from error
    return replace(store, local=local)


def _folder_of_this_machine(store: StorePaths, settings: Settings) -> Path:
    folder = settings.cache_folder
    if not lies_on_network(folder):
        return folder
    if settings.cache is not None:
        raise _nowhere(store, f"can't be kept at {folder}, which lies on a network, too")
    import tempfile  # late: it is rarely needed, and slow to import

    # The whole home is on the network, as in JupyterHub. An index that is lost with this folder is made again.
    folder = Path(tempfile.gettempdir()) / f"trackbook-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        is_own = not folder.is_symlink() and (
            not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
        )
    except OSError as error:
        raise _nowhere(store, f"can't be kept at {folder} ({error.strerror or error})") from error
    if not is_own:
        raise _nowhere(store, f"can't be kept at {folder}, which belongs to somebody else")
    return folder


def _nowhere(store: StorePaths, reason: str) -> StoreError:
    return StoreError(
        store.root,
        f"it lies on a network, and its index {reason}. Set {CACHE} to a folder on a disk of this machine.",
    )
