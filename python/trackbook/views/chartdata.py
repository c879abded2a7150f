"""The runs that a chart in a notebook is over, and their values."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from trackbook import api
from trackbook.domain.curve import MOST_RUNS, CurvePage, CurveQuery
from trackbook.domain.frame import (
    MOST_NAMED,
    CorrelationMethod,
    CorrelationRequest,
    Evaluator,
    Frame,
    FrameRequest,
    Importance,
    ImportanceRequest,
)
from trackbook.domain.scope import RunScope
from trackbook.errors import UsageError
from trackbook.views.reading import to_reference

if TYPE_CHECKING:
    from trackbook.services.context import Services

_LABELS: Final = ("experiment", "number", "name")
_MOST_GROUPS: Final = 24


class Target:
    """The runs that a chart is over."""

    def __init__(
        self, services: "Services", runs: Iterable[object] | None, scope: RunScope, max_rows: int
    ) -> None:
        self._services, self._max_rows = services, max_rows
        self.runs: list[str] | None = None
        self.scope: RunScope | None = None
        if runs is not None:
            # One run is a list of one, too.
            named = [runs] if isinstance(runs, str | int | api.Run) else list(runs)
            if len(named) > MOST_NAMED:
                raise UsageError(f"At most {MOST_NAMED:,} runs can be named; {len(named):,} are.")
            self.runs = [services.runs.get(to_reference(one)).id for one in named]
        else:
            self.scope = self._with_notebook(scope)

    def frame(self, columns: Sequence[str]) -> "Table":
        """Return the values of some columns, with what the runs are called."""
        asked = list(dict.fromkeys([*_LABELS, *columns]))
        request = FrameRequest(asked, scope=self.scope, runs=self.runs, max_rows=self._max_rows)
        return Table(asked, self._services.frames.frame(request))

    def importance(self, target: str, params: list[str] | None, evaluator: Evaluator) -> Importance:
        """Return how much parameters decide a value."""
        request = ImportanceRequest(
            target, scope=self.scope, runs=self.runs, params=params, evaluator=evaluator
        )
        return self._services.frames.importance(request)

    def correlation(self, columns: list[str], method: CorrelationMethod) -> list[list[float | None]]:
        """Return how columns go together, each with each."""
        request = CorrelationRequest(columns, scope=self.scope, runs=self.runs, method=method)
        return self._services.frames.correlation(request).matrix

    def curves(self, keys: list[str], **asked: Any) -> CurvePage:
        """Return the curves of metrics, of the first runs where there are too many."""
        runs = None if self.runs is None else self.runs[:MOST_RUNS]
        return self._services.curves.read(CurveQuery(keys, runs=runs, scope=self.scope, **asked))

    def _with_notebook(self, scope: RunScope) -> RunScope:
        """Find the notebook as runs name it: JupyterLab's path of it begins with the project's own."""
        import msgspec

        if scope.notebook is None:
            return scope
        parts = scope.notebook.split("/")
        for first in range(len(parts)):
            found = msgspec.structs.replace(scope, notebook="/".join(parts[first:]))
            only = msgspec.structs.replace(found, query="")
            if self._services.frames.frame(FrameRequest([], scope=only, max_rows=1)).total:
                return found
        return scope


class Table:
    """Values of runs by the names of their columns."""

    def __init__(self, names: Sequence[str], frame: Frame) -> None:
        self._columns = dict(zip(names, frame.columns, strict=True))
        self.count = len(frame.ids)
        self.labels = [
            f"{experiment} #{number}"
            for experiment, number in zip(self["experiment"], self["number"], strict=True)
        ]

    def __getitem__(self, name: str) -> list[Any]:
        return self._columns[name]

    def numbers(self, name: str) -> list[float | None]:
        """Return a column as numbers; None where there is none, or one that has no place."""
        return [number_of(value) for value in self[name]]

    def shades(self, name: str) -> list[float]:
        """Return a column as numbers that stand for colours; plotly takes NaN for none, and no None."""
        return [math.nan if value is None else value for value in self.numbers(name)]

    def groups(self, name: str | None) -> list[tuple[str, list[int]]]:
        """Return the places of the runs by a value: the largest groups, in the order of their values."""
        if not name:
            return [("", list(range(self.count)))]
        places: dict[str, list[int]] = {}
        values: dict[str, Any] = {}
        for place, value in enumerate(self[name]):
            key = f"{type(value).__name__} {value!r}"
            places.setdefault(key, []).append(place)
            values[key] = value
        largest = sorted(places, key=lambda key: -len(places[key]))[:_MOST_GROUPS]
        return [
            (text_of(values[key]), places[key])
            for key in sorted(largest, key=lambda key: _order(values[key]))
        ]


def number_of(value: Any) -> float | None:
    """Return a value if it is a number that has a place, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def are_numbers(values: Sequence[Any]) -> bool:
    """Return whether all values that are there are numbers, and some are."""
    known = [value for value in values if value is not None]
    return any(number_of(value) is not None for value in known) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in known
    )


def text_of(value: Any) -> str:
    """Return a value as a chart writes it."""
    return "–" if value is None else str(value)


def _order(value: Any) -> tuple[int, float, str]:
    number = number_of(value)
    if value is None:
        return 2, 0.0, ""
    return (0, number, "") if number is not None else (1, 0.0, str(value))
