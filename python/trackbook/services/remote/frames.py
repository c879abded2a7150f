"""What charts draw of the runs of a served store."""

from typing import Any, TypeVar

import msgspec

from trackbook.domain.frame import (
    Correlation,
    CorrelationRequest,
    Frame,
    FrameRequest,
    Importance,
    ImportanceRequest,
    check_target,
)
from trackbook.domain.values import to_wire
from trackbook.services.frames import Frames
from trackbook.services.remote.connection import Connection

T = TypeVar("T")


class RemoteFrames(Frames):
    """Reads what charts draw from a served store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def frame(self, asked: FrameRequest) -> Frame:
        """Return the values of runs in some columns; as `Frames.frame`."""
        return self._post(Frame, asked, "frame")

    def correlation(self, asked: CorrelationRequest) -> Correlation:
        """Return how columns of numbers go together; as `Frames.correlation`."""
        return self._post(Correlation, asked, "correlation")

    def importance(self, asked: ImportanceRequest) -> Importance:
        """Return how much parameters decide a number; as `Frames.importance`."""
        return self._post(Importance, asked, "importance")

    def _post(self, kind: type[T], asked: Any, path: str) -> T:
        check_target(asked)
        body = to_wire(msgspec.to_builtins(asked))
        return self._connection.ask(kind, "POST", self._connection.in_project(path), body=body)
