import contextlib
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.domain.parameter import Parameter
from trackbook.errors import NotebookError
from trackbook.notebook.parameters import find_parameters, read_parameters

CONTRACT = Path(__file__).parent.parent / "contract" / "parameters.json"


def one(source: str) -> Parameter:
    (parameter,) = read_parameters(source)
    return parameter


@pytest.mark.parametrize(
    ("source", "kind", "default"),
    [
        ("x = 1", "int", 1),
        ("x = -1", "int", -1),
        ("x = 0.5", "float", 0.5),
        ("x = True", "bool", True),
        ("x = 'a'", "str", "a"),
        ("x = 'a' 'b'", "str", "ab"),
        ("x = [1, [2.0]]", "list", [1, [2.0]]),
        ("x = (1, 2)", "list", [1, 2]),
        ("x = {'a': {'b': None}}", "dict", {"a": {"b": None}}),
        ("x = None", "none", None),
        ("x = 60 * 60", "int", 3600),
        ("x = 1 / 4", "float", 0.25),
        ("x = 2 ** 10", "int", 1024),
        ("x = -float('inf')", "float", -math.inf),
        ("x: float = 1", "float", 1.0),
        ("x: int", "int", None),
        ("x = 1  # type: float", "float", 1.0),
        ("x: 'float' = 1", "float", 1.0),
        ("x: list[int] = []", "list", []),
        ("x: typing.Dict[str, int] = {}", "dict", {}),
        ("x: Annotated[int, 'help'] = 1", "int", 1),
        ("x: int | float = 1", "float", 1.0),
        ("x: int | str = 1", "any", 1),
        ("x: Path = 'data'", "str", "data"),
        ("x: Path", "str", None),
        ("x: Model = 'data'", "str", "data"),
        ("x: Model", "any", None),
    ],
)
def test_type_and_default(source: str, kind: str, default: Any) -> None:
    parameter = one(source)
    assert (parameter.type, parameter.default) == (kind, default)
    assert type(parameter.default) is type(default)


@pytest.mark.parametrize(
    "expression",
    [
        "Path.home()",
        "now()",
        "other + 1",
        "f'{a}'",
        "b'a'",
        "{1, [2]}",
        "{1: 2}",
        "{**a}",
        "1j",
        "[x for x in y]",
        "10 ** 10 ** 10",
        "2 ** 5000",
        "1 / 0",
        "(-1) ** 0.5",
        "'a' * 10 ** 9",
        "float('abc')",
        "...",
        "lambda: 1",
    ],
)
def test_what_is_no_literal_is_any_and_is_never_run(expression: str) -> None:
    parameter = one(f"x = {expression}")
    assert (parameter.type, parameter.default) == ("any", None)


@pytest.mark.parametrize(
    "annotation",
    ["int | None", "None | int", "Optional[int]", "typing.Optional[int]", "Union[int, None]", "'int | None'"],
)
def test_optional_annotations(annotation: str) -> None:
    parameter = one(f"x: {annotation} = None")
    assert (parameter.type, parameter.optional, parameter.default) == ("int", True, None)


def test_choices_come_from_literal() -> None:
    parameter = one("x: Literal['adam', 'sgd'] = 'adam'")
    assert (parameter.type, parameter.choices, parameter.optional) == ("str", ["adam", "sgd"], False)
    parameter = one("x: typing.Literal[1, 2, None] = None")
    assert (parameter.type, parameter.choices, parameter.optional) == ("int", [1, 2], True)
    assert one("x: Literal[1, 'a'] = 1").type == "any"


def test_help_is_the_comment_behind_or_above() -> None:
    source = """\
# Parameters
lr = 0.1  # learning rate
# how deep
# the tree is
depth = 3

# far away

seed = 0
text = '# no comment'
sizes = [
    1,
    2,
]  # of the layers
n = 1  # type: int  # how many
"""
    assert {p.name: p.help for p in read_parameters(source)} == {
        "lr": "learning rate",
        "depth": "how deep the tree is",
        "seed": "",
        "text": "",
        "sizes": "of the layers",
        "n": "how many",
    }


def test_lines_and_order() -> None:
    parameters = read_parameters(
        "import os\n\nb = 1\na, (c, d) = 2, (3, 4)\ne = f = 5\nb = 6.0\ndel e\nb += 1"
    )
    assert [(p.name, p.line, p.default) for p in parameters] == [
        ("b", 6, 6.0),
        ("a", 4, 2),
        ("c", 4, 3),
        ("d", 4, 4),
        ("e", 5, 5),
        ("f", 5, 5),
    ]


def test_magics_beside_parameters() -> None:
    source = "%load_ext trackbook\n!ls\nx = 1\nprint?\n%track param x\ntext = '''\n%not magic\n'''\n"
    assert [(p.name, p.line, p.default) for p in read_parameters(source)] == [
        ("x", 3, 1),
        ("text", 6, "\n%not magic\n"),
    ]
    assert [(p.name, p.line) for p in read_parameters("%%track\nx = 1")] == [("x", 2)]


def notebook(source: str = "x = 1", language: str = "python", tag: str = "parameters") -> dict[str, Any]:
    cells = [
        {"cell_type": "markdown", "metadata": {"tags": ["parameters"]}, "source": "no code"},
        {
            "cell_type": "code",
            "metadata": {"tags": [tag]},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        },
    ]
    return {"cells": cells, "metadata": {"kernelspec": {"name": "k", "language": language}}, "nbformat": 4}


def test_the_tagged_cell_is_read() -> None:
    assert [p.name for p in find_parameters(notebook("x = 1\ny = 2"))] == ["x", "y"]
    assert find_parameters(notebook(tag="other")) == []


def test_a_cell_that_is_no_python_is_an_error_with_its_line() -> None:
    with pytest.raises(NotebookError, match=r"a\.ipynb: its parameters cell \(2, line 2\) is no Python"):
        find_parameters(notebook("x = 1\ny = = 2"), "a.ipynb")


def test_of_other_languages_the_names_are_known() -> None:
    (found,) = find_parameters(notebook("x <- 1", language="R"))
    assert (found.name, found.type) == ("x", "any")


def test_the_contract_sample_is_what_its_cell_gives() -> None:
    source = """\
# Parameters
lr = 0.01  # learning rate
depth = 8
optimizer: Literal["adam", "sgd"] = "adam"  # Which optimizer
augment = True
layers = [64, 64]
options = {"warm": True}
seed: int | None = None  # None: a new one each time
limit = float("inf")
start = datetime.now()  # computed when the notebook runs
momentum = 0.9  # how much of the last step stays; [0, 1)
epochs: Annotated[int, Field(ge=1, le=100, multiple_of=5, description="Passes over the data")] = 10
code: constr(pattern="^[a-z]+$", min_length=2, max_length=8) = "base"
until: date | None = date(2026, 1, 31)
at: datetime = datetime(2026, 1, 31, 9, 30)
alarm = time(9, 30)
limit_each = timedelta(minutes=90)
price = Decimal("0.10")
folder = Path("data") / "raw"
mode: Mode = Mode.FAST  # how carefully
size: tuple[int, int] = (640, 480)
columns: set[str] = {"age", "income"}
weights: dict[str, float] = {"a": 1.0}
days: list[date] = [date(2026, 1, 1)]
"""
    above = "class Mode(enum.Enum):\n    FAST = 'fast'\n    EXACT = 'exact'\n"
    above = f"import enum\nfrom datetime import date, datetime, time, timedelta\n{above}"
    from trackbook.domain.values import to_wire

    sample = msgspec.json.decode(CONTRACT.read_bytes())["parameters"]
    assert to_wire(msgspec.to_builtins(read_parameters(source, above=[above]))) == sample


@given(st.text())
def test_no_source_breaks_the_reading(source: str) -> None:
    with contextlib.suppress(NotebookError):
        read_parameters(source)
