"""Proposed constants become parameters: by a tag on the cell that holds them, or in a cell of their own."""

import ast
from collections.abc import Sequence

from trackbook.errors import NotebookError
from trackbook.notebook.edit import NotebookText
from trackbook.notebook.parameters import PARAMETERS
from trackbook.notebook.proposals import Proposal, annotation_names, is_only_proposals, propose_parameters
from trackbook.notebook.read import Notebook, parse_notebook, source_of


def accept_proposals(
    data: bytes, path: object, names: Sequence[str] | None = None
) -> tuple[bytes, list[Proposal]]:
    """Return a notebook's file with proposed constants (all, or those of `names`) as parameters, and which they are.

    If the first cell that holds some has nothing else but imports, it gets the tag; else a new cell with the tag stands
    before it. Constants of other cells move there, with their comments. All other bytes of the file stay. Raises
    NotebookError where there is nothing to accept, or the file can't be edited.
    """
    notebook = parse_notebook(data, path)
    proposals = propose_parameters(notebook)
    chosen = [one for one in proposals if names is None or one.parameter.name in names]
    for name in names or ():
        if name not in {one.parameter.name for one in chosen}:
            raise NotebookError(path, f"{name!r} is not proposed as a parameter")
    if not chosen:
        raise NotebookError(path, "there are no constants that could be parameters")
    while foreign := [one for one in _moved(notebook, chosen) if _annotation_names(notebook, one)]:
        chosen = [one for one in chosen if one not in foreign]
        if names is not None or not chosen:
            name, needed = foreign[0].parameter.name, ", ".join(_annotation_names(notebook, foreign[0]))
            raise NotebookError(
                path,
                f"{name!r} can't move to the parameters: its annotation needs {needed}; tag its cell yourself",
            )
    first = chosen[0].cell - 1
    text = NotebookText(data, path)
    moved = _moved(notebook, chosen)
    stays = len(moved) < len(chosen)
    lines = [line for one in moved for line in _lines_of(notebook, one)]
    if stays:
        text.add_tag(first, PARAMETERS)
        if lines:
            text.set_source(first, "\n".join([source_of(notebook["cells"][first]).rstrip("\n"), *lines]))
    else:
        text.insert_cell(first, "\n".join(lines), PARAMETERS)
    for position in sorted({one.cell - 1 for one in moved}):
        _take_out(notebook, text, position, [one for one in moved if one.cell - 1 == position])
    return text.data, chosen


def _moved(notebook: Notebook, chosen: Sequence[Proposal]) -> list[Proposal]:
    """Return those that leave their cell: all, unless the first one's cell is fit to be tagged."""
    if not chosen:
        return []
    first = chosen[0].cell
    stays = is_only_proposals(notebook, first - 1, chosen)
    return [one for one in chosen if not stays or one.cell != first]


def _annotation_names(notebook: Notebook, proposal: Proposal) -> list[str]:
    """Return the names in its annotation that only the cells above it may know."""
    return annotation_names(ast.parse("\n".join(_lines_of(notebook, proposal))).body)


def _lines_of(notebook: Notebook, proposal: Proposal) -> list[str]:
    lines = source_of(notebook["cells"][proposal.cell - 1]).split("\n")
    return lines[proposal.first_line - 1 : proposal.last_line]


def _take_out(notebook: Notebook, text: NotebookText, position: int, gone: Sequence[Proposal]) -> None:
    cell = notebook["cells"][position]
    lines = source_of(cell).split("\n")
    numbers = {n for one in gone for n in range(one.first_line, one.last_line + 1)}
    rest = "\n".join(line for n, line in enumerate(lines, start=1) if n not in numbers).strip("\n")
    if rest.strip() or cell.get("outputs"):
        text.set_source(position, rest)
    else:
        text.delete_cell(position)
