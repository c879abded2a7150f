"""The collector of outputs, and the text that carriage returns leave."""

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.notebook.outputs import OutputCollector, OutputLimits, plain
from trackbook.notebook.streamtext import LineBuffer, overwrite


def texts(collector: OutputCollector) -> list[tuple[str, str]]:
    return [(output["name"], output["text"]) for output in collector.finish()[0]]


def test_streams_are_joined_until_the_other_one_writes() -> None:
    collector = OutputCollector()
    for name, text in (("stdout", "a"), ("stdout", "b\n"), ("stderr", "c"), ("stdout", "d"), ("stdout", "")):
        collector.write(name, text)
    assert texts(collector) == [("stdout", "ab\n"), ("stderr", "c"), ("stdout", "d")]
    assert not collector.finish()[1]


@given(st.lists(st.text(max_size=30)), st.integers(2, 60))
def test_limited_text_is_a_beginning_and_an_end(pieces: list[str], limit: int) -> None:
    pieces = [piece.replace("\r", "") for piece in pieces]
    collector = OutputCollector(OutputLimits(text=limit))
    for piece in pieces:
        collector.write("stdout", piece)
    collector.write("stdout", "\n")
    whole = "".join(pieces) + "\n"
    outputs, truncated = collector.finish()
    assert truncated == (len(whole) > limit)
    if not truncated:
        assert outputs[0]["text"] == whole
        return
    head, gap, tail = outputs[0]["text"].partition("\n… ")
    count, _, rest = tail.partition(" characters left out …\n")
    assert gap
    assert whole.startswith(head)
    assert whole.endswith(rest)
    assert len(head) + len(rest) + int(count.replace(",", "")) == len(whole)
    assert len(head) + len(rest) == limit


def test_the_limit_counts_both_streams() -> None:
    collector = OutputCollector(OutputLimits(text=100))
    for i in range(50):
        collector.write("stdout", f"out {i}\n")
        collector.write("stderr", f"err {i}\n")
    outputs, truncated = collector.finish()
    assert truncated
    assert outputs[0]["text"] == "out 0\n"
    assert outputs[-1]["text"] == "err 49\n"
    assert sum(len(output["text"]) for output in outputs if "left out" not in output["text"]) <= 100


def test_the_number_of_outputs_is_limited_but_errors_stay() -> None:
    collector = OutputCollector(OutputLimits(outputs=3))
    for i in range(10):
        collector.display({"text/plain": str(i)}, None, None, False)
    collector.result({"text/plain": "value"}, None, 1)
    collector.error("E", "v", ["t"])
    outputs, truncated = collector.finish()
    assert truncated
    assert [output["output_type"] for output in outputs] == ["display_data"] * 3 + ["execute_result", "error"]


def test_large_data_is_replaced_by_its_text() -> None:
    collector = OutputCollector(OutputLimits(data=100))
    collector.display(
        {"text/plain": "small", "image/png": b"x" * 30}, {"image/png": {"width": 1}}, None, False
    )
    collector.display({"text/plain": "large", "image/png": b"x" * 90}, None, None, False)
    (first, second), truncated = collector.finish()
    assert truncated
    assert first["metadata"] == {"image/png": {"width": 1}}
    assert len(first["data"]["image/png"]) == 40
    assert second["data"]["text/plain"].startswith("large\n")
    assert "image/png" not in second["data"]


def test_updates_replace_and_give_room_back() -> None:
    collector = OutputCollector(OutputLimits(data=100))
    collector.display({"text/plain": "x"}, None, "a", False)
    for i in range(100):
        collector.display({"text/plain": f"state {i:04}" + "x" * 50}, None, "a", True)
    collector.display({"text/plain": "never shown"}, None, "unknown", True)
    (output,), truncated = collector.finish()
    assert not truncated
    assert output["data"]["text/plain"].startswith("state 0099")


def test_clearing() -> None:
    collector = OutputCollector()
    collector.write("stdout", "gone")
    collector.clear(wait=True)
    assert texts(collector) == [("stdout", "gone")]
    collector = OutputCollector()
    collector.write("stdout", "gone")
    collector.clear(wait=True)
    collector.display({"text/plain": "kept"}, None, None, False)
    collector.clear(wait=False)
    assert collector.finish() == ([], False)


def test_values_become_json() -> None:
    class Strange:
        def __repr__(self) -> str:
            return "<strange>"

    assert plain(b"\x00") == "AA=="
    assert plain({"a": [1, (2, float("nan"))], "s": Strange()}) == {"a": [1, [2, None]], "s": "<strange>"}
    loop: list[Any] = []
    loop.append(loop)
    assert plain(loop)


def test_text_that_utf8_can_not_hold() -> None:
    collector = OutputCollector()
    collector.write("stdout", "a\ud800ä")
    collector.display({"text/plain": "b\udfff"}, None, None, False)
    (first, second), _ = collector.finish()
    assert (first["text"], second["data"]["text/plain"]) == ("a\\ud800ä", "b\\udfff")


def test_threads_write_whole_pieces() -> None:
    collector = OutputCollector()
    threads = [
        threading.Thread(
            target=lambda i=i: [collector.write("stdout", f"{i}" * 10 + "\n") for _ in range(200)]
        )
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = texts(collector)[0][1].splitlines()
    assert sorted(lines) == sorted(f"{i}" * 10 for i in range(4) for _ in range(200))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", "plain"),
        ("10%\r20%", "20%"),
        ("longer\rab", "abnger"),
        ("done\r", "done\r"),
        ("a\r\rb", "b"),
        ("\rx", "x"),
        ("\x1b[1mlong line\x1b[0m\rab", "ab"),
    ],
)
def test_overwritten_lines(line: str, shown: str) -> None:
    assert overwrite(line) == shown


@given(st.lists(st.text("ab\n", max_size=5)))
def test_text_without_returns_is_kept(pieces: list[str]) -> None:
    buffer = LineBuffer()
    assert "".join([*(buffer.write(piece) for piece in pieces), buffer.take()]) == "".join(pieces)


@given(st.lists(st.text("ab\r\n", max_size=5)))
def test_pieces_leave_what_the_whole_text_leaves(pieces: list[str]) -> None:
    buffer, whole = LineBuffer(), LineBuffer()
    in_pieces = "".join([*(buffer.write(piece) for piece in pieces), buffer.take()])
    assert in_pieces.replace("\r", "") == (whole.write("".join(pieces)) + whole.take()).replace("\r", "")


def test_windows_line_ends_stay() -> None:
    buffer = LineBuffer()
    assert buffer.write("a\r\nb\r\n") == "a\r\nb\r\n"


def test_a_line_without_end_does_not_grow_for_ever() -> None:
    buffer = LineBuffer()
    returned = sum(len(buffer.write("." * 1000)) for _ in range(1000))
    assert returned > 800_000
