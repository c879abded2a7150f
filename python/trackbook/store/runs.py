"""Runs as values, read from the index: a page of them in a handful of statements."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Table, func, select

from trackbook.domain.change import Change
from trackbook.domain.clock import to_datetime
from trackbook.domain.experiment import Experiment
from trackbook.domain.metric import series_name
from trackbook.domain.run import Run, RunError, Source
from trackbook.store import schema as t

_decode_context = msgspec.json.Decoder(dict[str, str]).decode
_decode_error = msgspec.json.Decoder(RunError).decode
_decode_json = msgspec.json.Decoder().decode
_decode_floats = msgspec.json.Decoder(list[float]).decode
_NAN = float("nan")


def read_runs(connection: Connection, ids: Sequence[str]) -> list[Run]:
    """Return the runs of these ids in their order; unknown ids are left out."""
    runs, experiments = t.runs.c, t.experiments.c
    query = select(*_COLUMNS, experiments.name.label("experiment")).join_from(
        t.runs, t.experiments, experiments.id == runs.experiment_id
    )
    rows = {
        row.id: row for row in connection.execute(query.where(runs.id.in_(ids), runs.number.is_not(None)))
    }
    parts = _Parts(connection, list(rows))
    return [parts.run(rows[run_id]) for run_id in ids if run_id in rows]


def find_run_ids(connection: Connection, reference: str) -> list[str]:
    """Return the ids that `reference` can mean: an id, a running number ("42", "#42"), or the beginning of an id."""
    runs = t.runs.c
    digits = reference.removeprefix("#")
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        found = list(connection.execute(select(runs.id).where(runs.number == int(digits))).scalars())
        if found or reference.startswith("#"):
            return found
    if len(reference) < 6 or not set(reference) <= set("0123456789abcdef-"):
        return []
    # The character behind "f" and "-" in sorting order ends the range.
    within = (runs.id >= reference, runs.id < reference + "g", runs.number.is_not(None))
    return list(
        connection.execute(select(runs.id).where(*within).order_by(runs.id.desc()).limit(10)).scalars()
    )


def read_experiments(connection: Connection) -> list[Experiment]:
    """Return the experiments that have runs outside the trash, the one used last first."""
    runs, experiments = t.runs.c, t.experiments.c
    last = func.max(runs.started)
    query = (
        select(experiments.name, func.count(), last)
        .join_from(t.runs, t.experiments, experiments.id == runs.experiment_id)
        .where(runs.trashed.is_(False), runs.started.is_not(None))
        .group_by(experiments.id)
        .order_by(last.desc(), experiments.name)
    )
    return [Experiment(name, count, to_datetime(at)) for name, count, at in connection.execute(query)]


def read_changes(connection: Connection, revision: int) -> list[Change]:
    """Return the runs that changed after `revision`, the latest change last."""
    runs, snapshots = t.runs.c, t.snapshots.c
    query = (
        select(runs.id, runs.revision, runs.status, runs.kernel_id, runs.message_id, runs.end_message_id)
        .where(runs.revision > revision, runs.number.is_not(None))
        .order_by(runs.revision, runs.id)
    )
    rows = connection.execute(query).all()
    documents: dict[str, set[str]] = defaultdict(set)
    changed = select(runs.id).where(runs.revision > revision)
    taken = select(snapshots.run_id, snapshots.moment).where(
        snapshots.origin == "document", snapshots.run_id.in_(changed)
    )
    for run_id, moment in connection.execute(taken):
        documents[run_id].add(moment)
    return [
        Change(
            *row, has_start_document="start" in documents[row.id], has_end_document="end" in documents[row.id]
        )
        for row in rows
    ]


def decode_value(text: str) -> Any:
    """Return a parameter's value from its JSON text, NaN and infinities too."""
    try:
        return _decode_json(text)
    except msgspec.DecodeError:
        return json.loads(text)


def decode_spark(text: str) -> list[float]:
    """Return a list of numbers from its JSON text, NaN and infinities too."""
    try:
        return _decode_floats(text)
    except msgspec.DecodeError:
        return [float(value) for value in json.loads(text)]


def join_notes(lines: Iterable[tuple[str, bool]]) -> str:
    """Return the notes that lines make, in time order; one that `replaces` drops those before it."""
    kept: list[str] = []
    for text, replaces in lines:
        if replaces:
            kept.clear()
        kept.append(text)
    return "\n".join(kept)


class _Parts:
    """What belongs to some runs and lies in other tables, read at once."""

    def __init__(self, connection: Connection, ids: list[str]) -> None:
        self._connection, self._ids = connection, ids
        p, g, m, n = t.params.c, t.tags.c, t.metric_definitions.c, t.notes.c
        self._params = {
            run_id: {key: decode_value(value) for key, value in found}
            for run_id, found in self._pairs(t.params, p.key, p.value).items()
        }
        self._tags = {
            run_id: {key: value for key, value in found if value is not None}
            for run_id, found in self._pairs(t.tags, g.key, g.value).items()
        }
        self._goals = {
            run_id: {key: goal for key, goal in found if goal is not None}
            for run_id, found in self._pairs(t.metric_definitions, m.key, m.goal).items()
        }
        notes = self._pairs(t.notes, n.text, n.replaces, order=(n.at, n.replaces.desc()))
        self._notes = {run_id: join_notes(lines) for run_id, lines in notes.items()}
        self._metrics: dict[str, dict[str, float]] = defaultdict(dict)
        self._sparks: dict[str, dict[str, list[float]]] = defaultdict(dict)
        self._read_series()

    def run(self, row: Row[Any]) -> Run:
        return Run(
            id=row.id,
            number=row.number,
            experiment=row.experiment,
            name=row.name,
            status=row.status,
            started=to_datetime(row.started),
            ended=None if row.ended is None else to_datetime(row.ended),
            duration=None if row.ended is None else (row.ended - row.started) / 1e6,
            active=row.active,
            user=row.user,
            host=row.host,
            source=Source(
                row.source_kind, row.source_path, row.kernel_id, row.cell_id, row.message_id, row.job_id
            ),
            parent_id=row.parent_id,
            notes=self._notes.get(row.id, ""),
            tags=self._tags.get(row.id, {}),
            params=self._params.get(row.id, {}),
            metrics=self._metrics.get(row.id, {}),
            sparks=self._sparks.get(row.id, {}),
            goals=self._goals.get(row.id, {}),
            error=None if row.error is None else _decode_error(row.error),
            reason=row.reason,
            trashed=row.trashed,
            revision=row.revision,
        )

    def _pairs(
        self,
        table: Table,
        first: ColumnElement[Any],
        second: ColumnElement[Any],
        order: Sequence[ColumnElement[Any]] = (),
    ) -> dict[str, list[tuple[Any, Any]]]:
        query = select(table.c.run_id, first, second).where(table.c.run_id.in_(self._ids))
        found: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
        for run_id, one, other in self._connection.execute(query.order_by(*(order or (first,)))):
            found[run_id].append((one, other))
        return found

    def _read_series(self) -> None:
        s = t.series.c
        query = select(s.run_id, s.key, s.context, s.last, s.spark).where(s.run_id.in_(self._ids))
        for run_id, key, context, last, spark in self._connection.execute(query.order_by(s.key, s.context)):
            name = key if context == "{}" else series_name(key, _decode_context(context))
            self._metrics[run_id][name] = _NAN if last is None else last
            self._sparks[run_id][name] = decode_spark(spark)


_COLUMNS = [column for column in t.runs.c if column.name not in ("environment", "packages_digest")]
