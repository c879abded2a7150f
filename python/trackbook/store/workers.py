"""The workers that are there, as the index knows them: they say so themselves, again and again."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from trackbook.store import schema as t

_c = t.workers.c
_COUNT = update(t.workers).where(_c.id == bindparam("worker")).values(jobs=_c.jobs + 1)


class WorkerRow(NamedTuple):
    """A worker as it said of itself; times are in microseconds, `ticks` as the host's system counts."""

    id: str
    host: str
    pid: int
    ticks: float
    capacity: int
    memory: int | None
    standing: bool
    jobs: int
    started: int
    seen: int


def announce_worker(connection: Connection, row: WorkerRow) -> None:
    """Note that a worker is there; how many jobs it has run is known already, if it is known."""
    values: dict[str, Any] = row._asdict()
    del values["jobs"], values["started"]
    known = connection.execute(
        update(t.workers).where(_c.id == row.id, _c.ticks == row.ticks).values(**values)
    )
    if known.rowcount == 0:
        drop_workers(connection, [row.id])  # an earlier process of this number
        connection.execute(insert(t.workers).values(**row._asdict()))


def count_job(connection: Connection, worker_id: str) -> None:
    """Note that a worker has run one more job to its end."""
    connection.execute(_COUNT, {"worker": worker_id})


def read_workers(connection: Connection) -> list[WorkerRow]:
    """Return all workers that said that they are there and not that they are gone, the oldest first."""
    query = select(*(_c[name] for name in WorkerRow._fields)).order_by(_c.started, _c.id)
    return [WorkerRow(*row) for row in connection.execute(query)]


def drop_workers(connection: Connection, ids: list[str]) -> None:
    """Forget workers."""
    connection.execute(delete(t.workers).where(_c.id.in_(ids)))
