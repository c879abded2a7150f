"""How far journals have been read, which are closed and sealed, and which numbers runs have."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from trackbook.store import schema as t
from trackbook.store.paths import PartName


@dataclass(slots=True)
class Part:
    """What is known of one journal file: how far it was read, who writes it, whether it is closed or sealed."""

    position: int = 0
    role: str | None = None
    closed: bool = False
    sealed: bool = False


class RunState(NamedTuple):
    """A run's status and the time of its last record, in microseconds."""

    status: str
    last_at: int


def open_parts(connection: Connection, subjects: Collection[str]) -> dict[PartName, Part]:
    """Return what is known of the parts of subjects that have journals: all others are sealed."""
    return {
        PartName(row.subject, row.writer, row.part): Part(row.position, row.role, row.closed, row.sealed)
        for some in slices(sorted(subjects))
        for row in connection.execute(select(t.parts).where(t.parts.c.subject.in_(some)))
    }


def positions(connection: Connection, subjects: Collection[str]) -> dict[PartName, int]:
    """Return how far each journal of these subjects was read, in bytes."""
    return {name: part.position for name, part in open_parts(connection, subjects).items()}


def closed_lengths(connection: Connection, subjects: Collection[str]) -> dict[PartName, int]:
    """Return the lengths in bytes of those journals of these subjects to which nothing is added any more."""
    c = t.parts.c
    rows = connection.execute(
        select(c.subject, c.writer, c.part, c.position).where(
            c.subject.in_(subjects), or_(c.closed.is_(True), c.sealed.is_(True))
        )
    )
    return {PartName(row.subject, row.writer, row.part): row.position for row in rows}


def mark_closed(connection: Connection, name: PartName, position: int) -> None:
    """Note that nothing more comes, and that bytes up to `position` are done with."""
    done = connection.execute(update(t.parts).where(_is(name)).values(closed=True, position=position))
    if done.rowcount == 0:  # not one record of it was ever read: the writer died before its first
        row = {"position": position, "role": None, "closed": True, "sealed": False}
        connection.execute(insert(t.parts).values(**name._asdict(), **row))


def mark_sealed(connection: Connection, names: Iterable[PartName]) -> None:
    """Note that these journals are segments now."""
    c = t.parts.c
    statement = update(t.parts).where(
        c.subject == bindparam("b_subject"), c.writer == bindparam("b_writer"), c.part == bindparam("b_part")
    )
    rows = [{"b_subject": name.subject, "b_writer": name.writer, "b_part": name.part} for name in names]
    if rows:
        connection.execute(statement.values(sealed=True), rows)


def numbered(connection: Connection, run_ids: Iterable[str]) -> set[str]:
    """Return those of the runs that have a number."""
    c = t.numbers.c
    return {
        run_id
        for ids in slices(sorted(set(run_ids)))
        for run_id in connection.execute(select(c.run_id).where(c.run_id.in_(ids))).scalars()
    }


def unnumbered(connection: Connection) -> list[tuple[int, str]]:
    """Return the start and the id of each run that is known to have begun and has no number."""
    c = t.runs.c
    query = select(c.started, c.id).where(c.number.is_(None), c.started.is_not(None))
    return [(row.started, row.id) for row in connection.execute(query)]


def highest_number(connection: Connection) -> int:
    """Return the highest number given to a run so far, 0 without any."""
    c = t.numbers.c
    return int(connection.execute(select(c.number).order_by(c.number.desc()).limit(1)).scalar() or 0)


def numbers_of(connection: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """Return the numbers of those of the runs that have one."""
    c = t.numbers.c
    found: dict[str, int] = {}
    for ids in slices(sorted(set(run_ids))):
        for run_id, number in connection.execute(select(c.run_id, c.number).where(c.run_id.in_(ids))):
            found[run_id] = number
    return found


def all_numbers(connection: Connection) -> set[int]:
    """Return the numbers that belong to runs."""
    return set(connection.execute(select(t.numbers.c.number)).scalars())


def run_state(connection: Connection, run_id: str) -> RunState | None:
    """Return the state of a run, None if it is not known."""
    c = t.runs.c
    row = connection.execute(select(c.status, c.last_at).where(c.id == run_id)).first()
    return RunState(row.status, row.last_at) if row else None


def give_numbers(connection: Connection, run_ids: Iterable[str]) -> None:
    """Number runs, in their order, above all that have a number. What gives them is the only one that writes."""
    first = highest_number(connection) + 1
    keep_numbers(connection, {run_id: number for number, run_id in enumerate(run_ids, start=first)})


def keep_numbers(connection: Connection, numbers: Mapping[str, int]) -> None:
    """Give runs these numbers, which no other run has."""
    rows = [{"run_id": run_id, "number": number} for run_id, number in numbers.items()]
    if rows:
        connection.execute(insert(t.numbers), rows)


def sealed_parts(connection: Connection) -> set[PartName]:
    """Return the names of all segments that the index has read."""
    c = t.parts.c
    rows = connection.execute(select(c.subject, c.writer, c.part).where(c.sealed.is_(True)))
    return {PartName(*row) for row in rows}


def forget_subject(connection: Connection, subject: str) -> None:
    """Delete what was read of a run's (or job's) journals, as if they had never been read; its number stays."""
    for table in reversed(t.metadata.sorted_tables):
        if table in (t.jobs, t.numbers):
            continue
        column = t.runs.c.id if table is t.runs else table.c.get("run_id", table.c.get("subject"))
        if column is not None:
            connection.execute(delete(table).where(column == subject))


def empty_index(connection: Connection, *, keep_numbers: bool = False) -> None:
    """Delete all rows but the count of changes, which must never go back, and perhaps the numbers of runs."""
    kept = (t.revisions, t.numbers) if keep_numbers else (t.revisions,)
    for table in reversed(t.metadata.sorted_tables):
        if table not in kept:
            connection.execute(delete(table))


def slices(items: list[str], size: int = 500) -> Iterator[list[str]]:
    """Cut a list into pieces that fit the number of bound values of a statement."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _is(name: PartName) -> ColumnElement[Any]:
    c = t.parts.c
    return (c.subject == name.subject) & (c.writer == name.writer) & (c.part == name.part)
