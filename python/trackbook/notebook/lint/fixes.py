"""Fixes: what `trackbook lint --fix` changes in a document, and how the file is written then. Nothing else changes."""

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from trackbook.domain.lint import Diagnostic
from trackbook.notebook.cleaning.layout import Layout, Node
from trackbook.notebook.read import Notebook, source_of

_BOM = b"\xef\xbb\xbf"


class Edit(NamedTuple):
    """A change of a cell's text: what stands from one line and column (from 1) to another is replaced."""

    line: int
    column: int
    end_line: int
    end_column: int
    content: str


class Fixed(NamedTuple):
    """A document after fixes: which of them were made, and which cell of the old one each of its cells was."""

    document: Notebook
    made: list[Diagnostic]
    origins: list[int]


def fix_document(
    document: Notebook,
    diagnostics: Sequence[Diagnostic],
    edits: Callable[[Diagnostic], Sequence[Edit]],
) -> Fixed:
    """Return a copy of a document with what can be fixed of `diagnostics`; `edits` are those that ruff names.

    Edits that touch ones made already wait for another call.
    """
    fixed = copy.copy(document)
    cells = [dict(cell) for cell in document["cells"]]
    made: list[Diagnostic] = []
    dropped: set[int] = set()
    changed: dict[int, list[Edit]] = {}
    for diagnostic in diagnostics:
        at = diagnostic.cell - 1
        if not diagnostic.fixable:
            continue
        if diagnostic.code == "TB602":
            _strip_outputs(cells)
        elif diagnostic.code == "TB606":
            dropped.add(at)
        elif diagnostic.code in ("TB604", "TB605"):
            cells[at] = _with_id(cells[at], at, cells)
        elif not _note(changed.setdefault(at, []), edits(diagnostic)):
            continue
        made.append(diagnostic)
    for at, some in changed.items():
        if some:
            cells[at] = _with_source(cells[at], some)
    origins = [at for at in range(len(cells)) if at not in dropped]
    fixed["cells"] = [cells[at] for at in origins]
    return Fixed(fixed, made, origins)


def render_fixed(original: bytes, fixed: Notebook, origins: Sequence[int]) -> bytes:
    """Return a file's bytes with `fixed` in place of its document; `origins` as `Fixed` has them.

    What did not change is byte for byte as it was in `original`, a notebook of format 4.
    """
    bom = _BOM if original.startswith(_BOM) else b""
    layout = Layout(original[len(bom) :].decode())
    nodes: dict[int, Node] = {}
    if isinstance(layout.root.items, dict) and isinstance(before := layout.root.items["cells"].items, list):
        nodes = {id(cell): before[origin] for cell, origin in zip(fixed["cells"], origins, strict=True)}
    return bom + layout.write(fixed, nodes).encode()


def _strip_outputs(cells: list[dict[str, Any]]) -> None:
    for at, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        stripped: dict[str, Any] = {}
        if cell.get("outputs"):
            stripped["outputs"] = []
        if cell.get("execution_count") is not None:
            stripped["execution_count"] = None
        cells[at] = {**cell, **stripped}


def _with_id(cell: Mapping[str, Any], at: int, cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    taken = {other["id"] for other in cells if isinstance(other.get("id"), str)}
    salt = 0
    # Made of the text, not drawn: fixing the same file again gives the same bytes.
    while (
        identity := hashlib.sha256(
            f"{at} {salt} {source_of(dict(cell))}".encode("utf-8", "replace")
        ).hexdigest()[:8]
    ) in taken:
        salt += 1
    if "id" in cell:
        return {**cell, "id": identity}
    # Where Jupyter, which sorts the keys, would put it.
    with_id: dict[str, Any] = {}
    for key, value in cell.items():
        if "id" not in with_id and key > "id":
            with_id["id"] = identity
        with_id[key] = value
    with_id.setdefault("id", identity)
    return with_id


def _note(noted: list[Edit], edits: Sequence[Edit]) -> bool:
    if not edits or any(_overlap(edit, other) for edit in edits for other in noted):
        return False
    noted += edits
    return True


def _overlap(one: Edit, other: Edit) -> bool:
    return (one.line, one.column) <= (other.end_line, other.end_column) and (other.line, other.column) <= (
        one.end_line,
        one.end_column,
    )


def _with_source(cell: Mapping[str, Any], edits: Sequence[Edit]) -> dict[str, Any]:
    source = source_of(dict(cell))
    starts = [0]
    for at, character in enumerate(source):
        if character == "\n":
            starts.append(at + 1)
    for edit in sorted(edits, reverse=True):
        first = _offset(source, starts, edit.line, edit.column)
        last = _offset(source, starts, edit.end_line, edit.end_column)
        source = source[:first] + edit.content + source[last:]
    if source.endswith("\n") and not source_of(dict(cell)).endswith("\n"):
        source = source[:-1].removesuffix("\r")
    as_text = isinstance(cell.get("source"), str)
    lines = [line + "\n" for line in source.split("\n")]
    lines[-1] = lines[-1][:-1]
    return {**cell, "source": source if as_text else [line for line in lines if line]}


def _offset(source: str, starts: Sequence[int], line: int, column: int) -> int:
    if line > len(starts):
        return len(source)
    return min(starts[line - 1] + column - 1, len(source))
