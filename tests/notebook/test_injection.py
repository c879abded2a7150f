"""Whatever the names and values, what is injected is assignments of literals, and gives back what went in."""

import ast
import enum
import keyword
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackbook.domain.valuecheck import ValueRefused, take_value
from trackbook.domain.valuetype import ValueType
from trackbook.errors import NotebookError, ParameterError
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.literals import Modules, assignment

CALLS = {
    "float", "set", "frozenset", "_trackbook_datetime.date.fromisoformat", "_trackbook_datetime.timedelta",
    "_trackbook_datetime.datetime.fromisoformat", "_trackbook_datetime.time.fromisoformat",
    "_trackbook_decimal.Decimal", "_trackbook_pathlib.Path", "_trackbook_pathlib.PurePosixPath",
}  # fmt: skip
LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp, ast.USub, ast.Load)
NASTY = st.sampled_from(
    [
        "'", '"', "'''", '"""', "\\", "\n", "\r", "\0", "\x1a", "\u2028", "\u2029", "\x85", "\ud800", "{x}", "$(id)",
        "');import os#", "\\'", "%s", "#", "RED", "GREEN", "2026-01-31", "\N{RIGHT-TO-LEFT OVERRIDE}", "1h", "nan",
    ]
)  # fmt: skip
TEXTS = st.text(st.characters()) | st.lists(NASTY | st.text(max_size=3)).map("".join)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS


class Color(enum.Enum):
    RED = 1
    GREEN = 2
    name_ = 3


PYTHON = (
    st.dates() | st.datetimes(timezones=st.none() | st.timezones()) | st.times() | st.timedeltas()
    | st.decimals() | st.builds(PurePosixPath, TEXTS) | st.sampled_from(list(Color))
)  # fmt: skip
VALUES = st.recursive(
    SCALARS | PYTHON,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(TEXTS, inner),
    max_leaves=12,
)
FLAT_KINDS = st.sampled_from(
    [
        *(ValueType(type=name) for name in ("int", "float", "bool", "str", "list", "dict", "any")),
        ValueType(type="str", format="date"),
        ValueType(type="str", format="date-time"),
        ValueType(type="str", format="time"),
        ValueType(type="float", format="duration"),
        ValueType(type="str", format="decimal"),
        ValueType(type="str", format="path", class_name="PurePosixPath"),
        ValueType(type="str", format="enum", class_name="Color", choices=["RED", "GREEN", "name_"]),
    ]
)
KINDS = st.recursive(
    FLAT_KINDS,
    lambda inner: (
        st.builds(
            ValueType,
            type=st.just("list"),
            format=st.sampled_from([None, "set", "frozenset", "tuple"]),
            items=inner,
            optional=st.booleans(),
        )
        | st.builds(
            ValueType, type=st.just("list"), format=st.just("tuple"), positions=st.lists(inner, max_size=3)
        )
        | st.builds(ValueType, type=st.just("dict"), items=inner)
    ),
    max_leaves=4,
)


def fits(kind: ValueType, value: Any) -> Any:
    try:
        return take_value(kind, value)
    except ValueRefused:
        return ValueRefused


def back(kind: ValueType, value: Any) -> Any:
    """What Python should have for a JSON value of a kind, worked out without any source."""
    if value is None:
        return None
    readers: dict[Any, Any] = {
        "date": date.fromisoformat,
        "date-time": datetime.fromisoformat,
        "time": time.fromisoformat,
        "duration": lambda seconds: timedelta(seconds=seconds),
        "decimal": Decimal,
        "path": PurePosixPath,
        "enum": Color.__getitem__,
    }
    if kind.format in readers:
        return readers[kind.format](value)
    part = kind.items or ValueType()
    if isinstance(value, list):
        kinds = kind.positions if kind.positions is not None else [part] * len(value)
        items = [back(inner, item) for inner, item in zip(kinds, value, strict=True)]
        makers: dict[Any, Any] = {"set": set, "frozenset": frozenset, "tuple": tuple}
        return makers.get(kind.format, list)(items)
    if isinstance(value, dict):
        return {key: back(part, item) for key, item in value.items()}
    return value


def check_source(name: str, kind: ValueType, plain: Any) -> None:
    modules = Modules([name])
    try:
        source = assignment(name, plain, kind, modules)
    except ParameterError:
        assert "nested" in str(plain) or depth_of(plain) > 45
        return
    assert len(source.splitlines()) == 1
    (statement,) = ast.parse(source).body
    assert isinstance(statement, ast.Assign)
    (target,) = statement.targets
    assert isinstance(target, ast.Name)
    check_expression(statement.value)
    for line in modules.imports:
        (imported,) = ast.parse(line).body
        assert isinstance(imported, ast.Import)
        assert imported.names[0].name in ("datetime", "decimal", "pathlib")
    namespace: dict[str, Any] = {"Color": Color}
    exec("\n".join([*modules.imports, source]), namespace)
    made, expected = namespace[target.id], back(kind, plain)
    assert written(made) == written(expected) or made == expected
    assert type(made) is type(expected)


def written(value: Any) -> str:
    """What `repr` shows, but for the order of sets: no two NaN have the same place in them."""
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__}{sorted(map(written, value))}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}{list(map(written, value))}"
    if isinstance(value, dict):
        return f"{type(value).__name__}{ {written(key): written(item) for key, item in value.items()} }"
    return repr(value)


def check_expression(node: ast.expr) -> None:
    """Nothing but literals, the calls above with one literal, and Color['MEMBER']."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            assert ast.unparse(part.func).replace("_trackbook_datetime_.", "_trackbook_datetime.") in CALLS
            arguments = [*part.args, *(word.value for word in part.keywords)]
            assert len(arguments) <= 1
            for inner in ast.walk(part.func):
                assert isinstance(inner, (ast.Name, ast.Attribute, ast.Load))
                inner.allowed = True  # type: ignore[attr-defined]  # a mark for the walk
            part.allowed = True  # type: ignore[attr-defined]
        elif isinstance(part, ast.Subscript):
            assert ast.unparse(part.value) == "Color"
            assert isinstance(part.slice, ast.Constant)
            part.value.allowed = part.allowed = True  # type: ignore[attr-defined]
        elif not isinstance(part, (*LITERALS, ast.keyword)):
            assert getattr(part, "allowed", False), ast.dump(part)


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, inner), default=0)


@given(KINDS, VALUES)
@example(ValueType(type="str", format="path", class_name="PurePosixPath"), "');import os#")
@example(ValueType(type="list", format="set", items=ValueType(type="float")), [math.nan, 0.0, -0.0])
@example(ValueType(type="str", format="decimal"), "sNaN")
@example(ValueType(type="float", format="duration"), 1e-7)
def test_a_typed_value_comes_back_as_it_went_in(kind: ValueType, value: Any) -> None:
    plain = fits(kind, value)
    if plain is not ValueRefused:
        check_source("x", kind, plain)


@given(KINDS, st.data())
def test_values_of_the_type_come_back(kind: ValueType, data: st.DataObject) -> None:
    value = data.draw(values_of(kind))
    plain = fits(kind, value)
    if plain is not ValueRefused:
        check_source("_trackbook_datetime" if data.draw(st.booleans()) else "x", kind, plain)


def values_of(kind: ValueType) -> st.SearchStrategy[Any]:
    strategies: dict[Any, st.SearchStrategy[Any]] = {
        "date": st.dates(),
        "date-time": st.datetimes(timezones=st.none() | st.timezones()),
        "time": st.times(),
        "duration": st.timedeltas() | st.floats(-1e9, 1e9),
        "decimal": st.decimals(),
        "path": TEXTS,
        "enum": st.sampled_from(["RED", "GREEN", "name_"]),
        "int": st.integers(-(2**63), 2**63 - 1),
        "float": st.floats(),
        "bool": st.booleans(),
        "str": TEXTS,
        "any": SCALARS,
    }
    if kind.format in strategies:
        return strategies[kind.format]
    if kind.type not in ("list", "dict"):
        return strategies[kind.type]
    inner = values_of(kind.items or ValueType())
    if kind.positions is not None:
        return st.tuples(*map(values_of, kind.positions)).map(list)
    return st.lists(inner, max_size=4) if kind.type == "list" else st.dictionaries(TEXTS, inner, max_size=4)


@given(st.text() | NASTY, KINDS, VALUES)
def test_whatever_the_name_the_source_is_one_assignment(name: str, kind: ValueType, value: Any) -> None:
    plain = fits(kind, value)
    if plain is ValueRefused or depth_of(plain) > 45:
        return
    try:
        source = assignment(name, plain, kind)
    except ParameterError:
        assert not name.isidentifier() or keyword.iskeyword(name)
        return
    (statement,) = ast.parse(source).body
    assert isinstance(statement, ast.Assign)


@pytest.mark.parametrize(
    "enum_name", ["", "a b", "Color;import os", "__import__('os')", "Color.", ".Color", "class", "a..b"]
)
def test_a_class_whose_name_is_none_is_refused(enum_name: str) -> None:
    kind = ValueType(type="str", format="enum", class_name=enum_name, choices=["RED"])
    with pytest.raises(ParameterError):
        assignment("x", "RED", kind)


def test_a_value_that_is_none_of_its_kind_is_refused() -> None:
    for kind, value in (
        (ValueType(type="str", format="date"), "x'); import os"),
        (ValueType(type="str", format="enum", class_name="Color", choices=["RED"]), "mro"),
        (ValueType(type="float", format="duration"), math.nan),
        (ValueType(type="str", format="path"), "a\0b"),
    ):
        with pytest.raises(ParameterError):
            assignment("x", value, kind)


def notebook(source: str) -> dict[str, Any]:
    tagged = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source, "outputs": []}
    return {"cells": [tagged], "metadata": {}, "nbformat": 4}


def test_the_cell_imports_only_what_it_needs_and_shadows_nothing() -> None:
    document = notebook(
        "from datetime import datetime\nfrom pathlib import Path\nat: datetime\nfolder: Path\nn = 1"
    )
    values = {"at": "2026-01-31T09:30:00", "folder": "data", "n": 2}
    assert inject_parameters(document, values)["cells"][1]["source"].splitlines() == [
        "# Parameters",
        "import datetime as _trackbook_datetime",
        "import pathlib as _trackbook_pathlib",
        "at = _trackbook_datetime.datetime.fromisoformat('2026-01-31T09:30:00')",
        "folder = _trackbook_pathlib.Path('data')",
        "n = 2",
    ]
    assert inject_parameters(document, {"n": 2})["cells"][1]["source"] == "# Parameters\nn = 2"


def test_injecting_again_replaces_the_cell() -> None:
    once = inject_parameters(notebook("n = 1"), {"n": 2})
    assert [cell["source"] for cell in inject_parameters(once, {"n": 3})["cells"]] == [
        "n = 1",
        "# Parameters\nn = 3",
    ]
    with pytest.raises(NotebookError):
        inject_parameters(notebook("n = = 1"), {"n": 3})


def test_paths_are_of_the_class_that_the_notebook_names() -> None:
    kind = ValueType(type="str", format="path", class_name="Path")
    namespace: dict[str, Any] = {}
    modules = Modules()
    source = assignment("x", "a/b", kind, modules)
    exec("\n".join([*modules.imports, source]), namespace)
    assert namespace["x"] == Path("a/b")
