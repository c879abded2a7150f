"""Notebooks made of executions: order, repetitions, and what comes from before the run."""

from typing import Any

import nbformat
import pytest

from trackbook.notebook.rebuild import Executed, goes_on, names_needed, opens_run, order_of, rebuild_notebook


def document(*sources: str, tags: dict[int, list[str]] | None = None) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": (tags or {}).get(number, [])},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources, start=1)
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "toc": {"x": 1}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def sources(notebook: dict[str, Any]) -> list[str]:
    return [cell["source"] for cell in notebook["cells"]]


def test_executions_in_their_order_as_often_as_they_ran() -> None:
    executed = [
        Executed(1, "b", "%track start churn"),
        Executed(2, "a", "x = 1"),
        Executed(3, "b2", "x += 1"),
        Executed(4, "b2", "x += 1"),
        Executed(5, "c", "1 / 0", raised=True),
    ]
    rebuilt = rebuild_notebook(executed, None)
    assert sources(rebuilt.notebook) == [one.source for one in executed]
    assert [order_of(cell["id"]) for cell in rebuilt.notebook["cells"]] == [1, 2, 3, 4, 5]
    assert rebuilt.notebook["cells"][4]["metadata"] == {"tags": ["raises-exception"]}
    assert (rebuilt.before, rebuilt.unknown) == ([], [])
    nbformat.validate(nbformat.from_dict(rebuilt.notebook))


def test_what_is_needed_from_before_comes_with_what_that_needs() -> None:
    found = document(
        "import numpy as np",
        "def load(path):\n    return np.load(path)",
        "unrelated = 5",
        "%track start earlier\nframe = load('a')",
        "frame = load('b')",
        "%track start churn",
        "total = frame.sum()",
        "later = 1",
    )
    executed = [Executed(1, "c6", "%track start churn"), Executed(2, "c7", "total = frame.sum()")]
    rebuilt = rebuild_notebook(executed, found)
    assert rebuilt.before == [found["cells"][at]["source"] for at in (0, 1, 4)]
    assert rebuilt.unknown == []
    assert rebuilt.notebook["metadata"] == {"kernelspec": found["metadata"]["kernelspec"]}


def test_names_that_nothing_defines_are_said() -> None:
    rebuilt = rebuild_notebook([Executed(1, "c1", "print(frame, _, In[1], _i3)")], document("x = 1"))
    assert rebuilt.unknown == ["frame"]
    # Behind a star anything may be there.
    assert names_needed(["from math import *", "print(pi)"]) == []


def test_set_up_without_names_comes_along_from_above_alone() -> None:
    found = document("%matplotlib inline", "import trackbook as tb\ntb.autolog()", "fit()", "%track auto")
    rebuilt = rebuild_notebook([Executed(1, "c3", "x = 1")], found)
    assert rebuilt.before == sources(found)[:2]


def test_tags_stay_and_first_comes_first() -> None:
    found = document("lr = 1", tags={1: ["parameters", "skip-execution"]})
    rebuilt = rebuild_notebook([Executed(1, "c1", "lr = 2")], found, ["seed()"])
    assert [cell["id"] for cell in rebuilt.notebook["cells"]] == ["first-1", "execution-1"]
    assert rebuilt.notebook["cells"][1]["metadata"] == {"tags": ["parameters"]}
    assert [order_of(cell_id) for cell_id in ("first-1", "execution-12", "execution-", "c1", None)] == [
        None, 12, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "opens", "goes"),
    [
        ("%track start churn", True, False),
        ("x = 1\n%track start churn --tags a", True, False),
        ("%%track\nx = 1", True, False),
        ("%%track churn --name a\nx = 1", True, False),
        ("run = tb.start_run('churn')", True, False),
        ("with tb.start_run('churn', params={'a': (1, 2)}) as run:\n    pass", True, False),
        ("%track resume", True, True),
        ("%track start --resume 42", True, True),
        ("%track start --fork 42 --at-step 3", True, True),
        ("run = tb.start_run(resume='last')", True, True),
        ("run = tb.start_run(\n    'a',\n    fork=3,\n    at_step=2)", True, True),
        ("%track end", False, False),
        ("%track param resume", False, True),  # rather refused than a recorded run changed
        ("x = 1", False, False),
    ],
)
def test_what_opens_a_run_and_what_goes_on_with_one(source: str, opens: bool, goes: bool) -> None:
    assert (opens_run(source), goes_on(source)) == (opens, goes)
