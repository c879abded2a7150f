"""Notebooks of simple cells, made up by hypothesis and really run: cleaned ones give the same."""

import contextlib
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackbook.domain.cleaned import Cleaned, CleanOptions
from trackbook.notebook.cleaning.plan import plan_cleaning
from trackbook.notebook.cleaning.write import render_cleaned
from trackbook.notebook.read import parse_notebook

NAMES = st.sampled_from("abcdef")
VALUES = (
    st.integers(0, 9).map(str) | NAMES | st.sampled_from(["[1, 2]", "len([3])", "'t'", "math.floor(2.5)"])
)


@st.composite
def statements(draw: st.DrawFn) -> str:
    kind = draw(
        st.sampled_from(["assign", "add", "list", "print", "import", "function", "call", "show", "guard"])
    )
    name, value = draw(NAMES), draw(VALUES)
    return {
        "assign": f"{name} = {value}",
        "add": f"{name} = str({value}) + '!'  # longer",
        "list": f"{name} = [{value}, {value}]\n{name}.append(1)",
        "print": f"print({value})",
        "import": draw(
            st.sampled_from(["import math", "import math, os", "from math import pi", "import os as a"])
        ),
        "function": f"def g():\n    return str({value}) + str({name})",
        "call": f"{name} = g()",
        "show": f"print({name})",
        "guard": f"if {name}:\n    {name} = {value}",
    }[kind]


CELLS = st.lists(st.lists(statements(), min_size=1, max_size=3).map("\n".join), min_size=1, max_size=8)


def notebook(sources: list[str], counts: list[int] | None = None) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "execution_count": counts[at] if counts else at + 1,
            "id": f"c{at}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for at, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def run(cells: list[tuple[str, str]]) -> tuple[dict[str, str], dict[str, Any]] | None:
    """Return what each cell printed, by its id, and the last values; None if a cell fails."""
    space: dict[str, Any] = {"__name__": "__main__"}
    printed: dict[str, str] = {}
    for identity, source in cells:
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                exec(compile(source, "<cell>", "exec"), space)
        except (NameError, TypeError, AttributeError):
            return None
        printed[identity] = out.getvalue()
    return printed, {
        name: repr(value) for name, value in space.items() if isinstance(value, (int, str, list, float))
    }


def run_cleaned(cleaned: Cleaned) -> tuple[dict[str, str], dict[str, Any]] | None:
    return run([(cell["id"], cell["source"]) for cell in cleaned.notebook["cells"]])


@settings(max_examples=100, deadline=None)
@given(sources=CELLS)
def test_hoisting_and_dropping_change_no_result(sources: list[str]) -> None:
    document = notebook(sources)
    before = run([(cell["id"], cell["source"]) for cell in document["cells"]])
    cleaned = plan_cleaning(document, CleanOptions(propose_parameters=True))
    if before is None:
        return
    after = run_cleaned(cleaned)
    assert after is not None
    for identity, text in before[0].items():
        assert after[0].get(identity, "") == text
    dropped = {
        name for change in cleaned.changes if change.kind == "dropped" for name in _names(change.source)
    }
    for name, value in before[1].items():
        assert after[1].get(name) == value or name in dropped


@settings(max_examples=100, deadline=None)
@given(sources=CELLS, data=st.data())
def test_ordering_gives_what_the_execution_gave(sources: list[str], data: st.DataObject) -> None:
    counts = data.draw(st.permutations(range(1, len(sources) + 1)))
    document = notebook(sources, counts)
    as_it_ran = sorted(range(len(sources)), key=lambda at: counts[at])
    before = run([(f"c{at}", sources[at]) for at in as_it_ran])
    cleaned = plan_cleaning(document, CleanOptions(steps=("order",)))
    if before is None or not cleaned.changed:
        return
    after = run_cleaned(cleaned)
    assert after is not None
    assert after[0] == before[0]
    assert after[1] == before[1]


LINES = st.sampled_from(
    [
        "import os", "import os, sys as s", "from a import (b,\n  c)", "from x import *", "%matplotlib inline",
        "%%time", "!ls {x}", "x?", "y = !ls", "x = 1", "del x", "if x:", "    x = 2",
        "try:\n    import q\nexcept E:\n    q = None",
        "'" * 3, '"' * 3, "# comment", "#| export", "print(x)", "def f():\n    return x", "@f", "lr = 0.1  # rate", "",
        "(", "\\", "x = 1; import re", "await x", "return", "from __future__ import annotations", "class A: pass", "\t",
        "x += 1", "lambda: x", "match x:\n    case 1: y = 2", "global x", "f'{x!r:>{y}}'", "%time import os", "é = 'ü'",
        "\x0c", "*a, b = x",
    ]
)  # fmt: skip
ANY = st.lists(st.lists(LINES | st.text(max_size=8), max_size=6).map("\n".join), max_size=7)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@settings(max_examples=150, deadline=None)
@given(
    sources=ANY, tags=st.lists(st.sampled_from(["", "scratch", "parameters", "keep_output"])), data=st.data()
)
def test_whatever_cells_hold_no_line_is_lost(
    sources: list[str], tags: list[str], data: st.DataObject
) -> None:
    document = notebook(sources, data.draw(st.permutations(range(len(sources)))))
    for cell, tag in zip(document["cells"], tags, strict=False):
        cell["metadata"] = {"tags": [tag]} if tag else {}
    options = CleanOptions(propose_parameters=data.draw(st.booleans()), drop_looks=data.draw(st.booleans()))
    cleaned = plan_cleaning(document, options)
    kept = [cell["source"] for cell in cleaned.notebook["cells"]]
    kept += [change.source for change in cleaned.changes if change.source is not None]
    assert {line for text in sources for line in text.split("\n") if line.strip()} <= {
        line for text in kept for line in text.split("\n")
    }
    before = json.dumps(document, indent=1).encode()
    assert parse_notebook(render_cleaned(before, cleaned), "x") == cleaned.notebook
    again = plan_cleaning(cleaned.notebook, CleanOptions(propose_parameters=options.propose_parameters))
    assert not [change for change in again.changes if change.step in ("order", "strip")]


def _names(source: str | None) -> set[str]:
    return {line.split(" ")[0] for line in (source or "").splitlines()}
