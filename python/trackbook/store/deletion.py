"""Taking runs and jobs out of the index for good."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from trackbook.store import schema as t
from trackbook.store.parts import slices

# How far their journals were read stays: readers ask for it until the files are gone, too.
_BY_RUN = (
    t.params,
    t.param_revisions,
    t.tags,
    t.notes,
    t.metric_definitions,
    t.artifacts,
    t.cells,
    t.live_cells,
    t.snapshots,
    t.modules,
    t.data_inputs,
    t.rich_values,
    t.seeds,
    t.secrets,
    t.turns,
    t.losses,
    t.reproductions,
    t.sweeps,
    t.cards,
)


def delete_rows(connection: Connection, subjects: Iterable[str]) -> None:
    """Delete what the index has of these runs and jobs, except the runs' numbers, which are not given again."""
    for ids in slices(sorted(subjects)):
        series = select(t.series.c.id).where(t.series.c.run_id.in_(ids))
        connection.execute(delete(t.chunks).where(t.chunks.c.series_id.in_(series)))
        connection.execute(delete(t.series).where(t.series.c.run_id.in_(ids)))
        for table in _BY_RUN:
            connection.execute(delete(table).where(table.c.run_id.in_(ids)))
        connection.execute(delete(t.damages).where(t.damages.c.subject.in_(ids)))
        connection.execute(delete(t.runs).where(t.runs.c.id.in_(ids)))
        connection.execute(delete(t.jobs).where(t.jobs.c.id.in_(ids)))


def read_deleted(connection: Connection) -> set[str]:
    """Return the runs and jobs that were deleted for good."""
    return set(connection.execute(select(t.deleted.c.subject)).scalars())


def read_subjects(connection: Connection) -> set[str]:
    """Return the ids of all runs and jobs that there are."""
    ids = connection.execute(select(t.runs.c.id).union_all(select(t.jobs.c.id))).scalars()
    return set(ids)
