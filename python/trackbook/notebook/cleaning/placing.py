"""Where imports and parameters go: behind what sets the notebook up, above its first other code."""

from typing import NamedTuple

from trackbook.notebook.cleaning.draft import Draft, DraftCell
from trackbook.notebook.cleaning.statements import CellCode, Statement, read_code
from trackbook.notebook.parameters import PARAMETERS


class Place(NamedTuple):
    """Behind a line of a cell (from 0), or, where `line` is None, in a new cell in front of `cell`."""

    cell: DraftCell
    line: int | None


def find_import_place(draft: Draft) -> Place | None:
    """Return where imports go: behind the first ones of the notebook, but below all that sets up what they find.

    None for a notebook in which nothing would be above them.
    """
    place: Place | None = None
    for cell in draft.code():
        code = read_code(cell.source)
        if not code.has_code or PARAMETERS in cell.tags:  # above imports they are at the top as well
            continue
        if not is_setup(code):
            return place or Place(cell, _leading_import(code))
        imports = [statement for statement in code.statements or () if _is_known_import(statement)]
        last = imports[-1].last if imports else -1
        if any(_sets_up(statement) and statement.first > last for statement in code.statements or ()) or (
            code.statements is None
        ):
            place = None
        elif imports:
            place = place or Place(cell, last)
    return place


def insertion(draft: Draft, cell: DraftCell) -> int:
    """Return where a new cell goes in front of a code cell: above the text that heads it, below the title."""
    at = draft.cells.index(cell)
    top = at
    while top > 0 and not draft.cells[top - 1].is_code:
        top -= 1
    texts = draft.cells[top:at]
    is_title = top == 0 and len(texts) == 1 and texts[0].source.startswith("# ")
    return at if not texts or is_title else at - 1


def is_setup(code: CellCode) -> bool:
    """Tell whether a cell only imports and sets up: magics, `sys.path`, environment variables."""
    if code.statements is None:
        return code.sets_up and not code.broken
    return all(statement.is_import or _is_setup_statement(statement) for statement in code.statements)


def _is_setup_statement(statement: Statement) -> bool:
    return statement.is_constant or statement.is_shell or (statement.sets_up and not statement.names.bound)


def _sets_up(statement: Statement) -> bool:
    return statement.sets_up or statement.names.opaque


def _is_known_import(statement: Statement) -> bool:
    return statement.is_import and not statement.names.opaque


def _leading_import(code: CellCode) -> int | None:
    """Return the last line of the imports at a cell's top, among texts and what sets up; None without."""
    last = None
    for statement in code.statements or ():
        if _is_known_import(statement):
            last = statement.last
        elif not _is_setup_statement(statement):
            break
    return last
