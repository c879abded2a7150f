"""Importing: runs taken in from the folder of an export, as they were."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from trackbook.domain.exchange import ImportReport, Renumbered
from trackbook.domain.records import RunStarted
from trackbook.errors import Conflict, ExportError, MissingExtra, StoreError
from trackbook.services.catchup import catch_up, holding_index
from trackbook.services.exchange import layout
from trackbook.services.exchange.folder import ExportFolder, Subject
from trackbook.services.exchange.known import Differs
from trackbook.services.exchange.pointstream import PointStream
from trackbook.services.exchange.staging import Staging
from trackbook.services.ingestion import Ingester
from trackbook.services.numbering import Numbering
from trackbook.store import parts as index
from trackbook.store.database import Connection
from trackbook.store.locks import ProcessLock
from trackbook.store.place import Place
from trackbook.store.subjects import list_parts

# Seconds within which what was written here must be in the index.
_PATIENCE = 300.0


class Imports:
    """Takes runs into one store."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._store, self._database = place.paths, place.database

    def read(self, folder: Path) -> ImportReport:
        """Take in the runs of an export, with their ids, and their numbers where these are free; returns what came.

        Nothing that is here is changed: a run that is here gets what it lacks, and stays as it is if it lacks nothing.
        So an import can be repeated. All is read and checked before the first run is to be seen; after an
        interruption, what came was whole runs, and a repetition brings the others.
        Raises ExportError, which names the file, for a folder that is no export, or a damaged or unfinished one;
        Conflict while another import is under way, MissingExtra in the light install.
        """
        try:
            from trackbook.services.exchange.pointfile import read_pieces
        except ModuleNotFoundError:
            raise MissingExtra("An import") from None
        export = ExportFolder(folder.absolute())
        with self._one_at_a_time():
            export.verify()
            blobs = self._copy_blobs(export)
            self._refresh()
            staging = Staging(self._place)
            try:
                points_path = export.folder / layout.POINTS
                outcome = self._stage(export, PointStream(points_path, read_pieces(points_path)), staging)
                with holding_index(self._store):
                    self._bring_in(outcome, staging)
            finally:
                staging.clear()
        return outcome.report(export, blobs, self._renumbered(outcome.numbers))

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        lock = ProcessLock(self._store.root / "import.lock")
        if not lock.acquire():
            raise Conflict(f"Another import into {self._store.root} is under way; wait until it is done.")
        try:
            yield
        finally:
            lock.release(remove=True)

    def _refresh(self) -> None:
        # What is here is known by the index.
        if not catch_up(self._place, timeout=_PATIENCE):
            raise StoreError(self._store.root, "its index has been behind for minutes; repeat the import")

    def _copy_blobs(self, export: ExportFolder) -> int:
        copied = 0
        for digest, path in export.blobs():
            if self._place.blobs.has(digest):
                continue
            found, _ = self._place.blobs.put_file(path)
            if found != digest:
                raise ExportError(path, "its content is not what its name says; export the runs again")
            copied += 1
        return copied

    def _stage(self, export: ExportFolder, points: PointStream, staging: Staging) -> "_Outcome":
        outcome = _Outcome()
        for subject in export.subjects():
            if subject.kind == "run" and not _begins(subject):
                reason = f"the run {subject.id} has no beginning; export the runs again"
                raise ExportError(export.folder / layout.RECORDS, reason)
            with self._database.read() as connection:
                present = list_parts(connection, subject.id)
            try:
                outcome.note(subject, staging.add(subject, points, present), not present)
            except Differs:
                outcome.note_different(subject)
        points.finish()
        return outcome

    def _bring_in(self, outcome: "_Outcome", staging: Staging) -> None:
        # No ingester runs now, so nobody else gives out numbers.
        Ingester(self._place).finish()
        self._keep_numbers(outcome.numbers)
        staging.publish()
        Ingester(self._place).finish()

    def _keep_numbers(self, wanted: dict[str, int]) -> None:
        if self._place.shared:  # there the database is what gives numbers out
            with self._database.write() as connection:
                index.keep_numbers(connection, _free_numbers(connection, wanted))
            return
        with self._database.read() as connection:
            free = _free_numbers(connection, wanted)
        if free:
            numbering = Numbering(self._store)
            numbering.keep(free.items())
            numbering.close()

    def _renumbered(self, wanted: dict[str, int]) -> list[Renumbered]:
        with self._database.read() as connection:
            here = index.numbers_of(connection, wanted)
        return [
            Renumbered(run_id, number, here[run_id])
            for run_id, number in wanted.items()
            if here.get(run_id, number) != number
        ]


class _Outcome:
    """What was staged: which runs are new, which got something, and the numbers that new ones had."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._runs: dict[str, list[str]] = {"added": [], "updated": [], "unchanged": [], "different": []}
        self._jobs = 0
        self._points = 0

    def note(self, subject: Subject, points: int | None, is_new: bool) -> None:
        """Note how many points came for a subject, None if it lacked nothing at all."""
        self._points += points or 0
        if subject.kind == "job":
            self._jobs += points is not None
        elif points is None:
            self._runs["unchanged"].append(subject.id)
        else:
            self._runs["added" if is_new else "updated"].append(subject.id)
            if is_new and subject.number is not None:
                self.numbers[subject.id] = subject.number

    def note_different(self, subject: Subject) -> None:
        """Note that the store has something else under the id."""
        if subject.kind == "run":
            self._runs["different"].append(subject.id)

    def report(self, export: ExportFolder, blobs: int, renumbered: list[Renumbered]) -> ImportReport:
        """Return it all for people and scripts."""
        said = export.description
        return ImportReport(
            folder=str(export.folder),
            project=said.project.name,
            renumbered=renumbered,
            jobs=self._jobs,
            points=self._points,
            blobs=blobs,
            without_artifacts=not said.artifacts,
            **self._runs,
        )


def _free_numbers(connection: Connection, wanted: dict[str, int]) -> dict[str, int]:
    """Return the numbers that no other run has, for those runs that have none."""
    numbered, taken = index.numbers_of(connection, wanted), index.all_numbers(connection)
    free: dict[str, int] = {}
    for run_id, number in wanted.items():
        if run_id not in numbered and number not in taken:
            free[run_id] = number
            taken.add(number)
    return free


def _begins(subject: Subject) -> bool:
    return any(isinstance(record, RunStarted) for records in subject.records.values() for record in records)
