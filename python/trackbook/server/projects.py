"""Projects of one server: which store a contents path belongs to, and which folder a project's id means."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from trackbook.capture.notebook import relative_path
from trackbook.config import Settings
from trackbook.errors import NotFound, StoreError, UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.ingester import ensure_ingester
from trackbook.store.paths import FOLDER, StorePaths, create_store, find_store, locate_store

# A project that nobody named since the server started is looked for below its root: this far, and not again and again.
MAX_FOLDERS = 20_000
SECONDS_BETWEEN_SEARCHES = 10.0
_NOT_SEARCHED = {"node_modules", "site-packages", "__pycache__"}


class Project(Struct, frozen=True):
    """A project as clients see it. `path` is its folder's contents path, empty for the server's root."""

    id: str
    name: str
    path: str


@dataclass(frozen=True)
class OpenProject:
    """A project in use: its store, the services over it, and of which index, at which revision, when it was opened."""

    id: str
    store: StorePaths
    services: Services
    index: tuple[int, int]
    revision: int


class Projects:
    """Finds, opens and remembers the projects of a server. Safe to use from several threads.

    A path from a client must lie in the server's root folder, links followed. A project's store is then found as a
    kernel in that folder finds it: upwards, if need be to a folder above the root.
    """

    def __init__(
        self, root: Path, settings: Settings, on_open: Callable[[OpenProject], None] | None = None
    ) -> None:
        self._root = root.resolve()
        self._settings = settings
        self._on_open = on_open
        self._stores: dict[str, StorePaths] = {}
        self._open: dict[str, OpenProject] = {}
        self._last_search = float("-inf")
        self._lock = threading.RLock()

    def find(self, path: str) -> Project | None:
        """Return the project of a notebook or folder; None where there is no store yet."""
        folder = self._folder(path)
        configured = self._settings.folder
        store = find_store(folder) if configured is None else _existing(configured)
        return None if store is None else self._remember(store)

    def find_or_create(self, path: str) -> Project:
        """Return the project of a notebook or folder, made where there is none."""
        folder = self._folder(path)
        configured, remote = self._settings.folder, self._settings.remote
        return self._remember(
            locate_store(folder) if configured is None else create_store(configured, remote)
        )

    def services(self, project_id: str) -> Services:
        """Return the services of a project; raises NotFound for an unknown one."""
        return self.open(project_id).services

    def open(self, project_id: str) -> OpenProject:
        """Return a project ready for use, opened when it is asked for first; raises NotFound for an unknown one."""
        project = self._open.get(project_id)
        if project is not None and self._is_current(project):
            return project
        with self._lock:
            return self._reopen(project_id)

    def file(self, path: str) -> Path:
        """Return the file that a contents path means; raises NotFound if there is none in the server's root."""
        local = self._local(path)
        if not os.path.isfile(local):  # noqa: PTH113  # Path.is_file raises for names that are too long
            raise NotFound("file", path)
        return local

    def place(self, path: str) -> Path:
        """Return where a contents path lies, whether or not there is a file yet; raises NotFound without its folder."""
        self._folder(path)
        return self._local(path)

    def services_near(self, path: str) -> Services | None:
        """Return the services of a notebook's project; None where there is no store yet, or none that can be used."""
        try:
            project = self.find(path)
            return None if project is None else self.services(project.id)
        except StoreError:
            return None

    def notebook(self, project_id: str, path: str) -> Path:
        """Return the file of a notebook of this project; raises UsageError for one of another."""
        file = self.file(path)
        project = self.find(path)
        if project is None or project.id != project_id:
            raise UsageError(f"{path!r} does not belong to this project; open it in its own.")
        return file

    def source_path(self, project_id: str, path: str) -> str:
        """Return a notebook's contents path as runs name it: relative to the project where it lies inside."""
        return relative_path(self._local(path), self.open(project_id).store.project)

    def close(self) -> None:
        """Close the indexes of all projects."""
        with self._lock:
            projects = list(self._open.values())
            self._open.clear()
        for project in projects:
            project.services.close()

    def _reopen(self, project_id: str) -> OpenProject:
        before = self._open.get(project_id)
        if before is not None:
            if self._is_current(before):  # another thread was faster
                return before
            self._open.pop(project_id).services.close()
        store = self._store(project_id)
        ensure_ingester(store)
        services = open_services(store, self._settings.token)
        project = OpenProject(
            project_id, store, services, _file_identity(services.store.index), services.runs.revision()
        )
        self._open[project_id] = project
        if self._on_open is not None:
            self._on_open(project)
        return project

    def _is_current(self, project: OpenProject) -> bool:
        # Folders are moved and taken away, and a broken index is replaced.
        return (
            project.store == self._stores.get(project.id)
            and _has_id(project.store, project.id)
            and project.index == _file_identity(project.services.store.index)
        )

    def _remember(self, store: StorePaths) -> Project:
        project_id = store.id
        with self._lock:
            self._stores[project_id] = store
        return Project(project_id, store.name, self._contents_path(store.project))

    def _store(self, project_id: str) -> StorePaths:
        store = self._stores.get(project_id)
        if store is not None and _has_id(store, project_id):
            return store
        self._stores.pop(project_id, None)
        self._search()
        if project_id not in self._stores:
            raise NotFound("project", project_id)
        return self._stores[project_id]

    def _search(self) -> None:
        if time.monotonic() - self._last_search < SECONDS_BETWEEN_SEARCHES:
            return
        for store in self._candidates():
            try:
                self._stores.setdefault(store.id, store)
            except StoreError:  # a folder of that name that is no store
                continue
        self._last_search = time.monotonic()

    def _candidates(self) -> Iterator[StorePaths]:
        if self._settings.folder is not None:
            yield StorePaths(self._settings.folder.absolute())
            return
        for folder in (self._root, *self._root.parents):
            if (folder / FOLDER / "store.json").is_file():
                yield StorePaths(folder / FOLDER)
                break
        for folder in _folders_below(self._root):
            if (folder / FOLDER / "store.json").is_file():
                yield StorePaths(folder / FOLDER)

    def _folder(self, path: str) -> Path:
        local = self._local(path)
        for folder in (local, local.parent):
            if os.path.isdir(folder) and folder.is_relative_to(self._root):  # noqa: PTH112  # as in `file`
                return folder
        raise NotFound("folder", path)

    def _local(self, path: str) -> Path:
        parts = [part for part in path.split("/") if part]
        if "\0" in path or "\\" in path or any(part in (".", "..") for part in parts):
            raise UsageError(
                f"{path!r} is no contents path: it is relative to the server's root, as in a/b.ipynb."
            )
        # Links are followed: a kernel's working directory, from which it finds its store, has none either.
        local = self._root.joinpath(*parts).resolve()
        if not local.is_relative_to(self._root):
            raise NotFound("file or folder", path)
        return local

    def _contents_path(self, folder: Path) -> str:
        if not folder.is_relative_to(self._root):
            return ""
        path = folder.relative_to(self._root).as_posix()
        return "" if path == "." else path


def _existing(root: Path) -> StorePaths | None:
    store = StorePaths(root.absolute())
    return store.check() if (store.root / "store.json").is_file() else None


def _has_id(store: StorePaths, project_id: str) -> bool:
    try:
        return store.id == project_id
    except StoreError:
        return False


def _file_identity(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)


def _folders_below(root: Path) -> Iterator[Path]:
    """Yield folders breadth first, at most MAX_FOLDERS; links, hidden and installed ones are left out."""
    waiting = deque([root])
    for _ in range(MAX_FOLDERS):
        if not waiting:
            return
        folder = waiting.popleft()
        yield folder
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        waiting.extend(
            Path(entry.path)
            for entry in entries
            if entry.is_dir(follow_symlinks=False)
            and not entry.name.startswith(".")
            and entry.name not in _NOT_SEARCHED
        )
