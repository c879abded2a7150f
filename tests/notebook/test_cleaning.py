from typing import Any

import pytest

from trackbook.domain.cleaned import Cleaned, CleanOptions, CleanStep
from trackbook.notebook.cleaning.plan import plan_cleaning
from trackbook.notebook.read import source_of

Cell = dict[str, Any]


def code(source: str, count: int | None = None, *tags: str, **metadata: Any) -> Cell:
    more = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code",
        "execution_count": count,
        "metadata": more | metadata,
        "outputs": [],
        "source": source,
    }


def text(source: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(*cells: Cell, **metadata: Any) -> dict[str, Any]:
    numbered = [{"id": f"c{number}", **cell} for number, cell in enumerate(cells, start=1)]
    return {"cells": numbered, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def clean(*cells: Cell, steps: tuple[CleanStep, ...], **options: Any) -> Cleaned:
    return plan_cleaning(notebook(*cells), CleanOptions(steps=steps, **options))


def sources(cleaned: Cleaned) -> list[str]:
    return [source_of(cell) for cell in cleaned.notebook["cells"]]


def messages(cleaned: Cleaned) -> str:
    return "\n".join(note.message for note in cleaned.notes)


# Strip


def test_strips_what_running_and_editing_leave() -> None:
    shown = {"output_type": "stream", "name": "stdout", "text": "1\n"}
    cell = code(
        "print(1)", 7, "keep-me", collapsed=True, scrolled=False, ExecuteTime={}, vscode={"languageId": "python"},
        jupyter={"outputs_hidden": True, "source_hidden": True}, slideshow={"slide_type": "slide"}, name="print",
        papermill={"duration": 1},
    )  # fmt: skip
    cell["outputs"] = [shown]
    metadata = {"papermill": {}, "kernelspec": {"name": "python3"}, "jupytext": {"formats": "ipynb,py"}}
    cleaned = plan_cleaning(
        notebook(cell, **metadata, language_info={"name": "python", "version": "3.11.1"}),
        CleanOptions(steps=("strip",)),
    )
    (left,) = cleaned.notebook["cells"]
    assert left["outputs"] == []
    assert left["execution_count"] is None
    assert left["metadata"] == {
        "tags": ["keep-me"],
        "jupyter": {"source_hidden": True},
        "slideshow": {"slide_type": "slide"},
        "name": "print",
    }
    assert cleaned.notebook["metadata"] == {
        "kernelspec": {"name": "python3"},
        "jupytext": {"formats": "ipynb,py"},
        "language_info": {"name": "python"},
    }
    assert cell["outputs"] == [shown]


def test_keeps_outputs_and_metadata_that_are_meant_to_stay() -> None:
    first = code("1", 1, "keep_output", collapsed=True)
    first["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
    second = code("2", 2, scrolled=True)
    cleaned = clean(first, second, steps=("strip",), keep_metadata=("collapsed",))
    left = cleaned.notebook["cells"]
    assert left[0]["execution_count"] == 1
    assert left[0]["metadata"] == {"tags": ["keep_output"], "collapsed": True}
    assert left[1]["execution_count"] is None
    assert left[1]["metadata"] == {}
    again = clean(first, second, steps=("strip",), keep_outputs=True)
    assert [cell["execution_count"] for cell in again.notebook["cells"]] == [1, 2]


def test_keeps_the_state_of_widgets_that_are_shown() -> None:
    cell = code("slider", 1)
    cell["outputs"] = [
        {
            "output_type": "display_data",
            "data": {"application/vnd.jupyter.widget-view+json": {}},
            "metadata": {},
        }
    ]
    document = notebook(cell, widgets={"state": {}})
    options = CleanOptions(steps=("strip",))
    assert plan_cleaning(document, options).notebook["metadata"] == {}
    kept = plan_cleaning(document, CleanOptions(steps=("strip",), keep_outputs=True))
    assert not kept.changed


# Hoist


def test_hoists_imports_with_their_comments_and_order() -> None:
    cleaned = clean(
        text("# Title"),
        code("import os  # paths"),
        code("x = 1\n\n# for tables\nimport pandas as pd  # noqa\n\nfrom math import (\n    pi,\n)\ny = pi"),
        code("print(pd, os, y)"),
        steps=("hoist",),
    )
    assert sources(cleaned) == [
        "# Title",
        "import os  # paths\n# for tables\nimport pandas as pd  # noqa\n\nfrom math import (\n    pi,\n)",
        "x = 1\n\ny = pi",
        "print(pd, os, y)",
    ]


def test_imports_get_a_cell_of_their_own_below_the_title() -> None:
    cleaned = clean(
        text("# Title"),
        text("## Load"),
        code("x = 1\nimport os\nprint(os)"),
        code("import sys"),
        steps=("hoist",),
    )
    assert sources(cleaned) == ["# Title", "import os\nimport sys", "## Load", "x = 1\nprint(os)"]
    assert cleaned.notebook["cells"][1]["id"] == "c4"  # what had nothing but imports is their cell


@pytest.mark.parametrize(
    "between",
    [
        "sys.path.insert(0, '..')",
        "os.environ['CUDA_VISIBLE_DEVICES'] = '0'",
        "matplotlib.use('Agg')",
        "%load_ext cudf.pandas",
        "%pip install lightgbm",
        "!pip install lightgbm",
        "%%bash\npip install lightgbm",
        "from helpers import *",
        "exec('x = 1')",
        "%run setup.py",
        "warnings.filterwarnings('ignore')",
        "open('made.py', 'w').write('x = 1')",
        "def prepare():\n    sys.path.append('x')\nprepare()",
        "if True:",  # broken: nothing below it runs
    ],
)
def test_leaves_imports_below_what_they_may_depend_on(between: str) -> None:
    cleaned = clean(code("import os, sys\nx = 1"), code(between), code("import lightgbm"), steps=("hoist",))
    assert sources(cleaned) == ["import os, sys\nx = 1", between, "import lightgbm"]
    assert not cleaned.changes


@pytest.mark.parametrize(
    ("above", "imported"),
    [
        ("np = 1", "import numpy as np"),
        ("print(sum([1, 2]))", "from numpy import sum"),
        ("def total(x):\n    return sum(x)", "from numpy import sum"),
        ("import numpy as np\nprint(np.pi)", "import jax.numpy as np"),
        ("for np in []:\n    pass", "import numpy as np"),
        ("np.x = 1", "import numpy as np"),
    ],
)
def test_leaves_an_import_below_another_meaning_of_its_name(above: str, imported: str) -> None:
    cells = (code("import os"), code(above), code(f"{imported}\nimport json"))
    cleaned = clean(*cells, steps=("hoist",))
    assert imported in sources(cleaned)[2]
    assert "import json" in sources(cleaned)[0]
    assert "means something else" in messages(cleaned)


def test_leaves_imports_that_are_conditional_or_share_a_line() -> None:
    cells = (
        code("x = 1"),
        code("try:\n    import torch\nexcept ImportError:\n    torch = None"),
        code("if x:\n    import json"),
        code("import sys; print(sys.version)"),
        code("%%time\nimport re"),
    )
    assert not clean(*cells, steps=("hoist",)).changed


def test_imports_what_is_imported_twice_once() -> None:
    cleaned = clean(
        code("import numpy as np\nimport os"),
        code("x = np.pi"),
        code("import numpy as np\nimport os.path\ny = x"),
        steps=("hoist",),
    )
    assert sources(cleaned) == ["import numpy as np\nimport os\nimport os.path", "x = np.pi", "y = x"]
    (repeated,) = [change for change in cleaned.changes if change.kind == "dropped"]
    assert repeated.source == "import numpy as np"


def test_future_imports_come_first_or_stay() -> None:
    first = clean(code("import os\nx = 1"), code("from __future__ import annotations"), steps=("hoist",))
    assert not first.changed
    second = clean(
        code("# nothing yet"), code("from __future__ import annotations\nimport os\nx = 1"), steps=("hoist",)
    )
    assert not second.changed


def test_text_is_moved_as_it_is_written() -> None:
    odd = "import  os ,sys   # 'odd' \\ text\t"
    cleaned = clean(code("x = 1"), code(f"y = 2\n{odd}\nz = 3"), steps=("hoist",))
    assert sources(cleaned)[0] == odd


def test_does_not_touch_lines_of_texts_that_look_like_code() -> None:
    cells = (code("x = 1"), code('y = """\nimport os\n"""\n!echo "import re"'))
    assert not clean(*cells, steps=("hoist",)).changed


def test_new_cells_have_ids_only_where_others_have() -> None:
    cells = (code("x = 1\nimport os"), code("y = 1"))
    plain = notebook(*cells)
    for cell in plain["cells"]:
        del cell["id"]
    plain["nbformat_minor"] = 4
    cleaned = plan_cleaning(plain, CleanOptions(steps=("hoist",)))
    assert all("id" not in cell for cell in cleaned.notebook["cells"])
    assert cleaned.notebook["nbformat_minor"] == 4
    assert clean(*cells, steps=("hoist",)).notebook["cells"][0]["id"] == "imports"


def test_takes_magics_and_settings_among_the_first_imports_for_part_of_them() -> None:
    first = "import warnings\nwarnings.filterwarnings('ignore')\nimport pandas as pd"
    style = "\npd.set_option('display.max_rows', 5)"
    cleaned = clean(
        code("%matplotlib inline"),
        code(first + style),
        code("x = pd.DataFrame()\nimport json"),
        code("lr = 0.1", None, "parameters"),
        steps=("hoist",),
    )
    assert sources(cleaned) == [
        "%matplotlib inline",
        f"{first}\nimport json{style}",
        "lr = 0.1",
        "x = pd.DataFrame()",
    ]
    assert not cleaned.notes


def test_parameters_above_the_imports_are_at_the_top() -> None:
    cells = (
        code("lr = 0.1", None, "parameters"),
        code("import os\n\n%load_ext trackbook"),
        code("%track start churn\nprint(os, lr)"),
    )
    assert not clean(*cells, steps=("hoist",)).changed
    cleaned = clean(*cells, code("import json"), steps=("hoist",))
    assert sources(cleaned)[1] == "import os\nimport json\n\n%load_ext trackbook"


# Parameters


def test_lifts_the_parameters_behind_the_imports() -> None:
    cleaned = clean(
        text("# Title"),
        code("from pathlib import Path"),
        code("print('hello')"),
        text("## Parameters"),
        code("lr = 0.1\ndata = Path('x')", None, "parameters"),
        code("print(lr)"),
        steps=("hoist",),
    )
    assert [cell["id"] for cell in cleaned.notebook["cells"]] == ["c1", "c2", "c4", "c5", "c3", "c6"]


@pytest.mark.parametrize(
    ("above", "parameters"),
    [
        ("base = 2", "lr = base * 0.1"),
        ("print(lr)", "lr = 0.1"),
        ("lr = 0.2", "lr = 0.1"),
        ("exec(text)", "lr = 0.1"),
        ("x = 1", "lr = random.random()"),
        ("x = 1", "lr = !cat rate"),
        ("x = 1", "lr = 0.1\nprint(lr)"),
        ("Rate = float", "lr: Rate = 0.1"),
    ],
)
def test_leaves_parameters_that_depend_on_what_is_above(above: str, parameters: str) -> None:
    cleaned = clean(code(above), code(parameters, None, "parameters"), steps=("hoist",))
    assert not cleaned.changed
    assert "The parameters stay where they are" in messages(cleaned)


def test_proposes_constants_only_when_asked() -> None:
    cells = (
        code("import os"),
        code("n = 5  # how many\nlr: float = 0.1\nrows = []\nused = n\nused = 2\nname = os.name"),
        code("def f():\n    pass\nseed = 1"),
        code("print(lr, seed)"),
    )
    assert not clean(*cells, steps=("hoist",)).changed
    cleaned = clean(*cells, steps=("hoist",), propose_parameters=True)
    assert sources(cleaned) == [
        "import os",
        "n = 5  # how many\nlr: float = 0.1\nseed = 1",
        "rows = []\nused = n\nused = 2\nname = os.name",
        "def f():\n    pass",
        "print(lr, seed)",
    ]
    assert cleaned.notebook["cells"][1]["metadata"] == {"tags": ["parameters"]}


@pytest.mark.parametrize(
    "change",
    ["math.pi = 3", "from unittest import mock\nmock.patch('math.pi', 3).start()", "math.__dict__['pi'] = 3"],
)
def test_what_is_taken_out_of_a_module_that_changed_stays_below(change: str) -> None:
    cleaned = clean(
        code("import math"), code(change), code("from math import pi\nprint(pi)"), steps=("hoist",)
    )
    assert sources(cleaned)[-1] == "from math import pi\nprint(pi)"


def test_a_constant_stays_below_the_import_that_its_annotation_needs() -> None:
    cells = [code("from typing import Final\nRATE: Final = 0.1\nn = 5\nprint(n)"), code("print(RATE)")]
    cleaned = clean(*cells, steps=("hoist",), propose_parameters=True)
    exec("\n".join(sources(cleaned)), {})
    assert "n = 5" in sources(cleaned)


# Drop


def test_drops_tagged_cells_that_nobody_needs() -> None:
    cleaned = clean(
        code("x = 1"),
        code("y = x\nprint(y)", None, "scratch"),
        code("print(y * 2)", None, "skip-execution"),
        code("z = 2", None, "scratch"),
        code("print(x, z)"),
        steps=("drop",),
    )
    assert [cell["id"] for cell in cleaned.notebook["cells"]] == ["c1", "c4", "c5"]
    assert cleaned.changes[0].source == "y = x\nprint(y)"
    assert "cell 5 needs `z` from it" in messages(cleaned)


def test_drops_what_is_proven_to_reach_no_result() -> None:
    cleaned = clean(
        code("a = [1, 2]\nb = 3"),
        code("unread = [n * 2 for n in a] + [len(a), f'{b}']"),
        code("only_for_unread = {'k': b}"),
        code("print(a, b)"),
        steps=("drop",),
    )
    assert sources(cleaned) == ["a = [1, 2]\nb = 3", "print(a, b)"]


@pytest.mark.parametrize(
    "kept",
    [
        "unread = frame.copy()",  # anybody's code
        "unread = frame + 1",
        "unread = frame[0]",
        "unread = open('x')",
        "unread = a.append(1)",
        "unread = a; a.append(3)",
        "unread = list(iterator)",
        "unread = 1\nunread",
        "unread = 1\nprint(1)",
        "import unread",
        "def unread():\n    pass",
        "class Unread:\n    pass",
        "%time unread = 1",
        "unread += 1",
        "#| export\nunread = 1",
        "unread: frame() = 1",
        "unread = lambda x=frame(): x",
        "__all__ = ['unread']",
        "# only a comment",
        "while a:\n    unread = 1",
        "unread = sum(1 for n in a)",
        "global_name = 1",
        "BATCH_SIZE = 32",
    ],
)
def test_keeps_what_may_matter(kept: str) -> None:
    cells = (code("import frame\na = [1]\niterator = iter(a)"), code(kept), code("print(a, 'global_name')"))
    assert not clean(*cells, steps=("drop",)).changed


def test_keeps_cells_with_outputs_tags_and_names_that_are_results() -> None:
    shown = code("unread = 1", 1)
    shown["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    cells = (shown, code("other = 2", None, "export"), code("result_1 = 3"), code("print()"))
    assert not clean(*cells, steps=("drop",), keep=("result_*",)).changed
    assert clean(*cells, steps=("drop",)).changed


@pytest.mark.parametrize(
    "watching", ["%track auto", "%run other.py", "eval('x')", "from x import *", "%store y"]
)
def test_proves_nothing_where_any_name_may_be_read(watching: str) -> None:
    assert not clean(code("unread = 1"), code(watching), steps=("drop",)).changed


def test_never_drops_all() -> None:
    assert not clean(code("x = 1"), code("y = 2"), steps=("drop",)).changed


def test_drops_cells_that_only_look_when_asked() -> None:
    cells = (
        code("import pandas as pd\ndf = pd.DataFrame()"),
        code("df.head()\ndf.shape"),
        code("print(df.describe(), len(df))"),
        code("%whos\ndf?"),
        code("df['a'][0]"),
        code("df.sort_values('a', inplace=True)"),
        code("df.to_csv('x.csv')"),
        code("df.sample(3)"),
        code("print(df, file=log)"),
        code("df.head()", None, "report"),
    )
    assert not clean(*cells, steps=("drop",)).changed
    cleaned = clean(*cells, steps=("drop",), drop_looks=True)
    assert [cell["id"] for cell in cleaned.notebook["cells"]] == ["c1", "c6", "c7", "c8", "c9", "c10"]


def test_drops_empty_cells() -> None:
    cleaned = clean(code("x"), code(" \n"), code("", None, "slot"), text(""), steps=("drop",))
    assert [cell["id"] for cell in cleaned.notebook["cells"]] == ["c1", "c3", "c4"]


# Order


def ids(cleaned: Cleaned) -> list[str]:
    return [cell["id"] for cell in cleaned.notebook["cells"]]


def test_orders_cells_as_they_ran() -> None:
    cleaned = clean(
        text("# Title"),
        text("## Sum"),
        code("print(total(values))", 3),
        text("## Values"),
        code("values = [1, 2]", 1),
        code("def total(v):\n    return sum(v)", 2),
        text("The end"),
        steps=("order",),
    )
    assert ids(cleaned) == ["c1", "c4", "c5", "c6", "c2", "c3", "c7"]
    assert cleaned.execution_order == [5, 6, 3]


def test_moves_as_few_cells_as_possible() -> None:
    cells = [code("a = 1", 2), code("b = 2", 3), code("print(z)", 5), code("c = 3", 4), code("z = 0", 1)]
    cleaned = clean(*cells, steps=("order",))
    assert [change.cell for change in cleaned.changes] == [5]
    assert ids(cleaned) == ["c1", "c2", "c5", "c3", "c4"]


def test_leaves_an_order_that_runs() -> None:
    cleaned = clean(code("x = 1", 5), code("y = x", 6), code("z = 1", 2), steps=("order",))
    assert not cleaned.changed
    assert "they can run from top to bottom" in messages(cleaned)
    assert cleaned.execution_order == [3, 1, 2]


def test_what_a_function_needs_counts_where_it_is_called() -> None:
    defined_first = [code("def f():\n    return limit", 1), code("limit = 3", 3), code("f()", 4)]
    assert not clean(*defined_first, steps=("order",)).changed
    called_first = [code("def f():\n    return limit", 1), code("f()", 4), code("limit = 3", 3)]
    assert ids(clean(*called_first, steps=("order",))) in (["c1", "c3", "c2"], ["c3", "c1", "c2"])
    in_one = [code("def f():\n    return limit\nf()", 4), code("limit = 3", 3)]
    assert ids(clean(*in_one, steps=("order",))) == ["c2", "c1"]


def test_changes_in_place_keep_their_order() -> None:
    cells = [
        code("print(rows, late)", 5),
        code("rows = []", 1),
        code("rows.append(2)", 3),
        code("rows.append(1)", 2),
        code("late = 1", 4),
    ]
    assert ids(clean(*cells, steps=("order",))) == ["c2", "c4", "c3", "c5", "c1"]


def test_a_cell_that_ran_again_is_placed_where_it_was_needed() -> None:
    cells = [
        code("import os", 1),
        code("size = 4", 9),  # ran again at the end
        code("area = size * 2", 3),
        code("print(late, area)", 5),
        code("late = 1", 4),
    ]
    assert ids(clean(*cells, steps=("order",))) in (["c1", "c2", "c3", "c5", "c4"],)


def test_refuses_circles_and_ambiguity() -> None:
    circle = clean(code("a = b", 2), code("b = a", 1), steps=("order",))
    assert not circle.changed
    assert "Cells 1, 2: each needs what another one gives" in messages(circle)
    unclear = clean(
        code("print(x)", 1),
        code("x = 1", 3),
        code("x = 2", 2),
        code("print(y)", 5),
        code("y = 1", 4),
        steps=("order",),
    )
    assert not unclear.changed
    assert "`x` could come from more than one of them" in messages(unclear)


def test_recorded_executions_count_where_they_are_known() -> None:
    document = notebook(code("print(x)"), code("x = 1"))
    assert not plan_cleaning(document, CleanOptions(steps=("order",))).changed
    cleaned = plan_cleaning(document, CleanOptions(steps=("order",)), {"c1": 2, "c2": 1})
    assert ids(cleaned) == ["c2", "c1"]


def test_other_languages_are_only_stripped() -> None:
    document = notebook(code("library(x)", 3), code("y <- 1", 2), kernelspec={"name": "ir", "language": "R"})
    cleaned = plan_cleaning(document)
    assert [source_of(cell) for cell in cleaned.notebook["cells"]] == ["library(x)", "y <- 1"]
    assert {change.kind for change in cleaned.changes} == {"stripped"}
    assert "not r's" in messages(cleaned)
