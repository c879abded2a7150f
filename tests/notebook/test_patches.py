"""Differences in nbdime's format."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.notebook.patches import patch_cell, patch_text

TEXTS = st.lists(
    st.sampled_from(["a = 1", "a = 2", "plot(a)", "🦉 = 'ü'", "🦉 = 'u'", "", "\t x"]), max_size=8
).flatmap(lambda lines: st.sampled_from(["\n".join(lines), "\n".join(lines) + "\n"]))


def split(text: str) -> list[str]:
    # As nbdime's splitLines.
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n|\Z)", text)


def apply_text(base: str, diff: list[dict[str, Any]]) -> str:
    """Apply a difference between texts as nbdime does: places in characters of UTF-16."""
    starts = [0]
    for line in split(base):
        starts.append(starts[-1] + len(utf16(line)))
    flat = []
    for entry in diff:
        offset = starts[entry["key"]]
        if entry["op"] == "patch":
            flat += [{**inner, "key": inner["key"] + offset} for inner in entry["diff"]]
        elif entry["op"] == "addrange":
            flat.append({"op": "addrange", "key": offset, "valuelist": "".join(entry["valuelist"])})
        else:
            length = starts[entry["key"] + entry["length"]] - offset
            flat.append({"op": "removerange", "key": offset, "length": length})
    units = utf16(base)
    result: list[bytes] = []
    taken = 0
    for entry in sorted(flat, key=lambda entry: entry["key"]):
        result += units[taken : entry["key"]]
        taken = max(taken, entry["key"])
        if entry["op"] == "addrange":
            result += utf16(entry["valuelist"])
        else:
            taken = entry["key"] + entry["length"]
    return b"".join([*result, *units[taken:]]).decode("utf-16-le")


def utf16(text: str) -> list[bytes]:
    data = text.encode("utf-16-le")
    return [data[at : at + 2] for at in range(0, len(data), 2)]


@given(TEXTS, TEXTS)
def test_a_text_becomes_the_other(left: str, right: str) -> None:
    diff = patch_text(left, right)
    assert apply_text(left, diff) == right
    assert bool(diff) == (left != right)


def test_what_changed_within_a_line_is_told() -> None:
    assert patch_text("x = 1\nlr = 0.10\n", "x = 1\nlr = 0.20\n") == [
        {
            "op": "patch",
            "key": 1,
            "diff": [
                {"op": "addrange", "key": 7, "valuelist": "20"},
                {"op": "removerange", "key": 7, "length": 2},
            ],
        }
    ]


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "execution_count": None,
        "outputs": list(outputs),
    }


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(**data: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        (code("a", stream("x\n")), code("a", stream("x\n")), []),
        (
            code("a", stream("x\n")),
            code("a", stream("x\n"), stream("y\n")),
            [{"op": "addrange", "key": 1, "valuelist": [stream("y\n")]}],
        ),
        (code("a", stream("x\n")), code("a"), [{"op": "removerange", "key": 0, "length": 1}]),
        (
            code("a", shown(png="AAAA")),
            code("a", shown(png="BBBB")),
            [
                {
                    "op": "patch",
                    "key": 0,
                    "diff": [
                        {
                            "op": "patch",
                            "key": "data",
                            "diff": [{"op": "replace", "key": "png", "value": "BBBB"}],
                        }
                    ],
                }
            ],
        ),
        (
            code("a", stream("x\n")),
            code("a", shown(png="AAAA")),
            [
                {"op": "addrange", "key": 0, "valuelist": [shown(png="AAAA")]},
                {"op": "removerange", "key": 0, "length": 1},
            ],
        ),
    ],
)
def test_outputs(left: dict[str, Any], right: dict[str, Any], wanted: list[dict[str, Any]]) -> None:
    diff = patch_cell(left, right)
    assert diff == ([{"op": "patch", "key": "outputs", "diff": wanted}] if wanted else [])


def test_source_and_metadata() -> None:
    left, right = code("a"), {**code("b"), "metadata": {"tags": ["x"]}}
    assert [(entry["key"], entry["op"]) for entry in patch_cell(left, right)] == [
        ("metadata", "patch"),
        ("source", "patch"),
    ]
