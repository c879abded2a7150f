"""Runs as a table: what differs between them is shown, the best value of a metric with a goal is marked."""

import math
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from trackbook.cli.display.symbols import BEST, status_text
from trackbook.cli.display.tables import Column, make_table, to_column
from trackbook.domain.formatting import (
    format_duration,
    format_number,
    format_relative,
    format_value,
    one_line,
)
from trackbook.domain.ranking import MISSING, best_value, differing_params, key_goal, metric_keys
from trackbook.domain.run import Run


def runs_table(runs: Sequence[Run]) -> Table:
    """Return runs as a table, a row a run."""
    # Change comes first: in a narrow terminal parameters that differ outlive names and further metrics.
    return make_table(
        [
            *_identity_columns(runs),
            *_experiment_column(runs, rank=2),
            to_column("Name", [one_line(run.name, 40) for run in runs], rank=8),
            *_metric_columns(runs, metric_keys(runs)),
            *_param_columns(runs, differing_params(runs), rank=5),
            *_error_column(runs, rank=5),
            _time_column(runs, rank=3),
            to_column("Started", [format_relative(run.started) for run in runs], justify="right", rank=4),
        ]
    )


def trials_table(runs: Sequence[Run], swept: Sequence[str], metric: str | None) -> Table:
    """Return the runs of a sweep as a table: the metric they are sorted by, and the parameters that it varied."""
    others = [key for key in differing_params(runs) if key not in swept]
    return make_table(
        [
            *_identity_columns(runs),
            *_metric_columns(runs, metric_keys(runs, metric)),
            *_param_columns(runs, swept, rank=0),
            *_param_columns(runs, others, rank=5),
            *_error_column(runs, rank=2),
            _time_column(runs, rank=3),
        ]
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


def _identity_columns(runs: Sequence[Run]) -> list[Column]:
    return [
        to_column("#", [str(run.number) for run in runs], justify="right"),
        to_column("Status", [status_text(run.status) for run in runs]),
    ]


def _experiment_column(runs: Sequence[Run], rank: int) -> list[Column]:
    names = [one_line(run.experiment, 30) for run in runs]
    return [to_column("Experiment", names, rank=rank)] if len(set(names)) > 1 else []


def _metric_columns(runs: Sequence[Run], keys: Sequence[str]) -> list[Column]:
    return [
        to_column(
            one_line(key, 30),
            # Runs of different experiments don't compete.
            metric_cells(
                [run.metrics.get(key) for run in runs],
                key_goal(runs, key),
                [run.experiment for run in runs],
            ),
            justify="right",
            rank=1 if place == 0 else 4 + 2 * place,
        )
        for place, key in enumerate(keys)
    ]


def _param_columns(runs: Sequence[Run], keys: Sequence[str], rank: int) -> list[Column]:
    columns = []
    for place, key in enumerate(keys):
        values = [run.params.get(key, MISSING) for run in runs]
        numbers = all(value is MISSING or isinstance(value, (int, float)) for value in values)
        cells = ["" if value is MISSING else one_line(format_value(value), 24) for value in values]
        columns.append(
            to_column(
                one_line(key, 30),
                cells,
                justify="right" if numbers else "left",
                rank=rank + 2 * place if rank else 0,
            )
        )
    return columns


def _time_column(runs: Sequence[Run], rank: int) -> Column:
    return to_column("Time", [format_duration(run.duration) for run in runs], justify="right", rank=rank)


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
