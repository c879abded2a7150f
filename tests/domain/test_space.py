import json
import math
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from trackbook.domain.space import (
    Dimension,
    check_space,
    describe_dimension,
    grid_point,
    grid_size,
    parse_space,
)
from trackbook.domain.valuetype import Parameter, ParameterType
from trackbook.errors import ParameterError, UsageError


def parameter(name: str, kind: ParameterType, **rules: object) -> Parameter:
    return Parameter(name, kind, None, "", **rules)  # type: ignore[arg-type]


KNOWN = [
    parameter("lr", "float"),
    parameter("n", "int", minimum=1, maximum=64),
    parameter("flag", "bool"),
    parameter("eights", "int", multiple_of=8, minimum=10, maximum=70),
    parameter("tenths", "float", minimum=0, maximum=1, multiple_of=0.1),
    parameter("open", "int", exclusive_minimum=0, exclusive_maximum=5),
    parameter("rate", "float", exclusive_minimum=0, maximum=1),
    parameter("free", "any"),
    parameter("text", "str"),
    parameter("kind", "str", choices=["adam", "sgd"], optional=True),
    parameter("layers", "list"),
]


def one(text: str) -> Dimension:
    (dimension,) = parse_space(KNOWN, [text]).values()
    return dimension


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lr=0.01,0.1", Dimension("choices", [0.01, 0.1])),
        ("lr=[0.01, 0.1, 0.01]", Dimension("choices", [0.01, 0.1])),
        ("lr=0.001..0.1", Dimension("float", low=0.001, high=0.1)),
        ("lr=1e-3 .. 1e-1 :log", Dimension("float", low=0.001, high=0.1, log=True)),
        ("lr=-1..1:step=0.25", Dimension("float", low=-1.0, high=1.0, step=0.25)),
        ("lr=0..1:step=0.3", Dimension("float", low=0.0, high=0.9, step=0.3)),
        ('lr={"low": 0.001, "high": 0.1, "log": true}', Dimension("float", low=0.001, high=0.1, log=True)),
        ('lr={"values": [1, 2]}', Dimension("choices", [1.0, 2.0])),
        ("n", Dimension("int", low=1, high=64)),
        ("n=:log", Dimension("int", low=1, high=64, log=True)),
        ("n=2..10", Dimension("int", low=2, high=10)),
        ("n=1..10:step=4", Dimension("int", low=1, high=9, step=4)),
        ("flag", Dimension("choices", [False, True])),
        ("eights", Dimension("int", low=16, high=64, step=8)),
        ("tenths", Dimension("float", low=0.0, high=1.0, step=0.1)),
        ("open", Dimension("int", low=1, high=4)),
        ("free=1..3", Dimension("int", low=1, high=3)),
        ("free=1..3.5", Dimension("float", low=1, high=3.5)),
        ("free=a:b,c", Dimension("choices", ["a:b", "c"])),
        ("text=a..b,c", Dimension("choices", ["a..b", "c"])),
        ("kind", Dimension("choices", ["adam", "sgd", None])),
        ("layers=[[1], [2, 3]]", Dimension("choices", [[1], [2, 3]])),
    ],
)
def test_what_a_text_means(text: str, expected: Dimension) -> None:
    assert one(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("lr", "write lr=0.001..0.1"),
        ("text", "write text=VALUE,VALUE"),
        ("lr=", "no values"),
        ("lr=0.1..", "is no range"),
        ("lr=0.1..1:logs", "there are :log and :step"),
        ("lr=1..0.1", "the lower end comes first"),
        ("lr=1..1", "empty"),
        ("lr=0..1:log", "begins above 0"),
        ("lr=0.1..1:log:step=0.1", "not both"),
        ("lr=0..1:step=0", "above 0"),
        ("lr=0..1:step=2", "longer than the range"),
        ("n=1..10:step=0.5", "whole number"),
        ("n=0..10", "from 1 to 64"),
        ("n=1.5..10", "expected int"),
        ("eights=17..64", "a multiple of 8"),
        ("kind=:log", "only numbers have a log"),
        ("rate=:log", "begins at 0"),
        ('lr={"low": 1}', "both ends"),
        ('lr={"from": 1, "high": 2}', "has no 'from'"),
        ('lr={"low": 1', "no JSON"),
        ('kind={"low": 1, "high": 2}', "only numbers have ranges"),
        ("lrr=1,2", "did you mean 'lr'"),
        ("kind=adam,sdg", "did you mean 'sgd'"),
    ],
)
def test_what_is_wrong_is_said_with_the_parameter(text: str, hint: str) -> None:
    with pytest.raises(ParameterError, match=text.partition("=")[0]) as caught:
        parse_space(KNOWN, [text])
    assert hint in str(caught.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        parse_space(KNOWN, ["lr=1..0", "n=0..9", "flag"])
    assert [error.name for error in caught.value.each()] == ["lr", "n"]
    with pytest.raises(UsageError, match="name=values"):
        parse_space(KNOWN, ["=1,2"])


def test_values_from_python_and_json() -> None:
    space = check_space(
        KNOWN,
        {"lr": {"low": 0.1, "high": 1}, "n": [1, 2], "flag": None, "eights": "16..32", "kind": one("kind")},
    )
    assert space == {
        "lr": Dimension("float", low=0.1, high=1.0),
        "n": Dimension("choices", [1, 2]),
        "flag": Dimension("choices", [False, True]),
        "eights": Dimension("int", low=16, high=32, step=8),
        "kind": Dimension("choices", ["adam", "sgd", None]),
    }
    with pytest.raises(ParameterError, match="a list of values"):
        check_space(KNOWN, {"n": 3})


def test_a_grid_has_each_combination_once_the_last_name_fastest() -> None:
    space = parse_space(KNOWN, ["n=1,2", "tenths=0..1:step=0.5", "flag"])
    assert grid_size(space) == 12
    points = [grid_point(space, position) for position in range(12)]
    assert points[:3] == [
        {"n": 1, "tenths": 0.0, "flag": False},
        {"n": 1, "tenths": 0.0, "flag": True},
        {"n": 1, "tenths": 0.5, "flag": False},
    ]
    assert len({json.dumps(point) for point in points}) == 12
    assert grid_size(parse_space(KNOWN, ["n", "lr=0..1"])) is None


numbers = st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-1000, 1000)


@given(numbers, numbers, st.sampled_from(["", ":log", ":step=0.5", ":step=3"]))
@example(-1, -4e-303, ":step=0.5")
@example(2e-313, 1.0, ":step=0.5")
@example(-3.0, -2e-309, ":step=3")
def test_a_range_is_refused_or_has_its_ends(low: float, high: float, options: str) -> None:
    try:
        dimension = one(f"lr={low!r}..{high!r}{options}")
    except ParameterError:
        is_short = Fraction(high) - Fraction(low) < 3
        assert low >= high or (options == ":log" and low <= 0) or ("step" in options and is_short)
        return
    assert dimension.low == low
    assert dimension.high is not None
    assert dimension.high <= high
    assert dimension.has(dimension.low)
    assert dimension.has(dimension.high)
    assert one(f"lr={describe_dimension(dimension)}") == dimension
    if dimension.step is not None:
        assert dimension.count is not None
        assert high - dimension.high < dimension.step * (1 + 1e-9)
        assert dimension.position(dimension.at(dimension.count - 1)) == dimension.count - 1


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53), min_size=1))
def test_listed_values_come_back(values: list[float]) -> None:
    dimension = one("lr=" + ",".join(map(repr, values)))
    assert dimension.kind == "choices"
    assert set(dimension.values) == set(map(float, values))
    assert all(dimension.values[dimension.position(float(value)) or 0] == value for value in values)


@given(st.text(max_size=30))
def test_any_text_is_a_space_or_an_error(text: str) -> None:
    assume("\0" not in text)
    for name in ("lr", "n", "free", "kind", "text", "layers"):
        try:
            dimension = one(f"{name}={text}")
        except UsageError:
            continue
        else:
            assert dimension.count is None or dimension.count >= 1
            assert not any(isinstance(value, float) and math.isnan(value) for value in [dimension.low or 0])
