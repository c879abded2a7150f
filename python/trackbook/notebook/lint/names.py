"""Names: used before a cell defines them in top-to-bottom order, or with none that does. TB101 to TB104."""

import builtins
import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.cells import LintCell, LintNotebook
from trackbook.notebook.lint.scopes import Event

# What IPython gives to a notebook beside Python's own.
_GIVEN = frozenset(
    (
        "display", "get_ipython", "In", "Out", "_", "__", "___", "_ih", "_oh", "_dh", "_i", "_ii", "_iii", "exit",
        "quit", "open", "__name__", "__doc__", "__builtin__", "__builtins__", "__loader__", "__package__", "__spec__",
        "__annotations__", "__session__", "__vsc_ipynb_file__", "_exit_code", "__class__",
    )
)  # fmt: skip
_KNOWN = frozenset(dir(builtins)) | _GIVEN
_NUMBERED = re.compile(r"_i?\d+\Z")
_LONGEST_CHAIN = 2000


def find_names(notebook: LintNotebook, known: Collection[str] = ()) -> Iterator[Diagnostic]:
    """Yield what is found about names; `known` are names that the kernel has from elsewhere."""
    return _Names(notebook.code, known).find()


def find_unseen(notebook: LintNotebook) -> Iterator[str]:
    """Yield why names can't be followed, cell by cell."""
    for cell in notebook.code:
        if cell.source.fault is not None:
            reason = cell.source.fault.message
            yield f"Cell {cell.position} can't be parsed ({reason}); names used below it are not checked."
            continue
        reasons = dict.fromkeys(event.name for event in cell.scan.events if event.kind == "opaque")
        for reason in reasons:
            yield f"Cell {cell.position}: {reason}; names used from there on are not checked."


class _Names:
    def __init__(self, cells: list[LintCell], known: Collection[str]) -> None:
        self._cells = cells
        self._known = _KNOWN | set(known)
        self._defined: dict[str, LintCell] = {}
        self._deleted: dict[str, LintCell] = {}
        self._functions: dict[str, tuple[Event, ...]] = {}
        self._maybe: set[str] = set()
        self._is_opaque = False
        self._hides = False
        self._places: dict[str, list[LintCell]] = {}
        for cell in cells:
            for event in cell.scan.events:
                self._hides = self._hides or event.kind == "opaque"
                if event.kind in ("bind", "maybe"):
                    places = self._places.setdefault(event.name, [])
                    if not places or places[-1] is not cell:
                        places.append(cell)

    def find(self) -> Iterator[Diagnostic]:
        for cell in self._cells:
            found: dict[str, Diagnostic] = {}
            for event in cell.scan.events:
                for name, diagnostic in self._take(cell, event):
                    found.setdefault(name, diagnostic)
            yield from found.values()

    def _take(self, cell: LintCell, event: Event) -> Iterator[tuple[str, Diagnostic]]:
        if event.kind == "bind":
            self._defined[event.name] = cell
            self._deleted.pop(event.name, None)
            self._functions.pop(event.name, None)
            if event.body:
                self._functions[event.name] = event.body
                yield from self._never_defined(cell, event.body)
        elif event.kind == "later":
            yield from self._never_defined(cell, event.body)
        elif event.kind == "delete":
            if self._defined.pop(event.name, None) is not None:
                self._deleted[event.name] = cell
        elif event.kind == "maybe":
            self._maybe.add(event.name)
        elif event.kind == "opaque":
            self._is_opaque = True
        elif not self._is_opaque:
            if not self._has(event.name):
                if not event.guarded:
                    yield event.name, self._missing(cell, event)
            elif event.called and event.name in self._functions:
                yield from self._called(cell, event)

    def _has(self, name: str) -> bool:
        return name in self._defined or name in self._maybe or self._is_given(name)

    def _is_given(self, name: str) -> bool:
        return name in self._known or _NUMBERED.match(name) is not None

    def _missing(self, cell: LintCell, event: Event) -> Diagnostic:
        name = event.name
        if (deleting := self._deleted.get(name)) is not None:
            where = "this cell" if deleting is cell else f"cell {deleting.position}"
            return cell.diagnose(
                "TB103", f"`{name}` is used, but {where} deleted it above.", event, names=[name]
            )
        if (places := self._places.get(name)) is not None:
            return self._too_early(cell, event, places)
        if name == "__file__":
            return cell.diagnose(
                "TB102",
                "`__file__` is used, which notebooks have not.",
                event,
                names=[name],
                help='Use `Path.cwd()`, the notebook\'s folder, or `globals().get("__file__")`.',
            )
        hint = self._hint(cell, name)
        return cell.diagnose("TB102", f"`{name}` is used, but no cell defines it{hint}", event, names=[name])

    def _too_early(self, cell: LintCell, event: Event, places: list[LintCell]) -> Diagnostic:
        later = next((place for place in places if place.position > cell.position), None)
        if later is None:
            where = (
                "this cell defines it only further down" if places[-1] is cell else "nothing defines it again"
            )
        else:
            where = f"cell {later.position} defines it"
            if later.executed is not None and cell.executed is not None and later.executed < cell.executed:
                where += f", which ran before (In [{later.executed}])"
        return cell.diagnose("TB101", f"`{event.name}` is used here, and {where}.", event, names=[event.name])

    def _hint(self, cell: LintCell, name: str) -> str:
        if cell.executed is not None and not any(one.get("output_type") == "error" for one in cell.outputs):
            return f", though this one ran (In [{cell.executed}]): the cell that did was changed or deleted."
        candidates = [*self._defined, *(known for known in self._known if len(known) > 3)]
        near = get_close_matches(name, candidates, 1, 0.8)
        return f"; did you mean `{near[0]}`?" if near else "."

    def _never_defined(self, cell: LintCell, body: Iterable[Event]) -> Iterator[tuple[str, Diagnostic]]:
        if self._hides:
            return
        for event in body:
            if event.kind == "later":
                yield from self._never_defined(cell, event.body)
            elif not event.guarded and event.name not in self._places and not self._is_given(event.name):
                yield event.name, self._missing(cell, event)

    def _called(self, cell: LintCell, call: Event) -> Iterator[tuple[str, Diagnostic]]:
        followed = {call.name}
        waiting = [(call.name, event) for event in self._functions[call.name]]
        while waiting and len(followed) < _LONGEST_CHAIN:
            function, event = waiting.pop(0)
            if event.kind != "read" or event.guarded:
                continue
            if event.name in self._functions:
                if event.called and event.name not in followed:
                    followed.add(event.name)
                    waiting += [(event.name, inner) for inner in self._functions[event.name]]
            elif not self._has(event.name) and event.name in self._places:
                later = next(
                    (place for place in self._places[event.name] if place.position > cell.position), None
                )
                if later is None and (
                    self._places[event.name][-1] is not cell or event.name in self._deleted
                ):
                    continue
                where = f"cell {later.position}" if later is not None else "this cell only further down"
                through = "" if function == call.name else f" through `{function}`"
                yield (
                    event.name,
                    cell.diagnose(
                        "TB104",
                        f"`{call.name}` is called here, and uses{through} `{event.name}`, which {where} defines.",
                        call,
                        names=[call.name, event.name],
                    ),
                )
