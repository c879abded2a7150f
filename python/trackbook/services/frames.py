"""What charts draw of many runs: columns of values, importance of parameters, correlation."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from trackbook.domain.frame import (
    Correlation,
    CorrelationRequest,
    Frame,
    FrameRequest,
    Importance,
    ImportanceRequest,
    ParamImportance,
    check_target,
)
from trackbook.domain.metric import Goal
from trackbook.domain.query import Metric, Operand
from trackbook.domain.scope import RunScope
from trackbook.services.importance import FEWEST, Observation, can_evaluate, shares
from trackbook.services.run_tables import RunTables
from trackbook.services.runs import Runs
from trackbook.store.column_cache import Columns
from trackbook.store.column_values import numbers_of, values_of
from trackbook.store.database import Connection
from trackbook.store.place import Place
from trackbook.store.run_groups import parse_columns
from trackbook.store.run_table import Serials
from trackbook.store.search import Scope

_SEED: Final = 20_261_127
_MOST_CORRELATED_RUNS: Final = 20_000
_MOST_EXPLAINED_RUNS: Final = 10_000
# Parameters that fewer of the runs have say little of the others, and the others could not be looked at.
_COMMON: Final = 0.5
# Of parameters that are nearly another one in each run (paths, names) every value would explain its run.
_MOST_WORDS: Final = 50
_WIDE: Final = 100.0


class Frames:
    """Reads what charts draw from the index of one store."""

    def __init__(self, place: Place, runs: Runs, run_tables: RunTables) -> None:
        self._database, self._searcher, self._run_tables = place.database, runs.searcher, run_tables

    def frame(self, asked: FrameRequest) -> Frame:
        """Return the values of runs in some columns.

        Raises QueryError for a search that can't be read, ColumnError for a column, UsageError unless either runs or
        a scope are named.
        """
        operands = parse_columns(asked.columns, "columns")
        check_target(asked)
        with self._database.read() as connection:
            columns, serials = self._members(connection, asked.scope, asked.runs)
            chosen = _sample(serials, columns.table.count, asked.max_rows)
            return Frame(
                total=len(serials),
                sampled=len(chosen) < len(serials),
                ids=[columns.table.ids[serial] for serial in chosen.tolist()],
                columns=[values_of(columns, operand, chosen) for operand in operands],
            )

    def correlation(self, asked: CorrelationRequest) -> Correlation:
        """Return how columns of numbers go together, each pair over the runs that have both. Raises like `frame`."""
        import pandas as pd

        operands = parse_columns(asked.columns, "columns")
        check_target(asked)
        with self._database.read() as connection:
            columns, serials = self._members(connection, asked.scope, asked.runs)
            chosen = _sample(serials, columns.table.count, _MOST_CORRELATED_RUNS)
            numbers = np.column_stack([numbers_of(columns, operand, chosen) for operand in operands])
        numbers[~np.isfinite(numbers)] = np.nan
        there = (~np.isnan(numbers)).astype(np.int64)
        found = pd.DataFrame(numbers).corr(method=asked.method, min_periods=3).to_numpy()
        return Correlation(
            columns=asked.columns,
            matrix=[[None if math.isnan(value) else value for value in row] for row in found.tolist()],
            counts=(there.T @ there).tolist(),
        )

    def importance(self, asked: ImportanceRequest) -> Importance:
        """Return how much parameters decide a number, by an evaluator of Optuna's. Raises like `frame`."""
        (target,) = parse_columns([asked.target], "target")
        check_target(asked)
        names = self._params() if asked.params is None else asked.params
        operands = parse_columns(names, "params")
        goal: Goal = asked.goal or self._goal(asked.target, target)
        with self._database.read() as connection:
            columns, serials = self._members(connection, asked.scope, asked.runs)
            chosen = _sample(serials, columns.table.count, _MOST_EXPLAINED_RUNS)
            values = numbers_of(columns, target, chosen)
            chosen, values = chosen[np.isfinite(values)], values[np.isfinite(values)]
            known = {
                name: values_of(columns, operand, chosen)
                for name, operand in zip(names, operands, strict=True)
            }
        if not can_evaluate(asked.evaluator):
            reason = "This evaluator needs scikit-learn beside JupyterLab: pip install scikit-learn"
            return Importance([], 0, goal, reason)
        return _explain(values.tolist(), known, asked, goal)

    def _members(
        self, connection: Connection, scope: RunScope | None, runs: Sequence[str] | None
    ) -> tuple[Columns, Serials]:
        """Return the runs of a scope, the newest first, or named ones in their order; what is unknown is left out."""
        if scope is None:
            match = self._searcher.match(connection, is_sorted=False)
            serials = match.columns.table.find(list(dict.fromkeys(runs or ())))
            return match.columns, serials[serials >= 0]
        within = Scope(scope.trashed, scope.notebook, scope.experiment)
        match = self._searcher.match(connection, scope.query, "", within)
        return match.columns, match.window(match.serials, 0, len(match.serials))

    def _params(self) -> list[str]:
        return [one.column for one in self._run_tables.columns().columns if one.kind == "param"]

    def _goal(self, text: str, target: Operand) -> Goal:
        if isinstance(target, Metric):
            for one in self._run_tables.columns().columns:
                if one.column == text and one.goal is not None:
                    return one.goal
        return "max"


def _sample(serials: Serials, count: int, most: int) -> Serials:
    """Return at most so many of the runs, in their order: nearly the same ones when some more have come."""
    if len(serials) <= most:
        return serials
    lots = np.random.default_rng(_SEED).random(count)[serials]
    drawn = np.sort(np.argpartition(lots, most)[:most])
    return serials[drawn]


def _explain(
    values: list[float], known: dict[str, list[Any]], asked: ImportanceRequest, goal: Goal
) -> Importance:
    if asked.params is None:
        known = {name: column for name, column in known.items() if _is_common(column)}
    rows = [row for row in range(len(values)) if all(column[row] is not None for column in known.values())]
    columns = {name: [column[row] for row in rows] for name, column in known.items()}
    differing = {name: column for name, column in columns.items() if len(set(map(_key, column))) > 1}
    if asked.params is None:
        differing = {name: column for name, column in differing.items() if not _is_all_words(column)}
    if len(rows) < FEWEST:
        reason = f"At least {FEWEST} runs with this value and all these parameters are needed; {len(rows)} have them."
        return Importance([], len(rows), goal, reason)
    if len({values[row] for row in rows}) < 2:
        return Importance([], len(rows), goal, "The value is the same in all runs.")
    if not differing:
        return Importance([], len(rows), goal, "No parameter differs between these runs.")
    encoded = {name: _encode(column) for name, column in differing.items()}
    observations = [
        Observation({name: codes[place] for name, (codes, _) in encoded.items()}, values[row])
        for place, row in enumerate(rows)
    ]
    distributions = {name: distribution for name, (_, distribution) in encoded.items()}
    found = shares(observations, distributions, goal, asked.evaluator)
    if found is None:
        return Importance([], len(rows), goal, "Too little is known of these runs to tell parameters apart.")
    if asked.params is not None:
        found |= {name: 0.0 for name in columns if name not in found}
    ordered = sorted(found.items(), key=lambda item: -item[1])
    return Importance([ParamImportance(name, share) for name, share in ordered], len(rows), goal)


def _is_common(column: list[Any]) -> bool:
    there = sum(value is not None for value in column)
    return there >= FEWEST and there >= _COMMON * len(column)


def _is_all_words(column: list[Any]) -> bool:
    words = len({_key(value) for value in column})
    return not _are_numbers(column) and words > min(_MOST_WORDS, len(column) // 2)


def _are_numbers(column: list[Any]) -> bool:
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        for value in column
    )


def _encode(column: list[Any]) -> tuple[list[Any], Any]:
    """Return a parameter as Optuna knows them, with where its values come from."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if _are_numbers(column):
        numbers = [float(value) for value in column]
        low, high = min(numbers), max(numbers)
        # What spans orders of magnitude was tried by them.
        return numbers, FloatDistribution(low, high, log=low > 0 and high / low >= _WIDE)
    keys = list(map(_key, column))
    words = sorted(set(keys))
    return keys, CategoricalDistribution(words)


def _key(value: Any) -> str:
    """Return what tells a value from others, whatever its type."""
    return f"{type(value).__name__} {value!r}"
