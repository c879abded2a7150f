"""Comparison: what differs between runs, row by row in the order of the runs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from trackbook.domain.cell import CellExecution, CellStatus
from trackbook.domain.environment import Environment
from trackbook.domain.metric import Goal
from trackbook.domain.run import Run, RunDetail, RunStatus


class ComparedRun(Struct, frozen=True):
    """A run as the head of a column."""

    id: str
    number: int
    name: str
    experiment: str
    status: RunStatus


class ComparedValue(Struct, frozen=True):
    """One parameter, tag, package or fact of the environment: a value a run, None where a run lacks it."""

    key: str
    values: list[Any]
    differs: bool


class ComparedMetric(Struct, frozen=True):
    """The last value of one series in each run, None where a run lacks it; `key` is its one-line name."""

    key: str
    values: list[float | None]
    goal: Goal | None
    differs: bool

    def changes(self) -> list[float | None]:
        """Return each change relative to the first run's value (0.1: a tenth more), None where it says nothing."""
        base = self.values[0]
        return [_relative_change(base, value) for value in self.values]


class ComparedCell(Struct, frozen=True):
    """The last execution of one cell in each run: source, status, and place among the run's executions.

    `cell_id` is the cell's in the first run that has one; None where none has. All three are None for a run that
    did not execute the cell.
    """

    cell_id: str | None
    sources: list[str | None]
    status: list[CellStatus | None]
    orders: list[int | None]
    differs: bool


class Comparison(Struct, frozen=True):
    """Runs side by side. Rows that are equal in all runs are left out unless all were asked for."""

    runs: list[ComparedRun]
    params: list[ComparedValue]
    metrics: list[ComparedMetric]
    tags: list[ComparedValue]
    environment: list[ComparedValue]
    packages: list[ComparedValue]
    cells: list[ComparedCell]


def compare(details: Sequence[RunDetail], sources: Mapping[str, str], everything: bool = False) -> Comparison:
    """Compare runs. `sources` maps the digests of executed cells to their text.

    Only what differs is in the result, unless `everything` is asked for. A value that a run lacks differs from one
    that is None.
    """
    runs = [detail.run for detail in details]
    environments = [_facts(detail.environment) for detail in details]
    packages = [detail.environment.packages if detail.environment else {} for detail in details]
    cells = _compare_cells([detail.cells for detail in details], sources)
    return Comparison(
        runs=[ComparedRun(run.id, run.number, run.name, run.experiment, run.status) for run in runs],
        params=_values([run.params for run in runs], everything),
        metrics=_metrics(runs, everything),
        tags=_values([run.tags for run in runs], everything),
        environment=_values(environments, everything),
        packages=_values(packages, everything),
        cells=[row for row in cells if everything or row.differs],
    )


def _values(mappings: Sequence[Mapping[str, Any]], everything: bool) -> list[ComparedValue]:
    rows = []
    for key in sorted({key for mapping in mappings for key in mapping}):
        lacking = not all(key in mapping for mapping in mappings)
        values = [mapping.get(key) for mapping in mappings]
        differs = lacking or any(not _same(values[0], value) for value in values)
        if everything or differs:
            rows.append(ComparedValue(key, values, differs))
    return rows


def _metrics(runs: Sequence[Run], everything: bool) -> list[ComparedMetric]:
    rows = []
    for row in _values([run.metrics for run in runs], everything):
        key = row.key.partition("{")[0]
        goals = [goal for run in runs if (goal := run.goals.get(row.key) or run.goals.get(key))]
        # Runs that disagree about what is better have no better one.
        goal = goals[0] if len(set(goals)) == 1 else None
        rows.append(ComparedMetric(row.key, row.values, _as_goal(goal), row.differs))
    return rows


def _as_goal(goal: str | None) -> Goal | None:
    return "max" if goal == "max" else "min" if goal == "min" else None


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, NaN to NaN too, and True not to 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _relative_change(base: float | None, value: float | None) -> float | None:
    if base is None or value is None or base == 0 or not math.isfinite(base) or not math.isfinite(value):
        return None
    return (value - base) / abs(base)


def _facts(environment: Environment | None) -> dict[str, Any]:
    """Return an environment without its packages as dotted keys; None is left out."""
    if environment is None:
        return {}
    facts: dict[str, Any] = {"python": environment.python, "platform": environment.platform}
    facts["executable"] = environment.executable
    facts |= {f"hardware.{key}": value for key, value in environment.hardware.items()}
    if environment.git is not None:
        git = environment.git
        facts |= {"git.commit": git.commit, "git.branch": git.branch, "git.dirty": git.dirty}
    return {key: value for key, value in facts.items() if value is not None}


class _Row:
    """A cell of the comparison while it is being put together: the last execution in each run."""

    def __init__(self, runs: int) -> None:
        self.executions: list[CellExecution | None] = [None] * runs

    def has_cell(self, cell_id: str | None) -> bool:
        return any(e is not None and e.cell_id == cell_id for e in self.executions)

    def has_source(self, digest: str) -> bool:
        return any(e is not None and e.source_digest == digest for e in self.executions)


def _compare_cells(runs: Sequence[Sequence[CellExecution]], sources: Mapping[str, str]) -> list[ComparedCell]:
    rows: list[_Row] = []
    for place, executions in enumerate(runs):
        _align(rows, place, len(runs), _last_of_each_cell(executions))
    return [_compared_cell(row, sources) for row in rows]


def _last_of_each_cell(executions: Iterable[CellExecution]) -> list[CellExecution]:
    """Return the last execution of each cell, in the order in which cells were executed first."""
    last: dict[tuple[str, str], CellExecution] = {}
    for execution in executions:
        known_as = ("id", execution.cell_id) if execution.cell_id else ("source", execution.source_digest)
        last[known_as] = execution
    return list(last.values())


def _align(rows: list[_Row], place: int, runs: int, executions: list[CellExecution]) -> None:
    """Put one run's cells beside those of earlier runs: by cell id, else by equal source, else in a new row."""
    found: dict[int, _Row] = {}
    free = list(rows)
    for by_id in (True, False):
        for index, execution in enumerate(executions):
            if index in found:
                continue
            row = next((row for row in free if _fits(row, execution, by_id)), None)
            if row is not None:
                found[index] = row
                free.remove(row)
    behind = 0
    for index, execution in enumerate(executions):
        row = found.get(index)
        if row is None:
            row = _Row(runs)
            rows.insert(behind, row)
        row.executions[place] = execution
        behind = rows.index(row) + 1


def _fits(row: _Row, execution: CellExecution, by_id: bool) -> bool:
    if by_id:
        return execution.cell_id is not None and row.has_cell(execution.cell_id)
    return row.has_source(execution.source_digest)


def _compared_cell(row: _Row, sources: Mapping[str, str]) -> ComparedCell:
    executions = row.executions
    seen = {(e.source_digest, e.status) if e is not None else None for e in executions}
    return ComparedCell(
        cell_id=next((e.cell_id for e in executions if e is not None and e.cell_id), None),
        sources=[None if e is None else sources.get(e.source_digest, "") for e in executions],
        status=[None if e is None else e.status for e in executions],
        orders=[None if e is None else e.order for e in executions],
        differs=len(seen) > 1,
    )
