import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.domain.parameter import (
    Parameter,
    ParameterType,
    check_sweep,
    check_value,
    check_values,
    combine_sweep,
    parse_assignments,
    parse_sweep,
    parse_sweeps,
    parse_value,
)
from trackbook.domain.values import to_wire
from trackbook.domain.valuetype import ValueType
from trackbook.errors import ParameterError, UsageError


def parameter(kind: ParameterType, name: str = "x", **fields: Any) -> Parameter:
    return Parameter(name, kind, None, "", **fields)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("int", 3, 3),
        ("int", 3.0, 3),
        ("float", 1, 1.0),
        ("float", 0.5, 0.5),
        ("float", "Infinity", math.inf),
        ("float", "-Infinity", -math.inf),
        ("bool", False, False),
        ("str", "a", "a"),
        ("list", (1, 2), [1, 2]),
        ("dict", {"a": [1, None]}, {"a": [1, None]}),
        ("any", [1, {"a": "b"}], [1, {"a": "b"}]),
        ("any", None, None),
        ("none", 5, 5),
    ],
)
def test_a_value_of_the_type_is_taken(kind: ParameterType, value: Any, expected: Any) -> None:
    taken = check_value(parameter(kind), value)
    assert taken == expected
    assert type(taken) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", 2.5),
        ("int", True),
        ("int", "3"),
        ("float", True),
        ("float", "fast"),
        ("bool", 1),
        ("str", 5),
        ("str", None),
        ("list", "abc"),
        ("list", {"a": 1}),
        ("list", [object()]),
        ("dict", [1]),
        ("dict", {1: 2}),
        ("any", object()),
        ("int", None),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_expected_one(kind: ParameterType, value: Any) -> None:
    with pytest.raises(ParameterError, match=r"'x': (item 1: )?expected") as caught:
        check_value(parameter(kind), value)
    assert caught.value.name == "x"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, [2**70], {"a": 2**64}, "\udcff", {"\ud800": 1}])
def test_what_the_journal_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(ParameterError):
        check_value(parameter("any"), value)


def test_none_needs_an_optional_parameter() -> None:
    assert check_value(parameter("int", optional=True), None) is None
    with pytest.raises(ParameterError, match="expected int, not None"):
        check_value(parameter("int"), None)


def test_choices_are_the_only_values() -> None:
    chosen = parameter("str", choices=["adam", "sgd"])
    assert check_value(chosen, "sgd") == "sgd"
    with pytest.raises(ParameterError, match="one of 'adam', 'sgd'") as caught:
        check_value(chosen, "adan")
    assert caught.value.suggestions == ["adam"]


def test_true_is_not_the_choice_1() -> None:
    with pytest.raises(ParameterError):
        check_value(parameter("any", choices=[1, 2]), True)


def test_an_unknown_name_is_refused_with_close_ones() -> None:
    known = [parameter("float", "learning_rate"), parameter("int", "depth")]
    with pytest.raises(ParameterError, match="did you mean 'learning_rate'") as caught:
        check_values(known, {"learnin_rate": 0.1})
    assert caught.value.suggestions == ["learning_rate"]
    with pytest.raises(ParameterError, match="it has learning_rate, depth"):
        check_values(known, {"zzz": 0.1})
    with pytest.raises(ParameterError, match="has no parameters"):
        check_values([], {"zzz": 0.1})


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("int", "3", 3),
        ("int", " 1e3 ", 1000),
        ("float", "1", 1.0),
        ("float", "1e-3", 0.001),
        ("float", ".5", 0.5),
        ("float", "inf", math.inf),
        ("bool", "true", True),
        ("bool", "True", True),
        ("bool", "False", False),
        ("str", "adam", "adam"),
        ("str", "5", "5"),
        ("str", '"5"', "5"),
        ("str", "true", "true"),
        ("str", "", ""),
        ("list", "[1, 2]", [1, 2]),
        ("dict", '{"a": 1}', {"a": 1}),
        ("any", "abc", "abc"),
        ("any", "5", 5),
        ("none", "[1]", [1]),
    ],
)
def test_text_is_json_where_it_has_the_type_else_text(kind: ParameterType, text: str, expected: Any) -> None:
    value = parse_value(parameter(kind), text)
    assert value == expected
    assert type(value) is type(expected)


def test_nan_can_be_said() -> None:
    assert math.isnan(parse_value(parameter("float"), "nan"))
    assert math.isnan(parse_value(parameter("float"), "NaN"))


@pytest.mark.parametrize("text", ["None", "null"])
def test_none_can_be_said(text: str) -> None:
    assert parse_value(parameter("int", optional=True), text) is None


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "2.5"), ("int", "many"), ("bool", "1"), ("list", "a"), ("float", "")]
)
def test_text_of_another_type_is_refused(kind: ParameterType, text: str) -> None:
    with pytest.raises(ParameterError, match="expected"):
        parse_value(parameter(kind), text)


def test_sweeps_are_commas_or_json() -> None:
    assert parse_sweep(parameter("float"), "0.1,1, 10") == [0.1, 1.0, 10.0]
    assert parse_sweep(parameter("float"), "[0.1, 1]") == [0.1, 1.0]
    assert parse_sweep(parameter("str"), "adam,sgd") == ["adam", "sgd"]
    assert parse_sweep(parameter("str"), '["a,b", "c"]') == ["a,b", "c"]
    assert parse_sweep(parameter("list"), "[[1], [2, 3]]") == [[1], [2, 3]]
    assert parse_sweep(parameter("int"), "7") == [7]


@pytest.mark.parametrize(("kind", "text"), [("int", ""), ("int", "[]"), ("int", "1,x"), ("float", '["a"]')])
def test_a_sweep_without_values_or_with_a_wrong_one_is_refused(kind: ParameterType, text: str) -> None:
    with pytest.raises(ParameterError):
        parse_sweep(parameter(kind), text)


@pytest.mark.parametrize("values", [[], "abc", 5, None, [1, "a"]])
def test_a_sweep_from_a_form_is_checked(values: Any) -> None:
    with pytest.raises(ParameterError):
        check_sweep(parameter("int"), values)


def test_assignments_are_split_at_the_first_equals_sign() -> None:
    known = [parameter("str", "query"), parameter("int", "n")]
    assert parse_assignments(known, ["query=a = b", "n=1", "n=2"]) == {"query": "a = b", "n": 2}
    assert parse_sweeps(known, ["n=1,2"]) == {"n": [1, 2]}
    for text in ("n", "=1"):
        with pytest.raises(UsageError):
            parse_assignments(known, [text])


def test_a_sweep_is_every_combination() -> None:
    assert combine_sweep({"a": [1, 2], "b": ["x", "y"]}) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]
    assert combine_sweep({}) == [{}]


@given(st.sampled_from(["int", "float", "bool", "str", "list", "dict", "any"]), st.text())
def test_no_text_breaks_the_reading(kind: ParameterType, text: str) -> None:
    try:
        value = parse_value(parameter(kind), text)
    except ParameterError:
        return
    check_value(parameter(kind), value)
    msgspec.msgpack.encode(value)


CONTRACT = Path(__file__).parent.parent / "contract" / "parameter-values.json"


@pytest.mark.parametrize(
    "sample", json.loads(CONTRACT.read_bytes()), ids=lambda sample: json.dumps(sample["type"])
)
def test_the_form_and_the_server_take_the_same(sample: Any) -> None:
    kind = msgspec.convert(sample["type"], ValueType)
    fields = {name: getattr(kind, name) for name in ValueType.__struct_fields__ if name != "type"}
    held = parameter(kind.type, **fields)
    for text, value in sample["taken"]:
        assert to_wire(parse_value(held, text)) == value
    for text in sample["refused"]:
        with pytest.raises(ParameterError):
            parse_value(held, text)
