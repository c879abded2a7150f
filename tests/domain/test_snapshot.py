import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.domain.snapshot import (
    decode_part,
    digest_of,
    encode_part,
    join_notebook,
    read_manifest,
    split_notebook,
)
from trackbook.errors import CorruptRecord, StoreTooNew

FILES = sorted((Path(__file__).parent.parent / "notebook" / "files").glob("*.ipynb"))

text = st.text(st.characters(), max_size=30)  # lone surrogates included
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
metadata = st.dictionaries(text, json_values, max_size=3)
counts = st.none() | st.integers(0, 1000)
data = st.dictionaries(
    st.sampled_from(["text/plain", "image/png", "application/json"]), json_values, max_size=2
)
outputs = st.one_of(
    st.fixed_dictionaries({"name": st.just("stdout"), "output_type": st.just("stream"), "text": text}),
    st.fixed_dictionaries({"data": data, "metadata": metadata, "output_type": st.just("display_data")}),
    st.fixed_dictionaries(
        {
            "data": data,
            "execution_count": counts,
            "metadata": metadata,
            "output_type": st.just("execute_result"),
        }
    ),
    st.fixed_dictionaries(
        {
            "ename": text,
            "evalue": text,
            "output_type": st.just("error"),
            "traceback": st.lists(text, max_size=2),
        }
    ),
)
sources = text | st.lists(text, max_size=3)
code_cells = st.fixed_dictionaries(
    {"cell_type": st.just("code"), "execution_count": counts, "metadata": metadata},
    optional={"id": text, "outputs": st.lists(outputs, max_size=4), "source": sources},
)
other_cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["markdown", "raw"]), "metadata": metadata, "source": sources},
    optional={"id": text, "attachments": st.dictionaries(text, data, max_size=2)},
)
notebooks = st.fixed_dictionaries(
    {"cells": st.lists(code_cells | other_cells | json_values, max_size=6), "metadata": metadata},
    optional={"nbformat": st.just(4), "nbformat_minor": st.integers(0, 5)},
)


def as_json(value: Any) -> str:
    """The document's text: equal texts are equal documents, key order and NaN included."""
    return json.dumps(value)


def round_trip(notebook: dict[str, Any]) -> dict[str, Any]:
    split = split_notebook(notebook)
    return join_notebook(split.manifest, split.parts.__getitem__)


def code_cell(
    source: str, *cell_outputs: Any, count: int | None = None, identity: str = "a"
) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": identity,
        "metadata": {},
        "outputs": list(cell_outputs),
        "source": source,
    }


def result(value: str, count: int) -> dict[str, Any]:
    return {
        "data": {"text/plain": value},
        "execution_count": count,
        "metadata": {},
        "output_type": "execute_result",
    }


@given(notebooks)
def test_a_generated_notebook_comes_back_equal(notebook: dict[str, Any]) -> None:
    assert as_json(round_trip(notebook)) == as_json(json.loads(as_json(notebook)))


@given(st.dictionaries(text, json_values))
def test_any_json_object_comes_back_equal(document: dict[str, Any]) -> None:
    assert as_json(round_trip(document)) == as_json(json.loads(as_json(document)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_file_comes_back_equal(path: Path) -> None:
    document = json.loads(path.read_bytes())
    assert as_json(round_trip(document)) == as_json(document)


def test_the_real_files_hold_what_they_are_for() -> None:
    everything = "".join(path.read_text("utf-8") for path in FILES)
    for needle in (
        "image/png",
        "image/svg+xml",
        "widget-view+json",
        "widget-state+json",
        '"attachments"',
        '"raw"',
    ):
        assert needle in everything
    assert any(ord(character) > 0xFFFF for character in everything)


def test_splitting_leaves_the_notebook_alone() -> None:
    notebook = {"cells": [code_cell("1", result("1", 3), count=3)], "metadata": {}}
    before = as_json(notebook)
    split_notebook(notebook)
    assert as_json(notebook) == before


def test_running_a_cell_again_stores_nothing_new() -> None:
    first = {"cells": [code_cell("1 + 1", result("2", 1), count=1)], "metadata": {}}
    again = {"cells": [code_cell("1 + 1", result("2", 7), count=7)], "metadata": {}}
    assert split_notebook(first).parts == split_notebook(again).parts
    assert split_notebook(first).digest != split_notebook(again).digest
    assert round_trip(again) == again


def test_a_changed_source_stores_one_cell() -> None:
    shared = [result("2", 1), {"output_type": "stream", "name": "stdout", "text": "hello"}]
    before = split_notebook(
        {"cells": [code_cell("a", *shared), code_cell("b", identity="b")], "metadata": {}}
    )
    after = split_notebook(
        {"cells": [code_cell("a!", *shared), code_cell("b", identity="b")], "metadata": {}}
    )
    assert len(after.parts.keys() - before.parts.keys()) == 1


def test_equal_outputs_are_one_part() -> None:
    picture = {"data": {"image/png": "x" * 1000}, "metadata": {}, "output_type": "display_data"}
    split = split_notebook({"cells": [code_cell("plot()", *[picture] * 5)], "metadata": {}})
    assert len(split.parts) == 2
    assert read_manifest(split.manifest).cells[0].outputs == [digest_of(encode_part(picture))] * 5


def test_digests_are_over_the_exact_bytes() -> None:
    split = split_notebook({"cells": [code_cell("π = 3")], "metadata": {}})
    assert all(digest_of(part) == digest for digest, part in split.parts.items())
    assert digest_of(split.manifest) == split.digest
    assert "π".encode() in b"".join(split.parts.values())


def test_nan_and_lone_surrogates_survive() -> None:
    value = decode_part(encode_part([math.nan, math.inf, "\ud800", "a\\\udfff"]))
    assert math.isnan(value[0])
    assert value[1:] == [math.inf, "\ud800", "a\\\udfff"]


def test_a_manifest_of_a_later_format_is_refused() -> None:
    with pytest.raises(StoreTooNew):
        read_manifest(b'{"format": 2, "skeleton": {}, "cells": []}')


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"format": 1}', b'{"format": 1, "skeleton": 1, "cells": []}']
)
def test_a_damaged_manifest_is_reported(data: bytes) -> None:
    with pytest.raises(CorruptRecord):
        read_manifest(data)


def test_a_damaged_part_is_reported() -> None:
    split = split_notebook({"cells": [code_cell("1")], "metadata": {}})
    with pytest.raises(CorruptRecord):
        join_notebook(split.manifest, lambda digest: b"{")
