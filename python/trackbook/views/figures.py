"""`tb.chart`: the charts of the Compare page as plotly figures, drawn from code."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from trackbook import api
from trackbook.domain.frame import CorrelationMethod, Evaluator
from trackbook.domain.scope import RunScope
from trackbook.errors import MissingExtra, UsageError
from trackbook.views.chart import FALLBACKS
from trackbook.views.chartdata import Table, Target, are_numbers, number_of, text_of
from trackbook.views.curvefigure import curves

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST_BARS: Final = 60
# A logarithmic axis suits what spans so many times its lowest value.
_WIDE: Final = 100
_SCALE: Final = "Cividis"


def chart(
    kind: str,
    *,
    runs: Iterable[object] | None = None,
    query: str = "",
    experiment: str | None = None,
    notebook: str | None = None,
    trashed: bool = False,
    max_rows: int = 5_000,
    title: str | None = None,
    **options: Any,
) -> "Figure":
    """Return a chart over runs as a plotly figure: over those named in `runs`, else over all that match.

    `runs` are runs, their ids or numbers; `query` is written in the search language. Columns are written in it, too:
    `params.lr`, `metrics.acc`, `min(metrics.loss)`, `metrics.acc / metrics.size`. Without `log_x` and `log_y` a scatter
    plot and a contour have the scales that suit their values. The kinds and what they take:

    - `curves`: metrics, and x ("step", "time", "relative" or a metric), group_by, band ("range", "deviation"),
      log_x, log_y
    - `scatter`: x, y, and if wanted size, colour, log_x, log_y
    - `parallel`: columns, and colour
    - `bars`: values, and group (then means, with the standard deviation)
    - `box`: value, and group, log
    - `histogram`: value, and group, bins, log
    - `contour`: x, y, z, and log_x, log_y
    - `importance`: target, and evaluator ("ped_anova", "fanova", "mdi"), params
    - `correlation`: columns, and method ("pearson", "spearman")

    Of more than `max_rows` runs a sample is drawn. Raises UsageError for another kind or option, QueryError for a
    search or a column that can't be read, MissingExtra in the light install.
    """
    draw = _KINDS.get(kind)
    if draw is None:
        raise UsageError(f"There is no chart {kind!r}; there are {', '.join(sorted(_KINDS))}.")
    services = api.open_project()
    services.runs.refresh()
    target = Target(services, runs, RunScope(query, notebook, experiment, trashed), max_rows)
    try:
        figure = draw(target, **options)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        reason = str(error).partition("() ")[2] or str(error)
        raise UsageError(f"The chart {kind!r} can't be drawn so: {reason}.") from None
    figure.update_layout(title=title, margin={"l": 60, "r": 20, "t": 50 if title else 20, "b": 50})
    return figure


def _scatter(
    target: Target,
    *,
    x: str,
    y: str,
    size: str | None = None,
    colour: str | None = None,
    log_x: bool | None = None,
    log_y: bool | None = None,
) -> "Figure":
    go = _plotly()
    table = target.frame([name for name in (x, y, size, colour) if name])
    marker: dict[str, Any] = {"size": 8, "opacity": 0.85}
    if size:
        numbers = table.numbers(size)
        largest = max((abs(value) for value in numbers if value is not None), default=0.0) or 1.0
        marker |= {
            "size": [0.0 if value is None else abs(value) for value in numbers],
            "sizemode": "area",
            "sizeref": 2 * largest / 24**2,
            "sizemin": 4,
        }
    if colour and are_numbers(table[colour]):
        marker |= {
            "color": table.shades(colour),
            "colorscale": _SCALE,
            "showscale": True,
            "colorbar": {"title": {"text": _short(colour)}},
        }
    groups = table.groups(colour if colour and "color" not in marker else None)
    figure = go.Figure()
    for number, (label, places) in enumerate(groups):
        chosen = dict(marker)
        if isinstance(chosen["size"], list):
            chosen["size"] = [chosen["size"][place] for place in places]
        if "color" not in chosen:
            chosen["color"] = _colour(number)
        figure.add_scatter(
            x=[_place(table[x][place]) for place in places],
            y=[_place(table[y][place]) for place in places],
            mode="markers",
            marker=chosen,
            name=label,
            text=[table.labels[place] for place in places],
            hovertemplate="%{text}<br>%{x}, %{y}<extra></extra>",
        )
    figure.update_layout(showlegend=len(groups) > 1)
    _axis(figure, "x", _short(x), _is_log(table, x, log_x))
    _axis(figure, "y", _short(y), _is_log(table, y, log_y))
    return figure


def _parallel(target: Target, *, columns: Sequence[str], colour: str | None = None) -> "Figure":
    go = _plotly()
    table = target.frame([*columns, *([colour] if colour else [])])
    line: dict[str, Any] = {"color": _colour(0)}
    if colour and are_numbers(table[colour]):
        line = {"color": table.shades(colour), "colorscale": _SCALE, "showscale": True}
    return go.Figure(go.Parcoords(line=line, dimensions=[_dimension(name, table[name]) for name in columns]))


def _bars(target: Target, *, values: Sequence[str], group: str | None = None) -> "Figure":
    go = _plotly()
    values = [values] if isinstance(values, str) else list(values)
    if not values:
        raise UsageError("Bars need a column of `values` at least.")
    table = target.frame([*values, *([group] if group else [])])
    figure = go.Figure()
    numbers = {name: table.numbers(name) for name in values}
    if group:
        groups = table.groups(group)
        for number, name in enumerate(values):
            found = [_statistics([numbers[name][place] for place in places]) for _, places in groups]
            figure.add_bar(
                x=[label for label, _ in groups],
                y=[mean for mean, _ in found],
                error_y={"type": "data", "array": [std or 0.0 for _, std in found]},
                name=_short(name),
                marker_color=_colour(number),
            )
    else:
        first = numbers[values[0]]
        there = [
            place for place in range(table.count) if any(numbers[name][place] is not None for name in values)
        ]
        largest = [-math.inf if value is None else value for value in first]
        order = sorted(there, key=largest.__getitem__, reverse=True)
        for number, name in enumerate(values):
            figure.add_bar(
                x=[table.labels[place] for place in order[:_MOST_BARS]],
                y=[numbers[name][place] for place in order[:_MOST_BARS]],
                name=_short(name),
                marker_color=_colour(number),
            )
    figure.update_layout(barmode="group", showlegend=len(values) > 1)
    figure.update_xaxes(type="category", title=_short(group) if group else None)
    if len(values) == 1:
        figure.update_yaxes(title=_short(values[0]))
    return figure


def _box(target: Target, *, value: str, group: str | None = None, log: bool = False) -> "Figure":
    go = _plotly()
    table = target.frame([value, *([group] if group else [])])
    numbers = table.numbers(value)
    figure = go.Figure()
    for number, (label, places) in enumerate(table.groups(group)):
        figure.add_box(
            y=[numbers[place] for place in places],
            name=label or _short(value),
            text=[table.labels[place] for place in places],
            marker_color=_colour(number),
            boxpoints="all" if len(places) <= 200 else "outliers",
            pointpos=0,
            jitter=0.4,
        )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(type="category", title=_short(group) if group else None)
    _axis(figure, "y", _short(value), log)
    return figure


def _histogram(
    target: Target, *, value: str, group: str | None = None, bins: int | None = None, log: bool = False
) -> "Figure":
    import numpy as np

    go = _plotly()
    table = target.frame([value, *([group] if group else [])])
    numbers = table.numbers(value)
    known = np.array([one for one in numbers if one is not None and (not log or one > 0)])
    figure = go.Figure()
    if len(known):
        count = bins or 2 * math.ceil(math.log2(len(known)) + 1)
        scaled = np.log10(known) if log else known
        edges = np.histogram_bin_edges(scaled, bins=count)
        edges = 10**edges if log else edges
        for number, (label, places) in enumerate(table.groups(group)):
            inside = [numbers[place] for place in places]
            counts, _ = np.histogram(
                [one for one in inside if one is not None and (not log or one > 0)], edges
            )
            figure.add_bar(
                x=np.sqrt(edges[:-1] * edges[1:]) if log else (edges[:-1] + edges[1:]) / 2,
                y=counts,
                width=np.diff(edges),
                name=label,
                marker_color=_colour(number),
            )
    figure.update_layout(barmode="stack", bargap=0, showlegend=bool(group))
    _axis(figure, "x", _short(value), log)
    figure.update_yaxes(title="runs")
    return figure


def _contour(
    target: Target, *, x: str, y: str, z: str, log_x: bool | None = None, log_y: bool | None = None
) -> "Figure":
    import numpy as np

    go = _plotly()
    table = target.frame([x, y, z])
    log_x, log_y = _is_log(table, x, log_x), _is_log(table, y, log_y)
    triples = [
        (a, b, c, label)
        for a, b, c, label in zip(*(table.numbers(name) for name in (x, y, z)), table.labels, strict=True)
        if a is not None and b is not None and c is not None and (not log_x or a > 0) and (not log_y or b > 0)
    ]
    figure = go.Figure()
    places = [[one[0] for one in triples], [one[1] for one in triples]]
    if len(triples) > 2 and all(len(set(values)) > 1 for values in places):
        grid = [
            np.geomspace(min(values), max(values), 40) if log else np.linspace(min(values), max(values), 40)
            for values, log in zip(places, (log_x, log_y), strict=True)
        ]
        figure.add_contour(
            x=grid[0],
            y=grid[1],
            z=_surface(places, [one[2] for one in triples], grid, (log_x, log_y)),
            colorscale=_SCALE,
            colorbar={"title": {"text": _short(z)}},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=places[0],
        y=places[1],
        mode="markers",
        marker={"color": "black", "size": 5, "line": {"width": 1, "color": "white"}},
        text=[f"{label}<br>{c:.4g}" for _, _, c, label in triples],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    _axis(figure, "x", _short(x), log_x)
    _axis(figure, "y", _short(y), log_y)
    return figure


def _importance(
    target: Target, *, target_: str, evaluator: Evaluator = "ped_anova", params: Sequence[str] | None = None
) -> "Figure":
    go = _plotly()
    found = target.importance(target_, list(params) if params else None, evaluator)
    if found.reason:
        raise UsageError(found.reason)
    shares = found.importance[::-1]
    figure = go.Figure(
        go.Bar(
            x=[one.value for one in shares],
            y=[_short(one.param) for one in shares],
            orientation="h",
            marker_color=_colour(0),
        )
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", title=f"importance for {_short(target_)}")
    figure.update_yaxes(type="category")
    return figure


def _correlation(
    target: Target, *, columns: Sequence[str], method: CorrelationMethod = "spearman"
) -> "Figure":
    go = _plotly()
    matrix = target.correlation(list(columns), method)
    names = [_short(name) for name in columns]
    figure = go.Figure(
        go.Heatmap(z=matrix, x=names, y=names, zmin=-1, zmax=1, colorscale="RdBu_r", texttemplate="%{z:.2f}")
    )
    figure.update_yaxes(autorange="reversed")
    return figure


_KINDS: Final[dict[str, Callable[..., "Figure"]]] = {
    "bars": _bars,
    "box": _box,
    "contour": _contour,
    "correlation": _correlation,
    "curves": lambda runs, **options: curves(_plotly(), runs, **options),
    "histogram": _histogram,
    "importance": lambda runs, *, target, **more: _importance(runs, target_=target, **more),
    "parallel": _parallel,
    "scatter": _scatter,
}


def _plotly() -> Any:
    try:
        import plotly.graph_objects as go
    except ImportError:
        raise MissingExtra("Drawing charts") from None
    return go


def _surface(
    places: list[list[float]], values: list[float], grid: list[Any], logs: tuple[bool, bool]
) -> list[list[float | None]]:
    """Return a value for each place of a grid: the mean of the nearest points, by the square of their nearness."""
    import numpy as np

    scaled, axes = [], []
    for of_points, of_grid, log in zip(places, grid, logs, strict=True):
        points, cells = np.array(of_points), np.array(of_grid)
        if log:
            points, cells = np.log(points), np.log(cells)
        low, span = points.min(), np.ptp(points)
        scaled.append((points - low) / span)
        axes.append((cells - low) / span)
    x, y = np.meshgrid(axes[0], axes[1])
    distance = (x[..., None] - scaled[0]) ** 2 + (y[..., None] - scaled[1]) ** 2
    nearest = np.argsort(distance, axis=-1)[..., :8]
    near = np.maximum(np.take_along_axis(distance, nearest, axis=-1), 1e-12)
    weights = 1 / near
    surface = (np.array(values)[nearest] * weights).sum(-1) / weights.sum(-1)
    surface[near[..., 0] > 0.0625] = np.nan
    return [[None if math.isnan(value) else value for value in row] for row in surface.tolist()]


def _dimension(name: str, values: list[Any]) -> dict[str, Any]:
    if are_numbers(values):
        numbers = [number_of(value) for value in values]
        known = [value for value in numbers if value is not None]
        # plotly has no lane for what is missing: it lies below all others.
        below = min(known) - (max(known) - min(known) or 1.0) * 0.1
        return {"label": _short(name), "values": [below if value is None else value for value in numbers]}
    words = sorted({text_of(value) for value in values})
    return {
        "label": _short(name),
        "values": [words.index(text_of(value)) for value in values],
        "tickvals": list(range(len(words))),
        "ticktext": words,
    }


def _is_log(table: Table, column: str, chosen: bool | None) -> bool:
    """Return whether an axis is logarithmic: as it was chosen, or as suits the column's values."""
    if chosen is not None or not are_numbers(table[column]):
        return bool(chosen)
    return _span_orders([value for value in table.numbers(column) if value is not None])


def _span_orders(numbers: Sequence[float]) -> bool:
    """Return whether numbers are all positive, of different orders, and most of them small, as the panel does."""
    known = sorted(value for value in numbers if math.isfinite(value))
    if not known or known[0] <= 0 or known[-1] / known[0] < _WIDE:
        return False
    return known[(len(known) - 1) // 2] - known[0] < (known[-1] - known[0]) / 4


def _axis(figure: "Figure", axis: str, title: str, log: bool) -> None:
    kind = "log" if log else None
    (figure.update_xaxes if axis == "x" else figure.update_yaxes)(title=title, type=kind)


def _statistics(values: Sequence[float | None]) -> tuple[float | None, float | None]:
    import statistics

    known = [value for value in values if value is not None]
    if not known:
        return None, None
    return statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None


def _place(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, bool | list | dict) else value


def _short(column: str) -> str:
    head, dot, rest = column.partition(".")
    is_plain = (
        dot and head in ("metrics", "params", "tags") and rest.replace("_", "").replace(".", "").isalnum()
    )
    return rest if is_plain else column


def _colour(number: int) -> str:
    return FALLBACKS[number % len(FALLBACKS)]
