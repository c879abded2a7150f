"""Which project a command works in."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackbook.cli.output import say
from trackbook.config import Settings, notify_in
from trackbook.domain.run import Run
from trackbook.errors import NotFound, UsageError
from trackbook.services.ingester import is_served
from trackbook.store.paths import StorePaths, create_store, find_store, locate_store

if TYPE_CHECKING:
    from trackbook.services.context import Services

# Seconds in which what a job left behind must be in the index; a busy machine may need some.
RESULTS_WITHIN = 60.0


def existing_store() -> StorePaths:
    """Return the store that TRACKBOOK_STORE names, else the one of the working directory.

    Raises UsageError where there is none: a command that only reads makes no store. Raises StoreError if it
    can't be used.
    """
    settings = Settings.load()
    if settings.store_url is not None and settings.folder is not None:
        return create_store(settings.folder, settings.remote)
    if settings.store is not None:
        return StorePaths(settings.store.absolute()).check()
    store = find_store(Path.cwd())
    if store is None:
        raise UsageError(
            f"There is no project in {Path.cwd()} or above it. `%track start EXPERIMENT` in a notebook, "
            "or `trackbook run NOTEBOOK`, makes one."
        )
    return store


def known_store(folder: Path) -> StorePaths | None:
    """Return the store for a folder if it is there, and on this machine; none is made. Raises StoreError if it can't be
    used.
    """
    settings = Settings.load()
    if settings.store_url is not None:
        return None
    return StorePaths(settings.store.absolute()).check() if settings.store is not None else find_store(folder)


def existing_store_here(what: str) -> StorePaths:
    """Return the store as `existing_store` does; raises UsageError for a served one, where `what` can't be done."""
    store = existing_store()
    if is_served(store.remote):
        raise UsageError(f"{what} looks into the store itself: call it where {store.remote} keeps it.")
    return store


def open_project() -> "Services":
    """Return the services of an existing project, with everything that was written so far in its index."""
    services = _open(existing_store())
    services.runs.refresh()
    return services


def open_notebook_project(notebook: Path) -> "Services":
    """Return the services of a notebook's project, made where there is none. Raises StoreError if it can't be used.

    Says what keeps whoever wants to be told of its jobs from being told.
    """
    services = open_folder_project(notebook.absolute().parent)
    try:
        notify_in(services.store.project)
    except UsageError as error:
        say(f"Nobody is told how jobs end. {error}", "yellow")
    return services


def open_project_of(notebook: Path) -> "Services | None":
    """Return the services of the project that a notebook lies in; None where there is none."""
    settings = Settings.load()
    if settings.folder is None and find_store(notebook.absolute().parent) is None:
        return None
    if settings.store is not None and not settings.store.exists():
        return None
    services = open_notebook_project(notebook)
    services.runs.refresh()
    return services


def open_folder_project(folder: Path) -> "Services":
    """Return the services of a folder's project, made where there is none. Raises StoreError if it can't be used."""
    return _open(locate_folder_store(folder))


def _open(store: StorePaths) -> "Services":
    """Return the services of a store, which are closed when the command has ended."""
    from trackbook.services.context import open_services

    services = open_services(store, Settings.load().token)
    if (context := click.get_current_context(silent=True)) is not None:
        context.call_on_close(services.close)
    return services


def locate_folder_store(folder: Path) -> StorePaths:
    """Return the store of a folder's project, made where there is none. Raises StoreError if it can't be used."""
    settings = Settings.load()
    if settings.folder is not None:
        return create_store(settings.folder, settings.remote)
    return locate_store(folder)


def surrounding_run() -> str | None:
    """Return the id of the run from within which the command was called, if a job's notebook did."""
    return Settings.load().run_id


def find_run(project: "Services", run_id: str) -> Run | None:
    """Return the run of a job; None if the job never began."""
    try:
        return project.runs.get(run_id)
    except NotFound:
        return None
