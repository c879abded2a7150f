"""Searches as text: what they mean, and what a mistake in one is answered with."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackbook.domain.clock import to_microseconds
from trackbook.domain.query import (
    ATTRIBUTES,
    And,
    Arithmetic,
    Attribute,
    Comparison,
    Match,
    Membership,
    Metric,
    Moment,
    Negative,
    Not,
    Number,
    Or,
    Order,
    Param,
    Presence,
    Query,
    Tag,
    Text,
    Words,
    kind_of,
    series_candidates,
)
from trackbook.errors import QueryError
from trackbook.store.query_parser import parse_order, parse_query

ACC = Metric("acc")
LR = Param("lr")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("metrics.acc > 0.9", Comparison(ACC, ">", Number(0.9))),
        ("metric.acc>=.9", Comparison(ACC, ">=", Number(0.9))),
        ("metrics.acc ≥ 1e-3", Comparison(ACC, ">=", Number(0.001))),
        ("0.9 < metrics.acc", Comparison(Number(0.9), "<", ACC)),
        ("params.lr == -0.1", Comparison(LR, "=", Number(-0.1))),
        ("params.model.depth != 3", Comparison(Param("model.depth"), "!=", Number(3))),
        ("params.lr <> 'auto'", Comparison(LR, "!=", Text("auto"))),
        ("params.augment = True", Comparison(Param("augment"), "=", Text("true"))),
        ("tags.team = 'it''s'", Comparison(Tag("team"), "=", Text("it's"))),
        ('tags.team = "a ""b"" c"', Comparison(Tag("team"), "=", Text('a "b" c'))),
        ("tags.größe = '模型 🦉'", Comparison(Tag("größe"), "=", Text("模型 🦉"))),
        ("metrics.`train/loss` < 1", Comparison(Metric("train/loss"), "<", Number(1))),
        ("metrics.`a``b` < 1", Comparison(Metric("a`b"), "<", Number(1))),
        ('params."a b" = 1', Comparison(Param("a b"), "=", Number(1))),
        ("metrics.loss{subset=val} < 1", Comparison(Metric("loss{subset=val}"), "<", Number(1))),
        ("metrics.`loss{subset=val}` < 1", Comparison(Metric("loss{subset=val}"), "<", Number(1))),
        ("status = 'FAILED'", Comparison(Attribute("status"), "=", Text("failed"))),
        ("attributes.status != 'failed'", Comparison(Attribute("status"), "!=", Text("failed"))),
        ("run.run_name = 'x'", Comparison(Attribute("name"), "=", Text("x"))),
        (
            "status in ('FAILED', 'killed',)",
            Membership(Attribute("status"), (Text("failed"), Text("killed"))),
        ),
        ("params.lr not in (0.1, -1, 'auto')", Membership(LR, (Number(0.1), Number(-1), Text("auto")), True)),
        ("name like 'a%'", Match(Attribute("name"), "like", "a%", False, 10)),
        ("name NOT ILIKE 'a%'", Match(Attribute("name"), "ilike", "a%", True, 15)),
        ("notes contains 'x'", Match(Attribute("notes"), "contains", "x", False, 15)),
        (r"params.lr ~ '^\d+$'", Match(LR, "~", r"^\d+$", False, 12)),
        ("tags.a !~ 'x'", Match(Tag("a"), "~", "x", True, 10)),
        ("ended is null", Presence(Attribute("ended"), "null")),
        ("metrics.acc IS NOT NULL", Presence(ACC, "null", True)),
        ("metrics.acc is not nan", Presence(ACC, "nan", True)),
        ("#42", Comparison(Attribute("number"), "=", Number(42))),
        (
            "metrics.acc - metrics.f1 * 2 > -params.lr / 3",
            Comparison(
                Arithmetic("-", ACC, Arithmetic("*", Metric("f1"), Number(2))),
                ">",
                Arithmetic("/", Negative(LR), Number(3)),
            ),
        ),
        (
            "(metrics.acc + 1) * 2 = 4",
            Comparison(Arithmetic("*", Arithmetic("+", ACC, Number(1)), Number(2)), "=", Number(4)),
        ),
        (
            "0.1 <= params.lr < 1",
            And((Comparison(Number(0.1), "<=", LR), Comparison(LR, "<", Number(1)))),
        ),
        ("baseline", Words("baseline")),
        ("resnet-50 'two words'", And((Words("resnet-50"), Words("two words")))),
        ("train.ipynb or 2026-11-21", Or((Words("train.ipynb"), Words("2026-11-21")))),
        ("7b and 0.1.2", And((Words("7b"), Words("0.1.2")))),
        ("not good", Not(Words("good"))),
        ("android oregon notable inner", And(tuple(map(Words, ("android", "oregon", "notable", "inner"))))),
        (
            "metrics.acc > 0.9 and (params.lr <= 0.1 or tags.team = 'vision') and not status = 'failed'",
            And(
                (
                    Comparison(ACC, ">", Number(0.9)),
                    Or((Comparison(LR, "<=", Number(0.1)), Comparison(Tag("team"), "=", Text("vision")))),
                    Not(Comparison(Attribute("status"), "=", Text("failed"))),
                )
            ),
        ),
    ],
)
def test_what_a_search_means(text: str, condition: object) -> None:
    assert parse_query(text) == Query(condition)  # type: ignore[arg-type]  # any condition


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("'2026-11-21'", "2026-11-21T00:00:00+00:00"),
        ("'2026-11-21 10:30'", "2026-11-21T10:30:00+00:00"),
        ("'2026-11-21T10:30:00.25Z'", "2026-11-21T10:30:00.250000+00:00"),
        ("'2026-11-21T10:30+01:00'", "2026-11-21T09:30:00+00:00"),
        ("1795257000000", "2026-11-21T10:30:00+00:00"),
    ],
)
def test_times(written: str, moment: str) -> None:
    expected = Moment(to_microseconds(datetime.fromisoformat(moment)))
    assert parse_query(f"started > {written}").condition == Comparison(Attribute("started"), ">", expected)
    assert parse_query(f"{written} <= attributes.end_time").condition == Comparison(
        expected, "<=", Attribute("ended")
    )


def test_order() -> None:
    keys = (Order(ACC, True), Order(Metric("loss{subset=val}")), Order(Attribute("started"), True))
    text = "metrics.acc DESC, metrics.`loss{subset=val}`, start_time descending"
    assert parse_order(text) == keys
    assert parse_order(f"order by {text}") == keys
    assert parse_query(f"name = 'x' order by {text}") == Query(
        Comparison(Attribute("name"), "=", Text("x")), keys
    )
    assert parse_query(f"ORDER  BY {text}") == Query(None, keys)
    assert parse_order(" ") == ()
    assert parse_order("metrics.a / metrics.b asc") == (Order(Arithmetic("/", Metric("a"), Metric("b"))),)


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_search_asks_for_all(text: str) -> None:
    assert parse_query(text) == Query()


@pytest.mark.parametrize(
    ("text", "marked", "hint"),
    [
        ("stauts = 'failed'", "stauts", "Did you mean status?"),
        ("acc > 0.9", "acc", "metrics.acc, params.acc or tags.acc"),
        ("metirc.acc > 0.9", "metirc", "metrics.acc?"),
        ("other.acc > 0.9", "other", "metrics., params. or tags."),
        ("status = failed", "failed", "quotes: 'failed'"),
        ("name = train.ipynb", "train", "quotes: 'train.ipynb'"),
        ("tags.team = null", "null", "is null"),
        ("metrics.acc > '0.9'", "'0.9'", "without quotes"),
        ("tags.version = 3", "3", "'3'"),
        ("name = metrics.acc", "metrics.acc", "name is text and metrics.acc is a number"),
        ("metrics.train/loss < 1", "metrics", "metrics.`train/loss`"),
        ("params.learning-rate < 1", "params", "params.`learning-rate`"),
        ("params.a{b=c} = 1", "params", "Only metrics"),
        ("metrics.acc", "metrics", "needs a comparison"),
        ("metrics.acc 0.9", "metrics", "needs a comparison"),
        ("status is nan", "status", "Only metrics and parameters"),
        ("metrics.acc ~ 'x'", "metrics", "~ is for text"),
        ("started contains '2026'", "started", "contains is for text"),
        ("name like x", "x", "like 'x'"),
        ("name ~ 'ab**c'", "*c'", "multiple repeat"),
        ("name ~ '((a{900}){900}){900}'", "'((", "too large"),
        ("name ~ 'a{99999999999999}'", "'a{", "too large"),
        ("name + 1 > 2", "name", "only numbers"),
        ("started - 1 > 2", "started", "only numbers"),
        ("started > 'yesterday'", "'yesterday'", "2026-11-21"),
        ("started > metrics.acc", "metrics", "can't be compared with a time"),
        ("name in (tags.a)", "tags", "numbers or texts"),
        ("name in 'x'", "'x'", "list in parentheses"),
        ("name in ()", ")", "nothing in it"),
        ("name = 'x", "'x", "closing quote"),
        ("name = 'x' and", None, "ends too soon"),
        ("name contains", None, "ends too soon"),
        ("(name = 'x'", None, "closing parenthesis"),
        ("name = 'x')", ")", "no parenthesis"),
        ("metrics.acc => 1", "> 1", "a value should follow"),
        ("(name = 'x') = 'y'", "name", "not a condition"),
        ("a + b", "a", "into quotes"),
        ("name = 'x' ; drop table runs", ";", "into quotes"),
        ("order by 3", "3", "sorted by a field"),
        ("order by", None, "ends too soon"),
    ],
)
def test_mistakes(text: str, marked: str | None, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    error = caught.value
    assert hint in error.reason
    assert error.query == text
    assert error.position == (len(text) if marked is None else text.index(marked))
    assert f"character {error.position + 1}" in str(error)


def test_an_order_that_can_not_be_read() -> None:
    with pytest.raises(QueryError) as caught:
        parse_order("metrics.acc, stauts")
    assert (caught.value.position, caught.value.query) == (13, "metrics.acc, stauts")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_001,
        "not " * 2_000 + "x",
        "(" * 4_000 + "x" + ")" * 4_000,
        "+".join(["metrics.a"] * 900) + " > 1",
        "x " * 4_000,
        "metrics.a in (" + ",".join(["1"] * 4_000) + ")",
        "name ~ '" + "(" * 4_000 + ")" * 4_000 + "'",
        "name = '\ud800'",
        "started > 1e300",
        "name ~ 'a{" + "9" * 5_000 + "}'",
    ],
)
def test_searches_that_ask_for_too_much_are_read_or_refused(text: str) -> None:
    try:
        assert isinstance(parse_query(text), Query)
    except QueryError as error:
        str(error).encode()


VALUES = [
    "metrics.acc",
    "params.lr",
    "tags.`a b`",
    "status",
    "started",
    "word-2",
    "1",
    "'x'",
    "'2026-01-01'",
    "#3",
]
SIGNS = ["(", ")", ",", "~", "=", "!=", "<", ">", "+", "-", "*", "/", "{", "}", "`", '"', "'", "."]
KEYWORDS = ["and", "or", "not", "in", "like", "is null", "is nan", "order by", "desc", "contains", "true"]
PIECES = st.sampled_from([*VALUES, *SIGNS, *KEYWORDS])


@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=14).map(" ".join)))
@example("metrics.\udfff")
@example("name ~ '['")
@example("٣ = 3")
def test_any_text_is_read_or_refused_at_a_place_within_it(text: str) -> None:
    position = 0
    try:
        parse_query(text)
    except QueryError as error:
        position = error.position
    assert 0 <= position <= len(text)


def test_kinds() -> None:
    assert kind_of(parse_order("metrics.a * params.b")[0].operand) == "number"
    assert [kind_of(key.operand) for key in parse_order("params.a, tags.b, started, notes")] == [
        "any",
        "text",
        "time",
        "text",
    ]


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("loss", [("loss", {})]),
        ("loss{a=b,c=d}", [("loss{a=b,c=d}", {}), ("loss", {"a": "b", "c": "d"})]),
        ("loss{a=b, c}", [("loss{a=b, c}", {}), ("loss", {"a": "b, c"})]),
        ("loss{a==}", [("loss{a==}", {}), ("loss", {"a": "="})]),
        ("{a=b}", [("{a=b}", {})]),
        ("loss{}", [("loss{}", {})]),
        ("loss{a=b", [("loss{a=b", {})]),
    ],
)
def test_series_that_a_name_can_mean(name: str, candidates: list[tuple[str, dict[str, str]]]) -> None:
    assert series_candidates(name) == candidates


def test_the_examples_of_the_manual() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```$", manual, re.MULTILINE | re.DOTALL)
    examples = [line for block in blocks for line in block.splitlines()]
    assert len(examples) > 15
    for example_text in examples:
        assert parse_query(example_text) != Query()
    with pytest.raises(QueryError) as caught:
        parse_query("stauts = 'failed'")
    shown = "\n".join(f"    {line}" for line in str(caught.value).splitlines())
    assert shown in manual


def test_the_manual_names_every_attribute_and_sign() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
    for name in ATTRIBUTES:
        assert f"`{name}`" in manual
