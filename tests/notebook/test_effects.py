"""Which cells must run so that others find what they need."""

import pytest

from trackbook.notebook.effects import effects_in
from trackbook.notebook.needs import dependent_cells, needed_cells


def needed(*cells: str, wanted: int = -1) -> list[int]:
    """The positions of cells that must run before the last one, or the one wanted."""
    return list(needed_cells(effects_in(cells), [wanted % len(cells)]))


@pytest.mark.parametrize(
    ("cells", "positions"),
    [
        (["a = 1", "b = 2", "print(a)"], [0]),
        (["a = load()", "b = a + 1", "c = b"], [0, 1]),
        (["a = slow()", "a = quick()", "print(a)"], [1]),  # a later value takes the place of the earlier one
        (["a = slow()", "if x:\n    a = 2", "print(a)"], [0, 1]),  # unless it may not
        (["a = []", "a.append(1)", "print(a)"], [0, 1]),
        (["a = []", "b = a", "b.append(1)", "print(a)"], [0, 1, 2]),  # through another name
        (["df = read()", "df.head()", "df.describe()", "print(df)"], [0]),  # looking changes nothing
        (["df = read()", "df.polish()", "print(df)"], [0, 1]),  # an unknown method may change it
        (["df = read()", "show(df)", "print(df)"], [0, 1]),  # as may an unknown function
        (["import numpy as np", "a = [1]", "np.mean(a)", "print(a)"], [1]),
        (["import numpy as np", "a = [1]", "np.random.shuffle(a)", "print(a)"], [0, 1, 2]),
        (["from mine import polish", "a = [1]", "polish(a)", "print(a)"], [0, 1, 2]),
        (["d = {}", "d['k'] = 1", "print(d)"], [0, 1]),
        (["x = 1", "y = 2", "del x", "print(y)"], [1]),
        (["def f():\n    return k", "k = 1", "f()"], [0, 1]),  # what a function reads when it is called
        (["h = []", "def f():\n    h.append(1)", "f()", "print(h)"], [0, 1, 2]),  # and what it changes
        (["h = []", "def f(q):\n    r = []\n    r.append(q)", "f(1)", "print(h)"], [0]),
        (["import os", "os.chdir('/')", "a = 1", "print(a)"], [0, 1, 2]),  # what every cell behind may need
        (["%load_ext autoreload", "a = 1", "b = 2", "print(a)"], [0, 1]),
        (["import pandas as pd\npd.set_option('x', 1)", "print(1)"], [0]),
        (["from lib import *", "b = 2", "print(a)"], [0]),  # what it gives is not known
        (["a = 1", "b = 2", "eval('a')"], [0, 1]),  # what it takes is not known
        (["import random\nrandom.seed(1)", "a = random.random()", "b = random.random()"], [0, 1]),
        (["import random", "a = random.random()", "b = random.random()"], [0]),  # unseeded, it is any number
        (["a = 1", "b = 2", "# nothing\n1 +"], []),  # what can't be parsed needs nothing that is known
        (["model = Net()", "opt = Adam(model.parameters())", "opt.step()", "print(model)"], [0, 1, 2]),
        (["rows = [{}]", "for row in rows:\n    row['x'] = 1", "print(rows)"], [0, 1]),
        (["%track start trial", "a = 1", "print(2)"], [0]),
    ],
)
def test_what_a_cell_needs(cells: list[str], positions: list[int]) -> None:
    assert needed(*cells) == positions


def test_the_reason_names_what_is_needed_and_by_whom() -> None:
    found = needed_cells(effects_in(["a = 1", "b = a", "print(b)"]), [2])
    assert [(need.name, need.by) for need in found.values()] == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("cells", "changed", "dependent"),
    [
        (["a = 1", "b = 2", "c = a", "d = c", "e = b"], [0], [2, 3]),
        (["a = 1", "a = 2", "c = a"], [0], []),  # it got another value
        (["a = []", "a.append(1)", "c = a"], [0], [1, 2]),
        (["import os\nos.environ['X'] = '1'", "b = 2"], [0], [1]),
        (["def f():\n    return k", "k = 1", "x = f()"], [1], [2]),
    ],
)
def test_what_depends_on_a_changed_cell(cells: list[str], changed: list[int], dependent: list[int]) -> None:
    assert list(dependent_cells(effects_in(cells), changed, [])) == dependent


def test_what_depends_on_a_cell_that_is_gone() -> None:
    assert list(dependent_cells(effects_in(["b = a", "c = 1", "d = b"]), [], ["a"])) == [0, 2]


def test_what_a_function_keeps_to_itself_is_nobody_elses() -> None:
    cells = [
        "def log(text):\n    with open('f', 'a') as file:\n        file.write(text)",
        "log('1')",
        "log('2')",
    ]
    assert needed(*cells) == [0]
