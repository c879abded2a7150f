"""Over the corpus, and over anything at all: it never fails, and says nothing wrong of what runs."""

from typing import Any

import corpus
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trackbook.notebook.lint.cells import cells_of
from trackbook.notebook.lint.checks import check_notebook
from trackbook.notebook.lint.fixes import fix_document, render_fixed
from trackbook.notebook.lint.registry import RULES
from trackbook.notebook.lint.scopes import scan
from trackbook.notebook.lint.source import read_source
from trackbook.notebook.read import parse_notebook, source_of

# What is said of notebooks that run must not be that they don't.
FAILURES = {"TB101", "TB102", "TB103", "TB104", "TB601"}


@pytest.mark.parametrize("name", corpus.NAMES)
def test_places_are_in_the_notebook(name: str) -> None:
    document = parse_notebook(corpus.load(name), name)
    found, unseen = check_notebook(cells_of(document))
    assert all(isinstance(line, str) and line.endswith(".") for line in unseen)
    for one in found:
        assert one.code in RULES
        assert one.message.endswith((".", "?")), one.message
        assert 0 <= one.cell <= len(document["cells"])
        if one.cell:
            lines = source_of(document["cells"][one.cell - 1]).replace("\r\n", "\n").split("\n")
            assert 1 <= one.line <= one.end_line <= len(lines)
            assert 1 <= one.column <= len(lines[one.line - 1]) + 1
            assert 1 <= one.end_column <= len(lines[one.end_line - 1]) + 1


@pytest.mark.parametrize("name", corpus.RUNNABLE)
def test_what_runs_is_not_said_to_fail(name: str) -> None:
    found, _ = check_notebook(cells_of(parse_notebook(corpus.load(name), name)))
    assert [one for one in found if one.code in FAILURES] == []


@pytest.mark.parametrize("name", [one.name for one in corpus.SAMPLES.values() if one.by_counts])
def test_what_runs_only_in_another_order_is_found(name: str) -> None:
    found, _ = check_notebook(cells_of(parse_notebook(corpus.load(name), name)))
    assert {one.code for one in found} & {"TB101", "TB104"}


PIECES = st.sampled_from(
    [
        "x", "y", "=", "(", ")", "[", "]", "{", "}", ":", "\n", "\n    ", "\n\t", " ", "'", '"', "'''", "%", "%%", "%time ",
        "%%time\n", "%%capture a\n", "!", "!ls {x}", "?", "??", "#", "# noqa", "\\", "\\\n", "lambda", "def f(", "class A",
        "import ", "from a import *", "for ", "in ", "if ", "else:", "try:", "except:", "del ", "global x", "await ", "async ",
        "match x:", "case ", "1", "0x", "1e9", "é", "変数", "\ud800", "\0", "\r", "\r\n", "\f", "\u2028", "f'{x", "}'", ":=", "->",
        "@", ";", ",", ".", "exec('x')", "__file__", "open('a')", "np.random.rand()", "import numpy as np\n", "return ", "yield ",
    ]
)  # fmt: skip
SOURCES = st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=200))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(SOURCES, st.one_of(st.none(), st.integers(0, 5))), max_size=6))
def test_any_text_is_read(cells: list[tuple[str, int | None]]) -> None:
    document: dict[str, Any] = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for source, count in cells:
        cell = {
            "cell_type": "code",
            "execution_count": count,
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        document["cells"].append(cell)
    found, _ = check_notebook(cells_of(document))
    for one in found:
        assert 0 <= one.cell <= len(cells)
        assert one.line >= 1
        assert one.column >= 1
    for source, _ in cells:
        assert (
            len(read_source(source).lines) == source.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        )
        assert all(event.line >= 0 for event in scan(source).events)


@pytest.mark.parametrize("name", [name for name in corpus.NAMES if name != "nbformat_3"])
def test_fixing_loses_no_text_and_no_byte_elsewhere(name: str) -> None:
    data = corpus.load(name)
    document = parse_notebook(data, name)
    notebook = cells_of(document)
    found, _ = check_notebook(notebook)
    fixed = fix_document(document, found, lambda one: [])
    before = [source_of(cell) for cell in document["cells"] if source_of(cell).strip()]
    assert [source_of(cell) for cell in fixed.document["cells"] if source_of(cell).strip()] == before
    content = render_fixed(data, fixed.document, fixed.origins)
    if not fixed.made:
        assert content == data
    again = parse_notebook(content, name)
    assert again == fixed.document
    assert again["metadata"] == document["metadata"] if "metadata" in document else True
    left, _ = check_notebook(cells_of(again))
    assert [one for one in left if one.fixable] == []
