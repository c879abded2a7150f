"""The notebook as a file: what can't be parsed, ids, empty cells, outputs. TB601 to TB607."""

import sys
from collections.abc import Iterator
from typing import Any

from trackbook.domain.formatting import format_bytes
from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.cells import LintCell, LintNotebook
from trackbook.notebook.lint.registry import diagnose


def find_faults(notebook: LintNotebook) -> Iterator[Diagnostic]:
    """Yield the code cells that are no Python; none of a notebook for a newer Python than this one."""
    if _version(notebook) > sys.version_info[:2]:
        return
    for cell in notebook.code:
        if (fault := cell.source.fault) is not None:
            length = len(cell.source.lines[fault.line - 1])
            yield cell.diagnose(
                "TB601",
                f"This is no Python: {fault.message.rstrip('.')}.",
                line=fault.line,
                column=fault.column,
                end_line=fault.line,
                end_column=max(fault.column, length + 1),
            )


def find_untidiness(notebook: LintNotebook, large_output: int) -> Iterator[Diagnostic]:
    """Yield what is untidy in the notebook's file; outputs of more bytes than `large_output` are large."""
    yield from _find_ids(notebook)
    last = max((cell.position for cell in notebook.cells if not is_empty(cell)), default=0)
    for cell in notebook.cells:
        if is_empty(cell) and cell.position < last:
            yield cell.diagnose("TB606", "This cell is empty.")
        if (size := output_size(cell)) > large_output:
            yield cell.diagnose("TB603", f"The outputs of this cell take {format_bytes(size)}.")
        raised = [one for one in cell.outputs if one.get("output_type") == "error"]
        if raised and "raises-exception" not in cell.tags:
            yield cell.diagnose(
                "TB607", f"It ended with {str(raised[0].get('ename') or 'an exception')[:80]}."
            )


def outputs_committed(notebook: LintNotebook) -> Diagnostic | None:
    """Return what is to be said of a notebook that git tracks; None without outputs."""
    holding = [cell for cell in notebook.code if cell.outputs]
    if not holding:
        return None
    size = format_bytes(sum(map(output_size, holding)))
    cells = "1 cell holds" if len(holding) == 1 else f"{len(holding)} cells hold"
    return diagnose("TB602", f"Git tracks this notebook, and {cells} outputs ({size}).")


def is_empty(cell: LintCell) -> bool:
    """Tell whether a cell holds nothing that anybody could miss."""
    return not cell.text.strip() and not cell.outputs and not cell.tags and not cell.raw.get("attachments")


def output_size(cell: LintCell) -> int:
    """Return about how many bytes a cell's outputs take in the file."""
    return sum(map(_size, cell.outputs))


def _version(notebook: LintNotebook) -> tuple[int, ...]:
    parts = notebook.python_version.split(".")[:2]
    return tuple(map(int, parts)) if len(parts) == 2 and all(part.isdigit() for part in parts) else (3, 0)


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(len, value)) if all(type(item) is str for item in value) else sum(map(_size, value))
    return 8


def _find_ids(notebook: LintNotebook) -> Iterator[Diagnostic]:
    document = notebook.document
    minor = document.get("nbformat_minor")
    has_ids = document.get("nbformat") == 4 and isinstance(minor, int) and minor >= 5
    first: dict[str, LintCell] = {}
    for cell in notebook.cells:
        if cell.cell_id is None:
            if has_ids:
                yield cell.diagnose("TB605", "This cell has no id.")
        elif cell.cell_id in first:
            yield cell.diagnose("TB604", f"Cell {first[cell.cell_id].position} has the same id.")
        else:
            first[cell.cell_id] = cell
