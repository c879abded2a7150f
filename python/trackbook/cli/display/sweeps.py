"""Sweeps as tables: many of them, and one with its trials."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from trackbook.cli.display.jobs import describe_params
from trackbook.cli.display.symbols import BEST, status_text
from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import (
    format_duration,
    format_number,
    format_relative,
    format_value,
    one_line,
    plain_text,
)
from trackbook.domain.space import describe_dimension
from trackbook.domain.sweep import Sweep, SweepDetail, TrialRow

_BAR = 20


def sweeps_table(sweeps: Sequence[Sweep]) -> Table:
    """Return sweeps as a table, a row a sweep."""
    return make_table(
        [
            to_column(
                "#", ["" if one.number is None else str(one.number) for one in sweeps], justify="right"
            ),
            to_column("Status", [status_text(one.status) for one in sweeps]),
            to_column("Notebook", [one_line(one.notebook, 40) for one in sweeps], rank=3, shrinks=True),
            to_column("Sampler", [one.sampler for one in sweeps], rank=4),
            to_column("Trials", [_count(one) for one in sweeps], justify="right"),
            to_column("Best", [_best(one) for one in sweeps], rank=1, shrinks=True),
            to_column("Varied", [", ".join(one.space) for one in sweeps], rank=5, shrinks=True),
            to_column(
                "Started",
                ["" if one.started is None else format_relative(one.started) for one in sweeps],
                justify="right",
                rank=2,
            ),
        ]
    )


def sweep_parts(sweep: SweepDetail) -> list[RenderableType]:
    """Return a sweep in full: a heading, its space, how much each parameter decides, and its trials, the best first."""
    heading = status_text(sweep.status)
    number = f"#{sweep.number}" if sweep.number is not None else ""
    heading.append(f"  {number}  {plain_text(sweep.notebook)}  ", "bold")
    heading.append(f"{_count(sweep)} trials by {sweep.sampler}, seed {sweep.seed}", "default")
    parts: list[RenderableType] = [heading]
    if sweep.reason:
        parts.append(Text(plain_text(sweep.reason), "dim"))
    shares = sweep.importance or {}
    names = sorted(sweep.space, key=lambda name: -shares.get(name, 0.0)) if shares else list(sweep.space)
    parts += [
        "",
        make_table(
            [
                to_column("Parameter", [one_line(name, 40) for name in names]),
                to_column(
                    "Tried", [one_line(describe_dimension(sweep.space[n]), 60) for n in names], shrinks=True
                ),
                *([to_column("Decides", [_bar(shares.get(name)) for name in names])] if shares else []),
            ]
        ),
    ]
    if sweep.objectives:
        words = [f"{one.metric} ({one.direction or 'no goal'})" for one in sweep.objectives]
        parts.append(Text(f"Judged by {', '.join(words)}.", "dim"))
    if sweep.runs:
        parts += ["", _trials_table(sweep)]
    return parts


def _trials_table(sweep: SweepDetail) -> Table:
    rows = sorted(sweep.runs, key=lambda row: _rank(sweep, row))
    values = [
        to_column(
            one_line(objective.metric, 24),
            [_value(row, place) for row in rows],
            justify="right",
            rank=1,
        )
        for place, objective in enumerate(sweep.objectives)
    ]
    return make_table(
        [
            to_column("Trial", [str(row.trial) for row in rows], justify="right"),
            to_column(
                "Run", ["" if row.number is None else f"#{row.number}" for row in rows], justify="right"
            ),
            to_column("Status", [status_text(row.status) for row in rows]),
            *values,
            *(
                to_column(
                    one_line(name, 24),
                    [one_line(format_value(row.params.get(name)), 24) for row in rows],
                    justify="right",
                    rank=2 + place,
                )
                for place, name in enumerate(sweep.space)
            ),
            to_column("Time", [format_duration(row.duration) for row in rows], justify="right", rank=3),
        ]
    )


def _rank(sweep: SweepDetail, row: TrialRow) -> tuple[bool, bool, float, int]:
    value = row.values[0] if row.values else None
    way = sweep.objectives[0].direction if sweep.objectives else None
    signed = 0.0 if value is None else value if way == "min" else -value
    return not row.best, value is None, signed, row.trial


def _value(row: TrialRow, place: int) -> Text:
    value = row.values[place]
    text = "" if value is None else format_number(value, whole=False)
    return Text(f"{BEST} {text}", "bold green") if row.best else Text(text)


def _count(sweep: Sweep) -> str:
    counts = sweep.trials
    return f"{counts.finished + counts.failed + counts.pruned}/{counts.total}"


def _best(sweep: Sweep) -> Text:
    best = sweep.best
    if best is None:
        return Text("")
    numbers = [format_number(value, whole=False) for value in best.values if value is not None]
    value = f"{', '.join(numbers)}  " if numbers else ""
    return Text(f"{BEST} {value}{one_line(describe_params(best.params), 60)}", "bold green")


def _bar(share: float | None) -> Text:
    if share is None:
        return Text("")
    return Text("█" * round(share * _BAR)).append(f" {share:.0%}", "default")
