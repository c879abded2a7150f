"""The tables of an export that are for people: each says what `trackbook show` says, for all runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trackbook.domain import records as r
from trackbook.domain.artifact import Artifact
from trackbook.domain.attempt import Attempt
from trackbook.domain.cell import CellExecution
from trackbook.domain.clock import to_datetime
from trackbook.domain.data import DataInput
from trackbook.domain.environment import Environment, Module
from trackbook.domain.job import Job, JobSpec
from trackbook.domain.metric import SeriesSummary
from trackbook.domain.records import Record
from trackbook.domain.reproduction import Reproduction
from trackbook.domain.rich import RichValue
from trackbook.domain.run import Loss, ParamRevision, Run, RunDetail, SnapshotInfo
from trackbook.domain.secret import MaskedSecret
from trackbook.domain.seed import Seed
from trackbook.services.exchange.columns import Column, struct_columns


class Row(NamedTuple):
    """A row of a table: whose it is, the struct with its values, and what is added to them."""

    run_id: str
    item: Any
    extra: Any = None


class Table(NamedTuple):
    """A table: its name, and its columns, which take their values from rows."""

    name: str
    columns: list[Column]


# What is of this store alone (its count of changes), or a picture of what stands elsewhere.
_OF_RUNS = ("revision", "sparks")
# Who works on a job at the moment is of this store alone, too.
_OF_JOBS = ("spec", "worker", "cell", "cells", "position", "waiting")


def _table(name: str, struct: Any, *extra: Column, leave_out: tuple[str, ...] = ()) -> Table:
    inner = [
        Column(column.name, column.kind, _of_item(column)) for column in struct_columns(struct, leave_out)
    ]
    return Table(name, [Column("run_id", "text", lambda row: row.run_id), *inner, *extra])


def _of_item(column: Column) -> Callable[[Row], Any]:
    return lambda row: column.get(row.item)


def _of_spec(column: Column) -> Callable[[Job], Any]:
    return lambda job: column.get(job.spec)


def _of_data(column: Column) -> Callable[[Row], Any]:
    return lambda row: column.get(row.item.data)


def _of_value(column: Column) -> Callable[[Row], Any]:
    return lambda row: column.get(row.item.value)


def _extra(name: str, kind: str) -> Column:
    return Column(name, kind, lambda row: row.extra)


def _number(row: Row) -> float | None:
    value = row.item.value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else None


RUNS = Table("runs", struct_columns(Run, _OF_RUNS))
PARAMS = _table("params", ParamRevision, Column("number", "float", _number), _extra("current", "bool"))
TAGS = Table(
    "tags",
    [
        Column("run_id", "text", lambda row: row.run_id),
        Column("key", "text", lambda row: row.item[0]),
        Column("value", "text", lambda row: row.item[1]),
    ],
)
NOTES = Table(
    "notes",
    [
        Column("run_id", "text", lambda row: row.run_id),
        Column("at", "time", lambda row: to_datetime(row.item.at)),
        Column("text", "text", lambda row: row.item.text),
        Column("replaces", "bool", lambda row: row.item.replaces),
    ],
)
METRICS = _table("metrics", SeriesSummary, leave_out=("spark",))
DEFINITIONS = Table(
    "metric_definitions",
    [
        Column("run_id", "text", lambda row: row.run_id),
        Column("at", "time", lambda row: to_datetime(row.item.at)),
        Column("key", "text", lambda row: row.item.key),
        Column("goal", "text", lambda row: row.item.goal),
        Column("unit", "text", lambda row: row.item.unit),
        Column("summary", "text", lambda row: row.item.summary),
    ],
)
ARTIFACTS = _table("artifacts", Artifact)
CELLS = _table("cells", CellExecution, _extra("source", "text"))
ENVIRONMENTS = _table("environments", Environment)
MODULES = _table("modules", Module)
ATTEMPTS = _table("attempts", Attempt)
LOSSES = _table("losses", Loss)
DATA = Table(
    "data",
    [
        Column("run_id", "text", lambda row: row.run_id),
        Column("at", "time", lambda row: row.item.at),
        Column("cell_id", "text", lambda row: row.item.cell_id),
        *(Column(column.name, column.kind, _of_data(column)) for column in struct_columns(DataInput)),
    ],
)
VALUES = Table(
    "values",
    [
        Column("run_id", "text", lambda row: row.run_id),
        Column("at", "time", lambda row: row.item.at),
        Column("cell_id", "text", lambda row: row.item.cell_id),
        *(Column(column.name, column.kind, _of_value(column)) for column in struct_columns(RichValue)),
    ],
)
SEEDS = _table("seeds", Seed)
REPRODUCTIONS = _table(
    "reproductions",
    Reproduction,
    Column("reproduced_by", "text", lambda row: row.item.run_id),
    leave_out=("run_id",),
)
SECRETS = _table("secrets", MaskedSecret)
SNAPSHOTS = _table("snapshots", SnapshotInfo, _extra("notebook", "text"))
JOBS = Table(
    "jobs",
    [
        *struct_columns(Job, _OF_JOBS),
        *(Column(column.name, column.kind, _of_spec(column)) for column in struct_columns(JobSpec)),
    ],
)
TABLES = (
    RUNS, ATTEMPTS, PARAMS, TAGS, NOTES, METRICS, DEFINITIONS, ARTIFACTS, CELLS, ENVIRONMENTS, MODULES, SNAPSHOTS,
    LOSSES, DATA, VALUES, SEEDS, SECRETS, REPRODUCTIONS, JOBS,
)  # fmt: skip


def rows_of(
    detail: RunDetail, records: Sequence[Record], sources: Mapping[int, str], notebooks: Mapping[str, str]
) -> Iterator[tuple[Table, list[Any]]]:
    """Yield each table's rows for one run.

    `records` are all that happened to it but its points, `sources` its executed cells' sources by their order, and
    `notebooks` the files of its snapshots by their moment.
    """
    run_id = detail.run.id
    last = {revision.key: revision for revision in detail.revisions}
    yield RUNS, [detail.run]
    yield ATTEMPTS, [Row(run_id, item) for item in detail.attempts]
    yield PARAMS, [Row(run_id, item, last[item.key] is item) for item in detail.revisions]
    yield TAGS, [Row(run_id, item) for item in detail.run.tags.items()]
    yield NOTES, [Row(run_id, item) for item in _in_time(records, r.NoteWritten)]
    yield METRICS, [Row(run_id, item) for item in detail.series]
    yield DEFINITIONS, [Row(run_id, item) for item in _in_time(records, r.MetricDefined)]
    yield ARTIFACTS, [Row(run_id, item) for item in detail.artifacts]
    yield CELLS, [Row(run_id, item, sources.get(item.order)) for item in detail.cells]
    yield ENVIRONMENTS, [Row(run_id, detail.environment)] if detail.environment is not None else []
    yield MODULES, [Row(run_id, item) for item in detail.modules]
    yield SNAPSHOTS, [Row(run_id, item, notebooks.get(item.moment)) for item in detail.snapshots]
    yield LOSSES, [Row(run_id, item) for item in detail.losses]
    yield DATA, [Row(run_id, item) for item in detail.data]
    yield VALUES, [Row(run_id, item) for item in detail.values]
    yield SEEDS, [Row(run_id, item) for item in detail.seeds]
    yield SECRETS, [Row(run_id, item) for item in detail.secrets]
    repeated = _in_time(records, r.RunReproduced)
    yield REPRODUCTIONS, [Row(run_id, record.reproduction) for record in repeated]


def _in_time(records: Sequence[Record], kind: type[Any]) -> list[Any]:
    return sorted((record for record in records if isinstance(record, kind)), key=lambda record: record.at)
