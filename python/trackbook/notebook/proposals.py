"""Proposals: top-level constants of a notebook without a parameters cell that may as well be parameters.

A constant is proposed if it is assigned once, on lines of its own, to a literal, never assigned or changed again, and
read afterwards; and if its name is in capitals, or its cell one of the first. What looks like a place for results or
like a secret is not proposed, and neither is a long text or list.
"""

import ast
import builtins
import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from trackbook.domain.parameter import Parameter
from trackbook.notebook.comments import read_comments
from trackbook.notebook.dataflow import CellNames, names_in_source, plain_python
from trackbook.notebook.parameters import PARAMETERS, read_parameters
from trackbook.notebook.read import Notebook, find_tagged_cell, language_of, source_of

FIRST_CELLS = 5
_LONGEST_TEXT = 200
_MOST_ITEMS = 20
_NEVER = re.compile(
    r"(?:^|_)(?:out|outputs?|saved?|dest|logs?|results?|export|checkpoint|key|token|secret|password|passwd|pwd"
    r"|credentials?)(?:_|$)",
    re.IGNORECASE,
)


class Proposal(Struct, frozen=True):
    """A constant that may become a parameter. `cell` counts all cells from 1; lines are those of its cell, from 1.

    `first_line` is that of the comment above it, where there is one.
    """

    parameter: Parameter
    cell: int
    first_line: int
    last_line: int


class _Cell(NamedTuple):
    position: int  # among all cells, from 0
    order: int  # among the code cells, from 0
    source: str
    tree: ast.Module
    names: CellNames


def propose_parameters(notebook: Notebook) -> list[Proposal]:
    """Return the constants that may become parameters, in the notebook's order; none where it has a parameters cell."""
    if find_tagged_cell(notebook, PARAMETERS) is not None or language_of(notebook) != "python":
        return []
    cells = _read_cells(notebook)
    found: list[Proposal] = []
    for cell in cells:
        if not cell.tree.body:
            continue
        parameters = {parameter.name: parameter for parameter in read_parameters(plain_python(cell.source))}
        for statement in cell.tree.body:
            name = _assigned_name(statement)
            parameter = parameters.get(name)
            if (
                parameter is None
                or not _is_candidate(parameter, cell)
                or not _stands_alone(statement, cell.tree)
            ):
                continue
            if _is_constant(name, cell, cells) and _is_read(name, statement, cell, cells):
                first, last = _lines(statement, cell.source)
                found.append(Proposal(parameter, cell.position + 1, first, last))
    return found


def is_only_proposals(notebook: Notebook, position: int, proposals: Sequence[Proposal]) -> bool:
    """Tell whether a cell holds nothing but these proposals and imports, so that a tag is all that it lacks."""
    try:
        tree = ast.parse(source_of(notebook["cells"][position]))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = {proposal.parameter.name for proposal in proposals if proposal.cell == position + 1}
    return all(
        isinstance(statement, (ast.Import, ast.ImportFrom)) or _assigned_name(statement) in names
        for statement in tree.body
    )


def annotation_names(statements: Sequence[ast.stmt]) -> list[str]:
    """Return the names in the annotations of statements that Python itself does not know."""
    annotations = [statement.annotation for statement in statements if isinstance(statement, ast.AnnAssign)]
    nodes = [node for annotation in annotations for node in ast.walk(annotation)]
    return sorted({node.id for node in nodes if isinstance(node, ast.Name)} - set(dir(builtins)))


def _read_cells(notebook: Notebook) -> list[_Cell]:
    cells: list[_Cell] = []
    order = 0
    for position, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        source = source_of(cell)
        plain = plain_python(source)
        try:
            tree = ast.parse(plain)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            tree = ast.Module([], [])
        if plain.count("\n") != source.count("\n") or source.lstrip().startswith("%%"):
            tree = ast.Module([], [])  # a cell magic: its lines are not the cell's
        cells.append(_Cell(position, order, source, tree, names_in_source(source)))
        order += 1
    return cells


def _assigned_name(statement: ast.stmt) -> str:
    target: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target = statement.target
    return target.id if isinstance(target, ast.Name) else ""


def _is_candidate(parameter: Parameter, cell: _Cell) -> bool:
    name, default = parameter.name, parameter.default
    if name.startswith("_") or _NEVER.search(name) or default is None:
        return False
    # What has to be imported first (dates, paths, enums) may not be moved to the top.
    if parameter.format not in (None, "set", "tuple", "frozenset") or parameter.items is not None:
        return False
    if isinstance(default, str) and (len(default) > _LONGEST_TEXT or "\n" in default):
        return False
    if isinstance(default, (list, dict)) and len(default) > _MOST_ITEMS:
        return False
    return (name.isupper() and len(name) > 1) or cell.order < FIRST_CELLS


def _stands_alone(statement: ast.stmt, tree: ast.Module) -> bool:
    lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    return not any(
        other is not statement and (other.lineno in lines or other.end_lineno in lines) for other in tree.body
    )


def _is_constant(name: str, cell: _Cell, cells: list[_Cell]) -> bool:
    for other in cells:
        if name in other.names.changed or (other is not cell and name in other.names.bound):
            return False
    nodes = [node for node in ast.walk(cell.tree) if isinstance(node, ast.Name) and node.id == name]
    stores = [node for node in nodes if not isinstance(node.ctx, ast.Load)]
    everywhere = [node for other in cells for node in ast.walk(other.tree)]
    is_global = any(isinstance(node, ast.Global) and name in node.names for node in everywhere)
    return len(stores) == 1 and not is_global


def _is_read(name: str, statement: ast.stmt, cell: _Cell, cells: list[_Cell]) -> bool:
    if any(other.order > cell.order and name in other.names.read for other in cells):
        return True
    loads = [node for node in ast.walk(cell.tree) if isinstance(node, ast.Name) and node.id == name]
    return any(isinstance(node.ctx, ast.Load) and node.lineno > statement.lineno for node in loads)


def _lines(statement: ast.stmt, source: str) -> tuple[int, int]:
    comments, lines = read_comments(source), source.split("\n")
    first = statement.lineno
    while first - 1 in comments and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first, statement.end_lineno or statement.lineno
