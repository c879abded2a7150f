"""Names in top-to-bottom order: what is found, and above all what is not."""

import argparse
import ast
import asyncio.base_events
import collections
import contextlib
import dataclasses
import difflib
import enum
import fractions
import functools
import inspect
import logging
import pathlib
import pickle
import random
import shutil
import statistics
import subprocess
import tarfile
import tempfile
import textwrap
import threading
import tokenize
import traceback
import typing
import zipfile
from pathlib import Path
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from trackbook.notebook.lint.cells import cells_of
from trackbook.notebook.lint.checks import check_notebook
from trackbook.notebook.lint.source import read_source


def check(*sources: str | tuple[str, int], known: tuple[str, ...] = ()) -> list[tuple[str, int, str]]:
    """Return code, cell and first name of what is found about names."""
    found, _ = check_notebook(cells_of(document(*sources)), known=known)
    return [
        (one.code, one.cell, one.names[0])
        for one in found
        if one.code in ("TB101", "TB102", "TB103", "TB104")
    ]


def messages(*sources: str | tuple[str, int]) -> list[str]:
    found, _ = check_notebook(cells_of(document(*sources)))
    return [one.message for one in found if one.code.startswith("TB10")]


def document(*sources: str | tuple[str, int], **fields: Any) -> dict[str, Any]:
    cells = []
    for number, source in enumerate(sources, start=1):
        text, count = source if isinstance(source, tuple) else (source, None)
        cell = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": [], "source": text}
        cells.append({**cell, "execution_count": count})
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **fields}


FINE = [
    ["x = 1", "x"],
    ["len([1])", "print(display, get_ipython)", "_ + __ + _1 + _i2", "In[1], Out[1], _oh, _ih, _dh", "exit", "__name__"],
    ["x = 1\ndel x", "x = 2", "x"],
    ["for x in range(3):\n    pass\nx"],
    ["def f():\n    return later\n", "later = 1", "f()"],
    ["def f():\n    return g()\ndef g():\n    return later", "later = 1", "f()"],
    ["f = lambda: later", "later = 1", "f()"],
    ["class A:\n    x = 1\n    y = x + 1\n    def m(self):\n        return later, self.y\n    z = [x for _ in range(3)]", "later = 1", "A()"],
    ["try:\n    import a\nexcept ImportError:\n    a = None", "a"],
    ["try:\n    missing\nexcept NameError:\n    missing = 1", "missing"],
    ["try:\n    spark\nexcept Exception:\n    pass"],
    ["if 'data' not in globals():\n    data = 1", "data"],
    ["globals().get('x')", "x = 1\nx"],
    ["[a for a in range(3)]", "{k: v for k, v in {}.items()}", "{b for b in 'x' if b}", "sum(c for c in [1])"],
    ["rows = [[1]]\n[cell for row in rows for cell in row]"],
    ["if (n := 3) > 2:\n    pass\nn", "[y := v for v in [1]]\ny"],
    ["match {'a': 1}:\n    case {'a': a, **rest}:\n        pass\n    case [p, *q] | (p, q):\n        pass\n    case str() as s:\n        pass", "a, rest"],
    ["with open('/dev/null') as f, f as g:\n    pass\nf, g"],
    ["from __future__ import annotations\ndef f(x: Later) -> Later: ...\ny: Later = 1", "Later = int"],
    ["from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import B\ndef f(x: 'B') -> 'B': ..."],
    ["@property\ndef f(self): ...", "def g(a, /, b=1, *c, d, **e):\n    return a, b, c, d, e"],
    ["async def f():\n    async for i in g():\n        yield i\nasync def g():\n    yield 1", "async for n in f():\n    n\nawait f()"],
    ["x = 1\nf'{x!r:>{x}} {x=}'"],
    ["def f():\n    global made\n    made = 1\nf()", "made"],
    ["def f():\n    try:\n        import json as j\n    except ImportError as e:\n        print(e)\n    return j"],
    ["def outer():\n    v = 1\n    def inner():\n        nonlocal v\n        v += 1\n        return v\n    return inner"],
    ["def f():\n    return [w for w in range(3) if (k := w)], k"],
    ["%%capture out --no-stderr\nprint(1)", "out.show()"],
    ["%%time\nz = 1", "z"],
    ["%time z = 1\nz", "z"],
    ["files = !ls\nfiles", "where = %pwd\nwhere", "a, b = !echo 1 2\na, b"],
    ["!echo {nothing} $HOME ${OTHER}"],
    ["%matplotlib inline\n%load_ext autoreload\n%env X=1\n%config A.b = 'c'"],
    ["?len", "len?", "len??", "x = 1\nx.real?"],
    ["%timeit -n 1 sum([1])", "%%timeit -r 1\ninside = 1\ninside"],
    ["%%bash\necho $undefined {nothing}", "%%html\n<b>{x}</b>", "%%writefile f.py\nundefined"],
    ["%%script python --out result --err problems\nx", "result, problems"],
    ["text = '''\n%not a magic\n!nor this\n'''\ntext", "x = (1\n     % 2)\n!ls\nx"],
    ["x = 5 \\\n    % 2\n!ls\nx"],
    ["if True:\n    %time y = 1\n    !ls\ny"],
    ["!pip install a \\\n    b \\\n    c\nx = 1\nx"],
    ["import os.path\nos", "import a.b as c\nc", "from d import e as f\nf"],
    ["x, (y, *z) = 1, (2, 3)\nx, y, z", "[p, q] = 1, 2\np, q"],
    ["x = 1\nx += 1", "x.attr = 1\nx[0] = 2"],
    ["lambda a, *b, c=1, **d: (a, b, c, d)"],
    ["print(*map(lambda i: i + 1, range(3)))"],
    ["def f(x):\n    if x:\n        return f(x - 1)\nf(3)"],
    ["class Node:\n    def next(self) -> 'Node':\n        return Node()"],
    ["class A(dict, metaclass=type):\n    __slots__ = ()\n    class B:\n        pass\n    b = B()"],
    ["from x import *", "whatever"],
    ["exec('a = 1')", "a"],
    ["%run other.ipynb", "a"],
    ["%load snippet.py", "a"],
    ["%%sql\nselect 1", "result"],
    ["%store -r a", "a"],
    ["get_ipython().run_line_magic('time', 'x')"],
    ["get_ipython().push({'a': 1})", "a"],
    ["globals()['a'] = 1", "a"],
    ["globals().update(a=1)", "a"],
    ["def broken(:", "a"],
    ["try:\n    pass\nexcept* ValueError as group:\n    group"],
    ["x = [1]\nfor x[0] in range(3):\n    pass"],
    ["del_me = 1\nif False:\n    del del_me", "del_me"],
    ["    x = 1\n    if x:\n        %time y = x\n    y"],
    ["\n\tx = 1\n\t!ls", "x"],
    [">>> x = 1\n>>> if x:\n...     y = x\n>>> %time y", "y"],
    ["box = {}\nbox['k'] = %pwd\nbox['l'], a = !ls", "a"],
    ["# coding: utf-8\n\nπ = 3\nπ"],
    ["import sys\nif sys.version_info[0] == 2:\n    text = unicode\nelse:\n    text = str", "text"],
]  # fmt: skip


# Of the standard library, what does much with names.
MODULES = [
    argparse, ast, asyncio.base_events, collections, contextlib, dataclasses, difflib, enum, fractions, functools, inspect, logging,
    pathlib, pickle, random, shutil, statistics, subprocess, tarfile, tempfile, textwrap, threading, tokenize, traceback, typing, zipfile,
]  # fmt: skip


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_modules_cut_into_cells_are_left_alone(module: Any) -> None:
    text = Path(module.__file__).read_text(encoding="utf-8")
    lines, cells, last = text.split("\n"), [], 0
    for statement in ast.parse(text).body:
        cells.append("\n".join(lines[last : statement.end_lineno]))
        last = statement.end_lineno or last
    assert len(cells) > 1
    assert [one for one in check(*cells) if one[2] not in ("__file__", "__path__")] == []


@pytest.mark.parametrize("sources", FINE)
def test_what_runs_is_left_alone(sources: list[str]) -> None:
    assert check(*sources) == []


FOUND = [
    (["x", "x = 1"], [("TB101", 1, "x")]),
    (["x\nx = 1"], [("TB101", 1, "x")]),
    (["x + x\nx", "x", "x = 1"], [("TB101", 1, "x"), ("TB101", 2, "x")]),
    (["nothing"], [("TB102", 1, "nothing")]),
    (["def f():\n    return nothing"], [("TB102", 1, "nothing")]),
    (["def f():\n    def g():\n        return nothing\n    return g"], [("TB102", 1, "nothing")]),
    (["class A:\n    def m(self):\n        return nothing"], [("TB102", 1, "nothing")]),
    (["class A:\n    x = nothing"], [("TB102", 1, "nothing")]),
    (["x = 1", "del x", "x"], [("TB103", 3, "x")]),
    (["x = 1\ndel x\nx"], [("TB103", 1, "x")]),
    (["def f():\n    return later", "f()", "later = 1"], [("TB104", 2, "f")]),
    (["def f():\n    return g()\ndef g():\n    return later", "f()", "later = 1"], [("TB104", 2, "f")]),
    (["f = lambda: later", "f()", "later = 1"], [("TB104", 2, "f")]),
    (["def loud(f):\n    return later(f)", "@loud\ndef g(): ...", "later = 1"], [("TB104", 2, "loud")]),
    (["def f(x=later): ...", "later = 1"], [("TB101", 1, "later")]),
    (["@later\ndef f(): ...", "later = 1"], [("TB101", 1, "later")]),
    (["[later for _ in range(3)]", "later = 1"], [("TB101", 1, "later")]),
    (["[x for x in x]"], [("TB102", 1, "x")]),
    (["x += 1", "x = 1"], [("TB101", 1, "x")]),
    (["x: int\nx"], [("TB102", 1, "x")]),
    (["__file__"], [("TB102", 1, "__file__")]),
    (["%time later", "later = 1"], [("TB101", 1, "later")]),
    (["%%time\nlater", "later = 1"], [("TB101", 1, "later")]),
    (["x", "from y import *"], [("TB102", 1, "x")]),
    (["f'{nothing}'"], [("TB102", 1, "nothing")]),
    (["await nothing()"], [("TB102", 1, "nothing")]),
    (["%%timeit\ninside = 1", "inside"], [("TB102", 2, "inside")]),
    (["try:\n    nothing\nexcept ValueError:\n    pass"], [("TB102", 1, "nothing")]),
]  # fmt: skip


@pytest.mark.parametrize(("sources", "expected"), FOUND)
def test_what_does_not_run_is_found(sources: list[str], expected: list[tuple[str, int, str]]) -> None:
    assert check(*sources) == expected


def test_names_that_the_kernel_has_are_known() -> None:
    assert check("spark.read") == [("TB102", 1, "spark")]
    assert check("spark.read", known=("spark",)) == []


def test_messages_say_where_and_why() -> None:
    assert messages("print(total)", "total = 1") == ["`total` is used here, and cell 2 defines it."]
    assert messages(("print(total)", 3), ("total = 1", 2))[-1] == (
        "`total` is used here, and cell 2 defines it, which ran before (In [2])."
    )
    assert messages(("clean(1)", 3)) == [
        "`clean` is used, but no cell defines it, though this one ran (In [3]): the cell that did was changed or deleted."
    ]
    assert messages("treshold = 1", "threshold") == [
        "`threshold` is used, but no cell defines it; did you mean `treshold`?"
    ]
    assert messages("x = 1", "del x", "x") == ["`x` is used, but cell 2 deleted it above."]
    assert messages("def f():\n    return g()\ndef g():\n    return late", "f()", "late = 1") == [
        "`f` is called here, and uses through `g` `late`, which cell 3 defines."
    ]


def test_places_are_those_in_the_cell() -> None:
    found, _ = check_notebook(
        cells_of(document("é = 1\n%time  größe = wert + é\nif é:\n    %time ding\n'ü'; x"))
    )
    places = [(one.names[0], one.line, one.column, one.end_column) for one in found if one.code == "TB102"]
    assert places == [("wert", 2, 16, 20), ("ding", 4, 11, 15), ("x", 5, 6, 7)]


def test_places_are_right_where_beginnings_are_taken_away() -> None:
    found, _ = check_notebook(
        cells_of(document("    ü = 1\n    if ü:\n        %time  ü + wert", ">>> x = ü\n>>> x + ding"))
    )
    places = [
        (one.names[0], one.cell, one.line, one.column, one.end_column) for one in found if one.code == "TB102"
    ]
    assert places == [("wert", 1, 3, 20, 24), ("ding", 2, 2, 9, 13)]


# Lines as notebooks have them; any few of them are a cell.
LINES = [
    "x = 1", "%time y = x", "%matplotlib inline", "!ls {x}", "!!ls", "z = !ls | grep '='", "a, b = %who", "x.y??", "", "# c?",
    "if x:", "    %time x", "    !ls", "    y = !ls", "    pass", "def f():", "    return 1", "t = '''", "%not", "!nor", "'''",
    "u = (1", "    2, 3)", "v = 5 \\", "    + 2", "print('a?')", "s = 'why?'", "%cd ~/x", "!pip install a \\", "    b",
    "f(x)[0] = !ls", "d['k'] = %pwd", "x = 3 % 2", "]", "else:", "await x", "x != y", "/f x", "%timeit -n 1 x", "s = 'a' % x",
]  # fmt: skip


def test_what_ipython_can_read_is_python() -> None:
    transformer, chooser, sound = TransformerManager(), random.Random(7), 0
    for _ in range(4000):
        text = "\n".join(chooser.choice(LINES) for _ in range(chooser.randint(1, 5)))
        try:
            ast.parse(transformer.transform_cell(text))
        except SyntaxError:
            continue
        if "??" in text and ("(" in text or "\\" in text):  # to ask for help, it forgets what is open
            continue
        sound += 1
        assert read_source(text).fault is None, text
    assert sound > 1000


def test_says_which_cell_hides_names() -> None:
    _, unseen = check_notebook(cells_of(document("from a import *\nexec('x')", "%run b.ipynb", "(")))
    assert unseen == [
        "Cell 1: `from a import *` may define any name; names used from there on are not checked.",
        "Cell 1: `exec` may define any name; names used from there on are not checked.",
        "Cell 2: `%run` may define names; names used from there on are not checked.",
        "Cell 3 can't be parsed ('(' was never closed); names used below it are not checked.",
    ]
