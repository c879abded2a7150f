"""Runs as values, read from the index: a page of them in a handful of statements."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, func, select

from trackbook.domain.change import Change
from trackbook.domain.clock import to_datetime
from trackbook.domain.experiment import Experiment
from trackbook.domain.metric import SYSTEM, series_name
from trackbook.domain.reproduction import ReproductionMark
from trackbook.domain.run import Run, RunError, Source
from trackbook.errors import NotFound
from trackbook.store import schema as t
from trackbook.store.cards import read_cards
from trackbook.store.rows import fetch

_decode_context = msgspec.json.Decoder(dict[str, str]).decode
_decode_error = msgspec.json.Decoder(RunError).decode
_decode_json = msgspec.json.Decoder().decode
_decode_floats = msgspec.json.Decoder(list[float]).decode
_NAN = float("nan")


def read_runs(connection: Connection, ids: Sequence[str]) -> list[Run]:
    """Return the runs of these ids in their order; unknown ids are left out."""
    found = read_cards(connection, ids)
    others = [run_id for run_id in ids if run_id not in found]
    if others:
        found |= {run.id: run for run in put_together(connection, others)}
    return [found[run_id] for run_id in ids if run_id in found]


def put_together(connection: Connection, ids: Sequence[str]) -> Iterator[Run]:
    """Return the runs of these ids from the tables in which their parts lie; unknown ids are left out."""
    rows = fetch(connection, _RUNS, {"ids": ids})
    parts = _Parts(connection, [row[0] for row in rows])
    return map(parts.run, rows)


def find_run_ids(connection: Connection, reference: str) -> list[str]:
    """Return the ids that `reference` can mean: an id, a running number ("42"), the beginning of an id, or "last".

    The last is the run outside the trash that began last.
    """
    runs = t.runs.c
    if reference == "last":
        is_shown = (runs.trashed.is_(False), runs.started.is_not(None), runs.number.is_not(None))
        newest = select(runs.id).where(*is_shown).order_by(runs.started.desc(), runs.id.desc()).limit(1)
        return list(connection.execute(newest).scalars())
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


def check_run(connection: Connection, run_id: str) -> None:
    """Raise NotFound if there is no run of this id."""
    if connection.execute(select(t.runs.c.id).where(t.runs.c.id == run_id)).first() is None:
        raise NotFound("run", run_id)


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


def read_trash(connection: Connection) -> dict[str, datetime]:
    """Return when each run in the trash was put there, by its id."""
    runs = t.runs.c
    query = select(runs.id, runs.trashed_at).where(runs.trashed.is_(True), runs.number.is_not(None))
    return {run_id: to_datetime(at) for run_id, at in connection.execute(query)}


def read_changes(connection: Connection, revision: int) -> list[Change]:
    """Return the runs that changed or were deleted after `revision`, the latest change last."""
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
    changes = [
        Change(
            *row, has_start_document="start" in documents[row.id], has_end_document="end" in documents[row.id]
        )
        for row in rows
    ]
    changes += [
        Change(run_id, at, "deleted", None, None, None, False, False)
        for run_id, at in connection.execute(_deleted_runs(revision))
    ]
    return sorted(changes, key=lambda change: change.revision)


def _deleted_runs(revision: int) -> Select[Any]:
    deleted, numbers = t.deleted.c, t.numbers.c
    found = select(deleted.subject, deleted.revision).join_from(
        t.deleted, t.numbers, numbers.run_id == deleted.subject
    )
    return found.where(deleted.revision > revision).order_by(deleted.revision, deleted.subject)


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


# Statements are made once: putting one together takes longer than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_EXPERIMENT = t.experiments.c.name.label("experiment")
_RUN_COLUMNS = (
    *(
        t.runs.c[name]
        for name in ("id", "number", "name", "status", "started", "ended", "active", "user", "host")
    ),
    *(
        t.runs.c[name]
        for name in ("source_kind", "source_path", "kernel_id", "cell_id", "message_id", "job_id")
    ),
    *(t.runs.c[name] for name in ("parent_id", "error", "reason", "trashed", "revision")),
    *(t.runs.c[name] for name in ("group", "attempt", "forked_from", "forked_step")),
    *(t.runs.c[name] for name in ("reproduction", "reproduction_at", "reproduced_by")),
    _EXPERIMENT,
)
_RUNS = (
    select(*_RUN_COLUMNS)
    .join_from(t.runs, t.experiments, t.experiments.c.id == t.runs.c.experiment_id)
    .where(t.runs.c.id.in_(_IDS), t.runs.c.number.is_not(None))
)


def _of_runs(*columns: ColumnElement[Any]) -> Select[Any]:
    """Select a table's rows of some runs; the first column says whose they are."""
    return select(*columns).where(columns[0].in_(_IDS))


def _without_system(query: Select[Any], key: ColumnElement[Any]) -> Select[Any]:
    # A prefix is not LIKE's matter, which takes "System/" for the same in SQLite.
    return query.where(func.substr(key, 1, len(SYSTEM)) != SYSTEM)


_PARAMS = _of_runs(t.params.c.run_id, t.params.c.key, t.params.c.value)
_TAGS = _of_runs(t.tags.c.run_id, t.tags.c.key, t.tags.c.value)
_GOALS = _without_system(
    _of_runs(t.metric_definitions.c.run_id, t.metric_definitions.c.key, t.metric_definitions.c.goal),
    t.metric_definitions.c.key,
)
_NOTES = _of_runs(t.notes.c.run_id, t.notes.c.text, t.notes.c.replaces).order_by(
    t.notes.c.at, t.notes.c.replaces.desc()
)
_SERIES = _without_system(
    _of_runs(t.series.c.run_id, t.series.c.key, t.series.c.context, t.series.c.last, t.series.c.spark),
    t.series.c.key,
)


class _Parts:
    """What belongs to some runs and lies in other tables, read at once."""

    def __init__(self, connection: Connection, ids: list[str]) -> None:
        self._connection, self._ids = connection, ids
        self._params = {run: {k: decode_value(v) for k, v in found} for run, found in self._pairs(_PARAMS)}
        self._tags = {run: {k: v for k, v in found if v is not None} for run, found in self._pairs(_TAGS)}
        self._goals = {run: {k: v for k, v in found if v is not None} for run, found in self._pairs(_GOALS)}
        self._notes = {run: join_notes(found) for run, found in self._pairs(_NOTES, by_key=False)}
        self._metrics: dict[str, dict[str, float]] = {}
        self._sparks: dict[str, dict[str, list[float]]] = {}
        self._read_series()

    def run(self, row: Sequence[Any]) -> Run:
        run_id, number, name, status, started, ended, active, user, host, *rest = row
        kind, path, kernel_id, cell_id, message_id, job_id, *rest = rest
        parent_id, error, reason, trashed, revision, *rest = rest
        group, attempt, forked_from, forked_step, *rest = rest
        verdict, reproduced_at, reproduced_by, experiment = rest
        return Run(
            id=run_id,
            number=number,
            experiment=experiment,
            name=name,
            status=status,
            started=to_datetime(started),
            ended=None if ended is None else to_datetime(ended),
            duration=None if ended is None else (ended - started) / 1e6,
            active=active,
            user=user,
            host=host,
            source=Source(kind, path, kernel_id, cell_id, message_id, job_id),
            parent_id=parent_id,
            notes=self._notes.get(run_id, ""),
            tags=self._tags.get(run_id, {}),
            params=self._params.get(run_id, {}),
            metrics=self._metrics.get(run_id, {}),
            sparks=self._sparks.get(run_id, {}),
            goals=self._goals.get(run_id, {}),
            error=None if error is None else _decode_error(error),
            reason=reason,
            trashed=bool(trashed),
            revision=revision,
            group=group,
            attempt=attempt,
            forked_from=forked_from,
            forked_step=forked_step,
            reproduction=None
            if verdict is None
            else ReproductionMark(verdict, to_datetime(reproduced_at), reproduced_by),
        )

    def _pairs(self, query: Select[Any], by_key: bool = True) -> Iterable[tuple[str, list[tuple[Any, Any]]]]:
        found: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
        for run_id, one, other in fetch(self._connection, query, {"ids": self._ids}):
            found[run_id].append((one, other))
        if by_key:
            for pairs in found.values():
                pairs.sort(key=_first)
        return found.items()

    def _read_series(self) -> None:
        found: dict[str, list[tuple[str, float, list[float]]]] = defaultdict(list)
        for run_id, key, context, last, spark in fetch(self._connection, _SERIES, {"ids": self._ids}):
            name = key if context == "{}" else series_name(key, _decode_context(context))
            found[run_id].append((name, _NAN if last is None else last, decode_spark(spark)))
        for run_id, series in found.items():
            series.sort(key=_first)
            self._metrics[run_id] = {name: last for name, last, _ in series}
            self._sparks[run_id] = {name: spark for name, _, spark in series}


_first = itemgetter(0)
