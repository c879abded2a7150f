"""The names that an execution read and wrote: what its text tells, checked against the namespace that it ran in."""

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from trackbook.notebook.dataflow import UNKNOWN, CellNames, names_in

_KEPT = 256


class ExecutedNames:
    """Reads cells for their names; one that is executed again is not read again."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._known: dict[str, CellNames] = {}

    def of(self, source: str, transformed: str | None = None) -> CellNames:
        """Return the names in a cell's source; `transformed` is what IPython makes of it, where that is known."""
        found = self._known.get(source)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[source] = self._read(source, transformed)
        return found

    def before(self, names: CellNames) -> frozenset[str]:
        """Return the names that exist before a cell runs whose text does not tell what it will leave behind."""
        return frozenset(self._shell.user_ns) if names.opaque else frozenset()

    def settle(self, names: CellNames, before: frozenset[str]) -> tuple[list[str], list[str]]:
        """Return what a cell that has ended read and wrote; `before` is what `before` returned when it began."""
        namespace: Mapping[str, Any] = self._shell.user_ns
        own = self._shell.user_ns_hidden
        told = set(names.reads)
        # A name of Python's own, such as `input`, is the user's once the notebook gives it a value.
        reads = [name for name in names.read if name in told or (name in namespace and name not in own)]
        changed = (name for name in names.changed if not issubclass(type(namespace.get(name)), ModuleType))
        writes = dict.fromkeys((*names.bound, *changed))
        if names.opaque:
            writes |= dict.fromkeys(_public(name for name in namespace if name not in before))
            writes[UNKNOWN] = None
        return [name for name in reads if not self._is_own(name)], list(writes)

    def _is_own(self, name: str) -> bool:
        namespace, own = self._shell.user_ns, self._shell.user_ns_hidden
        return name in own and namespace.get(name) is own[name]

    def _read(self, source: str, transformed: str | None) -> CellNames:
        transform = self._shell.transform_cell
        try:
            return names_in(transform(source) if transformed is None else transformed, transform)  # type: ignore[no-untyped-call]
        except (
            Exception
        ):  # a transformer of the user's own, or a cell that IPython can't read: the shell says so
            return CellNames()


def _public(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("_"))
