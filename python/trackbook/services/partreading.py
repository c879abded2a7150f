"""Reads what journals and segments hold: what is new in one, or all of it."""

from collections.abc import Iterable, Iterator

from trackbook.domain.records import ContentKept, Record, WriterClosed, WriterOpened
from trackbook.errors import CorruptRecord
from trackbook.store.batch import Reading
from trackbook.store.journal import Damage, scan
from trackbook.store.parts import Part
from trackbook.store.paths import PROJECT_SUBJECT, PartName
from trackbook.store.place import Place
from trackbook.store.segments import PartContent, parse_segment, separate
from trackbook.store.writers import is_being_written


class PartReader:
    """Reads the journals and segments of a place. `unreadable` are the journals that could not be read last."""

    def __init__(self, place: Place) -> None:
        self._place, self._store = place, place.paths
        self.unreadable: set[PartName] = set()

    def read_new(self, name: PartName, part: Part) -> Reading | None:
        """Return what a journal holds beyond `part`, None where that is nothing."""
        if part.sealed:
            self._place.parts.drop(name)  # the ingester ended between sealing and taking the journal away
            return None
        try:
            if self._store.journal(name).stat().st_size <= part.position:
                return None
        except FileNotFoundError:
            return None
        try:
            with self._store.journal(name).open("rb") as file:
                file.seek(part.position)
                data = file.read()
        except FileNotFoundError:
            return None
        except OSError:  # no right to read it, a bad sector: the others go on, and the doctor names it
            self.unreadable.add(name)
            return None
        self.unreadable.discard(name)
        return self._reading(name, part, data)

    def of_subject(self, subject: str) -> Iterator[Reading]:
        """Return all that is stored of a subject."""
        sealed = {name for name in self._place.parts.segments() if name.subject == subject}
        for name in sorted(sealed):
            if (reading := self._segment_reading(name)) is not None:
                yield reading
        for name in self._place.parts.journals():
            if name.subject != subject or name in sealed:
                continue
            if (reading := self._open_reading(name)) is not None:
                yield reading

    def everything(self, at_once: int) -> Iterator[list[Reading]]:
        """Return all that is stored, so many journals at once."""
        segments = set(self._place.parts.segments())
        journals = [name for name in self._place.parts.journals() if name not in segments]
        batch: list[Reading] = []
        # All numbers come first: those of a journal that is not sealed yet hold for runs that are.
        for name in numbers_first([*sorted(segments), *journals]):
            if name.subject != PROJECT_SUBJECT and batch and batch[-1].name.subject == PROJECT_SUBJECT:
                yield batch
                batch = []
            reading = self._segment_reading(name) if name in segments else self._open_reading(name)
            if reading is not None:
                batch.append(reading)
            if len(batch) >= at_once:
                yield batch
                batch = []
        if batch:
            yield batch

    def _reading(self, name: PartName, part: Part, data: bytes) -> Reading | None:
        entries = list(scan(data, part.position))
        if entries and isinstance(entries[-1], Damage) and is_being_written(self._store, name):
            entries.pop()  # perhaps half visible; the next pass tells
        records: list[Record] = []
        damages: list[tuple[int, int, str]] = []
        position, role, closed = part.position, part.role, part.closed
        for entry in entries:
            if isinstance(entry, Damage):
                damages.append((entry.position, entry.end, entry.reason))
            elif isinstance(entry.record, ContentKept):
                self._place.blobs.put_bytes(entry.record.data)  # before the index knows what names it
            else:
                records.append(entry.record)
            position = entry.end
        for record in records:
            if isinstance(record, WriterOpened):
                role = record.role
            closed = closed or isinstance(record, WriterClosed)
        if position == part.position:
            return None
        data = data[: position - part.position]
        return Reading(name, separate(records), position, role, closed, False, damages, part.position, data)

    def _segment_reading(self, name: PartName) -> Reading | None:
        data = b""
        try:
            if (found := self._place.parts.read_segment(name)) is None:
                return None
            data = found
            content = parse_segment(name.stem, data)
        except (OSError, CorruptRecord) as error:
            if (reading := self._open_reading(name)) is not None:
                return reading  # it was torn while it was written: the journal is still there
            reason = error.reason if isinstance(error, CorruptRecord) else str(error)
            damages = [(0, len(data), f"the segment is damaged: {reason}")]
            return Reading(name, PartContent(), 0, None, True, True, damages)
        damages = [(lost.position, lost.position + len(lost.data), lost.reason) for lost in content.unread]
        length = content.length or len(data)
        return Reading(name, content, length, _role_of(content), True, True, damages)

    def _open_reading(self, name: PartName) -> Reading | None:
        try:
            data = self._place.parts.read_journal(name)
        except OSError:
            self.unreadable.add(name)
            return None
        return self._reading(name, Part(), data) if data else None


def numbers_first(names: Iterable[PartName]) -> list[PartName]:
    """Return names in the order of reading: numbers in the project's own journal before any are given out."""
    return sorted(names, key=lambda name: name.subject != PROJECT_SUBJECT)


def _role_of(content: PartContent) -> str | None:
    return next((record.role for record in content.records if isinstance(record, WriterOpened)), None)
