import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackbook.domain.cleaned import CleanOptions
from trackbook.notebook.cleaning.layout import Layout
from trackbook.notebook.cleaning.plan import plan_cleaning
from trackbook.notebook.cleaning.write import render_cleaned
from trackbook.notebook.read import parse_notebook

CLEAN = CleanOptions()


def document(source: str = "x = 1\nprint(x)") -> dict[str, Any]:
    return {
        "nbformat": 4,
        "metadata": {"zebra": 1.50, "language_info": {"name": "python"}, "é": "ü\u2028"},
        "cells": [
            {
                "source": source,
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "cell_type": "code",
                "id": "a",
            },
            {"id": "b", "cell_type": "markdown", "metadata": {"n": 1e300}, "source": ["# é\n", "text"]},
        ],
        "nbformat_minor": 5,
    }


def cleaned_bytes(data: bytes, options: CleanOptions = CLEAN) -> bytes:
    return render_cleaned(data, plan_cleaning(parse_notebook(data, "test"), options))


STYLES: dict[str, dict[str, Any]] = {
    "jupyter": {"indent": 1, "ensure_ascii": False},
    "four": {"indent": 4, "ensure_ascii": False},
    "tabs": {"indent": "\t", "ensure_ascii": False},
    "ascii": {"indent": 1},
    "one line": {"ensure_ascii": False},
    "compact": {"separators": (",", ":"), "ensure_ascii": False},
    "sorted": {"indent": 2, "sort_keys": True, "ensure_ascii": False},
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_what_is_clean_stays_as_it_is(style: str, end: str) -> None:
    data = (json.dumps(document(), **STYLES[style]) + end).encode()
    assert cleaned_bytes(data) == data


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("end", ["", "\n"])
def test_what_changes_is_written_in_the_style_of_the_file(style: str, end: str) -> None:
    dirty, clean = document(), document()
    dirty["cells"][0] |= {"execution_count": 3, "outputs": [{"output_type": "stream", "text": "é"}]}
    dirty["cells"][0]["metadata"] = {"collapsed": True}
    data = (json.dumps(dirty, **STYLES[style]) + end).encode()
    wanted = (json.dumps(clean, **STYLES[style]) + end).encode()
    assert cleaned_bytes(data) == wanted


@pytest.mark.parametrize("style", ["jupyter", "four", "tabs", "ascii", "one line", "compact"])
def test_moved_and_new_cells_are_in_the_style_of_the_file(style: str) -> None:
    data = json.dumps(document("é = 1\nimport os\nprint(os, é)"), **STYLES[style]).encode()
    wanted = document("é = 1\nprint(os, é)")
    new = {
        "cell_type": "code", "execution_count": None, "id": "imports", "metadata": {}, "outputs": [],
        "source": "import os",
    }  # fmt: skip
    wanted["cells"].insert(0, new)
    assert cleaned_bytes(data) == json.dumps(wanted, **STYLES[style]).encode()


def test_numbers_escapes_and_spaces_that_nobody_touches_stay() -> None:
    text = (
        '\ufeff{ "cells" : [\r\n {"cell_type":"code","execution_count":7,"metadata":{"a":1.0E+2,"b":"\\u00e9é\\/",'
        '"a":100.00},\r\n"outputs":[ ],"source":"x = 1"},{"cell_type":"code","execution_count":8,"outputs":[],'
        '"metadata":{},"source":"print(x)"}],\r\n"metadata":{ "x" : [ 1,2 , -0.0 ] },"nbformat":4,"nbformat_minor":2}'
        "\r\n\r\n"
    )
    written = cleaned_bytes(text.encode()).decode()
    for untouched in ('{"a":1.0E+2,"b":"\\u00e9é\\/","a":100.00}', "[ ]", '{ "x" : [ 1,2 , -0.0 ] }'):
        assert untouched in written
    assert written.startswith("\ufeff")
    assert written.endswith("}\r\n\r\n")
    counts = [cell["execution_count"] for cell in json.loads(written[1:])["cells"]]
    assert counts == [None, None]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(value=st.dictionaries(st.text(max_size=4), VALUES), indent=st.sampled_from([None, 1, 2, "\t"]))
def test_any_json_is_read_and_written_the_same(value: Any, indent: Any) -> None:
    text = json.dumps(value, indent=indent)
    layout = Layout(text)
    assert layout.root.value == value
    assert layout.write(json.loads(text), {}) == text


@given(
    before=st.dictionaries(st.text(max_size=3), VALUES), after=st.dictionaries(st.text(max_size=3), VALUES)
)
def test_any_change_is_written(before: Any, after: Any) -> None:
    for indent in (None, 1):
        text = json.dumps(before, indent=indent)
        assert json.loads(Layout(text).write(after, {})) == after
