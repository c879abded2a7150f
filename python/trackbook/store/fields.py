"""What searches can look at: each field has an origin, which reads it from the index as a column.

The statements are plain (`SELECT run, value WHERE key = ...`), the same on every database; nothing is compared or
sorted there, so that collations don't matter.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, select

from trackbook.domain.data import DataInput
from trackbook.domain.query import MetricValue
from trackbook.store import schema as t
from trackbook.store import searched_columns as make
from trackbook.store.run_table import RunTable
from trackbook.store.runs import join_notes
from trackbook.store.searched_columns import Change, Numbers, Pairs, Rows, Texts

_RUN: Final = t.runs.c
_NUMBERS: Final[dict[str, ColumnElement[Any]]] = {
    "number": _RUN.number,
    "started": _RUN.started,
    "ended": _RUN.ended,
    "active": _RUN.active,
    "attempt": _RUN.attempt,
}
_TEXTS: Final[dict[str, ColumnElement[Any]]] = {
    "id": _RUN.id,
    "name": _RUN.name,
    "status": _RUN.status,
    "notebook": _RUN.source_path,
    "kind": _RUN.source_kind,
    "user": _RUN.user,
    "host": _RUN.host,
    "parent": _RUN.parent_id,
    "job": _RUN.job_id,
    "group": _RUN.group,
    "forked_from": _RUN.forked_from,
    "reproduction": _RUN.reproduction,
}

Column = Numbers | Texts | Pairs
C = TypeVar("C", bound=Column)


class Origin(ABC, Generic[C]):
    """Where a column comes from. Equal origins give equal columns."""

    def statement(self) -> Select[Any]:
        """Return what reads the column's rows; the first value of each is the id of its run."""
        return self._select()

    def column(self, table: RunTable, rows: Rows, change: Change | None = None) -> C:
        """Return the column that rows make, or change another one to."""
        return self._make(table, rows, change)

    @abstractmethod
    def _select(self) -> Select[Any]: ...

    @abstractmethod
    def _make(self, table: RunTable, rows: Rows, change: Change | None) -> C: ...


class _Numbers(Origin[Numbers]):
    def _make(self, table: RunTable, rows: Rows, change: Change | None) -> Numbers:
        return make.numbers(table, rows, change)


class _Texts(Origin[Texts]):
    def _make(self, table: RunTable, rows: Rows, change: Change | None) -> Texts:
        return make.texts(table, rows, [], change)


@dataclass(frozen=True)
class Metric(_Numbers):
    """The last values of a series, or its lowest or highest ones."""

    key: str
    context: str
    value: MetricValue = "last"

    def _select(self) -> Select[Any]:
        s = t.series.c
        return select(s.run_id, s[self.value]).where(s.key == self.key, s.context == self.context)


@dataclass(frozen=True)
class ParamNumbers(_Numbers):
    """A parameter where it is a number."""

    key: str

    def _select(self) -> Select[Any]:
        p = t.params.c
        return select(p.run_id, p.number).where(p.key == self.key, p.number.is_not(None))


@dataclass(frozen=True)
class ParamTexts(_Texts):
    """A parameter where it is no number, as text; `of_numbers`: the text of those that are."""

    key: str
    of_numbers: bool = False

    def _select(self) -> Select[Any]:
        p = t.params.c
        chosen = p.number.is_not(None) if self.of_numbers else p.number.is_(None)
        return select(p.run_id, p.text, p.value).where(p.key == self.key, chosen)

    def _make(self, table: RunTable, rows: Rows, change: Change | None) -> Texts:
        invalid = [run_id for run_id, _, value in rows if value == "NaN"]
        usable = [(run_id, text) for run_id, text, value in rows if value not in ("null", "NaN")]
        return make.texts(table, usable, invalid, change)


@dataclass(frozen=True)
class ParamValues(_Texts):
    """A parameter where it is no number, as the JSON that says which type it has; NaN is `NaN`."""

    key: str

    def _select(self) -> Select[Any]:
        p = t.params.c
        return select(p.run_id, p.value).where(p.key == self.key, p.number.is_(None), p.value != "null")


@dataclass(frozen=True)
class Tag(_Texts):
    """The values of a tag."""

    key: str

    def _select(self) -> Select[Any]:
        g = t.tags.c
        return select(g.run_id, g.value).where(g.key == self.key, g.value.is_not(None))


@dataclass(frozen=True)
class Tags(Origin[Pairs]):
    """All tags."""

    def _select(self) -> Select[Any]:
        g = t.tags.c
        return select(g.run_id, g.key, g.value).where(g.value.is_not(None))

    def _make(self, table: RunTable, rows: Rows, change: Change | None) -> Pairs:
        return make.pairs(table, rows, change)


@dataclass(frozen=True)
class NumberAttribute(_Numbers):
    """A number or a time that stands with the run."""

    name: str

    def _select(self) -> Select[Any]:
        column = _NUMBERS[self.name]
        return select(_RUN.id, column).where(column.is_not(None))


@dataclass(frozen=True)
class TextAttribute(_Texts):
    """A text that stands with the run."""

    name: str

    def _select(self) -> Select[Any]:
        if self.name == "experiment":
            name, experiment_id = t.experiments.c.name, t.experiments.c.id
            return select(_RUN.id, name).join_from(t.runs, t.experiments, experiment_id == _RUN.experiment_id)
        column = _TEXTS[self.name]
        return select(_RUN.id, column).where(column.is_not(None))


class _Git(msgspec.Struct):
    commit: str
    branch: str | None
    dirty: bool


class _Environment(msgspec.Struct):
    python: str
    platform: str
    git: _Git | None = None


_decode_environment = msgspec.json.Decoder(_Environment).decode


@dataclass(frozen=True)
class EnvironmentAttribute(_Texts):
    """A text of what a run ran on: `python`, `platform`, or of git `commit`, `branch`, `dirty` ("true", "false")."""

    name: str

    def _select(self) -> Select[Any]:
        return select(_RUN.id, _RUN.environment).where(_RUN.environment.is_not(None))

    def _make(self, table: RunTable, rows: Rows, change: Change | None) -> Texts:
        known = {text: self._look(text) for text in {text for _, text in rows}}
        found = [(run_id, known[text]) for run_id, text in rows if known[text] is not None]
        return make.texts(table, found, [], change)

    def _look(self, text: str) -> str | None:
        environment = _decode_environment(text)
        if self.name in ("python", "platform"):
            return str(getattr(environment, self.name))
        if environment.git is None:
            return None
        if self.name == "dirty":
            return "true" if environment.git.dirty else "false"
        found: str | None = getattr(environment.git, self.name)
        return found


_decode_data = msgspec.json.Decoder(DataInput).decode


@dataclass(frozen=True)
class DataVersion(_Texts):
    """The version of some data that has this name or place; the one that was used last."""

    name: str

    def _select(self) -> Select[Any]:
        d = t.data_inputs.c
        return select(d.run_id, d.digest, d.place, d.data).where(d.digest != "").order_by(d.at)

    def _make(self, table: RunTable, rows: Rows, change: Change | None) -> Texts:
        written = msgspec.json.encode(self.name).decode()
        found = [
            (run_id, digest)
            for run_id, digest, place, data in rows
            if place == self.name or (written in data and _decode_data(data).name == self.name)
        ]
        return make.texts(table, found, [], change)


@dataclass(frozen=True)
class Goal(_Texts):
    """Whether a metric is meant to be high ("max") or low ("min")."""

    key: str

    def _select(self) -> Select[Any]:
        m = t.metric_definitions.c
        return select(m.run_id, m.goal).where(m.key == self.key, m.goal.is_not(None))


@dataclass(frozen=True)
class Notes(_Texts):
    """The notes of each run as one text; without a word they are missing."""

    def _select(self) -> Select[Any]:
        n = t.notes.c
        return select(n.run_id, n.text, n.replaces).order_by(n.run_id, n.at, n.replaces.desc())

    def _make(self, table: RunTable, rows: Rows, change: Change | None) -> Texts:
        joined = (
            (run_id, join_notes((text, replaces) for _, text, replaces in lines))
            for run_id, lines in groupby(rows, key=itemgetter(0))
        )
        return make.texts(table, [(run_id, text) for run_id, text in joined if text], [], change)
