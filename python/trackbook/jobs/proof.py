"""Proving a cleaned notebook: it and the original are run, and their results compared cell by cell."""

import copy
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trackbook.domain.cleaned import Cleaned
from trackbook.domain.difference import Difference
from trackbook.domain.proof import CellDifference, Proof
from trackbook.domain.tolerance import Tolerance
from trackbook.errors import KernelError
from trackbook.jobs.rerun import Rerun, run_notebook
from trackbook.notebook.read import Notebook
from trackbook.notebook.results import compare_metrics, compare_outputs

Run = Callable[[Notebook], Rerun]


def prove_cleaned(
    original: Notebook,
    cleaned: Cleaned,
    folder: Path,
    *,
    tolerance: Tolerance | None = None,
    params: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    kernel: str | None = None,
    on_run: Callable[[str], None] | None = None,
) -> Proof:
    """Run the original, as it was executed, and the cleaned notebook, and compare what each cell shows and tracks.

    Both run in `folder` in kernels of their own, and leave nothing in the store; files that they write are written each
    time. Cells that were dropped are left out, and so is what comes after the cell at which the original fails by
    itself. Where results differ, the original is run again: what differs between its own two runs is not the cleaning's
    doing. `timeout` is in seconds for each run; `on_run` hears what is run next.

    Raises KernelError if no kernel could be started, ParameterError and NotebookError as `run_notebook` does.
    """

    def run(what: str, notebook: Notebook) -> Rerun:
        if on_run is not None:
            on_run(what)
        return run_notebook(notebook, folder, params=params, timeout=timeout, kernel=kernel)

    return _Proving(original, cleaned, tolerance or Tolerance(), run).prove()


class _Proving:
    def __init__(
        self,
        original: Notebook,
        cleaned: Cleaned,
        tolerance: Tolerance,
        run: Callable[[str, Notebook], Rerun],
    ) -> None:
        self._tolerance, self._run = tolerance, run
        self._identities = [cell.get("id") for cell in original["cells"]]
        self._original = _numbered(original, range(1, len(original["cells"]) + 1))
        after = sorted(
            (cell for cell in cleaned.cells if cell.after is not None), key=lambda cell: cell.after or 0
        )
        self._cleaned = _numbered(cleaned.notebook, [cell.before for cell in after])
        # Importing may warn: where the import stands now, that is.
        self._touched = {change.cell for change in cleaned.changes if change.step == "hoist"}
        self._touched |= {cell.before or 0 for cell in after if cell.old_source != cell.new_source}
        self._order = cleaned.execution_order
        # Metrics that a dropped cell may have tracked are meant to be missing.
        self._may_miss = any(
            cell.after is None and cell.cell_type == "code" and re.search(r"[(%]", cell.old_source)
            for cell in cleaned.cells
        )

    def prove(self) -> Proof:
        began = time.monotonic()
        ran = _in_order(self._original, self._order) if self._order else self._original
        first = _Results(self._run("the original", ran))
        if first.expected and not first.reached:
            raise KernelError(
                f"The original could not be run: {first.failure or 'none of its cells was executed'}."
            )
        cleaned = _Results(self._run("the cleaned one", self._cleaned))
        cells, metrics = self._compare(first, cleaned)
        compared = len([cell for cell in cleaned.expected if cell in first.reached])
        unsteady: list[int] = []
        unsteady_metrics: list[str] = []
        reordered = False
        if cells or metrics:
            second = _Results(self._run("the original once more", ran))
            shaky, shaky_metrics = self._compare(first, second)
            unsteady = sorted(cell.cell for cell in shaky)
            unsteady_metrics = sorted(shaky_metrics)
            cells = [
                cell
                for cell in cells
                if cell.cell not in unsteady or (_fails_anew(cell) and second.failure is None)
            ]
            metrics = {name: found for name, found in metrics.items() if name not in shaky_metrics}
            if (cells or metrics) and self._order:
                straight = _Results(self._run("the original from top to bottom", self._original))
                other_cells, other_metrics = self._compare(straight, cleaned)
                reordered = not other_cells and not other_metrics
        verdict = "changed" if cells or metrics else "unsteady" if unsteady or unsteady_metrics else "equal"
        return Proof(
            "reordered" if reordered else verdict,  # type: ignore[arg-type]  # both are texts of the verdict
            compared,
            cells,
            [difference for found in metrics.values() for difference in found],
            unsteady,
            unsteady_metrics,
            first.failure,
            self._order,
            time.monotonic() - began,
        )

    def _compare(
        self, expected: "_Results", actual: "_Results"
    ) -> tuple[list[CellDifference], dict[str, list[Difference]]]:
        found = []
        for number in sorted(expected.reached & actual.expected):
            if number not in actual.reached:
                told = f": {actual.failure}" if actual.failure else ""
                differences = [Difference("missing", f"It was not executed{told}.")]
            else:
                one, other = expected.outputs[number], actual.outputs[number]
                if number in self._touched:
                    one, other = _without_warnings(one), _without_warnings(other)
                differences = compare_outputs(one, other, self._tolerance)
            if differences:
                found.append(CellDifference(number, self._identities[number - 1], differences))
        return found, self._compare_metrics(expected, actual)

    def _compare_metrics(self, expected: "_Results", actual: "_Results") -> dict[str, list[Difference]]:
        """Return how the tracked metrics differ, by name; one that only one of them tracked differs."""
        if expected.failure or actual.failure:  # how far the notebooks came says enough
            return {}
        found = {}
        for name in sorted(expected.metrics.keys() | actual.metrics.keys()):
            if self._may_miss and name not in actual.metrics:
                continue
            one, other = (
                {name: results.metrics[name]} if name in results.metrics else {}
                for results in (expected, actual)
            )
            if differences := compare_metrics(one, other, self._tolerance):
                found[name] = differences
        return found


class _Results:
    """What a run gave, by the cells' positions in the original."""

    def __init__(self, rerun: Rerun) -> None:
        self.outputs: dict[int, list[dict[str, Any]]] = {}
        self.expected: set[int] = set()
        self.reached: set[int] = set()
        for cell in rerun.notebook["cells"]:
            number = _number_of(cell)
            if number is None or cell["cell_type"] != "code" or not _text(cell).strip():
                continue
            self.expected.add(number)
            self.outputs[number] = cell.get("outputs", [])
            if cell.get("execution_count") is not None or self.outputs[number]:
                self.reached.add(number)
        self.metrics = rerun.metrics
        self.failure = _failure(rerun)


def _failure(rerun: Rerun) -> str | None:
    outcome = rerun.outcome
    if outcome.status == "finished":
        return None
    if outcome.error is None:
        return {"timed_out": "it ran longer than allowed", "died": "its kernel died"}.get(
            outcome.status, outcome.status
        )
    return f"{outcome.error.ename}: {outcome.error.evalue}"


def _fails_anew(cell: CellDifference) -> bool:
    # An exception that no run of the original raised is no chance result.
    return any(
        difference.kind in ("error", "missing") and not difference.expected for difference in cell.differences
    )


def _without_warnings(outputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        output
        for output in outputs
        if not (output.get("output_type") == "stream" and output.get("name") == "stderr")
    ]


_PREFIX = "cell-"


def _numbered(notebook: Notebook, numbers: Iterable[int | None]) -> Notebook:
    """Return a copy whose cells' ids say where in the original they stand; the file's own may be missing or double."""
    copied = copy.deepcopy(notebook)
    for at, (cell, number) in enumerate(zip(copied["cells"], numbers, strict=True)):
        cell["id"] = f"{_PREFIX}{number}" if number is not None else f"new-{at}"
    return copied


def _number_of(cell: Notebook) -> int | None:
    identity = str(cell.get("id", ""))
    rest = identity.removeprefix(_PREFIX)
    return int(rest) if rest != identity and rest.isdecimal() else None


def _in_order(notebook: Notebook, order: Sequence[int]) -> Notebook:
    """Return the notebook with its code cells in the order of their positions; what is not named comes last."""
    by_number = {_number_of(cell): cell for cell in notebook["cells"]}
    first = [by_number[number] for number in order if number in by_number]
    return {**notebook, "cells": [*first, *(cell for cell in notebook["cells"] if cell not in first)]}


def _text(cell: Notebook) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
