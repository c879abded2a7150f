"""Names of imported modules, of which there are thousands: only those that came last are looked at again.

In a forked process each name that is touched is a page that has to be copied.
"""

import contextlib
import sys
import weakref
from typing import Any


class Mark:
    """A mark behind the module that was imported last, at the time at which it is made."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._module: Any = None
        with contextlib.suppress(RuntimeError, StopIteration, TypeError):  # it can't be told from another one
            self._count = len(sys.modules)
            name = next(reversed(sys.modules))
            self._module = weakref.ref(sys.modules[name])
            self._name = name

    def names(self) -> list[str]:
        """Return the names of the modules that came since; all of them if the marked one was taken away, or moved."""
        if self._name is None:
            return list(sys.modules)
        found: list[str] = []
        try:
            for name in reversed(sys.modules):
                if name == self._name:
                    break
                found.append(name)
        except RuntimeError:  # another thread imports just now
            return list(sys.modules)
        # One that was imported once more stands at the end, behind what else is new.
        is_there = sys.modules.get(self._name) is self._module()
        if not is_there or len(sys.modules) - len(found) > self._count:
            return list(sys.modules)
        found.reverse()
        return found


def names_since(mark: Mark | None) -> list[str]:
    """Return the names of the modules that were imported after `mark` was made; perhaps others, too."""
    return list(sys.modules) if mark is None else mark.names()
