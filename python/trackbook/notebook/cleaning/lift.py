"""Lifting the parameters: their cell to the top, behind the imports, or a new cell with constants that can be some."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from trackbook.notebook.cleaning.draft import Draft, DraftCell
from trackbook.notebook.cleaning.lines import first_with_comments, listed, shown, without_lines
from trackbook.notebook.cleaning.placing import find_import_place, insertion, is_setup
from trackbook.notebook.cleaning.statements import CellCode, Statement, read_code
from trackbook.notebook.parameters import PARAMETERS
from trackbook.notebook.proposals import annotation_names, propose_parameters

# What may be called to make a parameter: it gives the same wherever it stands.
_MAKERS = frozenset(
    (
        "Path", "PurePath", "PurePosixPath", "date", "datetime", "time", "timedelta", "Decimal", "Fraction", "dict",
        "list", "set", "tuple", "frozenset", "int", "float", "str", "bool", "bytes", "range", "round", "min", "max",
        "abs", "len", "sum", "sorted",
    )
)  # fmt: skip


def lift_parameters(draft: Draft, propose: bool) -> bool:
    """Move the cell tagged `parameters` up to the imports, past code that has nothing to do with it.

    Where there is none, and `propose` is true, the constants that `propose_parameters` finds become one. Tells
    whether something moved.
    """
    before = len(draft.changes)
    tagged = next((cell for cell in draft.code() if PARAMETERS in cell.tags), None)
    if tagged is not None:
        _lift(draft, tagged)
    elif propose:
        _propose(draft)
    return len(draft.changes) > before


def _lift(draft: Draft, tagged: DraftCell) -> None:
    code = [cell for cell in draft.code() if read_code(cell.source).has_code or cell is tagged]
    above = code[: code.index(tagged)]
    own = read_code(tagged.source)
    place = find_import_place(draft)
    passed: DraftCell | None = None
    reason = _reason_to_stay(own)
    for cell in reversed(above):
        other = read_code(cell.source)
        at_imports = place is not None and place.cell is cell and place.line is not None
        if at_imports or (is_setup(other) and not _shares(own, other)):
            break
        reason = reason or _reason_between(own, other, cell)
        if reason:
            if passed is None:
                draft.note("hoist", tagged, f"The parameters stay where they are: {reason}.")
            break
        passed = cell
    if passed is None:
        return
    at = draft.cells.index(tagged)
    top = at
    while top > 0 and not draft.cells[top - 1].is_code:
        top -= 1
    block = draft.cells[top : at + 1]
    del draft.cells[top : at + 1]
    to = insertion(draft, passed)
    draft.cells[to:to] = block
    names = list(own.names.bound)
    to_where = f"below cell {cell.number}" if reason else "to the top"
    draft.change("hoist", "moved", tagged, f"{to_where}: the parameters {listed(names)}", names=names)


def _reason_to_stay(own: CellCode) -> str:
    if own.tree is None or not own.plain or own.opaque:
        return "their cell has more than Python in it"
    for node in own.tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.Pass)) and not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            return "their cell does more than give names values"
        for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if called not in _MAKERS:
                return f"what `{called}` gives may depend on the cells above"
    return ""


def _reason_between(own: CellCode, other: CellCode, cell: DraftCell) -> str:
    if other.opaque or other.sets_up:
        return f"they may depend on cell {cell.number}"
    named = (
        {node.id for node in ast.walk(own.tree) if isinstance(node, ast.Name)}
        if own.tree is not None
        else set()
    )
    named -= {*own.names.bound} - {*own.names.reads}
    if needed := sorted(named.intersection({*other.names.bound, *other.names.changed})):
        return f"they need {listed(needed)} from cell {cell.number}"
    if shared := sorted({*own.names.bound}.intersection({*other.names.read, *other.names.bound})):
        return f"cell {cell.number} uses {listed(shared)}, too"
    return ""


def _shares(own: CellCode, other: CellCode) -> bool:
    return not {*own.names.bound}.isdisjoint({*other.names.read, *other.names.bound})


class _Constant(NamedTuple):
    cell: DraftCell
    first: int
    last: int
    text: str
    name: str


def _propose(draft: Draft) -> None:
    code = [cell for cell in draft.code() if read_code(cell.source).has_code]
    read = [read_code(cell.source) for cell in code]
    if any(one.opaque for one in read):
        draft.note("hoist", None, "No parameters are proposed: some cells may use any name.")
        return
    found = list(_constants(draft))
    place = next((cell for cell, one in zip(code, read, strict=True) if not is_setup(one)), None)
    if not found or place is None:
        draft.note("hoist", None, "No constant was found that could be a parameter.")
        return
    home = draft.new_cell("\n".join(one.text for one in found), PARAMETERS, {"tags": [PARAMETERS]})
    for one in found:
        draft.change("hoist", "hoisted", one.cell, f"{shown(one.text)}, as a parameter", names=[one.name])
    draft.change("hoist", "added", home, "a cell tagged `parameters`", names=[one.name for one in found])
    draft.cells.insert(insertion(draft, place), home)
    for cell in dict.fromkeys(one.cell for one in found):
        cell.source = without_lines(cell.source, [(one.first, one.last) for one in found if one.cell is cell])
        if not cell.source.strip() and not cell.tags:
            draft.drop(cell, "nothing but those constants was in it")


def _constants(draft: Draft) -> Iterator[_Constant]:
    """Yield the constants that `trackbook inspect` proposes, but those that something above them reads or that share
    their comment with other code.
    """
    view = {**draft.original, "cells": [cell.content for cell in draft.cells]}
    for proposal in propose_parameters(view):
        cell = draft.cells[proposal.cell - 1]
        code = read_code(cell.source)
        statement = next((one for one in code.statements or () if one.last == proposal.last_line - 1), None)
        name = proposal.parameter.name
        if statement is None or name in _read_above(draft, cell, statement):
            continue
        if annotation_names(statement.nodes):  # its annotation needs what is imported below the new cell
            continue
        first = first_with_comments(code, statement)
        yield _Constant(cell, first, statement.last, "\n".join(code.lines[first : statement.last + 1]), name)


def _read_above(draft: Draft, cell: DraftCell, statement: Statement) -> set[str]:
    read: set[str] = set()
    for other in draft.code():
        code = read_code(other.source)
        if other is cell:
            above = (one for one in code.statements or () if one.first < statement.first)
            return read.union(*(one.names.read for one in above))
        read |= set(code.names.read)
    return read
