"""Metric series: the points of one metric of one run."""

import msgspec

from trackbook.domain.metric import Context, Series
from trackbook.errors import NotFound, UsageError
from trackbook.store.history import read_lineage, read_points
from trackbook.store.metrics import PointReader, read_contexts
from trackbook.store.place import Place
from trackbook.store.runs import check_run
from trackbook.store.segments import context_text
from trackbook.store.thin import FEWEST, thin

_decode_context = msgspec.json.Decoder(dict[str, str]).decode


class SeriesReader:
    """Reads the points of series of one store."""

    def __init__(self, place: Place) -> None:
        self._database = place.database
        self.points = PointReader(place.parts)

    def read(
        self, run_id: str, key: str, context: Context | None = None, max_points: int | None = None
    ) -> Series:
        """Return one series in logging order, thinned to `max_points` if it has more.

        Thinning keeps the first and the last point and the lowest, the highest and a NaN of each stretch between.
        Raises NotFound if the run has no such series, UsageError for fewer than 2 `max_points`.
        """
        check_points(max_points)
        return self._read(run_id, key, context_text(context), max_points)

    def read_all(self, run_id: str, key: str, max_points: int | None = None) -> list[Series]:
        """Return the series of a metric in all its contexts, thinned like by `read`; an empty list without any.

        Raises NotFound for an unknown run.
        """
        check_points(max_points)
        with self._database.read() as connection:
            check_run(connection, run_id)
            contexts = read_contexts(connection, run_id, key)
        return [self._read(run_id, key, context, max_points) for context in contexts]

    def _read(self, run_id: str, key: str, context: str, max_points: int | None) -> Series:
        with self._database.read() as connection:
            lineage = read_lineage(connection, run_id, key, context)
        columns = read_points(self.points, lineage, key, context)
        if not len(columns.values):
            raise NotFound("metric", key)
        steps, times, values = columns.steps, columns.times, columns.values
        total = len(values)
        if max_points is not None and total > max_points:
            kept = thin(values, max_points)
            steps, times, values = steps[kept], times[kept], values[kept]
        return Series(
            run_id, key, _decode_context(context), steps.tolist(), times.tolist(), values.tolist(), total
        )


def check_points(max_points: int | None) -> None:
    """Raise UsageError for a number of points that is too small."""
    if max_points is not None and max_points < FEWEST:
        raise UsageError(
            f"A series has {FEWEST} points at least, its first and its last; {max_points} are too few."
        )
