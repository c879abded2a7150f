"""Comparison: what differs between runs, row by row in the order of the runs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from trackbook.domain.artifact import Artifact
from trackbook.domain.cell import CellExecution, CellStatus
from trackbook.domain.data import Column, DataInput
from trackbook.domain.environment import Environment, Module
from trackbook.domain.metric import Goal
from trackbook.domain.run import Run, RunDetail, RunStatus


class ComparedRun(Struct, frozen=True):
    """A run as the head of a column; times as everywhere, `duration` in seconds. `snapshot` tells that it has one."""

    id: str
    number: int
    name: str
    experiment: str
    status: RunStatus
    started: datetime | None = None
    duration: float | None = None
    notebook: str | None = None
    trashed: bool = False
    snapshot: bool = False
    forked_from: str | None = None


class ComparedValue(Struct, frozen=True):
    """One parameter, tag, package or fact of the environment: a value a run, None where a run lacks it."""

    key: str
    values: list[Any]
    differs: bool


class ComparedMetric(Struct, frozen=True):
    """The last value of one series in each run, None where a run lacks it; `key` is its one-line name.

    Against the first run: `absolute` is the change, `relative` the change by the size of the first value (0.1: a tenth
    more), `better` whether it is one for the better, by the goal. Each is None where it says nothing.
    """

    key: str
    values: list[float | None]
    goal: Goal | None
    differs: bool
    absolute: list[float | None] = []
    relative: list[float | None] = []
    better: list[bool | None] = []

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


class ColumnChange(Struct, frozen=True):
    """A column of a table that the first run's version has otherwise: its type, None where it is not there."""

    name: str
    before: str | None
    after: str | None


class DataVersion(Struct, frozen=True):
    """Which version of some data a run used. `columns` says how its columns differ from those of the first run's."""

    place: str
    kind: str
    digest: str | None
    size: int | None
    rows: int | None
    role: str | None
    files: int | None
    columns: list[ColumnChange]


class ComparedData(Struct, frozen=True):
    """Some data by its name, with the version that each run used, None where a run did not."""

    key: str
    versions: list[DataVersion | None]
    differs: bool


class FileVersion(Struct, frozen=True):
    """A file as a run had it; `size` is in bytes."""

    digest: str
    size: int
    media_type: str | None = None


class ComparedFile(Struct, frozen=True):
    """A file by its path: an artifact, or a module of the project that was imported; None where a run has none."""

    key: str
    files: list[FileVersion | None]
    differs: bool


class Comparison(Struct, frozen=True):
    """Runs side by side. Rows that are equal in all runs are left out unless all were asked for.

    `facts` are those of the runs themselves: where they came from, who ran them, how they ended.
    """

    runs: list[ComparedRun]
    params: list[ComparedValue]
    metrics: list[ComparedMetric]
    tags: list[ComparedValue]
    environment: list[ComparedValue]
    packages: list[ComparedValue]
    cells: list[ComparedCell]
    facts: list[ComparedValue] = []
    variables: list[ComparedValue] = []
    seeds: list[ComparedValue] = []
    data: list[ComparedData] = []
    modules: list[ComparedFile] = []
    artifacts: list[ComparedFile] = []


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
        runs=[_head(detail) for detail in details],
        params=_values([run.params for run in runs], everything),
        metrics=_metrics(runs, everything),
        tags=_values([run.tags for run in runs], everything),
        environment=_values(environments, everything),
        packages=_values(packages, everything),
        cells=[row for row in cells if everything or row.differs],
        facts=_values([_about(run) for run in runs], everything),
        variables=_values([e.environment.variables if e.environment else {} for e in details], everything),
        seeds=_values([_seeds(detail) for detail in details], everything),
        data=_data([[used.data for used in detail.data] for detail in details], everything),
        modules=_files([_modules(detail.modules) for detail in details], everything),
        artifacts=_files([_artifacts(detail.artifacts) for detail in details], everything),
    )


def _head(detail: RunDetail) -> ComparedRun:
    run = detail.run
    return ComparedRun(
        id=run.id,
        number=run.number,
        name=run.name,
        experiment=run.experiment,
        status=run.status,
        started=run.started,
        duration=run.duration,
        notebook=run.source.path,
        trashed=run.trashed,
        snapshot=bool(detail.snapshots),
        forked_from=run.forked_from,
    )


def _about(run: Run) -> dict[str, Any]:
    error = None if run.error is None else f"{run.error.ename}: {run.error.evalue}"
    facts = {
        "source": run.source.path,
        "source.kind": run.source.kind,
        "user": run.user,
        "host": run.host,
        "group": run.group,
        "attempt": run.attempt,
        "error": error or run.reason,
        "notes": run.notes or None,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _seeds(detail: RunDetail) -> dict[str, Any]:
    """Return the seeds that were set for each library, in order; the one that counts at the end alone if it is one."""
    found: dict[str, list[int]] = {}
    for seed in detail.seeds:
        for library in seed.libraries:
            found.setdefault(library, []).append(seed.seed)
    return {library: seeds[0] if len(seeds) == 1 else seeds for library, seeds in found.items()}


def _data(runs: Sequence[Sequence[DataInput]], everything: bool) -> list[ComparedData]:
    used = [{(data.name, data.role): data for data in inputs} for inputs in runs]
    rows = []
    for name, role in sorted(
        {key for inputs in used for key in inputs}, key=lambda key: (key[0], key[1] or "")
    ):
        inputs = [mapping.get((name, role)) for mapping in used]
        base = next((data for data in inputs if data is not None), None)
        versions = [None if data is None else _version(data, base) for data in inputs]
        differs = len({None if data is None else _identity(data) for data in inputs}) > 1
        if everything or differs:
            rows.append(ComparedData(f"{name} ({role})" if role else name, versions, differs))
    return rows


def _identity(data: DataInput) -> tuple[Any, ...]:
    # Equal digests are the same version, wherever it lay.
    return (data.digest,) if data.digest else (data.place, data.size, data.rows)


def _version(data: DataInput, base: DataInput | None) -> DataVersion:
    columns = _column_changes(base.columns if base else None, data.columns)
    return DataVersion(
        data.place, data.kind, data.digest, data.size, data.rows, data.role, data.files, columns
    )


def _column_changes(before: list[Column] | None, after: list[Column] | None) -> list[ColumnChange]:
    if before is None or after is None:
        return []
    old, new = {column.name: column.type for column in before}, {column.name: column.type for column in after}
    return [
        ColumnChange(name, old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


def _modules(modules: Sequence[Module]) -> dict[str, FileVersion]:
    return {module.path: FileVersion(module.digest, module.size) for module in modules}


def _artifacts(artifacts: Sequence[Artifact]) -> dict[str, FileVersion]:
    return {one.path: FileVersion(one.digest, one.size, one.media_type) for one in artifacts}


def _files(runs: Sequence[Mapping[str, FileVersion]], everything: bool) -> list[ComparedFile]:
    rows = []
    for path in sorted({path for files in runs for path in files}):
        files = [mapping.get(path) for mapping in runs]
        differs = len({file and file.digest for file in files}) > 1
        if everything or differs:
            rows.append(ComparedFile(path, files, differs))
    return rows


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
        rows.append(_metric(row, _as_goal(goal)))
    return rows


def _metric(row: ComparedValue, goal: Goal | None) -> ComparedMetric:
    base = row.values[0]
    absolute = [_difference(base, value) for value in row.values]
    better = [None if not change or goal is None else (change > 0) == (goal == "max") for change in absolute]
    relative = [_relative_change(base, value) for value in row.values]
    return ComparedMetric(row.key, row.values, goal, row.differs, absolute, relative, better)


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


def _difference(base: float | None, value: float | None) -> float | None:
    if base is None or value is None or not math.isfinite(base) or not math.isfinite(value):
        return None
    return value - base


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
        facts |= {"git.remote": git.remote, "git.diff": git.diff}
    if environment.lock is not None:
        facts |= {"lock": environment.lock.path, "lock.digest": environment.lock.digest}
    for name, editable in environment.editable.items():
        facts |= {f"editable.{name}.commit": editable.commit, f"editable.{name}.dirty": editable.dirty}
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
