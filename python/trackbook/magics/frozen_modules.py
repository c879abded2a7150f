"""In the kernel of a job: modules that have changed since the job was submitted are imported as they were then.

They keep their names and places, so that what a module finds beside its file is still found there.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType


def import_as_frozen(copies: Path, folder: Path) -> None:
    """From now on import the modules in `folder` of which `copies` holds a copy, at the same place, from this copy."""
    files = {str(folder / path.relative_to(copies)): path for path in copies.rglob("*.py")}
    sys.meta_path.insert(0, _Finder(files))
    # A kernel that was forked may have imported the present ones.
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) in files:
            del sys.modules[name]


class _Loader(SourceFileLoader):
    """Loads a file's frozen copy in its place."""

    def __init__(self, name: str, path: str, copy: Path) -> None:
        super().__init__(name, path)
        self._copy = copy

    def get_data(self, path: str) -> bytes:
        """Return the copy's bytes; of bytecode, which is that of the present file, none."""
        if path != self.path:
            raise FileNotFoundError(path)
        return self._copy.read_bytes()

    def path_stats(self, path: str) -> dict[str, float]:
        """Say that nothing is known of the file, so that no bytecode is looked for, or written."""
        raise OSError(path)


class _Finder(MetaPathFinder):
    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of which there is a copy; None for all others, which are found as ever."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin in self._files:
            return self._spec(name, spec.origin)
        if spec is not None and spec.origin is not None:
            return None
        # It is gone, and was there then.
        last = name.rpartition(".")[2]
        for place in [Path(entry or Path.cwd()) for entry in (sys.path if path is None else path)]:
            for origin in (place / last / "__init__.py", place / f"{last}.py"):
                if str(origin) in self._files:
                    return self._spec(name, str(origin))
        return None

    def _spec(self, name: str, origin: str) -> ModuleSpec | None:
        packages = [str(Path(origin).parent)] if Path(origin).name == "__init__.py" else None
        return spec_from_file_location(
            name,
            origin,
            loader=_Loader(name, origin, self._files[origin]),
            submodule_search_locations=packages,
        )
