"""Metric series of a served store."""

import msgspec

from trackbook.domain.metric import Context, Series
from trackbook.errors import NotFound
from trackbook.services.remote.connection import Connection
from trackbook.services.series import SeriesReader, check_points

_MOST_POINTS = 100_000


class _Found(msgspec.Struct):
    series: list[Series]


class RemoteSeries(SeriesReader):
    """Reads the points of series of a served store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(
        self, run_id: str, key: str, context: Context | None = None, max_points: int | None = None
    ) -> Series:
        """Return one series in logging order, thinned to `max_points` if it has more; as `SeriesReader.read`."""
        text = msgspec.json.encode(context or {}, order="deterministic").decode()
        found = self._ask(run_id, key, max_points, text)
        if not found:
            raise NotFound("metric", key)
        return found[0]

    def read_all(self, run_id: str, key: str, max_points: int | None = None) -> list[Series]:
        """Return the series of a metric in all its contexts, thinned like by `read`; as `SeriesReader.read_all`."""
        return self._ask(run_id, key, max_points, None)

    def _ask(self, run_id: str, key: str, max_points: int | None, context: str | None) -> list[Series]:
        check_points(max_points)
        asked = {
            "run": [run_id],
            "key": key,
            "context": context,
            "whole": max_points is None or max_points > _MOST_POINTS,
            "max_points": None if max_points is None else min(max_points, _MOST_POINTS),
        }
        return self._connection.ask(_Found, "GET", self._connection.in_project("series"), asked).series
