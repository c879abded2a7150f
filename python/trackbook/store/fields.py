"""Where the fields of a search stand in the database, and values made of them. Every value is bound."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    FromClause,
    String,
    and_,
    func,
    literal,
    null,
    or_,
    select,
    true,
)

from trackbook.domain.query import (
    Arithmetic,
    Attribute,
    Field,
    Metric,
    Moment,
    Negative,
    Number,
    Operand,
    Param,
    Sign,
    Tag,
    Text,
    kind_of,
    series_candidates,
)
from trackbook.store import schema as t
from trackbook.store.segments import context_text

Sql = ColumnElement[Any]
Test = ColumnElement[bool]

_RUN: Final = t.runs.c
_COLUMNS: Final[dict[str, Sql]] = {
    "id": _RUN.id,
    "number": _RUN.number,
    "name": _RUN.name,
    "status": _RUN.status,
    "started": _RUN.started,
    "ended": _RUN.ended,
    "duration": (_RUN.ended - _RUN.started) / literal(1e6, Float),
    "active": _RUN.active,
    "notebook": _RUN.source_path,
    "kind": _RUN.source_kind,
    "user": _RUN.user,
    "host": _RUN.host,
    "parent": _RUN.parent_id,
    "job": _RUN.job_id,
}


@dataclass(frozen=True)
class Value:
    """A value in SQL, as a number and as text; NULL where it is not of that kind. A parameter may be both."""

    number: Sql
    text: Sql


@dataclass(frozen=True)
class Rows:
    """The rows of another table in which a field stands; `link` in them equals `run` in the run's row.

    `chosen` picks the field's rows, `known` leaves out missing values, `usable` also NaN.
    """

    table: FromClause
    run: Sql
    link: Sql
    value: Value
    chosen: Test
    known: Test
    usable: Test

    def has(self, *tests: Test) -> Test:
        """Return whether a run has a row of this field for which the tests hold; found by index."""
        return self.run.in_(select(self.link).select_from(self.table).where(self.chosen, *tests))

    def beside_run(self, column: Sql) -> Sql:
        """Return the field's value as it stands beside each run."""
        found = select(column).select_from(self.table).where(self.link == self.run, self.chosen, self.usable)
        return found.correlate(t.runs).limit(1).scalar_subquery()


def fields_of(operand: Operand) -> set[Field]:
    """Return the fields from which a value is made."""
    match operand:
        case Arithmetic(_, left, right):
            return fields_of(left) | fields_of(right)
        case Negative(inner):
            return fields_of(inner)
        case Number() | Text() | Moment():
            return set()
        case field:
            return {field}


def value_of(operand: Operand, field_value: Callable[[Field], Value]) -> Value:
    """Return a value in SQL, made from what `field_value` gives for each field."""
    match operand:
        case Number(value):
            return _number(literal(value, Float))
        case Moment(value):
            return _number(literal(value, BigInteger))
        case Text(value):
            return _text(literal(value, String))
        case Negative(inner):
            return _number(-value_of(inner, field_value).number)
        case Arithmetic(sign, left, right):
            first, second = value_of(left, field_value).number, value_of(right, field_value).number
            return _number(_calculate(sign, first, second))
        case field:
            return field_value(field)


def value_beside_run(operand: Operand) -> Value:
    """Return a value as it stands beside each run, looked up run by run where it is in another table."""
    return value_of(operand, _field_beside_run)


def rows_of(field: Field, beside_run: bool = False) -> Rows | None:
    """Return the rows in which a field stands; None for a column of the runs' own table."""
    match field:
        case Metric(name):
            s = t.series.c
            chosen = or_(
                *(
                    and_(s.key == key, s.context == context_text(context))
                    for key, context in series_candidates(name)
                )
            )
            return Rows(t.series, _RUN.id, s.run_id, _number(s.last), chosen, true(), s.last.is_not(None))
        case Param(key):
            p = t.params.c
            known, usable = p.value != "null", p.value.not_in(["null", "NaN"])
            return Rows(t.params, _RUN.id, p.run_id, Value(p.number, p.text), p.key == key, known, usable)
        case Tag(key):
            g = t.tags.c
            known = g.value.is_not(None)
            return Rows(t.tags, _RUN.id, g.run_id, _text(g.value), g.key == key, known, known)
        case Attribute("experiment"):
            e = t.experiments.c
            return Rows(t.experiments, _RUN.experiment_id, e.id, _text(e.name), true(), true(), true())
        case Attribute("notes"):
            notes = _notes(beside_run)
            known = notes.c.text != ""
            return Rows(notes, _RUN.id, notes.c.run_id, _text(notes.c.text), true(), known, known)
        case _:
            return None


def _field_beside_run(field: Field) -> Value:
    rows = rows_of(field, beside_run=True)
    kind = kind_of(field)
    if rows is not None:
        number = null() if kind == "text" else rows.beside_run(rows.value.number)
        return Value(number, null() if kind == "number" else rows.beside_run(rows.value.text))
    column = _COLUMNS[field.name] if isinstance(field, Attribute) else null()
    return _text(column) if kind == "text" else _number(column)


def _number(value: Sql) -> Value:
    return Value(value, null())


def _text(value: Sql) -> Value:
    return Value(null(), value)


def _calculate(sign: Sign, left: Sql, right: Sql) -> Sql:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / func.nullif(right, literal(0.0, Float), type_=Float)


def _notes(beside_run: bool) -> FromClause:
    """The notes of each run as one text: from the newest replacement on, a line each."""
    n, newer = t.notes.c, t.notes.alias()
    replaced = select(newer.c.at).where(newer.c.run_id == n.run_id, newer.c.replaces, newer.c.at > n.at)
    lines = func.aggregate_strings(n.text, "\n").over(
        partition_by=n.run_id, order_by=[n.at, n.replaces.desc()], rows=(None, None)
    )
    found = select(n.run_id, lines.label("text")).where(~replaced.exists()).distinct()
    if beside_run:
        found = found.where(n.run_id == _RUN.id).correlate(t.runs)
    return found.subquery()
