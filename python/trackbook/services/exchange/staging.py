"""Staging: what an import will add, written as journals beside the store before any of it is seen."""

import shutil
from collections import deque
from collections.abc import Iterator, Sequence

from trackbook.domain.records import Record, WriterClosed, WriterOpened
from trackbook.services.exchange.folder import Subject
from trackbook.services.exchange.known import Differs, KnownWriter, read_known
from trackbook.services.exchange.pointstream import PointStream, check_piece
from trackbook.store.journal import JournalWriter
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.place import Place
from trackbook.store.segments import points_record

FOLDER = "import"


class Staging:
    """Journals of the import that is under way, in a folder of the store that nobody else reads."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._paths = StorePaths(place.paths.root / FOLDER)
        self.clear()  # what a killed import left

    def add(self, subject: Subject, points: PointStream, present: Sequence[PartName]) -> int | None:
        """Write what the store lacks of a run or a job, of which it has the files `present`.

        Returns how many points that are, None if it lacks nothing.

        Raises Differs, with nothing written, if what the store has under this id is something else; ExportError for
        points that are none.
        """
        by_writer: dict[str, list[PartName]] = {}
        for name in present:
            by_writer.setdefault(name.writer, []).append(name)
        counts: list[int] = []
        try:
            for writer in _writers(subject, points):
                known = read_known(self._place.parts, by_writer.get(writer, []))
                count = self._add_writer(PartName(subject.id, writer, known.parts), known, subject, points)
                counts += [] if count is None else [count]
        except Differs:
            shutil.rmtree(self._paths.journals / subject.id, ignore_errors=True)
            points.skip(subject.id)
            raise
        return sum(counts) if counts else None

    def publish(self) -> None:
        """Move what was staged to where ingesters read: run by run, a new one with all its writers at once."""
        if not self._paths.journals.exists():
            return
        for folder in sorted(self._paths.journals.iterdir()):
            target = self._place.paths.journals / folder.name
            try:
                folder.replace(target)
            except OSError:  # the run is here, and was written just now
                target.mkdir(exist_ok=True)
                for file in sorted(folder.iterdir()):
                    file.replace(target / file.name)

    def clear(self) -> None:
        """Remove what is staged."""
        shutil.rmtree(self._paths.root, ignore_errors=True)

    def _add_writer(
        self, name: PartName, known: KnownWriter, subject: Subject, points: PointStream
    ) -> int | None:
        records = subject.records.get(name.writer, [])
        journal = _Journal(self._paths, name, records)
        count = 0
        try:
            for record in known.new_records(records):
                journal.append(record)
            for piece in points.take(subject.id, name.writer):
                context = check_piece(piece, points.path)
                columns = known.new_points((piece.key, piece.context), piece.columns)
                if len(columns.values):
                    journal.append(points_record(piece.key, context, columns))
                    count += len(columns.values)
        finally:
            written = journal.close()
        return count if written else None


class _Journal:
    """A writer's journal, begun with its first record, and closed: its writer lives elsewhere, if at all."""

    def __init__(self, paths: StorePaths, name: PartName, records: list[Record]) -> None:
        self._paths, self._name = paths, name
        self._opening = [record for record in records if isinstance(record, WriterOpened)][:1]
        self._writer: JournalWriter | None = None
        self._last = 0

    def append(self, record: Record) -> None:
        if self._writer is None:
            self._writer = JournalWriter(self._paths, *self._name, on_rotate=lambda: list(self._opening))
            if self._name.part:  # each file says who writes it
                for opening in self._opening:
                    self._writer.append(opening)
        self._writer.append(record)
        self._last = record.at

    def close(self) -> bool:
        """Close the journal; tells whether it was begun."""
        if self._writer is None:
            return False
        self._writer.append(WriterClosed(self._last))
        self._writer.close()
        return True


def _writers(subject: Subject, points: PointStream) -> Iterator[str]:
    """Yield the writers of a subject in their order, those that left nothing but points too."""
    waiting = deque(sorted(subject.records))
    done = ""
    while True:
        of_points = points.writer(subject.id)
        if of_points is not None and of_points <= done:
            points.refuse(f"the points of {subject.id} are in no order")
        if of_points is not None and (not waiting or of_points < waiting[0]):
            done = of_points
        elif waiting:
            done = waiting.popleft()
        else:
            return
        yield done
