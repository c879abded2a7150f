"""Hoisting: imports to one place at the top, where nothing on the way makes a difference to them."""

import ast
from typing import NamedTuple

from trackbook.notebook.cleaning.draft import Draft, DraftCell
from trackbook.notebook.cleaning.effects import BUILTINS
from trackbook.notebook.cleaning.lines import first_with_comments, listed, shown, with_lines, without_lines
from trackbook.notebook.cleaning.placing import Place, find_import_place, insertion
from trackbook.notebook.cleaning.statements import CellCode, Statement, read_code
from trackbook.notebook.dataflow import CellNames

IMPORTS = "imports"


class _Found(NamedTuple):
    cell: DraftCell
    first: int  # the line where it begins, with the comments that belong to it
    statement: Statement
    text: str

    @property
    def lines(self) -> tuple[int, int]:
        return self.first, self.statement.last


def hoist_imports(draft: Draft) -> None:
    """Move top-level imports behind the first imports of the notebook, or to a new cell; order and comments stay.

    An import stays where it is below anything that it may depend on (`sys.path`, environment variables, magics, code
    that can't be seen through), if a name that it binds means something else above it, and inside of `try` and `if`.
    """
    place = find_import_place(draft)
    if place is None:
        return
    walk = _Walk(draft, place)
    walk.run()
    if walk.found or walk.repeated:
        _Move(draft, place, walk).run()


class _Walk:
    """Goes down the notebook from the place, and tells imports that can move there from others."""

    def __init__(self, draft: Draft, place: Place) -> None:
        self._draft, self._place = draft, place
        self.found: list[_Found] = []
        self.repeated: list[_Found] = []
        self._targets: dict[str, object] = {}  # what imports above bound names to
        self._bound: set[str] = set()  # what statements on the way bind or change
        self._read: set[str] = set()  # what they read
        self._altered: set[str] = set()  # modules that they change in place
        self._barrier: DraftCell | None = None
        self._behind: dict[str, DraftCell] = {}  # names of imports behind the barrier

    def run(self) -> None:
        below = False
        for cell in self._draft.code():
            code = read_code(cell.source)
            here = cell is self._place.cell
            below = below or (here and self._place.line is None)
            if code.statements is None:
                self._pass(cell, code.names, code.sets_up or code.opaque, below)
            for statement in code.statements or ():
                below = below or (here and statement.first > (self._place.line or 0))
                if below and statement.is_import and self._may_move(cell, statement):
                    self._take(cell, code, statement)
                elif statement.is_import and not below:
                    self._targets |= _targets(statement)
                else:
                    self._pass(cell, statement.names, statement.sets_up or statement.names.opaque, below)
            below = below or here
        if self._behind and self._barrier is not None:
            names = list(self._behind)
            cell = self._behind[names[0]]
            verb = "stays: what it finds" if len(names) == 1 else "stay: what they find"
            where = "this cell" if self._barrier is cell else f"cell {self._barrier.number}"
            self._draft.note(
                "hoist", cell, f"The import of {listed(names)} {verb} may depend on {where}.", names
            )

    def _may_move(self, cell: DraftCell, statement: Statement) -> bool:
        names = list(statement.names.bound)
        if statement.names.opaque:
            return False
        if statement.is_future:
            # It changes how all code below it is read, and has to come first in its cell.
            return self._place.line is None and not self._bound and not self._read
        if self._barrier is not None:
            self._behind.update((name, cell) for name in names if name not in self._behind)
            return False
        targets = _targets(statement)
        if self._altered & _sources_of(statement):
            message = f"The import of {listed(names)} stays: its module is changed above."
            self._draft.note("hoist", cell, message, names)
            return False
        for name in names:
            rebinds = name in BUILTINS or self._targets.get(name, targets[name]) != targets[name]
            if name in self._bound or (rebinds and name in self._read):
                message = f"The import of `{name}` stays: above it, the name means something else."
                self._draft.note("hoist", cell, message, [name])
                return False
        return True

    def _take(self, cell: DraftCell, code: CellCode, statement: Statement) -> None:
        first = first_with_comments(code, statement)
        text = "\n".join(code.lines[first : statement.last + 1])
        last = self.found[-1] if self.found else None
        if (
            last is not None
            and last.cell is cell
            and not any(map(str.strip, code.lines[last.lines[1] + 1 : first]))
        ):
            # Groups stay groups.
            text = "\n" + text if first > last.lines[1] + 1 else text
        found = _Found(cell, first, statement, text)
        targets = _targets(statement)
        same = all(self._targets.get(name) == target for name, target in targets.items())
        repeats = same and not statement.is_future and all(map(_names_all_it_loads, statement.nodes))
        (self.repeated if repeats else self.found).append(found)
        self._targets |= targets

    def _pass(self, cell: DraftCell, names: CellNames, sets_up: bool, below: bool) -> None:
        if not below:
            for name in (*names.bound, *names.changed):
                self._targets[name] = None  # whatever it is, no import's target
            return
        self._bound |= {*names.bound, *names.changed}
        self._altered |= {
            target.partition(".")[0]
            for name in names.changed
            if isinstance(target := self._targets.get(name), str)
        }
        self._read |= set(names.read)
        if sets_up:
            self._barrier = self._barrier or cell


class _Move:
    """Takes the imports out of their cells and writes them at the place."""

    def __init__(self, draft: Draft, place: Place, walk: _Walk) -> None:
        self._draft, self._place = draft, place
        self._found, self._repeated = walk.found, walk.repeated

    def run(self) -> None:
        sources = {}
        for cell in dict.fromkeys(found.cell for found in (*self._found, *self._repeated)):
            ranges = [found.lines for found in (*self._found, *self._repeated) if found.cell is cell]
            sources[cell] = without_lines(cell.source, ranges)
        texts = [found.text for found in sorted(self._found, key=lambda found: not found.statement.is_future)]
        home: DraftCell | None = None
        if self._place.line is not None:
            # What leaves this cell stands below that line.
            rest = sources.get(self._place.cell, self._place.cell.source)
            sources[self._place.cell] = with_lines(rest, self._place.line, texts)
        elif texts:
            home = self._emptied(sources) or self._draft.new_cell("", IMPORTS)
            sources[home] = "\n".join(texts)
        if any(read_code(text).broken for text in sources.values()):
            self._draft.note(
                "hoist", self._place.cell, "The imports stay: their lines can't be told from others."
            )
            return
        self._note(home)
        for cell, text in sources.items():
            if cell.source != text:
                cell.source = text
        if home is not None:
            self._settle(home)
        for cell in sources:
            if not cell.source.strip() and not cell.tags:
                self._draft.drop(cell, "nothing but those imports was in it")

    def _emptied(self, sources: dict[DraftCell, str]) -> DraftCell | None:
        """Return the first cell that has nothing but imports which move: it goes to the place itself."""
        moved = {found.cell for found in self._found}
        return next(
            (cell for cell, text in sources.items() if not text.strip() and not cell.tags and cell in moved),
            None,
        )

    def _note(self, home: DraftCell | None) -> None:
        for found in self._found:
            names = list(found.statement.names.bound)
            if found.cell is not home:
                self._draft.change("hoist", "hoisted", found.cell, shown(found.text), names=names)
        for found in self._repeated:
            names = list(found.statement.names.bound)
            message = f"{shown(found.text)}: it is imported above already"
            self._draft.change("hoist", "dropped", found.cell, message, names=names, source=found.text)

    def _settle(self, home: DraftCell) -> None:
        cells = self._draft.cells
        if home.origin is None:
            self._draft.change("hoist", "added", home, "a cell for the imports")
            cells.insert(insertion(self._draft, self._place.cell), home)
            return
        self._draft.change("hoist", "moved", home, "to the top, as the cell for the imports")
        at = cells.index(home)
        above = cells[at - 1] if at else None
        headed = above is not None and not above.is_code and above.source.startswith("#")
        block = cells[at - headed : at + 1]
        del cells[at - headed : at + 1]
        to = insertion(self._draft, self._place.cell)
        cells[to:to] = block


def _targets(statement: Statement) -> dict[str, object]:
    """Return what an import binds its names to."""
    targets: dict[str, object] = {}
    for node in statement.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.split(".")[0]
                targets[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                targets[alias.asname or alias.name] = ("." * node.level, node.module, alias.name)
    return targets


def _sources_of(statement: Statement) -> set[str]:
    """Return the modules, by the first part of their names, from which an import takes something out."""
    return {
        node.module.partition(".")[0]
        for node in statement.nodes
        if isinstance(node, ast.ImportFrom) and node.module is not None
    }


def _names_all_it_loads(node: ast.stmt) -> bool:
    # `import a.b` behind `import a` binds no new name, yet loads a module.
    return isinstance(node, ast.ImportFrom) or (
        isinstance(node, ast.Import) and all(alias.asname or "." not in alias.name for alias in node.names)
    )
