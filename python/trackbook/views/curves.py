"""The curves of runs as one output: a table that says it in numbers, and a chart for each metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from trackbook.domain.formatting import format_duration, one_line, spark_line
from trackbook.domain.metric import SeriesSummary, is_system, series_name
from trackbook.domain.run import Run
from trackbook.errors import NotFound
from trackbook.views.chart import POINTS, Curve, chart_svg, colour_of
from trackbook.views.grid import Cell, Column, Grid
from trackbook.views.markup import as_html, in_page
from trackbook.views.reading import metric_texts, status_cell, with_unit

if TYPE_CHECKING:
    from trackbook.services.context import Services

# More charts than these say less.
_MOST_METRICS = 12
_MOST_CURVES = 24
_SPARK = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """One series of one run: its summary, and its curve, thinned to what a chart can show."""

    run: Run
    series: SeriesSummary
    curve: Curve


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to be seen of some runs at one moment. `left_out` are metrics for which there is no room."""

    runs: Sequence[Run]
    metrics: Mapping[str, Sequence[Seen]]
    left_out: Sequence[str] = ()


def read_scene(services: "Services", runs: Sequence[Run], patterns: Sequence[str] | None) -> Scene:
    """Return the curves of runs: of the metrics that `patterns` name (`val_*`), by default of what users log."""
    chosen: dict[str, list[tuple[Run, SeriesSummary]]] = {}
    for run in runs:
        for series in services.runs.series(run.id):
            if _is_chosen(series, patterns):
                chosen.setdefault(series.key, []).append((run, series))
    shown = list(chosen)[:_MOST_METRICS]
    several = len(runs) > 1
    metrics = {
        key: [
            Seen(run, series, _curve(services, run, series, several))
            for run, series in chosen[key][:_MOST_CURVES]
        ]
        for key in shown
    }
    return Scene(runs, metrics, list(chosen)[_MOST_METRICS:])


def scene_html(scene: Scene, message: str = "") -> str:
    """Return a scene as HTML. The table comes first: some pages drop the charts."""
    charts = "".join(_chart(scene, key, seen) for key, seen in scene.metrics.items())
    row = f'<div style="display: flex; flex-wrap: wrap; gap: 4px 16px">{charts}</div>' if charts else ""
    return in_page(f"<p><b>{as_html(_headline(scene))}</b></p>", _grid(scene, message).to_html(), row)


def scene_text(scene: Scene, width: int | None, message: str = "") -> str:
    """Return a scene as lines: a small curve and the numbers of each series."""
    return "\n".join([_headline(scene), _grid(scene, message).to_text(width)]).rstrip()


def _is_chosen(series: SeriesSummary, patterns: Sequence[str] | None) -> bool:
    if patterns is None:
        return not is_system(series.key)
    name = series_name(series.key, series.context)
    return any(fnmatchcase(series.key, pattern) or name == pattern for pattern in patterns)


def _curve(services: "Services", run: Run, series: SeriesSummary, several: bool) -> Curve:
    label = ", ".join(f"{key} {value}" for key, value in sorted(series.context.items()))
    named = f"#{run.number} {one_line(run.name, 24)}"
    label = (f"{named} · {label}" if label else named) if several else label
    try:
        points = services.series.read(run.id, series.key, series.context, max_points=POINTS)
    except NotFound:  # it is being indexed
        return Curve(label, [], [])
    return Curve(label, points.steps, points.values)


def _headline(scene: Scene) -> str:
    if len(scene.runs) > 1:
        going_on = sum(run.status == "running" for run in scene.runs)
        return f"{len(scene.runs)} runs" + (f", {going_on} of them running" if going_on else "")
    (run,) = scene.runs
    state = status_cell(run.status).text
    seconds = run.duration if run.status != "running" else (datetime.now(UTC) - run.started).total_seconds()
    parts = [
        f"#{run.number} {one_line(run.name, 40)}",
        one_line(run.experiment, 40),
        state,
        format_duration(seconds),
    ]
    return " · ".join(part for part in parts if part)


def _grid(scene: Scene, message: str) -> Grid:
    several = len(scene.runs) > 1 or any(
        seen.series.context for row in scene.metrics.values() for seen in row
    )
    columns = [Column("Metric"), *([Column("Of")] if several else []), Column("Curve", rank=2)]
    columns += [
        Column(title, True, rank) for title, rank in (("Last", 0), ("Step", 3), ("Lowest", 1), ("Highest", 1))
    ]
    grid = Grid(columns)
    for key, row in scene.metrics.items():
        for seen in row:
            series = seen.series
            last, low, high = metric_texts([series.last, series.min, series.max])
            name = Cell(one_line(with_unit(key, series.unit), 36), key)
            grid.rows.append(
                [
                    name,
                    *([Cell(one_line(seen.curve.label, 40))] if several else []),
                    Cell(spark_line(_few(series.spark))),
                    Cell(last, repr(series.last)),
                    Cell(f"{series.last_step:,}"),
                    Cell(low, repr(series.min), "best" if series.goal == "min" else ""),
                    Cell(high, repr(series.max), "best" if series.goal == "max" else ""),
                ]
            )
    if not grid.rows:
        grid.notes.append(
            "No values yet." if any(run.status == "running" for run in scene.runs) else "No values."
        )
    if scene.left_out:
        named = ", ".join(one_line(key, 24) for key in scene.left_out[:8])
        grid.notes.append(
            f"Not shown: {len(scene.left_out)} more metrics, such as {named}. metrics=[…] chooses."
        )
    if message:
        grid.notes.append(message)
    return grid


def _chart(scene: Scene, key: str, seen: Sequence[Seen]) -> str:
    svg = chart_svg(key, [one.curve for one in seen])
    if not svg:
        return ""
    unit = next((one.series.unit for one in seen if one.series.unit), None)
    legend = "".join(
        f' <span style="white-space: nowrap"><span style="color: {colour_of(place)}">━</span> '
        f"{as_html(one.curve.label or key)}</span>"
        for place, one in enumerate(seen)
        if one.curve.label or len(seen) > 1
    )
    return f"<div><div><b>{as_html(one_line(with_unit(key, unit), 60))}</b>{legend}</div>{svg}</div>"


def _few(spark: Sequence[float]) -> list[float]:
    if len(spark) <= _SPARK:
        return list(spark)
    return [spark[place * (len(spark) - 1) // (_SPARK - 1)] for place in range(_SPARK)]
