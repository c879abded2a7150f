"""A batch of rows: what several journals say, collected run by run and written table by table."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Integer, Table, bindparam, func, insert, select, update

from trackbook.domain import records as r
from trackbook.domain.records import Record
from trackbook.domain.run import Fork
from trackbook.domain.status import may_move
from trackbook.store import schema as t
from trackbook.store.cards import write_cards
from trackbook.store.deletion import delete_rows
from trackbook.store.dialects import insert_or_update, upsert
from trackbook.store.job_history import TRIED, note_attempt
from trackbook.store.parts import slices
from trackbook.store.paths import PartName
from trackbook.store.runs import put_together
from trackbook.store.segments import Columns, PartContent, SeriesKey
from trackbook.store.sparks import extend_spark, put_before

Row = dict[str, Any]
# Returns the points that a fork shares with the run from which it was made.
History = Callable[[Fork], dict[SeriesKey, Columns]]
_REVISION = select(func.max(t.revisions.c.revision))


@dataclass(slots=True)
class Reading:
    """What was read of one journal file: the bytes `data` from `start` up to `position`, and what they mean."""

    name: PartName
    content: PartContent
    position: int
    role: str | None = None
    closed: bool = False
    sealed: bool = False
    damages: list[tuple[int, int, str]] = field(default_factory=list)
    start: int = 0
    data: bytes = b""


def revision_of(connection: Connection) -> int:
    """Return the number of the index's last change."""
    return int(connection.execute(_REVISION).scalar() or 0)


class Batch:
    """Collects rows of several readings, then writes them table by table.

    `apply` adds what one record says (record_rows.py).
    """

    def __init__(self, connection: Connection, history: History | None, apply: "Apply") -> None:
        self.connection = connection
        self.history = history
        self.apply = apply
        self.revision = revision_of(connection) + 1
        self.loaded: dict[str, Row] = {}
        self.runs: dict[str, Row] = {}
        self.jobs: dict[str, Row] = {}
        self.latest: dict[Table, dict[tuple[Any, ...], Row]] = defaultdict(dict)
        self.added: dict[Table, list[Row]] = defaultdict(list)
        self.finished_cells: list[Row] = []
        self.parts: list[Row] = []
        self.points: list[tuple[PartName, PartContent]] = []
        self.experiments: dict[str, int] = {}
        self.gone: set[str] = set()
        self.removed: dict[str, int] = {}
        self.forks: dict[str, Fork] = {}

    def add(self, reading: Reading) -> None:
        """Collect what was read of one journal file."""
        name = reading.name
        if name.subject not in self.gone:
            self._add_content(reading)
        part = {
            "subject": name.subject,
            "writer": name.writer,
            "part": name.part,
            "position": reading.position,
            "role": reading.role,
            "sealed": reading.sealed,
            "closed": reading.closed,
        }
        self.parts.append(part)
        for position, end, reason in [] if name.subject in self.gone else reading.damages:
            row = {key: part[key] for key in ("subject", "writer", "part")}
            self.added[t.damages].append(
                row | {"position": position, "bytes": end - position, "reason": reason}
            )

    def _add_content(self, reading: Reading) -> None:
        name = reading.name
        for record in reading.content.records:
            self.apply(self, name, record)
        last = max(
            (record.at for record in reading.content.records if not isinstance(record, _MARKS)), default=0
        )
        if reading.content.points:
            self.points.append((name, reading.content))
            logged = max(int(columns.times.max()) for columns in reading.content.points.values())
            self._touch(name.subject, logged)
            last = max(last, logged)
        if reading.role == "owner":
            self._hear_owner(name.subject, last)

    # Runs

    def load_runs(self, run_ids: set[str]) -> None:
        """Fetch the rows of these runs, as far as they are known, and which of them were deleted."""
        for ids in slices(sorted(run_ids)):
            self.gone |= set(
                self.connection.execute(
                    select(t.deleted.c.subject).where(t.deleted.c.subject.in_(ids))
                ).scalars()
            )
            for row in self.connection.execute(select(t.runs).where(t.runs.c.id.in_(ids))).mappings():
                self.loaded[row["id"]] = dict(row)

    def run(self, run_id: str, at: int) -> Row:
        """Return the row of a run, to be changed in place."""
        row = self.runs.get(run_id)
        if row is None:
            row = self.runs[run_id] = self.loaded.get(run_id) or _new_run(run_id)
        row["last_at"] = max(row["last_at"], at)
        return row

    def _touch(self, subject: str, at: int) -> None:
        self.run(subject, at)

    def _hear_owner(self, run_id: str, at: int) -> None:
        """Note until when the run's own process was heard of: a verdict that it was lost before is void."""
        row = self.run(run_id, 0)
        row["owner_at"] = max(row["owner_at"], at)
        if row["status"] == "lost" and row["owner_at"] > row["status_at"]:
            row.update(status="running", ended=None, error=None, reason=None)

    def move(self, run_id: str, status: Any, at: int, **changes: Any) -> None:
        """Change a run's status where the table of legal moves allows it."""
        row = self.run(run_id, at)
        if status == "lost" and row["owner_at"] > at:
            return
        if at >= row["status_at"] and (row["status"] == status or may_move(row["status"], status)):
            row.update(status=status, status_at=at, **changes)

    def experiment(self, name: str) -> int:
        """Return the number of an experiment, which it gets here when it is new."""
        if name not in self.experiments:
            found = self.connection.execute(
                select(t.experiments.c.id).where(t.experiments.c.name == name)
            ).scalar()
            if found is None:
                result = self.connection.execute(insert(t.experiments).values(name=name))
                found = result.inserted_primary_key[0]  # type: ignore[index]  # an insert of one row has one
            self.experiments[name] = int(found)
        return self.experiments[name]

    def keep_latest(self, table: Table, row: Row) -> None:
        """Keep the row with the latest `at` under the table's primary key."""
        key = tuple(row[column.name] for column in table.primary_key.columns)
        known = self.latest[table].get(key)
        if known is None or row["at"] >= known["at"]:
            self.latest[table][key] = row

    # Writing

    def store(self) -> int:
        """Write everything, table by table; returns the index's new revision."""
        self._forget(set(self.removed))
        if self.runs:
            for row in self.runs.values():
                row["revision"] = self.revision
                row.pop("number", None)
            self._upsert(t.runs, list(self.runs.values()))
        for table, rows in self.added.items():
            if table is t.numbers:
                self._store_numbers(rows)
            elif table in _REPEATABLE:
                self._upsert(table, rows)
            else:
                self.connection.execute(insert(table), rows)
        if self.finished_cells:
            self._finish_cells()
        for table, latest in self.latest.items():
            self._upsert(table, list(latest.values()), newest=True)
        self._store_jobs()
        self._store_points()
        self._number_runs()
        self._write_cards()
        self._upsert(t.parts, self.parts)
        if self.removed:
            delete_rows(self.connection, sorted(self.removed))
            gone = [{"subject": key, "at": at, "revision": self.revision} for key, at in self.removed.items()]
            self._upsert(t.deleted, gone)
        self._upsert(t.revisions, [{"id": 1, "revision": self.revision}])
        return self.revision

    def _forget(self, subjects: set[str]) -> None:
        """Drop what this batch has collected of runs that it deletes; what the index has of them goes at the end."""
        for subject in subjects:
            self.runs.pop(subject, None)
            self.jobs.pop(subject, None)
            self.forks.pop(subject, None)
        self.points = [(name, content) for name, content in self.points if name.subject not in subjects]

    def _upsert(self, table: Table, rows: list[Row], newest: bool = False) -> None:
        self.connection.execute(upsert(self.connection, table, rows[0], newest=newest), rows)

    def _finish_cells(self) -> None:
        c = t.cells.c
        self.connection.execute(
            update(t.cells)
            .where(
                c.run_id == bindparam("b_run"),
                c.writer == bindparam("b_writer"),
                c.order == bindparam("b_order"),
            )
            .values({name: bindparam(f"v_{name}") for name in _CELL_END})
            .values(count=func.coalesce(bindparam("v_count", type_=Integer), c["count"])),
            self.finished_cells,
        )

    def _store_jobs(self) -> None:
        for job_id, row in self.jobs.items():
            tried = row.pop(TRIED, [])
            known = self.connection.execute(select(t.jobs.c.id).where(t.jobs.c.id == job_id)).scalar()
            row["revision"] = self.revision
            if known is None and "spec" in row:
                self.connection.execute(insert(t.jobs).values({"id": job_id, "status": "queued"} | row))
            elif known is not None:
                changes = {key: value for key, value in row.items() if key not in _JOB_START}
                self.connection.execute(update(t.jobs).where(t.jobs.c.id == job_id).values(**changes))
            for attempt, not_before in tried:
                note_attempt(self.connection, job_id, attempt, not_before)

    def _store_points(self) -> None:
        shared = {run_id: self.history(fork) for run_id, fork in self.forks.items()} if self.history else {}
        if not self.points and not any(shared.values()):
            return
        known = self._known_series({name.subject for name, _ in self.points} | set(shared))
        next_id = int(self.connection.execute(select(func.max(t.series.c.id))).scalar() or 0) + 1
        counts: dict[tuple[int, PartName], int] = defaultdict(int)
        changed: dict[int, Row] = {}
        for run_id, points in shared.items():
            for (key, context), columns in points.items():
                row = known.get((run_id, key, context))
                if row is None:
                    row = {"id": next_id, "run_id": run_id, "key": key, "context": context}
                    known[run_id, key, context] = row
                    row.update(extend_spark(None, columns))
                    next_id += 1
                else:  # a further writer of the fork was read before its owner
                    row.update(put_before(row, columns))
                changed[row["id"]] = row
        for name, content in self.points:
            for (key, context), columns in content.points.items():
                row = known.get((name.subject, key, context))
                if row is None:
                    # Only one process projects at a time, so ids can be given out here.
                    row = {"id": next_id, "run_id": name.subject, "key": key, "context": context}
                    known[name.subject, key, context] = row
                    row.update(extend_spark(None, columns))
                    next_id += 1
                else:
                    row.update(extend_spark(row, columns))
                changed[row["id"]] = row
                counts[row["id"], name] += len(columns.values)
        self._upsert(t.series, list(changed.values()))
        if counts:
            self._count_chunks(counts)

    def _known_series(self, run_ids: set[str]) -> dict[tuple[str, str, str], Row]:
        known: dict[tuple[str, str, str], Row] = {}
        for ids in slices(sorted(run_ids)):
            for row in self.connection.execute(select(t.series).where(t.series.c.run_id.in_(ids))).mappings():
                known[row["run_id"], row["key"], row["context"]] = dict(row)
        return known

    def _count_chunks(self, counts: dict[tuple[int, PartName], int]) -> None:
        statement = insert_or_update(self.connection, t.chunks)
        rows = [
            {
                "series_id": series_id,
                "subject": name.subject,
                "writer": name.writer,
                "part": name.part,
                "count": count,
            }
            for (series_id, name), count in counts.items()
        ]
        self.connection.execute(
            statement.on_conflict_do_update(
                index_elements=["series_id", "writer", "part"],
                set_={"count": t.chunks.c.count + statement.excluded["count"]},
            ),
            rows,
        )

    def _store_numbers(self, rows: list[Row]) -> None:
        # Two machines may have numbered the same run: the lower number counts, whichever is read first. And two that
        # could not see each other may have given one number to two runs: the first keeps it, and stops no store.
        n = t.numbers.c
        given: dict[str, int] = {}
        wanted = [row["number"] for row in rows]
        holders = {
            number: run_id
            for start in range(0, len(wanted), 500)
            for number, run_id in self.connection.execute(
                select(n.number, n.run_id).where(n.number.in_(wanted[start : start + 500]))
            )
        }
        for row in rows:
            if holders.setdefault(row["number"], row["run_id"]) != row["run_id"]:
                continue
            given[row["run_id"]] = min(row["number"], given.get(row["run_id"], row["number"]))
        for ids in slices(sorted(given)):
            for run_id, number in self.connection.execute(
                select(n.run_id, n.number).where(n.run_id.in_(ids))
            ):
                if number <= given[run_id]:
                    del given[run_id]
                else:
                    self.connection.execute(update(t.runs).where(t.runs.c.id == run_id).values(number=None))
        if given:
            self._upsert(t.numbers, [{"run_id": key, "number": number} for key, number in given.items()])

    def _number_runs(self) -> None:
        unnumbered = t.runs.c.number.is_(None)
        number = select(t.numbers.c.number).where(t.numbers.c.run_id == t.runs.c.id).scalar_subquery()
        known = t.runs.c.id.in_(select(t.numbers.c.run_id))
        # A run can get its number when the one or the other becomes known; to look at all of them takes too long.
        touched = {*self.runs, *(row["run_id"] for row in self.added[t.numbers])}
        for ids in slices(sorted(touched)):
            some = t.runs.c.id.in_(ids)
            change = update(t.runs).where(some, unnumbered, known)
            self.connection.execute(change.values(number=number, revision=self.revision))

    def _write_cards(self) -> None:
        changed = select(t.runs.c.id).where(t.runs.c.revision == self.revision, t.runs.c.status != "running")
        for ids in slices(list(self.connection.execute(changed).scalars())):
            write_cards(self.connection, put_together(self.connection, ids))


Apply = Callable[[Batch, PartName, Record], None]

# What a writer says of its file tells nothing of the run.
_MARKS = (r.WriterOpened, r.WriterClosed)
_REPEATABLE = (t.cells, t.damages, t.losses, t.reproductions, t.seeds, t.turns)
_CELL_END = ("status", "duration", "outputs", "truncated", "error", "reads", "writes", "cpu", "memory")
_JOB_START = ("sweep_id", "submitted")


def _new_run(run_id: str) -> Row:
    row: Row = {column.name: None for column in t.runs.columns}
    row.update(id=run_id, name="", name_at=0, status="running", status_at=0, last_at=0, active=0.0)
    row.update(user="", host="", source_kind="script", trashed=False, trashed_at=0, revision=0)
    row.update(group_at=0, attempt=1, resumed_at=0, owner_at=0, reproduction_at=0)
    return row
