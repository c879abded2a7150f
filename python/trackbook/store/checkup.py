"""What the index knows about the health of its store."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select, union_all

from trackbook.domain.checkup import DamagedRecord, RunLoss
from trackbook.domain.clock import to_datetime
from trackbook.store import schema as t
from trackbook.store.batch import revision_of
from trackbook.store.paths import PartName, StorePaths


class Counts(NamedTuple):
    """How many runs the index knows, and the number of its last change."""

    runs: int
    running: int
    trashed: int
    revision: int


class Reference(NamedTuple):
    """A blob that a run names, and as what."""

    run: int
    what: str
    digest: str


def read_counts(connection: Connection) -> Counts:
    """Count the runs."""
    runs = t.runs.c
    known = select(func.count()).select_from(t.runs).where(runs.number.is_not(None))
    return Counts(
        runs=connection.execute(known).scalar_one(),
        running=connection.execute(known.where(runs.status == "running")).scalar_one(),
        trashed=connection.execute(known.where(runs.trashed.is_(True))).scalar_one(),
        revision=revision_of(connection),
    )


def read_damages(connection: Connection, store: StorePaths) -> list[DamagedRecord]:
    """Return what readers of the journals had to skip."""
    damages, runs = t.damages.c, t.runs.c
    query = (
        select(t.damages, runs.number)
        .outerjoin_from(t.damages, t.runs, runs.id == damages.subject)
        .order_by(damages.subject, damages.writer, damages.part, damages.position)
    )
    return [
        DamagedRecord(
            store.journal(PartName(row.subject, row.writer, row.part)).relative_to(store.root).as_posix(),
            row.number,
            row.position,
            row.bytes,
            row.reason,
        )
        for row in connection.execute(query)
    ]


def read_all_losses(connection: Connection) -> list[RunLoss]:
    """Return what the disk refused, by run."""
    c, runs = t.losses.c, t.runs.c
    query = (
        select(runs.number, c["count"], c.first, c.last)
        .join_from(t.losses, t.runs, runs.id == c.run_id)
        .order_by(runs.number, c.first)
    )
    return [
        RunLoss(number, count, to_datetime(first), to_datetime(last))
        for number, count, first, last in connection.execute(query)
    ]


def read_references(connection: Connection) -> list[Reference]:
    """Return the blobs that artifacts and snapshots name, by run."""
    runs, artifacts, snapshots = t.runs.c, t.artifacts.c, t.snapshots.c
    of_artifacts = select(runs.number, artifacts.path.label("what"), artifacts.digest).join_from(
        t.runs, t.artifacts, artifacts.run_id == runs.id
    )
    of_snapshots = select(
        runs.number, ("snapshot at the " + snapshots.moment).label("what"), snapshots.digest
    )
    of_snapshots = of_snapshots.join_from(t.runs, t.snapshots, snapshots.run_id == runs.id)
    both = union_all(of_artifacts, of_snapshots).subquery()
    query = select(both).where(both.c.number.is_not(None)).order_by(both.c.number, both.c.what)
    return [Reference(*row) for row in connection.execute(query)]
