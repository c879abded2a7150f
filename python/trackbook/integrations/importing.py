"""Calls something when a module is imported, without importing it before its time."""

import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


class ImportWatch(importlib.abc.MetaPathFinder):
    """A finder that finds nothing by itself: it passes on what the others find, and tells when it is loaded."""

    def __init__(self) -> None:
        self._waiting: dict[str, Callable[[ModuleType], None]] = {}
        self._local = threading.local()

    def when_imported(self, name: str, call: Callable[[ModuleType], None]) -> None:
        """Call `call(module)` now if the module is there already, else once it has been imported."""
        module = sys.modules.get(name)
        # A module that is being imported by another thread has no contents yet.
        if module is not None and not getattr(module.__spec__, "_initializing", False):
            call(module)
            return
        self._waiting[name] = call
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._waiting.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find what the other finders find."""
        if fullname not in self._waiting or getattr(self._local, "looking", False):
            return None
        self._local.looking = True
        try:
            for finder in list(sys.meta_path):
                find = getattr(finder, "find_spec", None)
                if finder is self or find is None:
                    continue
                spec: importlib.machinery.ModuleSpec | None = find(fullname, path, target)
                if spec is not None:
                    if spec.loader is not None:
                        spec.loader = _Loader(spec.loader, self)
                    return spec
        finally:
            self._local.looking = False
        return None

    def loaded(self, module: ModuleType) -> None:
        """Tell who waits for this module."""
        call = self._waiting.pop(module.__name__, None)
        if call is not None:
            call(module)


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: Any, watch: ImportWatch) -> None:
        self._loader = loader
        self._watch = watch

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The module must not see that it was loaded by anything but its own loader.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._watch.loaded(module)
