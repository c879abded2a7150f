"""Opening a store: the one place where it is decided where its things lie."""

from trackbook.config import Settings
from trackbook.errors import StoreError
from trackbook.store.blobs import BlobStore
from trackbook.store.database import Database
from trackbook.store.folder_parts import FolderParts
from trackbook.store.paths import StorePaths
from trackbook.store.place import Place


def open_place(store: StorePaths, settings: Settings | None = None) -> Place:
    """Return where the things of a store lie, for one in a folder, or for the spool of one elsewhere.

    Raises StoreError if its database can't be used, or if `settings` (by default those of the environment) don't say
    how the store behind a spool is reached.
    """
    if store.remote is not None:
        raise StoreError(store.remote, "this version of Trackbook can't open a store of this kind")
    return Place(store, Database(store), FolderParts(store), BlobStore(store.blobs))
