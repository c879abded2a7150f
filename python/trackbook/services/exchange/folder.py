"""The folder of an export, read with distrust: everything in it may be damaged, cut off, or made up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from trackbook.domain.ids import is_id
from trackbook.domain.records import Record
from trackbook.errors import ExportError, TrackbookError
from trackbook.services.exchange import layout
from trackbook.services.exchange.checks import check_record
from trackbook.services.exchange.layout import Description
from trackbook.services.exchange.recordtext import UnknownRecord, record_from_json

_AGAIN = "export the runs again"
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_MOST_NUMBER = 2**31 - 1


@dataclass(slots=True)
class Subject:
    """A run or a job of an export: all that happened to it but its points, by writer, each in its order."""

    kind: str
    id: str
    number: int | None = None
    records: dict[str, list[Record]] = field(default_factory=dict)


class ExportFolder:
    """An export that is to be read. Raises ExportError if the folder is none, or has a format of the future."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.description = _read_description(folder)

    def verify(self) -> None:
        """Check the size and the digest of each file. Raises ExportError, which names the file."""
        for name in (layout.RECORDS, layout.POINTS, layout.BLOB_LIST):
            if name not in self.description.files:
                raise ExportError(self.folder / layout.DESCRIPTION, f"it does not name {name}; {_AGAIN}")
        for name, said in self.description.files.items():
            path = self.folder / name
            if Path(name).name != name or path.is_symlink() or not path.is_file():
                raise ExportError(path, f"it is not there; copy the whole folder, or {_AGAIN}")
            if layout.describe_file(path) != said:
                reason = f"its content is not what export.json says; copy it once more, or {_AGAIN}"
                raise ExportError(path, reason)

    def blobs(self) -> Iterator[tuple[str, Path]]:
        """Yield the digests of the content that came along, and the files. Raises ExportError if one is not there."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        listed = self.folder / layout.BLOB_LIST
        try:
            digests = pq.read_table(listed, columns=["digest"]).column(0).to_pylist()
        except (pa.ArrowException, OSError, IndexError, UnicodeDecodeError) as error:
            raise ExportError(listed, f"it can't be read ({error}); {_AGAIN}") from error
        for digest in digests:
            if not isinstance(digest, str) or not _DIGEST.match(digest):
                raise ExportError(listed, f"{digest!r} is no SHA-256 digest; {_AGAIN}")
            path = self.folder / layout.BLOBS / digest[:2] / digest
            if path.is_symlink() or not path.is_file():
                raise ExportError(path, f"this content is missing; copy the whole folder, or {_AGAIN}")
            yield digest, path

    def subjects(self) -> Iterator[Subject]:
        """Yield the runs, then the jobs. Raises ExportError, which names the line, for what can't be taken in."""
        seen: set[str] = set()
        present: Subject | None = None
        path = self.folder / layout.RECORDS
        with path.open("rb") as file:
            for count, line in enumerate(file, start=1):
                try:
                    kind, identity, fields = _read_line(line)
                    if present is None or (kind, identity) != (present.kind, present.id):
                        if identity in seen:
                            raise UnknownRecord(f"{identity} stands in two places")
                        if present is not None:
                            yield present
                        seen.add(identity)
                        present = Subject(kind, identity)
                    _add(present, fields)
                except (UnknownRecord, msgspec.MsgspecError, TrackbookError) as error:
                    if isinstance(error, ExportError):
                        raise
                    raise ExportError(path, f"line {count}: {error}; {_AGAIN}") from error
        if present is not None:
            yield present


def _read_description(folder: Path) -> Description:
    path = folder / layout.DESCRIPTION
    try:
        data = path.read_bytes()
    except OSError:
        reason = "it is no export: export.json is missing. Perhaps an export did not finish, or a copy"
        raise ExportError(folder, reason) from None
    try:
        written = msgspec.json.decode(data, type=dict[str, Any]).get("format")
        if isinstance(written, int) and written > layout.FORMAT:
            reason = (
                f"its format is {written}, and this Trackbook reads {layout.FORMAT}: pip install -U trackbook"
            )
            raise ExportError(path, reason)
        description = msgspec.json.decode(data, type=Description)
    except msgspec.MsgspecError as error:
        raise ExportError(path, f"it can't be read ({error}); {_AGAIN}") from error
    if description.format != layout.FORMAT:
        raise ExportError(path, f"there is no format {description.format}; {_AGAIN}")
    return description


def _read_line(line: bytes) -> tuple[str, str, dict[str, Any]]:
    fields = msgspec.json.decode(line, type=dict[str, Any])
    for kind in ("run", "job"):
        identity = fields.get(kind)
        if identity is not None:
            if not isinstance(identity, str) or not is_id(identity):
                raise UnknownRecord(f"{identity!r} is no id")
            return kind, identity, fields
    raise UnknownRecord("it names neither a run nor a job")


def _add(subject: Subject, fields: dict[str, Any]) -> None:
    number = fields.get("number")
    if number is not None:
        if type(number) is not int or not 0 < number <= _MOST_NUMBER:
            raise UnknownRecord(f"{number!r} is no number of a run")
        subject.number = number
    if "record" not in fields:
        return
    writer = fields.get("writer")
    if not isinstance(writer, str) or not is_id(writer):
        raise UnknownRecord(f"{writer!r} is no id of a writer")
    record = record_from_json(fields["record"])
    check_record(subject.kind, record)
    subject.records.setdefault(writer, []).append(record)
