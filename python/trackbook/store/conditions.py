"""What a search asks, as SQL: every value is bound, none is ever part of the statement's text.

A comparison of one field of another table with fixed values becomes `id IN (SELECT ...)`, which finds its rows by
index; several fields in one comparison are looked up run by run.
"""

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
    case,
    func,
    literal,
    null,
    nulls_last,
    or_,
    select,
    true,
)

from trackbook.domain.ids import is_id
from trackbook.domain.query import (
    And,
    Arithmetic,
    Attribute,
    Comparator,
    Comparison,
    Condition,
    Field,
    Kind,
    Match,
    Membership,
    Metric,
    Moment,
    Negative,
    Not,
    Number,
    Operand,
    Or,
    Order,
    Param,
    Presence,
    Tag,
    Text,
    Words,
    kind_of,
    series_candidates,
)
from trackbook.store import schema as t
from trackbook.store.segments import context_text
from trackbook.store.text_functions import contains, like, matches

Sql = ColumnElement[Any]
Test = ColumnElement[bool]

_RUN: Final = t.runs.c
_ATTRIBUTES: Final[dict[str, Sql]] = {
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
class _Value:
    """A value in SQL: as a number, as text, or both (a parameter)."""

    number: Sql | None = None
    text: Sql | None = None


@dataclass(frozen=True)
class _Rows:
    """The rows in which a field of other tables stands: `link` equals `run` for the run's own."""

    table: FromClause
    run: Sql
    link: Sql
    value: _Value
    chosen: Test  # the rows of this field, whatever their value
    known: Test  # not missing
    usable: Test  # neither missing nor NaN


def condition(node: Condition) -> Test:
    """Return a condition on the table of runs."""
    match node:
        case And(parts):
            return and_(*(condition(part) for part in parts))
        case Or(parts):
            return or_(*(condition(part) for part in parts))
        case Not(part):
            # Not NOT: a comparison with a missing value is NULL, and its opposite is true.
            return condition(part).is_not(true())
        case Comparison(left, comparator, right):
            return _test([left, right], lambda value: _compare(value(left), comparator, value(right), node))
        case Membership(operand, choices, negated):
            return _membership(operand, choices, negated)
        case Match(operand, matcher, pattern, negated):
            return _test([operand], lambda value: _match(value(operand).text, matcher, pattern, negated))
        case Presence(operand, test, negated):
            return _presence(operand, test, negated)
        case Words(text):
            return _words(text)


def order_keys(order: Order) -> list[ColumnElement[Any]]:
    """Return what to sort runs by: missing values last, numbers before text."""
    value = _looked_up(order.operand)
    keys = [value.number, value.text]
    if value.number is not None and value.text is not None:
        keys[1] = case((value.number.is_(None), value.text), else_=null())
    return [nulls_last(key.desc() if order.descending else key.asc()) for key in keys if key is not None]


# Comparisons


def _test(operands: list[Operand], build: Callable[[Callable[[Operand], _Value]], Test]) -> Test:
    """Return a test over operands, by one index where they hold one field of another table and nothing else."""
    fields = {field for operand in operands for field in _fields(operand)}
    if len(fields) == 1:
        rows = _rows(next(iter(fields)))
        if rows is not None:
            test = build(lambda operand: _value(operand, lambda _: rows.value))
            found = select(rows.link).select_from(rows.table).where(rows.chosen, rows.usable, test)
            return rows.run.in_(found)
    return build(_looked_up)


def _fields(operand: Operand) -> set[Field]:
    match operand:
        case Arithmetic(_, left, right):
            return _fields(left) | _fields(right)
        case Negative(inner):
            return _fields(inner)
        case Number() | Text() | Moment():
            return set()
        case field:
            return {field}


def _compare(left: _Value, comparator: Comparator, right: _Value, node: Comparison) -> Test:
    return _compare_kinds(left, comparator, right, kind_of(node.left), kind_of(node.right))


def _compare_kinds(left: _Value, comparator: Comparator, right: _Value, one: Kind, other: Kind) -> Test:
    if one == other == "any":
        return _compare_any(left, comparator, right)
    by_text = "text" in (one, other)
    first, second = (left.text, right.text) if by_text else (left.number, right.number)
    assert first is not None  # the parser lets only kinds meet that go together
    assert second is not None
    test = _relate(first, comparator, second)
    if comparator == "!=" and "any" in (one, other) and not by_text:
        # A parameter that is text differs from every number.
        field, fixed = (left, second) if one == "any" else (right, first)
        assert field.number is not None
        assert field.text is not None
        return or_(test, and_(field.number.is_(None), field.text.is_not(None), fixed.is_not(None)))
    return test


def _compare_any(left: _Value, comparator: Comparator, right: _Value) -> Test:
    assert left.number is not None
    assert left.text is not None
    assert right.number is not None
    assert right.text is not None
    if comparator == "!=":
        same = _compare_any(left, "=", right)
        return and_(left.text.is_not(None), right.text.is_not(None), same.is_not(true()))
    texts = and_(left.number.is_(None), right.number.is_(None), _relate(left.text, comparator, right.text))
    return or_(_relate(left.number, comparator, right.number), texts)


def _relate(left: Sql, comparator: Comparator, right: Sql) -> Test:
    match comparator:
        case "=":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right


def _membership(operand: Operand, choices: tuple[Operand, ...], negated: bool) -> Test:
    def build(value: Callable[[Operand], _Value]) -> Test:
        found = value(operand)
        numbers = [value(choice).number for choice in choices if not isinstance(choice, Text)]
        texts = [value(choice).text for choice in choices if isinstance(choice, Text)]
        tests = [
            side.in_(some)
            for side, some in ((found.number, numbers), (found.text, texts))
            if some and side is not None
        ]
        if not negated:
            return or_(*tests)
        present = found.text if found.text is not None else found.number
        assert present is not None
        return and_(present.is_not(None), or_(*tests).is_not(true()))

    return _test([operand], build)


def _match(text: Sql | None, matcher: str, pattern: str, negated: bool) -> Test:
    assert text is not None  # the parser takes only fields that are text
    match matcher:
        case "contains":
            test = contains(text, pattern)
        case "~":
            test = matches(text, pattern)
        case _:
            test = like(text, pattern, ignore_case=matcher == "ilike")
    return and_(text.is_not(None), test.is_not(true())) if negated else test


def _presence(operand: Operand, test: str, negated: bool) -> Test:
    rows = None if isinstance(operand, (Number, Text, Moment, Arithmetic, Negative)) else _rows(operand)
    if rows is None:
        value = _looked_up(operand)
        found = value.number if value.number is not None else value.text
        assert found is not None
        return found.is_not(None) if negated else found.is_(None)
    wanted = rows.known if test == "null" else and_(rows.known, rows.usable.is_not(true()))
    chosen = select(rows.link).select_from(rows.table).where(rows.chosen, wanted)
    is_in = rows.run.in_(chosen)
    if test == "null":
        return is_in if negated else is_in.is_not(true())
    if negated:
        usable = select(rows.link).select_from(rows.table).where(rows.chosen, rows.usable)
        return rows.run.in_(usable)
    return is_in


def _words(text: str) -> Test:
    tests = [contains(_RUN.name, text)]
    for field in (Attribute("experiment"), Attribute("notes")):
        rows = _rows(field)
        assert rows is not None
        assert rows.value.text is not None
        tests.append(rows.run.in_(select(rows.link).where(rows.usable, contains(rows.value.text, text))))
    tag = t.tags.c
    by_tag = or_(contains(tag.key, text), contains(tag.value, text))
    tests.append(_RUN.id.in_(select(tag.run_id).where(tag.value.is_not(None), by_tag)))
    if is_id(text):
        tests.append(_RUN.id == text)
    return or_(*tests)


# Values


def _looked_up(operand: Operand) -> _Value:
    """Return a value as it stands beside each run."""
    return _value(operand, _field_beside_run)


def _value(operand: Operand, field_value: Callable[[Field], _Value]) -> _Value:
    match operand:
        case Number(value):
            return _Value(number=literal(value, Float))
        case Moment(value):
            return _Value(number=literal(value, BigInteger))
        case Text(value):
            return _Value(text=literal(value, String))
        case Negative(inner):
            return _Value(number=-_number(inner, field_value))
        case Arithmetic(sign, left, right):
            return _Value(number=_calculate(sign, _number(left, field_value), _number(right, field_value)))
        case field:
            return field_value(field)


def _number(operand: Operand, field_value: Callable[[Field], _Value]) -> Sql:
    number = _value(operand, field_value).number
    assert number is not None  # the parser lets only numbers into arithmetic
    return number


def _calculate(sign: str, left: Sql, right: Sql) -> Sql:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / func.nullif(right, literal(0.0, Float), type_=Float)


def _field_beside_run(field: Field) -> _Value:
    if isinstance(field, Attribute) and field.name in _ATTRIBUTES:
        column = _ATTRIBUTES[field.name]
        return _Value(text=column) if kind_of(field) == "text" else _Value(number=column)
    rows = _rows(field, beside_run=True)
    assert rows is not None

    def look_up(column: Sql | None) -> Sql | None:
        if column is None:
            return None
        found = select(column).select_from(rows.table).where(rows.link == rows.run, rows.chosen, rows.usable)
        return found.correlate(t.runs).limit(1).scalar_subquery()

    return _Value(look_up(rows.value.number), look_up(rows.value.text))


def _rows(field: Field, beside_run: bool = False) -> _Rows | None:
    """Return where a field of other tables stands; None for a column of the runs' own table."""
    match field:
        case Metric(name):
            s = t.series.c
            chosen = or_(
                *(
                    and_(s.key == key, s.context == context_text(context))
                    for key, context in series_candidates(name)
                )
            )
            value = _Value(number=s.last)
            return _Rows(t.series, _RUN.id, s.run_id, value, chosen, true(), s.last.is_not(None))
        case Param(key):
            p = t.params.c
            known, usable = p.value != "null", p.value.not_in(["null", "NaN"])
            return _Rows(t.params, _RUN.id, p.run_id, _Value(p.number, p.text), p.key == key, known, usable)
        case Tag(key):
            g = t.tags.c
            known = g.value.is_not(None)
            return _Rows(t.tags, _RUN.id, g.run_id, _Value(text=g.value), g.key == key, known, known)
        case Attribute("experiment"):
            e = t.experiments.c
            return _Rows(t.experiments, _RUN.experiment_id, e.id, _Value(text=e.name), true(), true(), true())
        case Attribute("notes"):
            notes = _notes(beside_run)
            known = notes.c.text != ""
            return _Rows(notes, _RUN.id, notes.c.run_id, _Value(text=notes.c.text), true(), known, known)
        case _:
            return None


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
