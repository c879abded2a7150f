from typing import Any

import pytest

from trackbook.notebook.prefix import describe_cells, sweep_prefix


def notebook(*sources: str, parameters: int = 0) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": ["parameters"]} if number == parameters else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"language": "python"}},
        "cells": cells,
    }


VALUES = {"C": 2.0, "n": 10}


def share(*sources: str, parameters: int = 0, swept: tuple[str, ...] = ("C",)) -> tuple[list[int], str]:
    """The positions of the shared cells in the user's notebook, and why the next one is none."""
    found = sweep_prefix(notebook(*sources, parameters=parameters), VALUES, swept)
    injected = parameters + 1
    return [position - (position > injected) for position in found.cells], found.reason


def test_cells_above_the_parameters_are_shared_and_those_below_as_far_as_they_use_no_swept_value() -> None:
    sources = ("import numpy as np", "C = 1.0\nn = 3", "x = np.arange(5)", "x.sum()", "x * C", "x")
    assert share(*sources, parameters=1) == ([0, 1, 2, 3], "cell 5 uses C")


def test_values_that_all_trials_get_can_be_used() -> None:
    assert share("C = 1.0\nn = 3", "rows = list(range(n))", "C") == ([0, 1], "cell 3 uses C")
    assert share("C = 1.0\nn = 3", "rows = list(range(n))", "C", swept=("C", "n")) == ([0], "cell 2 uses n")


@pytest.mark.parametrize(
    "source",
    [
        "C",
        "f'{C:.2f}'",
        "def f():\n    return C",
        "f = lambda x: x * C",
        "[x for x in range(3) if x > C]",
        "C = 5",
        "C += 1",
        "del C",
        "for C in range(3):\n    pass",
        "import os as C",
        "def C():\n    pass",
        "C.append(1)",
        "df.query('a > @C')",
        "!echo {C}",
        "!echo $C",
        "%timeit C",
        "%%time\nC",
        "%%bash -s {C}\necho $1",
        "%store C",
        "exec('x = ' + 'C')",
        "with open('C') as f:\n    pass",
        "match x:\n    case C:\n        pass",
        "global C\nC = 1",
        "globals()['x'] = 1",
        "from numpy import *",
        "%run other.py",
        "eval(text)",
        "x = (C := 3)",
        "1 +",
    ],
)
def test_a_cell_that_may_use_the_value_is_not_shared(source: str) -> None:
    cells, reason = share("C = 1.0", source)
    assert cells == [0]
    assert reason.startswith("cell 2 ")


@pytest.mark.parametrize(
    "source",
    ["x.C", "f(C=1)", "# C is set above", "D = 1", "import numpy as np", "Cs = [1]", "x = {'c': 1}"],
)
def test_a_cell_that_only_looks_like_it_is_shared(source: str) -> None:
    assert share("C = 1.0", source, "C")[0] == [0, 1]


@pytest.mark.parametrize(
    ("sources", "word"),
    [
        (["import numpy as np", "x = np.random.rand(3)"], "numpy"),
        (["import random", "random.shuffle(items)"], "random"),
        (["from sklearn.model_selection import train_test_split as t", "a, b = t(X, y)"], "numpy"),
        (["from numpy.random import default_rng", "rng = default_rng()"], "default_rng"),
        (["%time items = __import__('random')", "import torch\nw = torch.randn(3)"], "torch"),
        (["x = 1", "name = input()"], "input"),
        (["x = 1", "model.cuda()"], "GPU"),
        (["import trackbook as tb", "tb.log({'a': 1})"], "tracks"),
        (["from trackbook import start_run", "start_run('x')"], "tracks"),
        (["x = 1", "%track metric x"], "tracks"),
        (["x = 1", "%%track\ny = x"], "tracks"),
        (["import os", "os.environ['TRACKBOOK_OUTPUT_DIR']"], "TRACKBOOK_"),
    ],
)
def test_what_must_not_be_the_same_for_all_trials_ends_what_is_shared(sources: list[str], word: str) -> None:
    cells, reason = share(*sources, "C = 1.0", parameters=2)
    assert cells == [0]
    assert reason.startswith("cell 2 ")
    assert word in reason


@pytest.mark.parametrize(
    "sources",
    [
        ["import numpy as np\nnp.random.seed(1)", "np.random.rand(3)"],
        ["import random\nrandom.seed(1)", "random.random()"],
        ["from numpy.random import default_rng\nrng = default_rng(3)", "rng.random()"],
        ["from sklearn.model_selection import train_test_split", "train_test_split(X, random_state=0)"],
        ["import trackbook as tb\n%load_ext trackbook", "x = 1"],
    ],
)
def test_seeds_and_imports_are_shared(sources: list[str]) -> None:
    assert share(*sources, "C = 1.0", parameters=2)[0] == [0, 1, 2]


def test_what_the_cells_seed_and_when_they_look_at_the_clock_is_told() -> None:
    source = "import time\nimport numpy as np\nnp.random.seed(1)\nbegan = time.time()"
    found = sweep_prefix(notebook(source, "C = 1.0", parameters=1), VALUES, ["C"])
    assert found.seeded == ["numpy"]
    assert found.remarks == ["Cell 1 reads the clock (time.time) once for all trials."]


def test_where_the_values_are_set() -> None:
    above = sweep_prefix(notebook("C = 1.0\nn = 1", "import os", "C"), VALUES, ["C"])
    assert (above.values_at, above.length, above.cells) == (1, 3, [0, 2])
    behind = sweep_prefix(notebook("import os", "C = 1.0\nn = 1", "C", parameters=1), VALUES, ["C"])
    assert (behind.values_at, behind.length, behind.cells) == (None, 2, [0, 1])


def test_a_notebook_without_parameters_cell_gets_its_values_first() -> None:
    found = sweep_prefix(notebook("import os", "C", parameters=-1), VALUES, ["C"])
    assert (found.values_at, found.cells) == (0, [1])


def test_cells_that_do_not_run_are_passed_over() -> None:
    made = notebook("import os", "C = 1.0", "C", parameters=1)
    made["cells"][0]["metadata"]["tags"] = ["skip-execution"]
    made["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# C"})
    found = sweep_prefix(made, VALUES, ["C"])
    assert found.cells == [2]
    assert found.reason == "cell 4 uses C"


def test_another_language_is_not_shared() -> None:
    made = notebook("x <- 1")
    made["metadata"]["kernelspec"]["language"] = "R"
    found = sweep_prefix(made, {"x": 1}, ["x"])
    assert not found.is_shared
    assert "languages" in found.reason


def test_cells_are_named_as_the_user_counts_them() -> None:
    made = notebook(*"abcdefgh")
    assert describe_cells(made, [0]) == "Cell 1"
    assert describe_cells(made, [0, 1]) == "Cells 1 and 2"
    assert describe_cells(made, [0, 1, 2, 5]) == "Cells 1 to 3 and 6"
