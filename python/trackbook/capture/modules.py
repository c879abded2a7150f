"""Modules of the project that this process imported: code that a notebook runs and does not show."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from trackbook.capture.modulenames import Mark, names_since
from trackbook.domain.environment import Module

# Folders inside a project that hold other people's code, or copies.
_FOREIGN = frozenset({"site-packages", "dist-packages", "node_modules", ".trackbook", "__pypackages__"})
MAX_SOURCE = 10_000_000


class ImportedModule(NamedTuple):
    """A module and the bytes of its source, read just now."""

    module: Module
    source: bytes


class _Known(NamedTuple):
    resolved: Path
    foreign: set[str]


# What runs of this process have learned of each project: a search opens hundreds of them, among thousands of modules.
_known: dict[Path, _Known] = {}


class _Ahead(NamedTuple):
    """What was imported before this process was forked, up to `mark`: what may be a project's.

    It is by folder, as folders are asked about, and where that really lies. What is installed is no project's.
    """

    mark: Mark | None = None
    folders: dict[str, list[str]] = {}
    places: dict[str, str] = {}


_ahead = _Ahead()


def look_ahead() -> None:
    """Look at what is imported, for all processes that are forked from this one."""
    global _ahead
    mark, folders = Mark(), dict[str, list[str]]()
    for name in list(sys.modules):
        if (place := _place(sys.modules.get(name))) is not None and "/site-packages" not in place[0]:
            folders.setdefault(place[0], []).append(name)
    _ahead = _Ahead(mark, folders, {folder: os.path.join(os.path.realpath(folder), "") for folder in folders})  # noqa: PTH118


class ModuleWatch:
    """Finds project modules that were imported, or reloaded, since it was last asked."""

    def __init__(self, project: Path) -> None:
        if project not in _known:
            _known[project] = _Known(project.resolve(), set())
        self._project, self._foreign = _known[project]
        self._seen: set[str] = set(self._foreign)
        self._mark: Mark | None = None
        self._specs: dict[str, object] = {}  # of the project's own modules
        self._times: dict[str, float] = {}  # of their files, as autoreload last took them in
        self._homes: dict[str, Path | None] = {}

    def changes(self) -> list[ImportedModule]:
        """Return the modules that came, or were reloaded, since the last call; all of them at the first call."""
        # Asked after every cell, in sessions with thousands of modules: only new names are looked at.
        mark = Mark()
        names = (
            [*self._before(), *names_since(_ahead.mark)] if self._mark is None else names_since(self._mark)
        )
        self._mark = mark
        new = [name for name in dict.fromkeys(names) if name not in self._seen]
        self._seen.update(new)
        # A reload gives a module a new spec.
        reloaded = {name: None for name, spec in self._specs.items() if _spec(name) is not spec}
        reloaded |= dict.fromkeys(self._patched())
        return [found for name in (*new, *reloaded) if (found := self._take(name)) is not None]

    def _before(self) -> list[str]:
        """Return the names of what was imported before this process was forked, where that may be the project's."""
        project = os.path.join(self._project, "")  # noqa: PTH118
        near = [folder for folder, place in _ahead.places.items() if place.startswith(project)]
        return [name for folder in near if self._home(folder) is not None for name in _ahead.folders[folder]]

    def _patched(self) -> list[str]:
        # `%autoreload` changes a module's functions in place, where that is enough.
        times = _autoreloaded(self._specs)
        patched = [name for name, at in times.items() if self._times.get(name, at) != at]
        self._times |= times
        return patched

    def _take(self, name: str) -> ImportedModule | None:
        module = sys.modules.get(name)
        if name == "__main__" or not isinstance(module, ModuleType):
            return None
        found = self._read(name, module)
        if found is not None:
            self._specs[name] = _spec(name)
        return found

    def _read(self, name: str, module: ModuleType) -> ImportedModule | None:
        if (place := _place(module)) is None:
            return None
        folder, base = place
        if (home := self._home(folder)) is None:
            self._foreign.add(name)
            return None
        path = self._project / home / base
        try:
            if path.stat().st_size > MAX_SOURCE:
                return None
            source = path.read_bytes()
        except OSError:
            return None
        import hashlib

        digest = hashlib.sha256(source).hexdigest()
        return ImportedModule(Module(name, (home / base).as_posix(), digest, len(source)), source)

    def _home(self, folder: str) -> Path | None:
        # Asked once a folder: a session imports thousands of modules, and resolving each path costs more.
        if folder not in self._homes:
            self._homes[folder] = None if "/site-packages" in folder else self._inside(Path(folder))
        return self._homes[folder]

    def _inside(self, folder: Path) -> Path | None:
        resolved = folder.resolve()
        if not resolved.is_relative_to(self._project):
            return None
        home = resolved.relative_to(self._project)
        if not _FOREIGN.isdisjoint(home.parts):
            return None
        around = (self._project / part for part in (home, *home.parents))
        return None if any(_is_environment(part) for part in around) else home


def _place(module: object) -> tuple[str, str] | None:
    """Return the folder and the name of the file of a module that has a source; None of others."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    folder, _, base = file.replace(os.sep, "/").rpartition("/")
    return folder, base


def _is_environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").exists() or (folder / "conda-meta").exists()


def _autoreloaded(names: Iterable[str]) -> dict[str, float]:
    """Return the times of those modules' files which IPython's autoreload has taken in, where it is used."""
    if "IPython.extensions.autoreload" not in sys.modules:
        return {}
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    magics = getattr(getattr(shell, "magics_manager", None), "registry", {}).get("AutoreloadMagics")
    reloader = getattr(magics, "_reloader", None)
    times, failed = getattr(reloader, "modules_mtimes", {}), getattr(reloader, "failed", {})
    files = {name: getattr(sys.modules.get(name), "__file__", None) for name in names if name in times}
    return {name: times[name] for name, file in files.items() if failed.get(file) != times[name]}


def _spec(name: str) -> object:
    return getattr(sys.modules.get(name), "__spec__", None)
