"""The points of an export, taken run by run beside the records."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from trackbook.domain.ids import is_id
from trackbook.domain.metric import Context
from trackbook.domain.names import check_name
from trackbook.errors import ExportError, InvalidName
from trackbook.services.exchange.checks import check_time
from trackbook.services.exchange.recordtext import UnknownRecord
from trackbook.store.segments import context_text

if TYPE_CHECKING:
    from trackbook.services.exchange.pointfile import Piece

_decode_context = msgspec.json.Decoder(dict[str, str]).decode


class PointStream:
    """Pieces of series in the order of the file: that of the runs, and within a run that of its writers."""

    def __init__(self, path: Path, pieces: Iterator["Piece"]) -> None:
        self.path = path
        self._pieces = pieces
        self._next = next(pieces, None)

    def writer(self, subject: str) -> str | None:
        """Return the writer of the next points; None if they are no points of this run."""
        if self._next is None or self._next.run_id != subject:
            return None
        if not is_id(self._next.writer):
            self.refuse(f"{self._next.writer!r} is no id of a writer")
        return self._next.writer

    def take(self, subject: str, writer: str) -> Iterator["Piece"]:
        """Yield what comes next, as long as it is of this run and by this writer."""
        while self._next is not None and (self._next.run_id, self._next.writer) == (subject, writer):
            yield self._next
            self._next = next(self._pieces, None)

    def skip(self, subject: str) -> None:
        """Pass over the points of a run."""
        while self._next is not None and self._next.run_id == subject:
            self._next = next(self._pieces, None)

    def finish(self) -> None:
        """Raise ExportError if points are left, which belong to no run or stand in another order than the runs."""
        if self._next is not None:
            self.refuse(f"it has points of {self._next.run_id!r} where none of this run belong")

    def refuse(self, reason: str) -> NoReturn:
        """Raise ExportError for the file."""
        raise ExportError(self.path, f"{reason}; export the runs again")


def check_piece(piece: "Piece", path: Path) -> Context:
    """Return the context of points; raises ExportError for what is no name, no context or no time."""
    try:
        check_name("metric", piece.key)
        context = _decode_context(piece.context)
        if context_text(context) != piece.context:
            raise UnknownRecord(
                f"the context {piece.context!r} is not written with sorted keys and no spaces"
            )
        check_time(int(piece.columns.times.min()))
        check_time(int(piece.columns.times.max()))
    except (InvalidName, UnknownRecord, msgspec.MsgspecError) as error:
        raise ExportError(path, f"{error}; export the runs again") from error
    return context
