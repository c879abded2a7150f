"""Modules of the project that this process imported: code that a notebook runs and does not show."""

import hashlib
import os
import sys
from collections.abc import Iterator
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


class ModuleWatch:
    """Finds project modules that were imported, or reloaded, since it was last asked."""

    def __init__(self, project: Path) -> None:
        self._project = project.resolve()
        self._count = -1
        self._specs: dict[str, object] = {}
        self._homes: dict[str, Path | None] = {}

    def changes(self) -> list[ImportedModule]:
        """Return the modules that came, or were reloaded, since the last call; all of them at the first call."""
        return [found for name, module in self._candidates() if (found := self._read(name, module))]

    def _candidates(self) -> Iterator[tuple[str, ModuleType]]:
        known = self._specs
        if len(sys.modules) == self._count:
            # Nothing was imported; a reload gives a module a new spec.
            names = [name for name, spec in known.items() if _spec(sys.modules.get(name)) is not spec]
        else:
            self._count = len(sys.modules)
            names = [
                name
                for name, module in list(sys.modules.items())
                if name not in known or _spec(module) is not known[name]
            ]
        for name in names:
            module = sys.modules.get(name)
            known[name] = _spec(module)
            if isinstance(module, ModuleType) and name != "__main__":
                yield name, module

    def _read(self, name: str, module: ModuleType) -> ImportedModule | None:
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            return None
        folder, _, base = file.replace(os.sep, "/").rpartition("/")
        if (home := self._home(folder)) is None:
            return None
        path = self._project / home / base
        try:
            if path.stat().st_size > MAX_SOURCE:
                return None
            source = path.read_bytes()
        except OSError:
            return None
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


def _spec(module: object) -> object:
    return getattr(module, "__spec__", None)
