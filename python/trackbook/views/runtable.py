"""`tb.table` and `%track runs`: runs as a table to be read."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from trackbook import api
from trackbook.domain.formatting import (
    first_names,
    format_duration,
    format_moment,
    format_relative,
    one_line,
)
from trackbook.domain.metric import is_system
from trackbook.domain.ranking import (
    MISSING,
    best_value,
    differing_params,
    key_goal,
    metric_keys,
    param_keys,
)
from trackbook.domain.run import Run
from trackbook.domain.runcolumns import MOST_METRICS, MOST_PARAMS, column_titles, named_columns
from trackbook.errors import UsageError
from trackbook.views.grid import Cell, Column, Grid
from trackbook.views.markup import bundle, in_page
from trackbook.views.reading import (
    BEST,
    metric_texts,
    status_cell,
    text_width,
    to_reference,
    unit_of,
    units_in,
    value_cell,
    value_cells,
    with_unit,
)

if TYPE_CHECKING:
    import pandas as pd

    from trackbook.services.context import Services
    from trackbook.views.grouptable import RunGroups

_MOST = 10_000

Shown = tuple[Column, list[Cell]]


class RunTable:
    """Runs as a table. `runs` holds them, `total` says how many matched, `frame` is the pandas table of the same."""

    def __init__(
        self,
        runs: Sequence[Run],
        total: int,
        columns: Sequence[str] | None,
        units: dict[str, str],
        order: str,
    ) -> None:
        self.runs = list(runs)
        self.total = total
        self._seen_at = datetime.now(UTC)
        self._columns, self._hidden = _choose(self.runs, columns)
        self._titles = column_titles(self._columns)
        self._units = units
        self._order = order

    @property
    def frame(self) -> "pd.DataFrame":
        """The same runs as a pandas table, as `tb.runs` returns it: with all columns, and numbers as numbers."""
        from trackbook.services.tables import frame_of

        return frame_of(self.runs)

    def to_html(self) -> str:
        """Return the table as HTML that needs no scripts and no style sheet."""
        return in_page(self._grid().to_html())

    def to_text(self, width: int | None = None) -> str:
        """Return the table as lines of at most `width` places."""
        return self._grid().to_text(width)

    def __len__(self) -> int:
        return len(self.runs)

    def __repr__(self) -> str:
        return self.to_text(text_width())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return bundle(self.to_text(text_width()), self.to_html())

    def _grid(self) -> Grid:
        shown = [self._shown(name) for name in self._columns]
        rows: list[Sequence[Cell] | str] = list(zip(*(cells for _, cells in shown), strict=True))
        return Grid(
            [column for column, _ in shown], rows, [*self._notes()], "--columns (columns=) shows chosen ones"
        )

    def _notes(self) -> Iterable[str]:
        if not self.runs:
            yield "There are no such runs."
            return
        count = (
            f"{self.total:,} run{'s' if self.total != 1 else ''}"
            if self.total == len(self.runs)
            else f"{len(self.runs):,} of {self.total:,} runs"
        )
        yield f"{count} · {self._order} · as of {self._seen_at.astimezone():%Y-%m-%d %H:%M}"
        yield from self._hidden

    def _shown(self, name: str) -> Shown:
        group, _, key = name.partition(".")
        if group == "metrics":
            return self._metric(key)
        if group == "params":
            return _param(key, self._titles[name], self.runs)
        if group == "tags":
            tags = [run.tags.get(key) for run in self.runs]
            cells = [Cell("") if tag is None else value_cell(tag) if tag else Cell("✓") for tag in tags]
            return Column(self._titles[name], rank=7, full=name), cells
        column, cell = _FIELDS[name]
        return column, [cell(run, self._seen_at) for run in self.runs]

    def _metric(self, key: str) -> Shown:
        goal = key_goal(self.runs, key)
        values = [run.metrics.get(key) for run in self.runs]
        # Runs of different experiments don't compete.
        best = {
            experiment: best_value(
                [run.metrics.get(key) for run in self.runs if run.experiment == experiment], goal
            )
            for experiment in {run.experiment for run in self.runs}
        }
        cells = [
            Cell(f"{BEST} {text}", repr(value), "best")
            if value is not None and value == best[run.experiment]
            else Cell(text, "" if value is None else repr(value))
            for run, value, text in zip(self.runs, values, metric_texts(values), strict=True)
        ]
        name = f"metrics.{key}"
        place = self._columns.index(name)
        meaning = {"max": "higher is better", "min": "lower is better"}.get(goal or "", "")
        title = with_unit(self._titles[name], unit_of(key, self._units))
        return Column(title, True, 1 + place, meaning or key), cells


@overload
def table(
    runs: object = None,
    columns: Sequence[str] | str | None = None,
    *,
    order_by: str | None = None,
    limit: int = 20,
    group_by: None = None,
) -> RunTable: ...


@overload
def table(
    runs: str | None = None,
    columns: Sequence[str] | str | None = None,
    *,
    order_by: str | None = None,
    limit: int = 20,
    group_by: Sequence[str] | str,
) -> "RunGroups": ...


def table(
    runs: object = None,
    columns: Sequence[str] | str | None = None,
    *,
    order_by: str | None = None,
    limit: int = 20,
    group_by: Sequence[str] | str | None = None,
) -> "RunTable | RunGroups":
    """Return runs as a table to be read, in a notebook, its export, or a terminal.

    `runs` is a search such as `metrics.acc > 0.9`, a list of runs (each a run, its id, or its number such as "#42"),
    a table of `tb.runs`, or None for all. The newest come first, unless `order_by` (`metrics.acc desc`) or the search
    sorts them; at most `limit` are shown. `columns` names what is shown, such as `status`, `params.lr` or `metrics.*`;
    by default metrics with a goal, then parameters that differ. The best value under a metric's goal is marked.

    With `group_by` (`params.lr`, up to three columns) a row stands for all runs with the same values, and shows how
    many these are, and mean, standard deviation, minimum, maximum and count of metrics, or of `columns`; `order_by`
    (`mean of metrics.acc desc`, `count desc`) and `limit` are for groups then.

    Raises QueryError for a search that can't be read, NotFound for an unknown run, UsageError for an unknown column,
    MissingExtra in the light install.
    """
    _check_limit(limit)
    services = api.open_project()
    services.runs.refresh()
    chosen = [columns] if isinstance(columns, str) else columns
    if group_by:
        return _grouped(services, runs, chosen, order_by, limit, group_by)
    order = f"by {order_by}" if order_by else "newest first"
    if runs is None or isinstance(runs, str):
        page = services.runs.search(runs, order_by=order_by, limit=limit)
        found, total = page.runs, page.total
        for hint in services.runs.unknown_keys(runs, order_by, total):
            warnings.warn(hint, stacklevel=2)
        if runs and "order by" in runs.lower():
            order = "in the order of the search"
    else:
        if order_by is not None:
            raise UsageError("order_by sorts what a search finds; runs that are listed stay in their order.")
        listed = _listed(runs)
        found, total = [services.runs.get(to_reference(one)) for one in listed[:limit]], len(listed)
        order = "as listed"
    return RunTable(found, total, chosen, units_in(services, found), order)


def _grouped(
    services: "Services",
    query: object,
    columns: Sequence[str] | None,
    order_by: str | None,
    limit: int,
    group_by: Sequence[str] | str,
) -> "RunGroups":
    from trackbook.services.group_tables import group_table
    from trackbook.views.grouptable import RunGroups

    if not (query is None or isinstance(query, str)):
        raise UsageError("Groups are made of what a search finds; say which runs as a search, not as a list.")
    grouping = [group_by] if isinstance(group_by, str) else group_by
    for name in [*grouping, *(columns or ())]:
        if not isinstance(name, str):
            said = one_line(repr(name), 40)
            raise UsageError(f"A column is named by text such as 'params.lr', not by {said}.")
    found = group_table(
        services.run_tables, grouping, columns or (), query=query, order_by=order_by, limit=limit
    )
    named = ", ".join([*found.group_by, *found.columns])
    for hint in services.runs.unknown_keys(query, named, found.runs):
        warnings.warn(hint, stacklevel=3)
    return RunGroups(found, f"by {order_by}" if order_by else "by their values")


def _check_limit(limit: object) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _MOST:
        raise UsageError(f"limit is a number of runs from 1 to {_MOST:,}, not {one_line(repr(limit), 40)}.")


def _listed(runs: Any) -> list[object]:
    if isinstance(runs, RunTable):
        return list(runs.runs)
    if hasattr(runs, "columns") and "id" in runs.columns:
        return list(runs["id"])
    if not isinstance(runs, Iterable) or isinstance(runs, Mapping | bytes):
        return [runs]
    return list(runs)


def _choose(runs: Sequence[Run], columns: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Return the columns to be shown, and notes on what the runs have besides."""
    if columns is not None:
        return named_columns(runs, columns), []
    metrics = [key for key in metric_keys(runs) if not is_system(key)]
    params = differing_params(runs)
    names = ["number", "status"]
    names += ["experiment"] if len({run.experiment for run in runs}) > 1 else []
    names += ["name"]
    names += [f"metrics.{key}" for key in metrics[:MOST_METRICS]]
    names += [f"params.{key}" for key in params[:MOST_PARAMS]]
    names += ["error"] if any(run.error for run in runs) else []
    notes = []
    alike = [key for key in param_keys(runs) if key not in params]
    if alike and len(runs) > 1:
        texts = [f"{one_line(key, 30)} {value_cell(runs[0].params[key]).text}" for key in alike]
        notes.append(f"The same in all: {first_names(texts)}")
    elif alike:
        names += [f"params.{key}" for key in alike[:MOST_PARAMS]]
    further = [
        f"{len(keys) - most} more {group} (columns=['{group}.*'])"
        for keys, most, group in ((metrics, MOST_METRICS, "metrics"), (params, MOST_PARAMS, "params"))
        if len(keys) > most
    ]
    notes += [f"Not shown: {', '.join(further)}"] if further else []
    return [*names, "duration", "started"], notes


def _param(key: str, title: str, runs: Sequence[Run]) -> Shown:
    values = [run.params.get(key, MISSING) for run in runs]
    number = all(value is MISSING or isinstance(value, int | float) for value in values)
    known = iter(value_cells([value for value in values if value is not MISSING]))
    cells = [Cell("") if value is MISSING else next(known) for value in values]
    return Column(title, number, 6, f"params.{key}"), cells


def _text(run: Run, _: datetime, field: str) -> Cell:
    text = str(getattr(run, field) or "")
    short = one_line(text, 40)
    return Cell(short, text if text != short else "")


def _error(run: Run, _: datetime) -> Cell:
    if run.error is None:
        return Cell("")
    where = f"cell {run.error.cell}: " if run.error.cell is not None else ""
    return Cell(one_line(where + run.error.ename, 40), one_line(run.error.evalue, 300), "bad")


def _reproduction(run: Run, _: datetime) -> Cell:
    if run.reproduction is None:
        return Cell("")
    return Cell(run.reproduction.verdict.replace("_", " "), format_moment(run.reproduction.at))


def _started(run: Run, now: datetime) -> Cell:
    return Cell(format_relative(run.started, now), format_moment(run.started))


def _duration(run: Run, now: datetime) -> Cell:
    seconds = run.duration if run.ended or run.status != "running" else (now - run.started).total_seconds()
    return Cell(format_duration(seconds))


_FIELDS: dict[str, tuple[Column, Any]] = {
    "number": (Column("#", True), lambda run, _: Cell(str(run.number), run.id)),
    "id": (Column("Id"), partial(_text, field="id")),
    "status": (Column("Status"), lambda run, _: status_cell(run.status)),
    "experiment": (Column("Experiment", rank=2), partial(_text, field="experiment")),
    "name": (Column("Name"), partial(_text, field="name")),
    "group": (Column("Group", rank=8), partial(_text, field="group")),
    "user": (Column("User", rank=8), partial(_text, field="user")),
    "host": (Column("Host", rank=8), partial(_text, field="host")),
    "notes": (Column("Notes", rank=9), partial(_text, field="notes")),
    "error": (Column("Error", rank=5), _error),
    "duration": (Column("Time", True, rank=3), _duration),
    "started": (Column("Started", True), _started),
    "reproduction": (Column("Reproduction", rank=8), _reproduction),
    "ended": (
        Column("Ended", True, rank=8),
        lambda run, now: Cell(
            format_relative(run.ended, now) if run.ended else "", format_moment(run.ended) if run.ended else ""
        ),
    ),
}  # fmt: skip
