"""What annotations, defaults and comments say of parameters, read as text alone."""

from typing import Any

import msgspec
import pytest

from trackbook.domain.parameter import Parameter, check_value, expectation
from trackbook.domain.valuecheck import type_text
from trackbook.errors import ParameterError
from trackbook.notebook.parameters import find_parameters, read_parameters

IMPORTS = (
    "import datetime as dt\nfrom datetime import date, datetime, time, timedelta\nfrom pathlib import Path\n"
)
COLOR = """\
import enum
from enum import Enum, auto

class Color(Enum):
    RED = "red"
    GREEN = "green"
    _ignore_ = []

    def paint(self):
        return self.value
"""


def one(source: str, above: str = "") -> Parameter:
    *_, parameter = read_parameters(source, above=[above])
    return parameter


def rules(parameter: Parameter) -> dict[str, Any]:
    names = {"name", "default", "help", "line", "optional", "type"}
    told = msgspec.to_builtins(parameter)
    return {name: value for name, value in told.items() if value is not None and name not in names}


@pytest.mark.parametrize(
    ("source", "kind", "default"),
    [
        ("x: date = date(2026, 1, 31)", "date", "2026-01-31"),
        ("x = dt.date(2026, 1, 31)", "date", "2026-01-31"),
        ("x = date.fromisoformat('2026-01-31')", "date", "2026-01-31"),
        ("x: 'date' = '2026-01-31'", "date", "2026-01-31"),
        ("x = datetime(2026, 1, 31, 9, 30)", "datetime", "2026-01-31T09:30:00"),
        ("x = dt.datetime(2026, 1, 31, tzinfo=dt.timezone.utc)", "datetime", "2026-01-31T00:00:00+00:00"),
        (
            "x = dt.datetime(2026, 1, 31, tzinfo=dt.timezone(timedelta(hours=2)))",
            "datetime",
            "2026-01-31T00:00:00+02:00",
        ),
        ("x = time(9, 30)", "time", "09:30:00"),
        ("x = timedelta(hours=1, minutes=30)", "timedelta", 5400.0),
        ("x: timedelta = 90", "timedelta", 90.0),
        ("x = Path('data') / 'raw'", "Path", "data/raw"),
        ("x = Path()", "Path", "."),
        ("x: PurePosixPath = 'a'", "PurePosixPath", "a"),
        ("x = Decimal('0.10')", "Decimal", "0.10"),
        ("x: Decimal = 3", "Decimal", "3"),
        ("x = dict(a=1, b=[2])", "dict", {"a": 1, "b": [2]}),
        ("x = list((1, 2))", "list", [1, 2]),
        ("x = tuple([1, 2])", "tuple", [1, 2]),
        ("x = (1, 2)", "tuple", [1, 2]),
        ("x = set()", "set", []),
        ("x = {1, 2, 1}", "set", [1, 2]),
        ("x = frozenset({'a'})", "frozenset", ["a"]),
        ("x = [date(2026, 1, 1)]", "list[date]", ["2026-01-01"]),
        ("x = {'from': date(2026, 1, 1)}", "dict[str, date]", {"from": "2026-01-01"}),
        ("x = ('a', date(2026, 1, 1))", "tuple[str, date]", ["a", "2026-01-01"]),
        ("x: list[int] = [1]", "list[int]", [1]),
        ("x: tuple[int, str] = (1, 'a')", "tuple[int, str]", [1, "a"]),
        ("x: tuple[int, ...] = (1, 2, 3)", "tuple[int, ...]", [1, 2, 3]),
        ("x: set[str] = {'a'}", "set[str]", ["a"]),
        ("x: dict[str, float] = {'a': 1}", "dict[str, float]", {"a": 1.0}),
        ("x: list[dict[str, int | None]] = []", "list[dict[str, int | None]]", []),
        ("x: Final[int] = 3", "int", 3),
        ("x: typing.Annotated['int | None', 'about'] = None", "int | None", None),
        ("x: str | Path = 'a'", "str", "a"),
        ("x: dict[int, str] = {}", "dict", {}),
        ("x: Optional[date] = None", "date | None", None),
    ],
)
def test_types_that_json_lacks(source: str, kind: str, default: Any) -> None:
    parameter = one(source, IMPORTS)
    assert (type_text(parameter), parameter.default) == (kind, default)


@pytest.mark.parametrize(
    "source",
    [
        "x = date.today()",
        "x = datetime.now()",
        "x = time.time()",
        "x = date(2026, 13, 1)",
        "x = Path.home()",
        "x = Path(__file__)",
        "x = Path('a') / name",
        "x = Decimal(0.1)",
        "x = Decimal('many')",
        "x = {1, [2]}",
        "x = dict(**other)",
        "x = [date(2026, 1, 1), 5]",
        "x = set(x for x in y)",
    ],
)
def test_what_is_computed_has_no_default(source: str) -> None:
    parameter = one(source, IMPORTS.replace(", time", "") + "import time\n")
    assert (parameter.type, parameter.default) == ("any", None)


def test_a_class_of_the_notebook_is_not_the_one_of_the_same_name_elsewhere() -> None:
    assert one("x: Path", "class Path:\n    pass").type == "any"
    assert one("x: int = 1", "class int:\n    pass").format is None


@pytest.mark.parametrize("default", ["Color.RED", "Color['RED']", "Color('red')"])
def test_enums_of_the_notebook(default: str) -> None:
    for annotation in ("", ": Color", ": 'Color'", ": Color | None"):
        parameter = one(f"x{annotation} = {default}", COLOR)
        assert (parameter.format, parameter.class_name, parameter.default) == ("enum", "Color", "RED")
        assert parameter.choices == ["RED", "GREEN"]
        assert parameter.members == {"RED": "red", "GREEN": "green"}
        assert parameter.optional == ("None" in annotation)


def test_an_enum_in_the_parameters_cell_itself_and_with_what_it_inherits() -> None:
    base = "from enum import StrEnum, auto\nclass Base(StrEnum):\n    pass\n"
    source = f"{base}class Mode(Base):\n    FAST = auto()\nx = Mode.FAST"
    assert rules(one(source))["members"] == {"FAST": None}  # auto() of what it inherits can't be told
    source = (
        "from enum import IntEnum, auto\nclass Mode(IntEnum):\n    LOW = 3\n    HIGH = auto()\nx = Mode.HIGH"
    )
    assert rules(one(source))["members"] == {"LOW": 3, "HIGH": 4}
    source = "from enum import Enum\nMode = Enum('Mode', 'LOW HIGH')\nx: Mode = Mode.LOW"
    (parameter,) = read_parameters(source)
    assert (parameter.choices, parameter.default) == (["LOW", "HIGH"], "LOW")
    assert one("x: Thing = 1", "class Thing:\n    RED = 1").format is None


def test_an_enum_of_the_standard_library() -> None:
    parameter = one("x = HTTPMethod.GET", "from http import HTTPMethod")
    assert (parameter.class_name, parameter.default) == ("HTTPMethod", "GET")
    assert "POST" in (parameter.choices or [])
    assert one("x: http.HTTPMethod = http.HTTPMethod.PUT", "import http").default == "PUT"
    assert one("x: Kind", "from somewhere import Kind").type == "any"


def test_enums_are_given_by_name_or_value() -> None:
    parameter = one("x = Color.RED", COLOR)
    for given in ("GREEN", "Color.GREEN", "green"):
        assert check_value(parameter, given) == "GREEN"
    with pytest.raises(ParameterError, match="expected one of RED, GREEN, not 'BLUE'"):
        check_value(parameter, "BLUE")
    with pytest.raises(ParameterError, match="did you mean 'GREEN'") as caught:
        check_value(parameter, "GREN")
    assert caught.value.suggestions == ["GREEN"]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (
            "Annotated[int, Field(ge=1, le=10, multiple_of=3)]",
            {"minimum": 1, "maximum": 10, "multiple_of": 3},
        ),
        ("Annotated[int, Ge(1), annotated_types.Lt(10)]", {"minimum": 1, "exclusive_maximum": 10}),
        ("Annotated[float, Interval(gt=0, le=1)]", {"exclusive_minimum": 0, "maximum": 1}),
        ("Annotated[int, MultipleOf(2)] | None", {"multiple_of": 2}),
        ("Annotated[str, Len(1, 3)]", {"min_length": 1, "max_length": 3}),
        ("Annotated[str, MinLen(2)]", {"min_length": 2}),
        ("Annotated[str, StringConstraints(pattern='^a')]", {"pattern": "^a"}),
        ("Annotated[str, msgspec.Meta(max_length=5)]", {"max_length": 5}),
        ("conint(ge=1)", {"minimum": 1}),
        ("confloat(gt=0, lt=1)", {"exclusive_minimum": 0, "exclusive_maximum": 1}),
        ("constr(pattern='[a-z]+', min_length=2)", {"pattern": "[a-z]+", "min_length": 2}),
        ("conlist(int, min_length=1)", {"items": {"type": "int"}, "min_length": 1}),
        ("PositiveInt", {"exclusive_minimum": 0}),
        ("NonNegativeFloat", {"minimum": 0}),
        ("Optional[PositiveInt]", {"exclusive_minimum": 0}),
        ("list[PositiveInt]", {"items": {"type": "int", "exclusive_minimum": 0}}),
        ("Annotated[date, Ge(date(2026, 1, 1))]", {"format": "date", "minimum": "2026-01-01"}),
        ("Rate", {"exclusive_minimum": 0, "maximum": 1}),
        ("Annotated[int, Field(ge=limit), Unknown(1), 5]", {}),
        ("Annotated[int, Field(pattern='a')]", {}),
    ],
)
def test_constraints(annotation: str, expected: dict[str, Any]) -> None:
    above = f"{IMPORTS}from typing import Annotated\nRate = Annotated[float, Field(gt=0, le=1)]\n"
    assert rules(one(f"x: {annotation}", above)) == expected


def test_help_in_annotations_stands_behind_the_comment() -> None:
    assert one("x: Annotated[int, Field(description='how many')] = 1").help == "how many"
    assert one("x: Annotated[int, Doc('how many')] = 1").help == "how many"
    assert one("x: Annotated[int, 'how many'] = 1  # so many").help == "so many"


@pytest.mark.parametrize(
    ("source", "expected", "about"),
    [
        ("x = 0.5  # [0, 1]", {"minimum": 0, "maximum": 1}, ""),
        ("x = 0.5  # how much; (0, 1]", {"exclusive_minimum": 0, "maximum": 1}, "how much"),
        ("x = 5  # 1..10; how many", {"minimum": 1, "maximum": 10}, "how many"),
        ("x = 0.5  # 0.1 .. 1e3", {"minimum": 0.1, "maximum": 1000.0}, ""),
        ("x = 5  # >= 1; < 10", {"minimum": 1, "exclusive_maximum": 10}, ""),
        ("x = 5.0  # [0, inf)", {"minimum": 0}, ""),
        ("x = 5  # type: float  # [0, 10]", {"minimum": 0, "maximum": 10}, ""),
        ("x = 'adam'  # one of: adam, sgd", {"choices": ["adam", "sgd"]}, ""),
        (
            "x = 'adam'  # One of: 'adam', \"sgd\"; the optimizer",
            {"choices": ["adam", "sgd"]},
            "the optimizer",
        ),
        ("x = 1  # one of: 1, 2, 4", {"choices": [1, 2, 4]}, ""),
        # Prose stays prose.
        ("x = 0.5  # learning rate in [0, 1]", {}, "learning rate in [0, 1]"),
        ("x = 5  # [0, 1]", {}, "[0, 1]"),
        ("x = 5  # [10, 1]", {}, "[10, 1]"),
        ("x = 'a'  # [0, 1]", {}, "[0, 1]"),
        ("x = 'a'  # one of: b, c", {}, "one of: b, c"),
        ("x = 'adam'  # adam | sgd", {}, "adam | sgd"),
        ("x = 5  # use 1..10 of them", {}, "use 1..10 of them"),
        ("x = 5  # a; b", {}, "a; b"),
    ],
)
def test_rules_in_comments(source: str, expected: dict[str, Any], about: str) -> None:
    parameter = one(source)
    assert (rules(parameter), parameter.help) == (expected, about)


@pytest.mark.parametrize(
    ("source", "good", "bad", "said"),
    [
        ("x: conint(ge=1, le=10)", 10, 11, "expected int from 1 to 10, not 11 (int)"),
        ("x: PositiveFloat", 0.1, 0, "expected float above 0, not 0 (int)"),
        ("x: Annotated[float, MultipleOf(0.1)]", 0.3, 0.35, "expected float a multiple of 0.1, not 0.35 (float)"),
        ("x: constr(pattern='^a')", "ab", "b", "expected str that matches ^a, not 'b' (str)"),
        ("x: Annotated[list[int], Len(1, 2)]", [1], [], "expected list[int] of 1 to 2 items, not [] (list)"),
        ("x: list[int]", [1, 2.0], [1, "a"], "item 2: expected int, not 'a' (str)"),
        ("x: dict[str, float]", {"a": 1}, {"a": "b"}, "'a': expected float, not 'b' (str)"),
        ("x: tuple[int, str]", [1, "a"], [1], "expected tuple[int, str], not [1] (list)"),
        ("x: date", "2026-01-31", "tomorrow", "expected a date such as 2026-01-31, not 'tomorrow' (str)"),
        ("x: timedelta", "1h 30m", "soon", "expected a duration in seconds, or such as 1h 30m, not 'soon' (str)"),
        ("x: Decimal", "0.10", "1,5", "expected a decimal number such as 0.10, not '1,5' (str)"),
        ("x: Path", "a/b", "a\0b", "expected a path, not 'a\\x00b' (str)"),
        ("x: set[str]", ["a", "a"], [["a"]], "item 1: expected str, not ['a'] (list)"),
        ("x: Annotated[date, Ge(date(2026, 1, 1))]", "2026-01-01", "2025-12-31",
         "expected a date such as 2026-01-31 from 2026-01-01 up, not '2025-12-31' (str)"),
    ],
)  # fmt: skip
def test_values_are_held_to_the_rules(source: str, good: Any, bad: Any, said: str) -> None:
    parameter = one(source, IMPORTS)
    check_value(parameter, good)
    with pytest.raises(ParameterError) as caught:
        check_value(parameter, bad)
    assert caught.value.reason == said
    assert expectation(parameter)


def test_values_of_python_are_taken_as_they_are() -> None:
    from datetime import date, datetime, timedelta
    from decimal import Decimal
    from pathlib import Path

    assert check_value(one("x: date"), date(2026, 1, 31)) == "2026-01-31"
    assert check_value(one("x: datetime"), datetime(2026, 1, 31)) == "2026-01-31T00:00:00"
    assert check_value(one("x: timedelta"), timedelta(minutes=1)) == 60.0
    assert check_value(one("x: Decimal"), Decimal("0.10")) == "0.10"
    assert check_value(one("x: Path"), Path("a/b")) == "a/b"
    assert sorted(check_value(one("x: set[int]"), {1, 2})) == [1, 2]


def test_a_secret_is_neither_shown_nor_taken() -> None:
    parameter = one("key: SecretStr = 'hunter2'")
    assert (parameter.format, parameter.default) == ("secret", None)
    with pytest.raises(ParameterError, match="environment variable"):
        check_value(parameter, "other")


def test_a_pattern_that_is_none_refuses_nothing() -> None:
    assert check_value(one("x: constr(pattern='(')"), "a") == "a"


def test_definitions_below_the_parameters_do_not_count() -> None:
    def cell(source: str, *tags: str) -> dict[str, Any]:
        return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source}

    cells = [
        cell("%matplotlib inline\n" + COLOR),
        cell("c: Color = Color.RED", "parameters"),
        cell("class Size: pass"),
    ]
    (parameter,) = find_parameters({"cells": cells, "metadata": {}})
    assert parameter.choices == ["RED", "GREEN"]
    (parameter,) = find_parameters({"cells": [*cells[1:], cells[0]], "metadata": {}})
    assert (parameter.type, parameter.default) == ("any", None)


def test_parameters_written_by_an_earlier_version_are_read() -> None:
    old = b'{"name":"lr","type":"float","default":0.1,"help":"","choices":null,"optional":false,"line":1}'
    parameter = msgspec.json.decode(old, type=Parameter)
    assert (parameter.name, parameter.minimum, parameter.items) == ("lr", None, None)
