"""Runs as a table: what differs between them is shown, the best value of a metric with a goal is marked."""

import math
from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from trackbook.cli.display.reproduction import verdict_text
from trackbook.cli.display.symbols import BEST, status_text
from trackbook.cli.display.tables import Column, make_table, to_column
from trackbook.domain.formatting import (
    format_duration,
    format_number,
    format_relative,
    format_value,
    one_line,
)
from trackbook.domain.metric import Goal
from trackbook.domain.ranking import MISSING, best_value, differing_params, key_goal, metric_keys
from trackbook.domain.run import Run
from trackbook.domain.runcolumns import FIELDS, MOST_METRICS, MOST_PARAMS, column_titles


def runs_table(runs: Sequence[Run], columns: Sequence[str] | None = None) -> Table:
    """Return runs as a table, a row a run, with the columns of these full names or those that say most."""
    if columns is not None:
        return _chosen_table(runs, columns)
    metrics, params, further = _choose(runs)
    titles = column_titles([*metrics, *params])
    # Change comes first: in a narrow terminal parameters that differ outlive further metrics.
    return make_table(
        [
            *_identity_columns(runs),
            *_experiment_column(runs, rank=2),
            _text_column("Name", [run.name for run in runs], shrinks=True),
            *_metric_columns(runs, metrics, titles),
            *_param_columns(runs, params, titles, rank=5),
            *_error_column(runs, rank=5),
            _time_column(runs, rank=3),
            _started_column(runs),
        ],
        further=further,
        hint="--columns shows chosen ones, `trackbook show` all of a run",
    )


def left_out(runs: Sequence[Run]) -> list[str]:
    """Return the metrics and parameters for which `runs_table` has no column, however wide it may be."""
    return _choose(runs)[2]


def trials_table(
    runs: Sequence[Run],
    swept: Sequence[str],
    metric: str | None,
    goals: Mapping[str, Goal] | None = None,
    best: Sequence[str] | None = None,
) -> Table:
    """Return the runs of a sweep as a table: the metric they are sorted by, and the parameters that it varied.

    `goals` go before those that the runs state. The `best` runs are marked; without them, those with the best values.
    """
    goals = goals or {}
    first = [key for key in [metric, *goals] if key is not None]
    keys = [*dict.fromkeys(first), *(key for key in metric_keys(runs, metric) if key not in first)]
    metrics = [f"metrics.{key}" for key in keys if any(key in run.metrics for run in runs)]
    varied = [f"params.{key}" for key in swept]
    others = [f"params.{key}" for key in differing_params(runs) if key not in swept]
    shown, rest = others[:MOST_PARAMS], [*metrics[MOST_METRICS:], *others[MOST_PARAMS:]]
    metrics = metrics[:MOST_METRICS]
    titles = column_titles([*metrics, *varied, *shown])
    judged = _metric_columns(runs, metrics, titles, goals, best)
    tried = _param_columns(runs, varied, titles, rank=2)
    for column in tried:
        column.rank = 2
    # Long names and texts are cut before anything else goes.
    for column in [*judged, *tried]:
        column.shrinks = True
    return make_table(
        [
            *_identity_columns(runs),
            *judged,
            *tried,
            *_param_columns(runs, shown, titles, rank=5),
            *_error_column(runs, rank=3),
            _time_column(runs, rank=4),
        ],
        further=[name.partition(".")[2] for name in rest],
    )


def metric_cells(
    values: Sequence[float | None], goal: str | None, races: Sequence[str] | None = None
) -> list[Text]:
    """Return the values of one metric as cells, the best one marked; with `races` the best one of each race."""
    races = races or [""] * len(values)
    best = {
        race: best_value([value for value, of in zip(values, races, strict=True) if of == race], goal)
        for race in set(races)
    }
    whole = all(value is None or not math.isfinite(value) or value == int(value) for value in values)
    texts = ["" if value is None else format_number(value, whole=whole) for value in values]
    return [
        Text(f"{BEST} {text}", "bold green") if value is not None and value == best[race] else Text(text)
        for text, value, race in zip(texts, values, races, strict=True)
    ]


def _choose(runs: Sequence[Run]) -> tuple[list[str], list[str], list[str]]:
    """Return the metrics and the parameters to be shown by full names, and the headings of all further ones."""
    metrics, params = metric_keys(runs), differing_params(runs)
    return (
        [f"metrics.{key}" for key in metrics[:MOST_METRICS]],
        [f"params.{key}" for key in params[:MOST_PARAMS]],
        [*metrics[MOST_METRICS:], *params[MOST_PARAMS:]],
    )


def _chosen_table(runs: Sequence[Run], names: Sequence[str]) -> Table:
    titles = column_titles(names)
    columns: list[Column] = []
    for place, name in enumerate(names):
        group, _, key = name.partition(".")
        if name in FIELDS:
            column = _field_column(name, runs)
        elif group == "metrics":
            (column,) = _metric_columns(runs, [name], titles)
        elif group == "params":
            (column,) = _param_columns(runs, [name], titles, rank=0)
        else:
            column = _text_column(titles[name], [_tag(run.tags.get(key)) for run in runs])
        # What is named first stays longest.
        column.rank = place
        columns.append(column)
    return make_table(columns)


def _field_column(name: str, runs: Sequence[Run]) -> Column:
    if name == "number":
        return _identity_columns(runs)[0]
    if name == "status":
        return _identity_columns(runs)[1]
    if name == "duration":
        return _time_column(runs, rank=0)
    if name == "started":
        return _started_column(runs)
    if name == "ended":
        ended = ["" if run.ended is None else format_relative(run.ended) for run in runs]
        return to_column("Ended", ended, justify="right")
    if name == "error":
        return to_column("Error", [describe_error(run) for run in runs])
    if name == "reproduction":
        marks = [run.reproduction for run in runs]
        return to_column(
            "Reproduction", ["" if mark is None else verdict_text(mark.verdict) for mark in marks]
        )
    return _text_column(name.capitalize(), [str(getattr(run, name) or "") for run in runs], shrinks=True)


def _text_column(title: str, texts: Sequence[str], *, shrinks: bool = False) -> Column:
    return to_column(title, [one_line(text, 40) for text in texts], shrinks=shrinks)


def _tag(value: str | None) -> str:
    return "" if value is None else value or "✓"


def _identity_columns(runs: Sequence[Run]) -> list[Column]:
    return [
        to_column("#", [str(run.number) for run in runs], justify="right"),
        to_column("Status", [status_text(run.status) for run in runs]),
    ]


def _experiment_column(runs: Sequence[Run], rank: int) -> list[Column]:
    names = [one_line(run.experiment, 30) for run in runs]
    return [to_column("Experiment", names, rank=rank)] if len(set(names)) > 1 else []


def _metric_columns(
    runs: Sequence[Run],
    names: Sequence[str],
    titles: dict[str, str],
    goals: Mapping[str, Goal] | None = None,
    best_runs: Sequence[str] | None = None,
) -> list[Column]:
    columns = []
    for place, name in enumerate(names):
        key = name.removeprefix("metrics.")
        # Runs of different experiments don't compete.
        cells = metric_cells(
            [run.metrics.get(key) for run in runs],
            (goals or {}).get(key) or key_goal(runs, key),
            [run.experiment for run in runs],
        )
        if best_runs is not None and key in (goals or {}):
            values = [cell.plain.removeprefix(f"{BEST} ") for cell in cells]
            cells = [
                Text(f"{BEST} {text}", "bold green") if run.id in best_runs else Text(text)
                for run, text in zip(runs, values, strict=True)
            ]
        rank = 1 if place == 0 else 4 + 2 * place
        columns.append(to_column(titles[name], cells, justify="right", rank=rank))
    return columns


def _param_columns(
    runs: Sequence[Run], names: Sequence[str], titles: dict[str, str], rank: int
) -> list[Column]:
    columns = []
    for place, name in enumerate(names):
        key = name.removeprefix("params.")
        values = [run.params.get(key, MISSING) for run in runs]
        numbers = all(value is MISSING or isinstance(value, (int, float)) for value in values)
        cells = ["" if value is MISSING else one_line(format_value(value), 24) for value in values]
        columns.append(
            to_column(
                titles[name],
                cells,
                justify="right" if numbers else "left",
                rank=rank + 2 * place if rank else 0,
            )
        )
    return columns


def _time_column(runs: Sequence[Run], rank: int) -> Column:
    return to_column("Time", [format_duration(run.duration) for run in runs], justify="right", rank=rank)


def _started_column(runs: Sequence[Run]) -> Column:
    return to_column("Started", [format_relative(run.started) for run in runs], justify="right")


def _error_column(runs: Sequence[Run], rank: int) -> list[Column]:
    if not any(run.error for run in runs):
        return []
    return [to_column("Error", [describe_error(run) for run in runs], rank=rank)]


def describe_error(run: Run) -> str:
    """Return `cell 7: KeyError` for a run that failed so, "" for one without an error."""
    if run.error is None:
        return ""
    where = f"cell {run.error.cell}: " if run.error.cell is not None else ""
    return one_line(f"{where}{run.error.ename}", 40)
