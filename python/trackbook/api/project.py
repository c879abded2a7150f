"""Which store and which services a program or a notebook means."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.api.run import open_stack
from trackbook.config import Settings
from trackbook.errors import MissingExtra
from trackbook.services.ingester import can_ingest
from trackbook.services.session import current_session
from trackbook.services.surroundings import wait_for_captures
from trackbook.store.paths import StorePaths, create_store, locate_store, planned_root

if TYPE_CHECKING:
    from trackbook.services.context import Services


_last_services: "tuple[tuple[int, StorePaths, str | None, tuple[int, int] | None], Services] | None" = None


def open_project(folder: str | os.PathLike[str] | None = None) -> "Services":
    """Return the services of the project in which `folder` (by default the working directory) lies."""
    if not can_ingest():
        raise MissingExtra("Reading runs")
    wait_for_captures()  # a reader sees what its own process wrote
    settings = Settings.load()
    store = open_stack[-1].recorder.store if open_stack and folder is None else open_store(settings, folder)
    return _services_of(StorePaths(store.home) if store.home is not None else store, settings.token)


def open_store(settings: Settings, folder: str | os.PathLike[str] | None = None) -> StorePaths:
    """Return the store that the settings name, else the one of `folder`, made where there is none."""
    if settings.folder is not None:
        return create_store(settings.folder, settings.remote)
    return locate_store(Path(folder) if folder is not None else current_session().folder())


def store_folder(settings: Settings, folder: str | os.PathLike[str] | None) -> Path:
    """Return the folder of that store, whether it is there, can be used, or not."""
    return settings.folder or planned_root(Path(folder) if folder is not None else current_session().folder())


def _services_of(store: StorePaths, token: str | None) -> "Services":
    """Return the services of a store. Those that were used last stay, with what they keep in memory for searches."""
    global _last_services
    from trackbook.services.context import open_services

    # A forked child must not use its parent's database, and an index that was deleted is made anew.
    if _last_services is None or _last_services[0] != (os.getpid(), store, token, _index_of(store)):
        services = open_services(store, token)
        _last_services = (os.getpid(), store, token, _index_of(store)), services
    return _last_services[1]


def _index_of(store: StorePaths) -> tuple[int, int] | None:
    try:
        status = store.index.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
