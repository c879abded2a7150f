"""The cells of an executed notebook beside those of a baseline: which belong together, and whether they hold."""

import io
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from trackbook.domain.difference import Difference, excerpt
from trackbook.domain.regression import CellCheck, ExpectedCell
from trackbook.domain.run import RunError
from trackbook.domain.tolerance import Tolerance
from trackbook.errors import NotebookError, UsageError
from trackbook.notebook.inject import INJECTED
from trackbook.notebook.read import Notebook, source_of, tags_of
from trackbook.notebook.results.outputs import compare_outputs

SKIPPED = "skip-execution"
RAISES = "raises-exception"
_IGNORING_TAGS = frozenset(("ignore-output", "nbval-ignore-output"))
_IGNORING_MARKS = frozenset(("NBVAL_IGNORE_OUTPUT", "PYTEST_VALIDATE_IGNORE_OUTPUT"))
_SKIPPING_TAGS = frozenset((SKIPPED, "nbval-skip"))
_MARK = re.compile(r"#\s*(NBVAL_\w+|PYTEST_VALIDATE_\w+)")


def prepare(notebook: Notebook) -> Notebook:
    """Return a copy of a notebook in which nbval's marks are the tags that executors understand."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            marks, tags = _marks(cell), tags_of(cell)
            more = [SKIPPED] if "NBVAL_SKIP" in marks or _SKIPPING_TAGS & set(tags) else []
            if "NBVAL_RAISES_EXCEPTION" in marks or "nbval-raises-exception" in tags:
                more.append(RAISES)
            added = [tag for tag in more if tag not in tags]
            if added:
                cell = {**cell, "metadata": {**cell.get("metadata", {}), "tags": [*tags, *added]}}
        cells.append(cell)
    return {**notebook, "cells": cells}


def expected_cells(notebook: Notebook) -> list[ExpectedCell]:
    """Return the code cells of an executed notebook with their outputs; not those that gave parameters values."""
    return [
        ExpectedCell(cell.get("id"), source_of(cell), [dict(output) for output in cell.get("outputs", [])])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and INJECTED not in tags_of(cell)
    ]


def compare_cells(
    expected: Sequence[ExpectedCell],
    notebook: Notebook,
    tolerance: Tolerance,
    *,
    path: object = "the notebook",
    error: RunError | None = None,
) -> tuple[list[CellCheck], list[str]]:
    """Return how each code cell of an executed notebook came out, and first lines of expected cells that are gone.

    Cells belong together by their ids, else by their sources. `error` is what ended the execution. Tags
    `ignore-output` and `skip-execution`, and nbval's marks, are respected; `{"trackbook": {"tolerance": …}}` in a
    cell's metadata is its own tolerance. Raises NotebookError if that can't be read.
    """
    own = [cell for cell in notebook["cells"] if INJECTED not in tags_of(cell)]
    code = [(position, cell) for position, cell in enumerate(own, start=1) if cell["cell_type"] == "code"]
    limits = {position: _tolerance(cell, tolerance, path, position) for position, cell in code}
    pairs = _pair([cell for _, cell in code], expected)
    # One that ended before any cell, say while the kernel started, ran none.
    ended = next((n for n, (_, cell) in enumerate(code) if _is_end(cell, error)), -1 if error else len(code))
    checks = []
    for number, (position, cell) in enumerate(code):
        before = pairs.get(number)
        has_run = number <= ended
        check = _check(cell, position, before, limits[position], has_run)
        if error is not None and number == ended:
            found = Difference(
                "error", f"{error.ename} was raised.", "", excerpt(f"{error.ename}: {error.evalue}")
            )
            check = msgspec.structs.replace(check, status="failed", differences=[found])
        checks.append(check)
    taken = {id(cell) for cell in pairs.values()}
    gone = [_first_line(cell.source) for cell in expected if id(cell) not in taken and cell.source.strip()]
    return checks, gone


def has_lost_results(expected: Sequence[ExpectedCell], notebook: Notebook) -> bool:
    """Whether no cell that the baseline has outputs of is in a notebook any more, so that no output was compared."""
    code = [
        cell for cell in notebook["cells"] if cell["cell_type"] == "code" and INJECTED not in tags_of(cell)
    ]
    kept = _pair(code, expected).values()
    return any(cell.outputs for cell in expected) and not any(cell.outputs for cell in kept)


def _check(
    cell: Notebook, position: int, expected: ExpectedCell | None, tolerance: Tolerance, has_run: bool
) -> CellCheck:
    check = CellCheck(position, cell.get("id"), source_of(cell), "same")

    def noted(status: Any, note: str) -> CellCheck:
        return msgspec.structs.replace(check, status=status, note=note)

    if _SKIPPING_TAGS & set(tags_of(cell)) or "NBVAL_SKIP" in _marks(cell):
        return noted("ignored", "It is marked as not to be run.")
    if not has_run:
        return noted("not_run", "The notebook ended before it.")
    if _IGNORING_TAGS & set(tags_of(cell)) or _IGNORING_MARKS & _marks(cell):
        return noted("ignored", "Its outputs are marked as not to be compared.")
    if expected is None:
        return noted("new", "The baseline has no such cell.")
    if not expected.whole:
        return noted("ignored", "The baseline has only a part of its outputs, for their size.")
    differences = compare_outputs(expected.outputs, cell.get("outputs", []), tolerance)
    return msgspec.structs.replace(
        check, status="different" if differences else "same", differences=differences
    )


def _pair(cells: Sequence[Notebook], expected: Sequence[ExpectedCell]) -> dict[int, ExpectedCell]:
    """Return the expected cell of each code cell that has one, by the code cell's position from 0."""
    by_id = {cell.cell_id: cell for cell in expected if cell.cell_id is not None}
    pairs = {n: by_id[cell["id"]] for n, cell in enumerate(cells) if cell.get("id") in by_id}
    taken = {id(cell) for cell in pairs.values()}
    for number, cell in enumerate(cells):
        if number in pairs or not source_of(cell).strip():
            continue
        same = (
            other
            for other in expected
            if id(other) not in taken and other.source.strip() == source_of(cell).strip()
        )
        if (found := next(same, None)) is not None:
            pairs[number] = found
            taken.add(id(found))
    return pairs


def _is_end(cell: Notebook, error: RunError | None) -> bool:
    return error is not None and error.cell_id is not None and cell.get("id") == error.cell_id


def _tolerance(cell: Notebook, tolerance: Tolerance, path: object, position: int) -> Tolerance:
    own = cell.get("metadata", {}).get("trackbook")
    given = own.get("tolerance") if isinstance(own, Mapping) else None
    if given is None:
        return tolerance
    named = given if isinstance(given, Mapping) else {"relative": given}
    unknown = set(named) - set(Tolerance.__struct_fields__)
    if unknown:
        known = ", ".join(Tolerance.__struct_fields__)
        reason = f"cell {position} has a tolerance of {min(unknown)!r}; there are {known}"
        raise NotebookError(path, reason)
    try:
        return msgspec.structs.replace(tolerance, **named)
    except UsageError as error:
        raise NotebookError(path, f"cell {position}: {error}") from None


def _marks(cell: Notebook) -> set[str]:
    source = source_of(cell)
    if "NBVAL_" not in source and "PYTEST_VALIDATE_" not in source:
        return set()
    return set(_in_comments(source))


def _in_comments(source: str) -> Iterable[str]:
    # In a text between quotes it is no mark.
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and (match := _MARK.match(token.string)):
                yield match[1]
    except (tokenize.TokenError, SyntaxError):  # IPython's own syntax, or a cell that is broken
        for line in source.splitlines():
            if match := _MARK.match(line.strip()):
                yield match[1]


def _first_line(source: str) -> str:
    return excerpt(source.strip().splitlines()[0], 80)
