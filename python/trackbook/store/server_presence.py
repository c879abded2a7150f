"""Who still writes, as the machines that send to a PostgreSQL store say it, by the clock of the database."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnClause, Connection, delete, exists, func, literal_column, select

from trackbook.store import schema as t
from trackbook.store import server_schema as s
from trackbook.store.paths import PartName

# Microseconds since the epoch, by the database's clock.
DATABASE_NOW: ColumnClause[int] = literal_column("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
_SERVER_STARTED: ColumnClause[int] = literal_column(
    "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint"
)


class SilentRun(NamedTuple):
    """A running run of whose owner nothing was heard, and the time of its last record, in microseconds."""

    run_id: str
    last_at: int


def note_living(connection: Connection, names: Iterable[PartName], host: str) -> None:
    """Note that the writers of these journals live, on `host`, and forget those that have closed theirs."""
    h, p = s.heartbeats.c, t.parts.c
    rows = [
        {"subject": subject, "writer": writer, "host": host}
        for subject, writer in sorted({(name.subject, name.writer) for name in names})
    ]
    if rows:
        from sqlalchemy.dialects.postgresql import insert  # late: only a served database needs it

        statement = insert(s.heartbeats).values(seen_at=DATABASE_NOW)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["subject", "writer"],
                set_={"seen_at": DATABASE_NOW, "host": statement.excluded.host},
            ),
            rows,
        )
    is_open = exists().where(p.subject == h.subject, p.writer == h.writer, p.closed.is_(False))
    connection.execute(delete(s.heartbeats).where(h.host == host, ~is_open))


def silent_runs(connection: Connection, seconds: float) -> list[SilentRun]:
    """Return the running runs of which no owner was seen alive for so long.

    None in the first moments of a server: the machines could not say so while it was away.
    """
    r, p, h = t.runs.c, t.parts.c, s.heartbeats.c
    limit = DATABASE_NOW - int(seconds * 1_000_000)
    query = (
        select(r.id, r.last_at)
        .join_from(t.runs, t.parts, p.subject == r.id)
        .join(s.heartbeats, (h.subject == p.subject) & (h.writer == p.writer))
        .where(r.status == "running", p.role == "owner", p.closed.is_(False), limit > _SERVER_STARTED)
        .group_by(r.id, r.last_at)
        .having(func.max(h.seen_at) < limit)
        .order_by(r.id)
    )
    return [SilentRun(*row) for row in connection.execute(query)]


def living_host(connection: Connection, run_id: str, besides: str, seconds: float) -> str | None:
    """Return a host, other than `besides`, on which an owner of the run was seen alive within so many seconds."""
    p, h = t.parts.c, s.heartbeats.c
    query = (
        select(h.host)
        .join_from(s.heartbeats, t.parts, (p.subject == h.subject) & (p.writer == h.writer))
        .where(h.subject == run_id, p.role == "owner", p.closed.is_(False), h.host != besides)
        .where(h.seen_at >= DATABASE_NOW - int(seconds * 1_000_000))
        .limit(1)
    )
    return connection.execute(query).scalar()


def has_open_owner(connection: Connection, run_id: str, besides: Iterable[PartName]) -> bool:
    """Tell whether a run has an owner, on whichever machine, that has not closed its journal."""
    p = t.parts.c
    rows = connection.execute(
        select(p.subject, p.writer, p.part).where(p.subject == run_id, p.role == "owner", p.closed.is_(False))
    )
    return bool({PartName(*row) for row in rows} - set(besides))
