import ast
import enum
import keyword
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.errors import ParameterError
from trackbook.notebook.literals import assignment

finite_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
all_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)


def right_side(source: str) -> ast.expr:
    """The assigned expression; fails if the source is anything but one assignment on one line."""
    assert len(source.splitlines()) == 1
    (statement,) = ast.parse(source).body
    assert isinstance(statement, ast.Assign)
    return statement.value


@given(finite_values)
def test_a_value_comes_back_as_it_went_in(value: Any) -> None:
    assert ast.literal_eval(right_side(assignment("x", value))) == value


@given(all_values)
def test_whatever_the_value_the_source_holds_no_code(value: Any) -> None:
    node = right_side(assignment("x", value))
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            assert ast.unparse(part) in ("float('nan')", "float('inf')", "float('-inf')")
        else:
            assert isinstance(
                part, (ast.Constant, ast.List, ast.Dict, ast.UnaryOp, ast.USub, ast.Load, ast.Name)
            )
    namespace: dict[str, Any] = {"__builtins__": {"float": float}}
    exec(assignment("x", value), namespace)
    assert repr(namespace["x"]) == repr(value)


@given(st.text())
def test_whatever_the_name_the_source_is_one_assignment_to_it(name: str) -> None:
    try:
        source = assignment(name, 1)
    except ParameterError:
        assert not name.isidentifier() or keyword.iskeyword(name)
        return
    (statement,) = ast.parse(source).body
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.targets[0], ast.Name)


@pytest.mark.parametrize(
    "name", ["", "a b", "a; import os", "a\nb", "x=1#", "class", "None", "a.b", "a[0]", "1a", "(a)", "a,b"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ParameterError):
        assignment(name, 1)


@pytest.mark.parametrize("value", [object(), {1: 2}, b"bytes", {1, 2}, 1j, print])
def test_a_value_that_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(ParameterError):
        assignment("x", value)


def test_types_that_write_themselves_otherwise_are_plain() -> None:
    class Sly(str):
        def __repr__(self) -> str:
            return "__import__('os')"

    class Colour(enum.IntEnum):
        RED = 3

    assert assignment("x", np.float64(0.5)) == "x = 0.5"
    assert assignment("x", Sly("a'b")) == 'x = "a\'b"'
    assert assignment("x", {Sly("k"): [Sly("v")]}) == "x = {'k': ['v']}"
    assert assignment("x", Colour.RED) == "x = 3"


def test_numbers_that_have_no_literal_are_written_as_calls() -> None:
    assert (
        assignment("x", [math.nan, math.inf, -math.inf]) == 'x = [float("nan"), float("inf"), float("-inf")]'
    )


def test_an_integer_too_long_for_decimal_is_written() -> None:
    assert ast.literal_eval(right_side(assignment("x", -(7**20_000)))) == -(7**20_000)


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ParameterError, match="nested"):
        assignment("x", loop)
