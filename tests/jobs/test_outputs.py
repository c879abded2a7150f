"""Outputs made of messages: the same as nbformat makes, and only of those that are as they should be."""

from typing import Any

import pytest
from nbformat.v4 import new_output, output_from_msg

from trackbook.jobs.outputs import output_of, stream_of

_DATA = {"text/plain": "1", "application/json": {"a": [{"b": 1}]}}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("execute_result", {"data": _DATA, "metadata": {}, "execution_count": 3}),
        ("display_data", {"data": _DATA, "metadata": {"a": {"b": 1}}, "transient": {"display_id": "x"}}),
        ("stream", {"name": "stdout", "text": "a"}),
        ("error", {"ename": "E", "evalue": "", "traceback": ["a"]}),
    ],
)
def test_an_output_is_what_nbformat_makes_of_it(kind: str, content: dict[str, Any]) -> None:
    message = {"msg_type": kind, "header": {"msg_type": kind}, "content": content}
    made = output_of(message)
    assert made == output_from_msg(message)
    assert type(made) is type(output_from_msg(message))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("status", {"execution_state": "idle"}),
        ("display_data", {"data": None, "metadata": {}}),
        ("display_data", {"data": _DATA}),
        ("error", {"ename": "E", "evalue": "", "traceback": "no list"}),
    ],
)
def test_what_is_no_output_is_left_to_nbformat(kind: str, content: dict[str, Any]) -> None:
    assert output_of({"msg_type": kind, "content": content}) is None


def test_a_stream_begins_as_nbformat_has_it() -> None:
    assert stream_of("stderr") == new_output("stream", name="stderr", text="")
