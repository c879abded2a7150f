"""Attributes of other people's modules and classes that are replaced, and put back as they were."""

import contextlib
import sys
import sysconfig
import threading
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, NamedTuple

_MISSING = object()


class _Patch(NamedTuple):
    owner: Any
    name: str
    before: Any
    after: Any


class Patches:
    """What has been replaced, latest last."""

    def __init__(self) -> None:
        self._made: list[_Patch] = []
        self._lock = threading.RLock()

    def replace(self, owner: Any, name: str, value: Any) -> None:
        """Give `owner` (a module, class or object) another attribute."""
        with self._lock:
            before = _held(owner, name)
            setattr(owner, name, value)
            self._made.append(_Patch(owner, name, before, _held(owner, name)))

    def replace_imported(self, pairs: Sequence[tuple[Any, Any]]) -> None:
        """Replace the first of each pair by the second where the user's modules have imported it by name."""
        known = {id(before): (before, after) for before, after in pairs}
        for module in _users_modules():
            for name, value in list(vars(module).items()):
                pair = known.get(id(value))
                if pair is not None and pair[0] is value:
                    self.replace(module, name, pair[1])

    def undo(self) -> None:
        """Put everything back, except what somebody else has replaced since: that is theirs."""
        with self._lock:
            while self._made:
                owner, name, before, after = self._made.pop()
                if _held(owner, name) is not after:
                    continue
                with contextlib.suppress(AttributeError, TypeError):
                    if before is _MISSING:
                        delattr(owner, name)
                    else:
                        setattr(owner, name, before)


def _held(owner: Any, name: str) -> Any:
    # A function's code stands beside its attributes, not among them.
    return owner.__code__ if name == "__code__" else vars(owner).get(name, _MISSING)


def _users_modules() -> Iterator[ModuleType]:
    """Yield the notebook's or script's own module, and those that were imported from outside any installation."""
    paths = sysconfig.get_paths()
    installed = tuple({paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"]})
    for name, module in list(sys.modules.items()):
        if not isinstance(module, ModuleType):
            continue
        file = getattr(module, "__file__", None)
        is_own = isinstance(file, str) and not file.startswith(installed) and "site-packages" not in file
        if name == "__main__" or (is_own and not name.startswith("trackbook.")):
            yield module
