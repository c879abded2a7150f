"""Curves of a served store."""

import msgspec

from trackbook.domain.curve import CurvePage, CurveQuery
from trackbook.services.curves import CurveReader, check_curves
from trackbook.services.remote.connection import Connection


class RemoteCurves(CurveReader):
    """Reads curves of a served store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, query: CurveQuery) -> CurvePage:
        """Return the curves that are asked for; as `CurveReader.read`."""
        check_curves(query)
        path = self._connection.in_project("curves")
        return self._connection.ask(CurvePage, "POST", path, body=msgspec.to_builtins(query))
