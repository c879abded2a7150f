"""Which project a command works in."""

from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.config import Settings
from trackbook.errors import UsageError
from trackbook.store.paths import StorePaths, find_store

if TYPE_CHECKING:
    from trackbook.services.context import Services


def existing_store(folder: Path | None = None) -> StorePaths:
    """Return the store that TRACKBOOK_STORE names, else the one of `folder` (by default the working directory).

    Raises UsageError where there is none: a command that only reads makes no store. Raises StoreError if it
    can't be used.
    """
    settings = Settings.load()
    if settings.store is not None:
        return StorePaths(settings.store.absolute()).check()
    start = folder or Path.cwd()
    store = find_store(start)
    if store is None:
        raise UsageError(
            f"There is no project in {start} or above it. `%track start EXPERIMENT` in a notebook, "
            "or `trackbook run NOTEBOOK`, makes one."
        )
    return store


def open_project(folder: Path | None = None) -> "Services":
    """Return the services of an existing project, with everything that was written so far in its index."""
    from trackbook.services.context import open_services

    services = open_services(existing_store(folder))
    services.runs.refresh()
    return services
