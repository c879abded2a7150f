"""Searches in the database agree with the same searches worked out in plain Python, run by run."""

import json
import math
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from trackbook.config import Settings
from trackbook.domain.clock import to_datetime, to_microseconds
from trackbook.domain.query import (
    ATTRIBUTES,
    And,
    Arithmetic,
    Attribute,
    Comparison,
    Condition,
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
    Query,
    Tag,
    Text,
    Words,
    kind_of,
)
from trackbook.domain.run import Run, Source
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store
from trackbook.store.query_parser import parse_query
from trackbook.store.search import Searcher

NUMBERS = [0.0, 0.1, -1.5, 2.0, 3.0, 1e300, math.inf, -math.inf]
TEXTS = ["", "a", "A", "ab", "a%b_", "Straße", "STRASSE", "x*y?[z]", 'it\'s "q"', "0.1", "true", "🦉 µ"]
KEYS = ["a", "b", "c d", "train/loss"]
SERIES = ["a", "b", "c d", "a{subset=val}"]

# The runs


@pytest.fixture(scope="module", params=["folder", "postgresql"])
def services(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgresql":
            url = request.getfixturevalue("postgresql")
            patch.setenv("TRACKBOOK_STORE", f"{url}&schema=test_agreement")
        folder = tmp_path_factory.mktemp("project") / ".trackbook"
        store = create_store(folder, Settings.load().remote if request.param == "postgresql" else None)
        for number in range(48):
            _record_run(number, store)
        services = open_services(store)
        assert services.runs.refresh(timeout=60.0)
        yield services
        services.database.close()


class AllRuns:
    """All runs of the store; failures are shown without them."""

    def __init__(self, runs: list[Run]) -> None:
        self.runs = runs
        self.searcher = Searcher()


@pytest.fixture(scope="module")
def known(services: Services) -> AllRuns:
    return AllRuns(services.runs.search(limit=1000).runs)


def _record_run(number: int, store: Any) -> None:
    """Record a run whose values depend on its number: many equal ones, many missing ones."""

    def pick(choices: list[Any], salt: int) -> Any:
        return choices[(number * 7 + salt * 13 + number // 5) % len(choices)]

    values = [*NUMBERS, math.nan, *TEXTS, True, False, None, 1, [1, "a"], {}]
    params = {key: pick(values, salt) for salt, key in enumerate(KEYS) if (number + salt) % 4}
    tags = {key: pick(TEXTS, salt) for salt, key in enumerate(KEYS) if (number + salt) % 3}
    source = Source("notebook", pick(["a.ipynb", "b/ü.ipynb"], 1)) if number % 3 else Source("script")
    run = RunRecorder.start(
        store,
        experiment=pick(["churn", "Größe", "a"], 3),
        name=f"{pick(['run', 'Straße', 'a%b_'], 4)}-{number}",
        params=params,
        tags=tags,
        source=source,
    )
    for salt, key in enumerate(KEYS[:3]):
        if (number + salt) % 5:
            run.log({key: pick(NUMBERS, 5)})
            run.log({key: pick([*NUMBERS, math.nan], salt)})
    if number % 2:
        run.log({"a": pick(NUMBERS, 7)}, context={"subset": "val"})
    if number % 4 == 0:
        run.add_note(pick(TEXTS[1:], 8))
        run.add_note(pick(["second LINE", "zwei"], 9))
    if number % 6:
        run.end(pick(["finished", "failed"], 10))
    else:
        run.close()


# The same in plain Python


class Value(NamedTuple):
    number: float | None = None
    text: str | None = None


def holds(condition: Condition, run: Run) -> bool:
    match condition:
        case And(parts):
            return all(holds(part, run) for part in parts)
        case Or(parts):
            return any(holds(part, run) for part in parts)
        case Not(part):
            return not holds(part, run)
        case Comparison(left, comparator, right):
            return compares(
                value_of(left, run), comparator, value_of(right, run), "any" in kinds(left, right)
            )
        case Membership(operand, choices, negated):
            value = value_of(operand, run)
            found = any(same(value, value_of(choice, run)) for choice in choices)
            return not found and value != Value() if negated else found
        case Match(operand, matcher, pattern, negated):
            text = value_of(operand, run).text
            return text is not None and matches(text, matcher, pattern) != negated
        case Presence(operand, "null", negated):
            return is_missing(operand, run) != negated
        case Presence(operand, _, negated):
            return not is_missing(operand, run) and is_nan(operand, run) != negated
        case Words(text):
            places = [run.name, run.experiment, run.notes, *run.tags, *run.tags.values()]
            return run.id == text or any(text.casefold() in place.casefold() for place in places)


def kinds(left: Operand, right: Operand) -> set[str]:
    return {kind_of(left), kind_of(right)}


def compares(left: Value, comparator: str, right: Value, with_param: bool) -> bool:
    if comparator == "=":
        return same(left, right)
    if comparator == "!=":
        return Value() not in (left, right) and not same(left, right)
    if left.number is not None and right.number is not None:
        return relate(left.number, comparator, right.number)
    both_text = left.text is not None and right.text is not None
    if both_text and not (left.number is not None and with_param and right.number is not None):
        return is_text_comparison(left, right) and relate(left.text, comparator, right.text)
    return False


def is_text_comparison(left: Value, right: Value) -> bool:
    """A number's text counts against plain text, not against another parameter's."""
    return not (isinstance(left, Mixed) and isinstance(right, Mixed)) or (
        left.number is None and right.number is None
    )


class Mixed(Value):
    """A parameter: its text is there beside its number."""


def same(left: Value, right: Value) -> bool:
    if left.number is not None and right.number is not None:
        return left.number == right.number
    if left.text is None or right.text is None or not is_text_comparison(left, right):
        return False
    return left.text == right.text


def relate(left: Any, comparator: str, right: Any) -> bool:
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[comparator])


def matches(text: str, matcher: str, pattern: str) -> bool:
    if matcher == "contains":
        return pattern.casefold() in text.casefold()
    if matcher == "~":
        return re.search(pattern, text) is not None
    if matcher == "ilike":
        text, pattern = text.casefold(), pattern.casefold()
    wild = {"%": ".*", "_": "."}
    parts = [wild.get(character, re.escape(character)) for character in pattern]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def value_of(operand: Operand, run: Run) -> Value:
    match operand:
        case Number(number):
            return Value(number=number)
        case Moment(at):
            return Value(number=at)
        case Text(text):
            return Value(text=text)
        case Negative(inner):
            number = value_of(inner, run).number
            return Value() if number is None else Value(number=-number)
        case Arithmetic(sign, left, right):
            return Value(number=calculate(sign, value_of(left, run).number, value_of(right, run).number))
        case Metric(name):
            number = run.metrics.get(name, math.nan)
            return Value() if math.isnan(number) else Value(number=number)
        case Tag(key):
            return Value(text=run.tags.get(key))
        case Param(key):
            return param_value(run.params.get(key))
        case Attribute(name):
            return attribute_value(name, run)


def param_value(value: Any) -> Value:
    if value is None or value != value:
        return Value()
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Mixed(float(value) if is_number else None, text)


def attribute_value(name: str, run: Run) -> Value:
    if name.startswith(("environment.", "git.")):  # nothing captures them here
        return Value()
    where = {
        "notebook": run.source.path,
        "kind": run.source.kind,
        "parent": run.parent_id,
        "job": run.source.job_id,
    }
    found = where[name] if name in where else getattr(run, name)
    if isinstance(found, datetime):
        found = to_microseconds(found)
    if name == "notes" and found == "":
        return Value()
    return Value(text=found) if ATTRIBUTES[name] == "text" else Value(number=found)


def calculate(sign: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (sign == "/" and right == 0):
        return None
    left, right = float(left), float(right)
    with_sign = {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1.0)}
    return None if math.isnan(with_sign[sign]) else with_sign[sign]


def is_missing(operand: Operand, run: Run) -> bool:
    if isinstance(operand, Metric):
        return operand.name not in run.metrics
    if isinstance(operand, Param):
        return run.params.get(operand.key) is None
    return value_of(operand, run) == Value()


def is_nan(operand: Operand, run: Run) -> bool:
    value = run.metrics.get(operand.name) if isinstance(operand, Metric) else run.params.get(operand.key)  # type: ignore[union-attr]  # only these can be NaN
    return isinstance(value, float) and math.isnan(value)


def arrange(runs: list[Run], order: tuple[Order, ...]) -> list[Run]:
    found = sorted(runs, key=lambda run: (run.started, run.id), reverse=True)
    for key in reversed(order):
        values = {run.id: value_of(key.operand, run) for run in found}
        numbers = [run for run in found if values[run.id].number is not None]
        texts = [run for run in found if values[run.id].number is None and values[run.id].text is not None]
        missing = [run for run in found if values[run.id] == Value()]
        numbers.sort(key=lambda run: values[run.id].number, reverse=key.descending)  # type: ignore[arg-type,return-value]  # none is None
        texts.sort(key=lambda run: values[run.id].text, reverse=key.descending)  # type: ignore[arg-type,return-value]  # none is None
        found = numbers + texts + missing
    return found


# Searches, and their text

number_values = st.sampled_from([*(n for n in NUMBERS if math.isfinite(n)), 1.0, 12.0]).map(Number)
text_values = st.sampled_from([*TEXTS, "churn", "run-7", '[1, "a"]', "µ"]).map(Text)
metrics = st.sampled_from([*SERIES, "nowhere"]).map(Metric)
params = st.sampled_from([*KEYS, "nowhere"]).map(Param)
tags = st.sampled_from([*KEYS, "nowhere"]).map(Tag)
comparators = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
patterns = st.sampled_from([*TEXTS, "%", "a%", "%s%", "%-_", "STRA%", "r_n%", "zwei"])
expressions = st.sampled_from(["^a", "(?i)STRASSE", "-[0-3]+$", "[*?]", ".", "^$", "a|b"])
words = st.sampled_from(["a", "STRASSE", "zwei", "Größe", "%", "nowhere", "c d", "second line"])
# The runs of a test begin within its seconds; decades around them hold both answers.
times = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1))  # made aware below


def attributes(kind: str) -> st.SearchStrategy[Attribute]:
    # A text beside a status is turned to small letters; status has values of its own below.
    return st.sampled_from([n for n, known in ATTRIBUTES.items() if known == kind and n != "status"]).map(
        Attribute
    )


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    return Moment(to_microseconds(draw(times).replace(tzinfo=UTC)))


@st.composite
def numbers(draw: st.DrawFn, depth: int = 2) -> Operand:
    shape = draw(st.integers(0, 7 if depth else 5))
    if shape == 7:
        inner = draw(numbers(depth - 1))
        return inner if isinstance(inner, Number) else Negative(inner)
    if shape == 6:
        sign = draw(st.sampled_from(["+", "-", "*", "/"]))
        return Arithmetic(sign, draw(numbers(depth - 1)), draw(numbers(depth - 1)))
    return draw((metrics, metrics, metrics, params, attributes("number"), number_values)[shape])


@st.composite
def text_fields(draw: st.DrawFn) -> Operand:
    return draw(draw(st.sampled_from([tags, params, attributes("text")])))


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    left, right = draw(
        st.sampled_from(
            [
                (numbers(), numbers()),
                (text_fields(), text_values),
                (text_fields(), text_fields()),
                (params, number_values),
                (params, params),
                (attributes("time"), moments()),
                (attributes("time"), attributes("time")),
                (st.just(Attribute("status")), st.sampled_from(["failed", "finished"]).map(Text)),
            ]
        )
    )
    return Comparison(draw(left), draw(comparators), draw(right))


@st.composite
def memberships(draw: st.DrawFn) -> Membership:
    operand, choice = draw(
        st.sampled_from(
            [(metrics, number_values), (text_fields(), text_values), (params, number_values | text_values)]
        )
    )
    choices = draw(st.lists(choice, min_size=1, max_size=4))
    return Membership(draw(operand), tuple(choices), draw(st.booleans()))


@st.composite
def text_matches(draw: st.DrawFn) -> Match:
    matcher = draw(st.sampled_from(["like", "ilike", "contains", "~"]))
    pattern = draw(expressions if matcher == "~" else patterns)
    return Match(draw(text_fields()), matcher, pattern, draw(st.booleans()), 0)  # type: ignore[arg-type]  # a field


@st.composite
def presences(draw: st.DrawFn) -> Presence:
    if draw(st.booleans()):
        return Presence(draw(metrics | params), "nan", draw(st.booleans()))
    operand = draw(draw(st.sampled_from([metrics, numbers(), text_fields(), attributes("time")])))
    return Presence(operand, "null", draw(st.booleans()))


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> Condition:
    shape = draw(st.integers(0, 7 if depth else 4))
    if shape == 7:
        return Not(draw(conditions(depth - 1)))
    if shape > 4:
        parts = tuple(draw(st.lists(conditions(depth - 1), min_size=2, max_size=3)))
        return And(parts) if shape == 5 else Or(parts)
    return draw((comparisons(), memberships(), text_matches(), presences(), words.map(Words))[shape])


@st.composite
def queries(draw: st.DrawFn) -> Query:
    condition = draw(st.none() | conditions())
    keys = draw(st.lists(numbers() | text_fields() | attributes("time"), max_size=2))
    order = [Order(key, draw(st.booleans())) for key in keys if not isinstance(key, Number)]
    return Query(condition, tuple(order))


def write(query: Query) -> str:
    text = "" if query.condition is None else write_condition(query.condition)
    keys = [f"{write_operand(key.operand)} {'desc' if key.descending else 'asc'}" for key in query.order]
    return f"{text} order by {', '.join(keys)}" if keys else text


def write_condition(condition: Condition) -> str:
    match condition:
        case And(parts):
            return " and ".join(f"({write_condition(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({write_condition(part)})" for part in parts)
        case Not(part):
            return f"not ({write_condition(part)})"
        case Comparison(left, comparator, right):
            return f"{write_operand(left)} {comparator} {write_operand(right)}"
        case Membership(operand, choices, negated):
            inside = ", ".join(map(write_operand, choices))
            return f"{write_operand(operand)} {'not ' if negated else ''}in ({inside})"
        case Match(operand, matcher, pattern, negated):
            spelled = (
                ("!~" if negated else "~") if matcher == "~" else f"{'not ' if negated else ''}{matcher}"
            )
            return f"{write_operand(operand)} {spelled} {quote(pattern)}"
        case Presence(operand, test, negated):
            return f"{write_operand(operand)} is {'not ' if negated else ''}{test}"
        case Words(text):
            return quote(text)


def write_operand(operand: Operand) -> str:
    match operand:
        case Number(number):
            return repr(number)
        case Text(text):
            return quote(text)
        case Moment(at):
            return quote(to_datetime(at).isoformat())
        case Metric(name):
            return f"metrics.`{name}`"
        case Param(key):
            return f"params.`{key}`"
        case Tag(key):
            return f"tags.`{key}`"
        case Attribute(name):
            return name
        case Negative(inner):
            return f"-({write_operand(inner)})"
        case Arithmetic(sign, left, right):
            return f"({write_operand(left)} {sign} {write_operand(right)})"


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def several_queries(draw: st.DrawFn) -> list[Query]:
    """Draw 25 queries: ten, and what becomes of them put together, which costs less than drawing as many."""
    drawn = draw(st.lists(queries(), min_size=10, max_size=10))
    made = list(drawn)
    for one, other in pairwise(drawn):
        parts = tuple(query.condition for query in (one, other) if query.condition is not None)
        order = (*other.order, *one.order)
        if len(parts) == 2:
            made += [Query(And(parts), order), Query(Not(Or(parts)), order)]
        else:
            made += [Query(Not(parts[0]) if parts else None, order), Query(None, order)]
    return made[:25]


# Together these are 10,000 searches.
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(asked=several_queries())
def test_a_search_finds_what_python_finds(asked: list[Query], services: Services, known: AllRuns) -> None:
    assert len(asked) == 25
    for query in asked:
        text = write(query)
        expected = [run for run in known.runs if query.condition is None or holds(query.condition, run)]
        with services.database.read() as connection:
            found = known.searcher.search(connection, text, limit=1000)
        assert found.ids == [run.id for run in arrange(expected, query.order)], text
        assert found.total == len(expected)


@settings(max_examples=200, deadline=None)
@given(query=queries())
def test_a_written_search_is_read_as_it_was_meant(query: Query) -> None:
    assert without_positions(parse_query(write(query))) == without_positions(query)


def without_positions(query: Query) -> str:
    return re.sub(r"position=\d+", "", repr(query))


@settings(max_examples=40, deadline=None)
@given(query=queries(), offset=st.integers(0, 60), limit=st.integers(0, 20))
def test_windows_are_cut_from_the_whole(query: Query, offset: int, limit: int, services: Services) -> None:
    text = write(query)
    whole = services.runs.search(text, limit=1000)
    window = services.runs.search(text, offset=offset, limit=limit)
    assert [run.id for run in window.runs] == [run.id for run in whole.runs][offset : offset + limit]
    assert window.total == whole.total


# What a statement that only reads makes SQLite do.
READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_TRANSACTION}
POISON = [
    "x'; DROP TABLE runs; --",
    "') or 1=1 --",
    "main.runs",
    "../../other/.trackbook/index.sqlite",
    "?1",
    "\x00",
]


@settings(max_examples=80, deadline=None)
@given(query=queries(), poison=st.sampled_from(POISON))
def test_no_search_writes_or_reads_beyond_its_project(
    query: Query, poison: str, services: Services, known: AllRuns
) -> None:
    if services.place.shared:
        pytest.skip("a reader's transaction is read-only there, which the server sees to")
    done: list[tuple[int, str | None]] = []

    def authorize(
        action: int, one: str | None, two: str | None, database: str | None, trigger: str | None
    ) -> int:
        done.append((action, database))
        return sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY

    key = poison.replace("`", "``")
    own = {run.id for run in known.runs}
    with services.database.read() as connection:
        raw: Any = connection.connection.driver_connection
        before = raw.total_changes
        raw.set_authorizer(authorize)
        try:
            for text in (
                write(query),
                f"params.`{key}` = {quote(poison)} or tags.`{key}` like {quote(poison)} or {quote(poison)}",
                f"metrics.`{key}` is null order by metrics.`{key}`, params.`{key}`, tags.`{key}`",
            ):
                found = Searcher().search(connection, text, limit=1000)
                assert own.issuperset(found.ids)
        finally:
            raw.set_authorizer(None)
        assert raw.total_changes == before
    assert {action for action, _ in done} <= READING
    assert {database for _, database in done if database is not None} <= {"main"}


def test_the_runs_are_worth_searching(known: AllRuns) -> None:
    runs = known.runs
    assert len(runs) == 48
    assert {run.status for run in runs} >= {"finished", "failed"}
    assert any(math.isnan(value) for run in runs for value in run.metrics.values())
    assert runs[0].started - runs[-1].started < timedelta(minutes=10)
