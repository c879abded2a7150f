"""Curves: series as charts draw them, over what their user chooses, each alone or as the mean of a group."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from trackbook.domain.curve import MOST_RUNS, Curve, CurvePage, CurveQuery, CurveRun
from trackbook.domain.metric import Context
from trackbook.domain.query import Attribute, Field, Metric, Param, Tag, series_candidates
from trackbook.domain.run import Run
from trackbook.domain.scope import RunScope
from trackbook.errors import UsageError
from trackbook.services.runs import Runs
from trackbook.store.batch import revision_of
from trackbook.store.buckets import Axis, Line, band, envelope
from trackbook.store.columns import Floats, Ints
from trackbook.store.database import Connection
from trackbook.store.history import Ancestor, Beginning, read_beginnings, read_lineage, read_points
from trackbook.store.lines import Lines
from trackbook.store.metrics import PointReader, read_stored
from trackbook.store.place import Place
from trackbook.store.query_parser import parse_order
from trackbook.store.runs import read_runs
from trackbook.store.segments import Columns, context_text

# With more curves than fit into these each has fewer rows: a chart of hundreds has no room for more.
_MOST_ROWS = 400_000
_FEWEST_ROWS = 50
# Of a bucket's mean, which nobody logged.
_DIGITS = 9

_decode_context = msgspec.json.Decoder(dict[str, str]).decode


_Name = tuple[str, str, str]  # run, metric key, context as JSON text


class _Series(NamedTuple):
    run_id: str
    key: str
    context: str
    line: Line
    total: int


class CurveReader:
    """Reads curves of one store."""

    def __init__(self, place: Place, runs: Runs, points: PointReader) -> None:
        self._database = place.database
        self._runs, self._points = runs, points
        self._lines = Lines()

    def read(self, query: CurveQuery) -> CurvePage:
        """Return the curves that are asked for, by run (or group), metric and context.

        A run that is unknown, or has no such metric, has none. Where x is a metric, a point's x is the value that this
        has at the same step. Raises UsageError for what can't be drawn, QueryError for fields and
        searches that can't be read.
        """
        check_curves(query)
        x_field, group = _x_field(query.x), _group_field(query.group_by)
        ids, total = self._chosen(query)
        with self._database.read() as connection:
            revision = revision_of(connection)
            beginnings = read_beginnings(connection, ids)
            places = _read_places(connection, beginnings, [*query.keys, *_x_keys(x_field)])
            groups = _groups(read_runs(connection, ids), group) if group else {}
        found = self._read_series(places, beginnings, query, x_field)
        runs = [
            CurveRun(run_id, run.number, run.experiment, run.name)
            for run_id in ids
            if (run := beginnings.get(run_id)) is not None
        ]
        axis = _axis(query, found)
        if axis is None:
            return CurvePage(revision, total, runs, [])
        if group is not None:
            return CurvePage(revision, total, runs, list(_means(found, groups, axis, query)))
        most = _rows(query, len(found))
        order = {run_id: place for place, run_id in enumerate(ids)}
        found.sort(key=lambda series: (order[series.run_id], query.keys.index(series.key)))
        return CurvePage(revision, total, runs, [_curve(series, axis, most) for series in found])

    def _chosen(self, query: CurveQuery) -> tuple[list[str], int]:
        if query.runs is not None:
            ids = list(dict.fromkeys(query.runs))
            return ids, len(ids)
        scope = query.scope or RunScope()
        page = self._runs.search(
            scope.query or None,
            limit=MOST_RUNS,
            notebook=scope.notebook,
            experiment=scope.experiment,
            trashed=scope.trashed,
        )
        return [run.id for run in page.runs], page.total

    def _read_series(
        self,
        places: Mapping[_Name, Sequence[Ancestor]],
        beginnings: Mapping[str, Beginning],
        query: CurveQuery,
        x_field: Metric | None,
    ) -> list[_Series]:
        x_series = [] if x_field is None else series_candidates(x_field.name)
        columns = {
            name: read_points(self._points, lineage, name[1], name[2]) for name, lineage in places.items()
        }
        wanted = None if query.context is None else context_text(query.context)
        found = []
        for (run_id, key, context), points in columns.items():
            if key in query.keys and wanted in (None, context) and len(points.values):
                other = _x_columns(columns, run_id, context, x_series)
                line = self._lines.get(
                    (run_id, key, context), points, other, (query.x, query.scale, beginnings[run_id].started)
                )
                found.append(_Series(run_id, key, context, line, len(points.values)))
        return found


def _read_places(
    connection: Connection, beginnings: Mapping[str, Beginning], keys: Sequence[str]
) -> dict[_Name, list[Ancestor]]:
    return {
        (run_id, key, context): read_lineage(connection, run_id, key, context)
        if beginnings[run_id].is_fork
        else [Ancestor(parts, None)]
        for run_id, key, context, parts in read_stored(connection, beginnings, keys)
    }


def _x_keys(field: Metric | None) -> list[str]:
    return [] if field is None else [key for key, _ in series_candidates(field.name)]


def check_curves(query: CurveQuery) -> None:
    """Raise UsageError, or QueryError, for curves that can't be drawn."""
    if query.runs is not None and query.scope is not None:
        raise UsageError("Curves are of `runs` or of the runs of a `scope`, not of both.")
    if query.runs is None and query.scope is None:
        raise UsageError("Say whose curves: `runs` or a `scope`.")
    if any(not math.isfinite(end) for end in (query.start, query.end) if end is not None):
        raise UsageError("A window begins and ends at numbers.")
    if query.start is not None and query.end is not None and not query.start < query.end:
        raise UsageError(f"A window begins before it ends, not at {query.start} and {query.end}.")
    if query.scale == "log" and query.end is not None and query.end <= 0:
        raise UsageError("A logarithmic axis has numbers above 0 alone.")


def _x_field(x: str) -> Metric | None:
    if x in ("step", "time", "relative"):
        return None
    field = _field(x)
    if not isinstance(field, Metric):
        raise UsageError(
            f"Curves go over `step`, `time`, `relative` or a metric such as `metrics.tokens`, not over {x[:60]!r}."
        )
    return field


def _group_field(group_by: str | None) -> Field | None:
    if group_by is None:
        return None
    field = _field(group_by)
    if isinstance(field, Metric) or field is None:
        raise UsageError(
            f"Runs are grouped by a parameter, a tag or a field, such as `params.lr`, not by {group_by[:60]!r}."
        )
    return field


def _field(text: str) -> Field | None:
    order = parse_order(text)
    if (
        len(order) == 1
        and not order[0].descending
        and isinstance(order[0].operand, Attribute | Param | Metric | Tag)
    ):
        return order[0].operand
    return None


def _x_columns(
    columns: Mapping[_Name, Columns],
    run_id: str,
    context: str,
    candidates: Sequence[tuple[str, Context]],
) -> Columns | None:
    for key, own in reversed(candidates):
        for place in [context_text(own)] if own else [context, "{}"]:
            if (found := columns.get((run_id, key, place))) is not None:
                return found
    return None


def _axis(query: CurveQuery, found: Sequence[_Series]) -> Axis | None:
    ends = [(series.line.x[0], series.line.x[-1]) for series in found if len(series.line.x)]
    is_log = query.scale == "log"
    low = min((float(low) for low, _ in ends), default=None) if query.start is None else query.start
    high = max((float(high) for _, high in ends), default=None) if query.end is None else query.end
    if low is None or high is None:
        return None
    if is_log and low <= 0:
        low = min((float(low) for low, _ in ends), default=high)
    return Axis(low, max(low, high), is_log)


def _rows(query: CurveQuery, count: int) -> int:
    return max(min(query.max_points, _FEWEST_ROWS), min(query.max_points, _MOST_ROWS // max(1, count)))


def _curve(series: _Series, axis: Axis, most: int) -> Curve:
    x, values, low, high = envelope(series.line, axis, most)
    return Curve(
        series.run_id,
        None,
        1,
        series.key,
        _decode_context(series.context),
        _placed(x, axis) if low is not None else x.tolist(),
        _short(values) if low is not None else values.tolist(),
        None if low is None else low.tolist(),
        None if high is None else high.tolist(),
        None,
        None,
        series.total,
    )


def _means(
    found: Sequence[_Series], groups: Mapping[str, tuple[str, Any]], axis: Axis, query: CurveQuery
) -> Iterator[Curve]:
    gathered: dict[tuple[str, str, str], list[_Series]] = {}
    for series in found:
        name = groups[series.run_id][0]
        gathered.setdefault((name, series.key, series.context), []).append(series)
    values = dict(groups.values())
    most = _rows(query, len(gathered))
    places = {name: place for place, name in enumerate(sorted(values, key=lambda name: _rank(values[name])))}
    for name, key, context in sorted(
        gathered, key=lambda curve: (places[curve[0]], query.keys.index(curve[1]))
    ):
        members = gathered[name, key, context]
        x, mean, low, high, std, counts = band([series.line for series in members], axis, most)
        yield Curve(
            None,
            values[name],
            len({series.run_id for series in members}),
            key,
            _decode_context(context),
            _placed(x, axis),
            _short(mean),
            low.tolist(),
            high.tolist(),
            _short(std),
            counts.tolist(),
            sum(series.total for series in members),
        )


def _groups(runs: Sequence[Run], field: Field) -> dict[str, tuple[str, Any]]:
    """Return the group of each run: a name that is the same for the same value, and the value."""
    groups = {}
    for run in runs:
        value = _value(run, field)
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # 1 and 1.0 are one value
        groups[run.id] = (json.dumps(value, sort_keys=True), value)
    return groups


def _value(run: Run, field: Field) -> Any:
    match field:
        case Param(key):
            return run.params.get(key)
        case Tag(key):
            return run.tags.get(key)
        case Attribute("notebook"):
            return run.source.path
        case Attribute("kind"):
            return run.source.kind
        case Attribute("job"):
            return run.source.job_id
        case Attribute("parent"):
            return run.parent_id
        case Attribute("reproduction"):
            return None if run.reproduction is None else run.reproduction.verdict
        case Attribute(name):
            value = getattr(run, name)
            return value.isoformat() if hasattr(value, "isoformat") else value
    return None


def _rank(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then texts, then what is missing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return (2, 0.0, "") if value is None else (1, 0.0, json.dumps(value, sort_keys=True))
    return (0, float(value), "") if value == value else (1, 0.0, "")


def _placed(x: Floats | Ints, axis: Axis) -> list[Any]:
    """Return places of buckets with as many digits as can be seen."""
    if x.dtype.kind != "f":
        return list(x.tolist())
    if axis.is_log:
        return _short(x.astype(np.float64))
    span = axis.high - axis.low
    digits = _DIGITS - 4 - math.floor(math.log10(span)) if 0 < span < math.inf else 0
    return list((np.round(x, digits) if abs(digits) < 300 else x).tolist())


def _short(values: Floats) -> list[Any]:
    """Return numbers that were reckoned with as many digits as can be seen."""
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        size = np.power(10.0, _DIGITS - 1 - np.floor(np.log10(np.abs(values))))
        rounded = np.rint(values * size) / size
    return list(np.where(np.isfinite(rounded), rounded, values).tolist())
