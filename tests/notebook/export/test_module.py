import ast
import contextlib
import io
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from nbformat import v4
from tests.notebook.corpus import NAMES, load

from trackbook.errors import NotebookError
from trackbook.notebook.export.module import module_text
from trackbook.notebook.export.program import take_apart
from trackbook.notebook.export.script import script_notebook
from trackbook.notebook.read import parse_notebook

ROOT = Path(__file__).parents[3]


def notebook(*cells: str, parameters: str | None = None) -> dict[str, Any]:
    """Make a notebook: a text that begins with "#" and a space is Markdown, any other one code."""
    made = [v4.new_markdown_cell(cell) if cell.startswith("# ") else v4.new_code_cell(cell) for cell in cells]
    if parameters is not None:
        made.insert(0, v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    return dict(v4.new_notebook(cells=made))


def load_module(text: str, monkeypatch: pytest.MonkeyPatch | None = None) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "made"}
    sys.modules["made"] = type(sys)("made")  # dataclasses look for it
    exec(compile(text, "made.py", "exec"), namespace)
    return namespace


def both(*cells: str, parameters: str | None = None, flat: bool = False, **given: Any) -> dict[str, Any]:
    """Return what the module made of cells leaves, after comparing it with what the cells do one after the other."""
    text = module_text(take_apart(notebook(*cells, parameters=parameters), flat=flat), "a.ipynb")
    printed = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed[0]):
        results = vars(load_module(text)["run"](**given))
    plain: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed[1]):
        for cell in (parameters, "\n".join(f"{k} = {v!r}" for k, v in given.items()), *cells):
            if cell and not cell.startswith("# "):
                exec(cell, plain)
    assert results == {name: plain[name] for name in results}
    assert printed[0].getvalue() == printed[1].getvalue()
    return results


def test_cells_become_steps_named_by_headings() -> None:
    text = module_text(
        take_apart(
            notebook("# Load *the* data", "a = n * 2", "b = a + 1", "# Ünïcode & more", "c = b", "# class", "d = c",
                     parameters="n: int = 3  # how many")
        ),
        "a.ipynb",
    )  # fmt: skip
    assert "def load_the_data(n: int) -> Any:" in text
    assert "def load_the_data_2(a: Any) -> Any:" in text
    assert "def ünïcode_more(b: Any) -> Any:" in text
    assert "def step_class(c: Any) -> Any:" in text
    assert "n: int = 3," in text
    assert "n: how many" in text


def test_a_module_does_what_the_cells_do() -> None:
    results = both(
        "import math\nimport json as js",
        "def area(r):\n    return math.pi * r**2\n\nclass Box:\n    size = 2",
        "rows = [area(r) for r in range(n)]\nrows.append(Box.size)",
        "for total, row in enumerate(rows):\n    last = row\nprint(js.dumps(rows), total)",
        "n += 1\nif n > 100:\n    big = True\nelse:\n    big = False",
        "a, (b, *c) = 1, (2, 3, 4)\n_private = a\nwith open(__import__('os').devnull) as f:\n    text = f.read()",
        "del a\nrows",
        parameters="n = 3",
        n=5,
    )
    assert set(results) == {"rows", "last", "n", "big", "b", "c", "text"}


def test_a_name_that_is_only_bound_in_a_branch_keeps_its_earlier_value() -> None:
    results = both(
        "x = 1\nn = 0",
        "if n:\n    x = 2",
        "for i in []:\n    x = 3",
        "try:\n    x = [][0]\nexcept IndexError:\n    pass",
    )
    assert results == {"x": 1, "n": 0}


def test_a_cell_that_is_expected_to_raise_does_not_end_the_module() -> None:
    document = notebook("x = 1", "x = 2\nx / 0\ny = 3", "z = x")
    document["cells"][1]["metadata"]["tags"] = ["raises-exception"]
    results = load_module(module_text(take_apart(document), "a.ipynb"))["run"]()
    assert (results.x, results.z) == (2, 2)


def test_functions_of_one_cell_may_need_each_other() -> None:
    even = "def even(n):\n    return n == 0 or odd(n - 1)\n\ndef odd(n):\n    return n != 0 and even(n - 1)"
    for flat in (False, True):
        assert both(even, "x = even(10)", flat=flat) == {"x": True}


def test_names_of_patterns_are_a_function_s_own() -> None:
    kind = (
        "def kind(v):\n    match v:\n        case {'a': a, **rest}:\n            return a, rest\n"
        "        case [b, *c]:\n            return b, c"
    )
    assert both(kind, "x = kind({'a': 1, 'b': 2}), kind([1, 2])")["x"] == ((1, {"b": 2}), (1, [2]))


def test_mutable_defaults_are_not_shared_between_calls() -> None:
    program = take_apart(notebook("layers.append(1)\nmore = layers", parameters="layers: list = [8]"))
    run = load_module(module_text(program, "a.ipynb"))["run"]
    assert run().more == run().more == [8, 1]


def test_what_is_worked_out_from_parameters_is_no_parameter() -> None:
    parameters = "from pathlib import Path\na = 2\nb = a * 2\np: Path = Path('x')"
    text = module_text(
        take_apart(notebook("c = b", parameters=parameters)),
        "a.ipynb",
    )
    assert "a: int = 2," in text
    assert "p: Path = Path('x')," in text
    assert load_module(text)["run"](a=5).c == 10


def test_functions_that_see_names_of_the_notebook_are_steps_own() -> None:
    results = both("def scale(x):\n    return x * factor", "y = scale(2)", parameters="factor = 3")
    assert results["y"] == 6


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (
            ["def f():\n    return later", "later = 1\nx = f()"],
            "cell 1: a function in it uses later, which only a cell below",
        ),
        (
            ["k = 1\ndef f():\n    return k", "k = 2\nx = f()"],
            "cell 1: a function in it uses k, which a cell below defines anew",
        ),
        (["from math import *\nx = sin(0)"], "cell 1, line 1: `from math import *` makes names"),
        (
            ["n = 0\ndef f():\n    global n\n    n += 1", "f()\nx = n"],
            "cell 1: a function in it changes the global n",
        ),
        (["a = 2", "x = eval('a + 1')"], "cell 2: it calls eval()"),
    ],
)
def test_what_steps_cannot_say_one_function_can(cells: list[str], told: str) -> None:
    with pytest.raises(NotebookError) as caught:
        take_apart(notebook(*cells))
    assert told in str(caught.value)
    assert "--flat" in str(caught.value)
    assert "x" in both(*cells, flat=True)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["x = y"], "cell 1: it uses y, which no cell above defines"),
        (["x = y", "y = 1"], "cell 1: it uses y, which is defined only below"),
        (["exec('x = 1')"], "cell 1: it calls exec()"),
        (["await f()"], "cell 1: it awaits outside of a function"),
        (["x = 1", "y = _"], "cell 2: it uses _, which is IPython's own"),
        (["get_ipython().run_line_magic('time', 'x')"], "cell 1: it uses get_ipython"),
    ],
)
def test_what_no_module_can_be_made_of_is_told(cells: list[str], told: str) -> None:
    for flat in (False, True):
        with pytest.raises(NotebookError) as caught:
            take_apart(notebook(*cells), flat=flat)
        assert told in str(caught.value)


def test_what_cells_show_is_displayed_only_by_choice() -> None:
    program = take_apart(notebook("x = 1\nx", "f = [3].pop\nf()", "x + 1;"))
    dropped, kept = module_text(program, "a"), module_text(program, "a", displays=True)
    assert "display" not in dropped
    assert "    f()" in dropped
    assert "display(x)" in kept
    assert "display(f())" in kept
    assert "display(x + 1)" not in kept
    assert "from IPython.display import display" in kept


def test_imports_below_a_change_of_the_path_stay_where_they_are() -> None:
    text = module_text(
        take_apart(notebook("import sys\nsys.path.append('src')", "import json\nx = json.dumps(1)")), "a"
    )
    assert text.index("sys.path.append") < text.index("import json")


@cache
def module_of(name: str, flat: bool) -> str | None:
    """The module made of a notebook of the corpus; None for one that is refused."""
    try:
        return module_text(take_apart(parse_notebook(load(name), name), name, flat=flat), name)
    except NotebookError:
        return None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flat", [False, True])
def test_each_notebook_of_the_corpus_is_sound_python_or_refused(name: str, flat: bool) -> None:
    text = module_of(name, flat)
    if text is not None:
        ast.parse(text)


@pytest.mark.parametrize("name", NAMES)
def test_each_notebook_of_the_corpus_is_a_script(name: str) -> None:
    document = parse_notebook(load(name), name)
    script = script_notebook(document, name)
    for cell in script["cells"]:
        if cell["cell_type"] == "code" and script is not document:
            ast.parse(cell["source"])


def test_modules_pass_ruff_and_mypy(tmp_path: Path) -> None:
    texts = [text for name in NAMES for flat in (False, True) if (text := module_of(name, flat)) is not None]
    for number, text in enumerate(texts):
        (tmp_path / f"made_{number}.py").write_text(text, encoding="utf-8")
    assert len(texts) > 10
    for command in (
        ["ruff", "check", "--isolated", "--select", "F,E9", "--output-format", "concise", "."],
        ["mypy", "--strict", "--config-file=", "."],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-5000:]
