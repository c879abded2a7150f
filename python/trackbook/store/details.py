"""Everything about one run, read from the index."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, select

from trackbook.domain.artifact import Artifact
from trackbook.domain.attempt import Attempt, Turn, split_attempts
from trackbook.domain.cell import CellError, CellExecution
from trackbook.domain.clock import to_datetime
from trackbook.domain.environment import Environment, Module
from trackbook.domain.metric import MetricDefinition, SeriesSummary
from trackbook.domain.run import Loss, ParamRevision, SnapshotInfo
from trackbook.store import schema as t
from trackbook.store.parts import slices
from trackbook.store.rows import fetch
from trackbook.store.runs import decode_spark, decode_value

_decode_context = msgspec.json.Decoder(dict[str, str]).decode
_decode_cell_error = msgspec.json.Decoder(CellError).decode
_decode_texts = msgspec.json.Decoder(list[str]).decode
_decode_environment = msgspec.json.Decoder(Environment).decode
# What the user had in the editor, then what ran, then what lay on the disk.
_ORIGINS = ("document", "job", "file")


def read_series(connection: Connection, run_id: str) -> list[SeriesSummary]:
    """Return the summaries of a run's series by key and context."""
    s, m = t.series.c, t.metric_definitions.c
    meanings = {
        row.key: row
        for row in connection.execute(select(m.key, m.goal, m.unit, m.summary).where(m.run_id == run_id))
    }
    unknown = MetricDefinition("")
    query = select(t.series).where(s.run_id == run_id).order_by(s.key, s.context != "{}", s.context)
    return [
        SeriesSummary(
            key=row.key,
            context=_decode_context(row.context),
            count=row._mapping["count"],  # rows have a method of that name
            last=float("nan") if row.last is None else row.last,
            last_step=row.last_step,
            min=row.min,
            max=row.max,
            spark=decode_spark(row.spark),
            goal=meanings.get(row.key, unknown).goal,
            unit=meanings.get(row.key, unknown).unit,
        )
        for row in connection.execute(query)
    ]


def read_revisions(connection: Connection, run_id: str) -> list[ParamRevision]:
    """Return the values that a run's parameters had, in time order; the same value said again is no revision."""
    p = t.param_revisions.c
    query = select(p.key, p.value, p.at, p.cell_id).where(p.run_id == run_id).order_by(p.at, p.key)
    revisions = []
    present: dict[str, str] = {}
    for key, value, at, cell_id in connection.execute(query):
        if present.get(key) != value:
            present[key] = value
            revisions.append(ParamRevision(key, decode_value(value), to_datetime(at), cell_id))
    return revisions


def read_artifacts(connection: Connection, run_id: str) -> list[Artifact]:
    """Return a run's artifacts by path."""
    a = t.artifacts.c
    query = select(t.artifacts).where(a.run_id == run_id).order_by(a.path)
    return [_artifact(row) for row in connection.execute(query)]


def read_artifact(connection: Connection, run_id: str, path: str) -> Artifact | None:
    """Return the artifact of a run at `path`, None without one."""
    a = t.artifacts.c
    row = connection.execute(select(t.artifacts).where(a.run_id == run_id, a.path == path)).first()
    return None if row is None else _artifact(row)


def read_cells(connection: Connection, run_id: str) -> list[CellExecution]:
    """Return a run's cell executions, counted from 1 in the order in which they began, whichever process ran them."""
    c = t.cells.c
    query = select(t.cells).where(c.run_id == run_id).order_by(c.started, c.writer, c.order)
    return [
        CellExecution(
            order=order,
            cell_id=row.cell_id,
            count=row._mapping["count"],
            source_digest=row.source_digest,
            started=to_datetime(row.started),
            duration=row.duration,
            status=row.status,
            outputs=_decode_texts(row.outputs),
            truncated=row.truncated,
            error=None if row.error is None else _decode_cell_error(row.error),
            reads=_decode_texts(row.reads),
            writes=_decode_texts(row.writes),
            cpu=row.cpu,
            memory=row.memory,
        )
        for order, row in enumerate(connection.execute(query), start=1)
    ]


def read_environment(connection: Connection, run_id: str) -> tuple[Environment, str | None] | None:
    """Return a run's environment without its packages, and the digest of the blob that has them."""
    return read_environments(connection, [run_id]).get(run_id)


def read_environments(
    connection: Connection, run_ids: list[str]
) -> dict[str, tuple[Environment, str | None]]:
    """Return the environments of runs as `read_environment` does; a run without one is left out."""
    r = t.runs.c
    query = select(r.id, r.environment, r.packages_digest).where(r.environment.is_not(None))
    return {
        run_id: (_decode_environment(environment), digest)
        for ids in slices(run_ids)
        for run_id, environment, digest in fetch(connection, query.where(r.id.in_(ids)))
    }


def holders(connection: Connection, table: Table, run_ids: list[str]) -> set[str]:
    """Return those of these runs that have rows in a table."""
    c = table.c.run_id
    query = select(c).distinct()
    return {row[0] for ids in slices(run_ids) for row in fetch(connection, query.where(c.in_(ids)))}


def read_modules(connection: Connection, run_id: str) -> list[Module]:
    """Return the project's modules that a run imported, by name."""
    m = t.modules.c
    query = select(m.name, m.path, m.digest, m.size).where(m.run_id == run_id).order_by(m.name)
    return [Module(*row) for row in connection.execute(query)]


def read_snapshots(connection: Connection, run_id: str) -> list[SnapshotInfo]:
    """Return a run's snapshots, one a moment: the live document if there is one, else the job's, else the file's."""
    s = t.snapshots.c
    query = select(s.moment, s.origin, s.digest, s.at).where(s.run_id == run_id)
    found = sorted(connection.execute(query), key=lambda row: _ORIGINS.index(row.origin), reverse=True)
    best = {
        row.moment: SnapshotInfo(row.moment, row.origin, row.digest, to_datetime(row.at)) for row in found
    }
    return [best[moment] for moment in ("start", "end") if moment in best]


def read_children(connection: Connection, run_id: str) -> list[str]:
    """Return the ids of a run's direct children outside the trash, in the order in which they began."""
    r = t.runs.c
    wanted = (r.parent_id == run_id, r.trashed.is_(False), r.number.is_not(None))
    return list(connection.execute(select(r.id).where(*wanted).order_by(r.started, r.id)).scalars())


def read_forks(connection: Connection, run_id: str) -> list[str]:
    """Return the ids of the runs that were forked from a run, in the order in which they began."""
    r = t.runs.c
    wanted = (r.forked_from == run_id, r.number.is_not(None))
    return list(connection.execute(select(r.id).where(*wanted).order_by(r.started, r.id)).scalars())


def read_attempts(connection: Connection, run_id: str) -> list[Attempt]:
    """Return the attempts of a run, the first one first."""
    r, u = t.runs.c, t.turns.c
    run = connection.execute(
        select(r.started, r.host, r.ended, r.status, r.reason).where(r.id == run_id)
    ).first()
    if run is None or run.started is None:
        return []
    turns = connection.execute(select(u.at, u.turn, u.host, u.reason).where(u.run_id == run_id))
    present = Turn(run.ended or 0, run.status, run.host, run.reason)
    return split_attempts(run.started, run.host, [Turn(*row) for row in turns], present)


def read_losses(connection: Connection, run_id: str) -> list[Loss]:
    """Return what the disk refused of a run, in time order."""
    c = t.losses.c
    query = select(c["count"], c.first, c.last).where(c.run_id == run_id).order_by(c.first)
    return [
        Loss(count, to_datetime(first), to_datetime(last)) for count, first, last in connection.execute(query)
    ]


def _artifact(row: Row[Any]) -> Artifact:
    return Artifact(
        row.path, row.digest, row.size, row.media_type, row.kind, to_datetime(row.at), row.cell_id
    )
