"""Which leading cells of a notebook the trials of a sweep can share: those on which a swept value has no effect.

Told from the text alone. The cells above the injected parameters run before these are known; of those below, the ones
that neither take nor set a swept name can run before the values are set. In doubt a cell is not shared.
"""

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trackbook.notebook.dataflow import names_in_source, plain_python
from trackbook.notebook.hazards import Hazards, hazards_in
from trackbook.notebook.inject import INJECTED, inject_parameters
from trackbook.notebook.read import Notebook, find_tagged_cell, is_executed, language_of, source_of

_WORD = re.compile(r"[^\W\d]\w*")
_TRACK = re.compile(r"^\s*%%?track\b", re.MULTILINE)
_OWN = "trackbook"
_RUNS_OWN = re.compile(r"TRACKBOOK_[A-Z]")
_LIBRARIES = {"*": "all libraries", "random": "random", "numpy": "numpy", "torch": "torch"}


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first `length` cells of a notebook with injected parameters can be shared; `cells` are those that run.

    `reason` says why the cell behind them can't be, "" if there is none. Positions count from 0, as the notebook does.
    `values_at` is where the injected cell is among them; None if it stands behind them. `seeded` names the libraries
    that these cells seed, `remarks` what a user should know of them.
    """

    length: int
    cells: list[int]
    reason: str
    values_at: int | None = None
    seeded: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_shared(self) -> bool:
        """Whether there is anything to share."""
        return bool(self.cells)


def sweep_prefix(notebook: Notebook, values: Mapping[str, Any], swept: Collection[str]) -> Prefix:
    """Return what trials of `notebook` share that get `values`, of which `swept` names those that differ."""
    return find_prefix(inject_parameters(notebook, values), swept)


def find_prefix(notebook: Notebook, swept: Collection[str]) -> Prefix:
    """Return what trials share of a notebook in which the injected cell stands already."""
    if language_of(notebook) != "python":
        return Prefix(0, [], "cells of other languages than Python are not looked into")
    injected = find_tagged_cell(notebook, INJECTED)
    cells = notebook["cells"]
    sources = [source_of(cell) if is_executed(cell) else "" for cell in cells]
    found = hazards_in(sources)
    look = _Look(swept, sources[injected] if injected is not None else "")
    length, shared, reason = 0, [], ""
    for position, cell in enumerate(cells):
        if position == injected:
            look.values_known = True
        elif is_executed(cell):
            reason = look.objection(sources[position], found[position])
            if reason:
                break
            shared.append(position)
            length = position + 1
    if reason:
        reason = f"{cell_name(notebook, position)} {reason}"
    behind = injected is None or injected >= length
    return Prefix(
        length,
        shared,
        reason,
        None if behind else injected,
        sorted(look.seeded),
        _remarks(notebook, shared, found),
    )


def cell_name(notebook: Notebook, position: int) -> str:
    """Return what a cell is called in messages: cells are counted as in the user's notebook, without the injected."""
    injected = find_tagged_cell(notebook, INJECTED)
    return f"cell {position + 1 - (injected is not None and injected < position)}"


def describe_cells(notebook: Notebook, positions: Sequence[int]) -> str:
    """Return what some cells are called at the beginning of a sentence: "Cells 1 to 3 and 5"."""
    numbers = [int(cell_name(notebook, position).split()[1]) for position in positions]
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    texts = []
    for first, last in ranges:
        texts += (
            [str(first)]
            if first == last
            else [str(first), str(last)]
            if last == first + 1
            else [f"{first} to {last}"]
        )
    said = texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
    return f"Cell{'' if len(numbers) == 1 else 's'} {said}"


class _Look:
    """What is known while cells are looked at in their order."""

    def __init__(self, swept: Collection[str], injected: str) -> None:
        # What the injected cell imports for its values is set together with them.
        constants = names_in_source(injected).bound.keys() - set(swept)
        self._blocked = {*swept, *(name for name in constants if _imports(injected, name))}
        self._swept = set(swept)
        self._trackers: set[str] = {_OWN}
        self.values_known = False
        self.seeded: set[str] = set()

    def objection(self, source: str, hazards: Hazards) -> str:
        """Return why a cell can't be shared; "" if it can. Takes note of what it seeds."""
        tree = _parsed(source)
        if tree is None:
            return "can't be read as Python"
        self._note_imports(tree)
        words = _words(source, tree)
        names = names_in_source(source)
        if _TRACK.search(source) or self._trackers & (words - _imported(tree)):
            return "tracks something, which belongs to the run of each trial"
        if _RUNS_OWN.search(source):
            return "uses what each trial has of its own (TRACKBOOK_...)"
        if (reason := self._hazard(hazards)) is not None:
            return reason
        self.seeded.update(hazards.seeds)
        if not self.values_known:
            return ""
        if names.opaque:
            return "may set or read any name"
        # Names in texts count, too: pandas' query("x > @limit") reads what no code here names.
        touched = sorted(self._blocked & (words | set(names.read) | set(names.writes)))
        return f"uses {', '.join(touched)}" if touched else ""

    def _hazard(self, hazards: Hazards) -> str | None:
        if "*" not in self.seeded | set(hazards.seeds):
            for library in hazards.draws:
                if library not in self.seeded | set(hazards.seeds):
                    name = _LIBRARIES.get(library, library)
                    return f"draws random numbers of {name} that nothing has seeded: all trials would get the same"
        if hazards.unseeded:
            made = next(iter(hazards.unseeded))
            return f"makes a random generator without a seed ({made}): all trials would get the same numbers"
        if hazards.typed:
            return "asks for input"
        if hazards.gpu:
            return "uses a GPU, which no copy of a process can go on using"
        return None

    def _note_imports(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.asname or _OWN for alias in node.names if alias.name.split(".")[0] == _OWN]
                self._trackers.update(names)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == _OWN:
                self._trackers.update(alias.asname or alias.name for alias in node.names)


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _words(source: str, tree: ast.Module) -> set[str]:
    """Return the names in a cell, and the words in its texts: what a magic or a query may take for names."""
    words: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.arg):
            words.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            words.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            words.update(_bound_by(node))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            words.update(node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.update(_WORD.findall(node.value))
    if source.lstrip().startswith("%%"):
        words.update(_WORD.findall(source))
    return words


def _imported(tree: ast.Module) -> set[str]:
    """Return the names that a cell only imports, and the texts of `%load_ext`."""
    names: set[str] = set()
    used: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(_bound_by(node))
        elif isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.Call) and _loads_extension(node):
            names.add(_OWN)
    return names - used


def _loads_extension(node: ast.Call) -> bool:
    words = [part.value for part in node.args if isinstance(part, ast.Constant)]
    return words == ["load_ext", _OWN] or words == ["reload_ext", _OWN]


def _bound_by(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [(alias.asname or alias.name).split(".")[0] for alias in node.names]


def _imports(source: str, name: str) -> bool:
    tree = _parsed(source)
    return tree is not None and any(
        name in _bound_by(node) for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))
    )


def _remarks(notebook: Notebook, cells: Sequence[int], found: Sequence[Hazards]) -> list[str]:
    remarks = []
    for position in cells:
        if clock := next(iter(found[position].clock), None):
            remarks.append(
                f"{cell_name(notebook, position).capitalize()} reads the clock ({clock}) once for all trials."
            )
    return remarks
