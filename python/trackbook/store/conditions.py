"""What a search asks, as SQL conditions on the table of runs.

A comparison of one field of another table with fixed values becomes `id IN (SELECT ...)`, which finds its rows by
index; several fields in one comparison are looked up run by run. A comparison with a missing value is NULL in SQL,
and counts as false.
"""

from collections.abc import Callable

from sqlalchemy import and_, case, nulls_last, or_, select, true

from trackbook.domain.ids import is_id
from trackbook.domain.query import (
    And,
    Attribute,
    Comparator,
    Comparison,
    Condition,
    Match,
    Matcher,
    Membership,
    Metric,
    Not,
    Operand,
    Or,
    Order,
    Param,
    Presence,
    Tag,
    Text,
    Words,
    kind_of,
)
from trackbook.store import schema as t
from trackbook.store.fields import Sql, Test, Value, fields_of, rows_of, value_beside_run, value_of
from trackbook.store.text_functions import contains, like, matches


def condition(node: Condition) -> Test:
    """Return a condition on the table of runs."""
    match node:
        case And(parts):
            return and_(*(condition(part) for part in parts))
        case Or(parts):
            return or_(*(condition(part) for part in parts))
        case Not(part):
            return _fails(condition(part))
        case Comparison(left, comparator, right):
            compare = _comparison(left, comparator, right)
            return _test([left, right], lambda value: compare(value(left), value(right)))
        case Membership(operand, choices, negated):
            return _test([operand], lambda value: _is_one_of(value, operand, choices, negated))
        case Match(operand, matcher, pattern, negated):
            return _test([operand], lambda value: _match(value(operand).text, matcher, pattern, negated))
        case Presence(operand, "null", negated):
            return _is_there(operand) if negated else _fails(_is_there(operand))
        case Presence(operand, _, negated):
            return _is_nan(operand, negated)
        case Words(text):
            return _words(text)


def order_keys(order: Order) -> list[Sql]:
    """Return what to sort runs by: missing values last, numbers before text."""
    value, kind = value_beside_run(order.operand), kind_of(order.operand)
    keys = [value.text] if kind == "text" else [value.number]
    if kind == "any":
        keys.append(case((value.number.is_(None), value.text)))
    return [nulls_last(key.desc() if order.descending else key.asc()) for key in keys]


def _test(operands: list[Operand], build: Callable[[Callable[[Operand], Value]], Test]) -> Test:
    """Return a test over operands, by one index where they hold one field of another table and nothing else."""
    fields = {field for operand in operands for field in fields_of(operand)}
    rows = rows_of(next(iter(fields))) if len(fields) == 1 else None
    if rows is None:
        return build(value_beside_run)
    value = rows.value
    return rows.has(rows.usable, build(lambda operand: value_of(operand, lambda _: value)))


def _fails(test: Test) -> Test:
    # Not NOT: the opposite of NULL must be true.
    return test.is_not(true())


# Comparing


def _comparison(left: Operand, comparator: Comparator, right: Operand) -> Callable[[Value, Value], Test]:
    """Return how to compare two values of these operands' kinds."""
    kinds = {kind_of(left), kind_of(right)}
    if kinds == {"any"}:
        return lambda one, other: _compare_params(one, comparator, other)
    if "text" in kinds:
        return lambda one, other: _relate(one.text, comparator, other.text)
    if comparator == "!=" and kind_of(left) == "any":
        return lambda one, other: _differs_from_number(one, other.number)
    if comparator == "!=" and kind_of(right) == "any":
        return lambda one, other: _differs_from_number(other, one.number)
    return lambda one, other: _relate(one.number, comparator, other.number)


def _compare_params(one: Value, comparator: Comparator, other: Value) -> Test:
    if comparator == "!=":
        same = _compare_params(one, "=", other)
        return and_(one.text.is_not(None), other.text.is_not(None), _fails(same))
    texts = and_(one.number.is_(None), other.number.is_(None), _relate(one.text, comparator, other.text))
    return or_(_relate(one.number, comparator, other.number), texts)


def _differs_from_number(param: Value, number: Sql) -> Test:
    """A parameter that is text differs from every number."""
    is_text = and_(param.number.is_(None), param.text.is_not(None), number.is_not(None))
    return or_(param.number != number, is_text)


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


def _is_one_of(
    value: Callable[[Operand], Value], operand: Operand, choices: tuple[Operand, ...], negated: bool
) -> Test:
    found = value(operand)
    tests: list[Test] = []
    if texts := [value(choice).text for choice in choices if isinstance(choice, Text)]:
        tests.append(found.text.in_(texts))
    if numbers := [value(choice).number for choice in choices if not isinstance(choice, Text)]:
        tests.append(found.number.in_(numbers))
    if not negated:
        return or_(*tests)
    is_there = or_(found.text.is_not(None), found.number.is_not(None))
    return and_(is_there, _fails(or_(*tests)))


def _match(text: Sql, matcher: Matcher, pattern: str, negated: bool) -> Test:
    if matcher == "contains":
        test = contains(text, pattern)
    elif matcher == "~":
        test = matches(text, pattern)
    else:
        test = like(text, pattern, ignore_case=matcher == "ilike")
    return and_(text.is_not(None), _fails(test)) if negated else test


# Asking whether there is a value


def _is_there(operand: Operand) -> Test:
    rows = rows_of(operand) if isinstance(operand, (Attribute, Metric, Param, Tag)) else None
    if rows is not None:
        return rows.has(rows.known)
    value = value_beside_run(operand)
    return (value.text if kind_of(operand) == "text" else value.number).is_not(None)


def _is_nan(operand: Operand, negated: bool) -> Test:
    rows = rows_of(operand) if isinstance(operand, (Metric, Param)) else None
    if rows is None:  # nothing else can be NaN
        return _is_there(operand) if negated else _fails(true())
    return rows.has(rows.usable) if negated else rows.has(rows.known, _fails(rows.usable))


def _words(text: str) -> Test:
    runs, tags = t.runs.c, t.tags.c
    tests = [contains(runs.name, text)]
    for name in ("experiment", "notes"):
        tests.append(condition(Match(Attribute(name), "contains", text, False, 0)))
    by_tag = or_(contains(tags.key, text), contains(tags.value, text))
    tests.append(runs.id.in_(select(tags.run_id).where(tags.value.is_not(None), by_tag)))
    if is_id(text):
        tests.append(runs.id == text)
    return or_(*tests)
