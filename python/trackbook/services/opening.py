"""Opening a store: the one place where it is decided where its things lie."""

from urllib.parse import urlsplit

from trackbook.config import ARTIFACTS, STORE, Settings, without_password
from trackbook.errors import StoreError
from trackbook.services.settling import settle
from trackbook.store.blobs import BlobStore
from trackbook.store.database import Database
from trackbook.store.distant_blobs import DistantBlobs
from trackbook.store.folder_parts import FolderParts
from trackbook.store.paths import StorePaths
from trackbook.store.place import Blobs, Place
from trackbook.store.url_blobs import UrlBlobs


def open_place(store: StorePaths, settings: Settings | None = None) -> Place:
    """Return where the things of a store lie, for one in a folder, or for the spool of one elsewhere.

    Raises StoreError if its database can't be used, or if `settings` (by default those of the environment) don't say
    how the store behind a spool is reached.
    """
    settings = settings or Settings.load()
    store = settle(store, settings)
    if store.remote is None:
        blobs = _blobs(store, store.keep_artifacts_at(settings.artifacts), settings) or BlobStore(store.blobs)
        return Place(store, Database(store), FolderParts(store), blobs)
    url = _url(store.remote, settings)
    if urlsplit(url).scheme == "postgresql":
        return _open_server(store, url, settings)
    raise StoreError(store.remote, "this version of Trackbook can't open a store of this kind")


def _open_server(store: StorePaths, url: str, settings: Settings) -> Place:
    from trackbook.store.server_blobs import ServerBlobs
    from trackbook.store.server_database import ServerDatabase
    from trackbook.store.server_identity import keep_artifacts_at
    from trackbook.store.server_parts import ServerParts

    database = ServerDatabase(store, url)
    try:
        artifacts = keep_artifacts_at(database, settings.artifacts)
        blobs = _blobs(store, artifacts, settings) or DistantBlobs(
            store.blobs, store.cached_blobs, ServerBlobs(database), may_lag=False
        )
    except BaseException:
        database.close()
        raise
    return Place(store, database, ServerParts(store, database), blobs, shared=True)


def _url(remote: str, settings: Settings) -> str:
    if settings.store_url is None or without_password(settings.store_url) != remote:
        raise StoreError(
            remote,
            f"this folder is where what is on its way there waits. Set {STORE} to its address, with what opens it.",
        )
    return settings.store_url


def _blobs(store: StorePaths, artifacts: str | None, settings: Settings) -> Blobs | None:
    if artifacts is None:
        return None
    if settings.artifacts is not None and settings.artifacts.rstrip("/") != artifacts.rstrip("/"):
        raise StoreError(
            store.remote or store.root,
            f"its artifacts are kept at {artifacts}, but {ARTIFACTS} says {settings.artifacts}. Leave it unset.",
        )
    return DistantBlobs(store.blobs, store.cached_blobs, UrlBlobs(artifacts), may_lag=True)
