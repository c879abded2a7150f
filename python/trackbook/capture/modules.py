"""Modules of the project that this process imported: code that a notebook runs and does not show."""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

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


class ModuleWatch:
    """Finds project modules that were imported, or reloaded, since it was last asked."""

    def __init__(self, project: Path) -> None:
        if project not in _known:
            _known[project] = _Known(project.resolve(), set())
        self._project, self._foreign = _known[project]
        self._seen: set[str] = set(self._foreign)
        self._specs: dict[str, object] = {}  # of the project's own modules
        self._homes: dict[str, Path | None] = {}

    def changes(self) -> list[ImportedModule]:
        """Return the modules that came, or were reloaded, since the last call; all of them at the first call."""
        # Asked after every cell, in sessions with thousands of modules: only new names are looked at closely.
        new = [name for name in list(sys.modules) if name not in self._seen]
        self._seen.update(new)
        # A reload gives a module a new spec.
        reloaded = [name for name, spec in self._specs.items() if _spec(name) is not spec]
        return [found for name in (*new, *reloaded) if (found := self._take(name)) is not None]

    def _take(self, name: str) -> ImportedModule | None:
        module = sys.modules.get(name)
        if name == "__main__" or not isinstance(module, ModuleType):
            return None
        found = self._read(name, module)
        if found is not None:
            self._specs[name] = _spec(name)
        return found

    def _read(self, name: str, module: ModuleType) -> ImportedModule | None:
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            return None
        folder, _, base = file.replace(os.sep, "/").rpartition("/")
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


def _is_environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").exists() or (folder / "conda-meta").exists()


def _spec(name: str) -> object:
    return getattr(sys.modules.get(name), "__spec__", None)
