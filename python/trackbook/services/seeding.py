"""Seeds: random, and what of numpy, torch and tensorflow is imported, or comes to be imported while the run goes on.

Nothing is imported here for a seed. A library that is imported later gets the seed the moment its import ends, before
the line that imported it goes on.
"""

import operator
import random
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from trackbook.errors import InvalidValue
from trackbook.services.recorder import RunRecorder
from trackbook.services.warning import warn

MAX_SEED = 2**32 - 1


def check_seed(seed: object) -> int:
    """Return a seed as an int; raises InvalidValue for what is none, or more than numpy takes (32 bits)."""
    try:
        whole = operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        whole = -1
    if isinstance(seed, bool) or not 0 <= whole <= MAX_SEED:
        raise InvalidValue(
            "seed", seed, f"a seed is a whole number from 0 to {MAX_SEED:,}, not {seed!r}: try 42"
        )
    return whole


class Seeding:
    """The seed of one run: set in each library that there is, and recorded with the libraries' names."""

    def __init__(self, recorder: RunRecorder, seed: int, cell_id: str | None = None) -> None:
        self.seed = seed
        self.libraries: list[str] = []
        self._recorder = recorder
        self._cell_id = cell_id

    def begin(self) -> None:
        """Set the seed in what is imported, and watch for the rest."""
        random.seed(self.seed)
        self.libraries.append("random")
        for name, apply in _LIBRARIES.items():
            module = sys.modules.get(name)
            if module is not None and self._apply(name, apply, module):
                self.libraries.append(name)
        self._record(self.libraries)
        _watch.follow(self)

    def end(self) -> None:
        """Watch no more."""
        _watch.leave(self)

    def imported(self, name: str, module: ModuleType) -> None:
        """Set the seed in a library that has just been imported."""
        if not self._recorder.is_open:
            self.end()
        elif name not in self.libraries and self._apply(name, _LIBRARIES[name], module):
            self.libraries.append(name)
            self._record([name])

    def _apply(self, name: str, apply: "Apply", module: Any) -> bool:
        try:
            apply(module, self.seed)
        except Exception as error:  # a library that is half imported, or of another make
            warn(
                f"The seed {self.seed} could not be set in {name} ({type(error).__name__}: {error}).",
                stacklevel=5,
            )
            return False
        return True

    def _record(self, libraries: Sequence[str]) -> None:
        self._recorder.seed_set(self.seed, libraries, self._cell_id)


Apply = Callable[[Any, int], object]

_LIBRARIES: dict[str, Apply] = {
    "numpy": lambda module, seed: module.random.seed(seed),
    "torch": lambda module, seed: module.manual_seed(seed),
    "tensorflow": lambda module, seed: module.random.set_seed(seed),
}


class _Watch(MetaPathFinder):
    """Hears of imports of the libraries above. It finds nothing itself: it asks the others, and listens to the end."""

    def __init__(self) -> None:
        self._seeding: Seeding | None = None
        self._asking = threading.local()

    def follow(self, seeding: Seeding) -> None:
        """Tell `seeding` of imports; the one before hears no more, since one process has one state of each library."""
        self._seeding = seeding
        if self not in sys.meta_path and not all(name in sys.modules for name in _LIBRARIES):
            sys.meta_path.insert(0, self)

    def leave(self, seeding: Seeding) -> None:
        """Tell `seeding` nothing more."""
        if self._seeding is seeding:
            self._seeding = None
            if self in sys.meta_path:
                sys.meta_path.remove(self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return the module's own spec with a loader that listens; None for all other modules."""
        if name not in _LIBRARIES or self._seeding is None or getattr(self._asking, "on", False):
            return None
        self._asking.on = True
        try:
            spec = _find(name, path, target)
        finally:
            self._asking.on = False
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Listening(spec.loader, self._heard)
        return spec

    def _heard(self, name: str, module: ModuleType) -> None:
        seeding = self._seeding
        if seeding is not None:
            seeding.imported(name, module)


def _find(name: str, path: Any, target: Any) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, path, target) if find is not None else None
        if spec is not None:
            return spec
    return None


class _Listening(Loader):
    """A loader that gives its place back as soon as the module is there."""

    def __init__(self, loader: Any, heard: Callable[[str, ModuleType], None]) -> None:
        self._loader = loader
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as its own loader does."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Run the module as its own loader does, then tell that it is there."""
        name = module.__name__
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._heard(name, module)


_watch = _Watch()
