"""The outputs of one execution as they are stored: nbformat 4 dicts, joined, and bounded in size."""

import base64
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from trackbook.notebook.streamtext import LineBuffer


class OutputLimits(NamedTuple):
    """How much of one execution is kept: characters of text, bytes of rich data, and number of outputs."""

    text: int = 1_000_000
    data: int = 10_000_000
    outputs: int = 1_000


class _Stream:
    """One run of writes to stdout or stderr: its beginning, and as much of its end as the cell has room for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.line = LineBuffer()
        self.head: list[str] = []
        self.tail: deque[str] = deque()
        self.left_out = 0

    def render(self) -> dict[str, Any]:
        gap = [f"\n… {self.left_out:,} characters left out …\n"] if self.left_out else []
        return {
            "output_type": "stream",
            "name": self.name,
            "text": clean("".join([*self.head, *gap, *self.tail, self.line.take()])),
        }


class OutputCollector:
    """Collects what one execution shows. Threads may write at the same time.

    Text over the limit loses its middle: how a long log begins and how it ends says most.
    """

    def __init__(self, limits: OutputLimits | None = None) -> None:
        self._limits = limits or OutputLimits()
        self._lock = threading.Lock()
        self._clear_next = False
        self._truncated = False
        self._reset()

    def write(self, name: str, text: str) -> None:
        """Add text written to the stream `name` (stdout or stderr)."""
        if not text:
            return
        with self._lock:
            self._about_to_add()
            stream = self._items[-1] if self._items else None
            if not isinstance(stream, _Stream) or stream.name != name:
                stream = _Stream(name)
                if not self._append(stream):
                    return
            if whole := stream.line.write(text):
                self._keep(stream, whole)

    def display(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None,
        display_id: str | None,
        update: bool,
    ) -> None:
        """Add displayed data, or with `update` replace what was displayed under `display_id`."""
        with self._lock:
            if update:
                for output in self._displays.get(display_id or "", []):
                    self._room += _size(output["data"])
                    output["data"], output["metadata"] = self._fit(data), plain(metadata or {})
                return
            self._about_to_add()
            output = {
                "output_type": "display_data",
                "data": self._fit(data),
                "metadata": plain(metadata or {}),
            }
            if self._append(output) and display_id:
                self._displays.setdefault(display_id, []).append(output)

    def result(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None, count: int | None) -> None:
        """Add the value of the cell's last expression."""
        with self._lock:
            self._about_to_add()
            self._items.append(
                {
                    "output_type": "execute_result",
                    "data": self._fit(data),
                    "metadata": plain(metadata or {}),
                    "execution_count": count,
                }
            )

    def error(self, ename: str, evalue: str, traceback: list[str]) -> None:
        """Add an exception as it was shown."""
        with self._lock:
            self._about_to_add()
            output = {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": traceback}
            self._items.append(output)

    def clear(self, wait: bool) -> None:
        """Forget everything, at once or when the next output comes."""
        with self._lock:
            self._clear_next = wait
            if not wait:
                self._reset()

    def finish(self) -> tuple[list[dict[str, Any]], bool]:
        """Return the outputs, and whether something was left out."""
        with self._lock:
            outputs = [item.render() if isinstance(item, _Stream) else item for item in self._items]
            return outputs, self._truncated

    def _reset(self) -> None:
        self._items: list[_Stream | dict[str, Any]] = []
        self._displays: dict[str, list[dict[str, Any]]] = {}
        self._room = self._limits.data
        self._head_room = self._limits.text // 2
        self._tail_room = self._limits.text - self._limits.text // 2
        self._tails: deque[_Stream] = deque()

    def _about_to_add(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self._reset()

    def _append(self, item: _Stream | dict[str, Any]) -> bool:
        if len(self._items) >= self._limits.outputs:
            self._truncated = True
            return False
        self._items.append(item)
        return True

    def _keep(self, stream: _Stream, text: str) -> None:
        if self._head_room > 0 and not stream.tail:
            stream.head.append(text[: self._head_room])
            text, self._head_room = text[self._head_room :], max(0, self._head_room - len(text))
        if not text:
            return
        stream.tail.append(text)
        self._tails.append(stream)
        self._tail_room -= len(text)
        while self._tail_room < 0:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        stream = self._tails[0]
        piece = stream.tail[0]
        dropped = min(len(piece), -self._tail_room)
        if dropped < len(piece):
            stream.tail[0] = piece[dropped:]
        else:
            stream.tail.popleft()
            self._tails.popleft()
        stream.left_out += dropped
        self._tail_room += dropped
        self._truncated = True

    def _fit(self, data: Mapping[str, Any]) -> dict[str, Any]:
        bundle = {str(kind): plain(value) for kind, value in data.items()}
        if _size(bundle) > self._room:
            self._truncated = True
            text = bundle.get("text/plain", "")
            note = f"{text[: max(0, min(self._room, 1000))]}\n(left out: too large to keep)".lstrip("\n")
            bundle = {"text/plain": note}
        self._room -= _size(bundle)
        return bundle


def plain(value: Any) -> Any:
    """Return a value of a MIME bundle as JSON has it; bytes become base 64, unknown objects their repr."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    try:
        return msgspec.json.decode(msgspec.json.encode(value, enc_hook=repr))
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return clean(repr(value))


def clean(text: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates become their escapes."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _size(bundle: Mapping[str, Any]) -> int:
    return sum(
        len(value) if isinstance(value, str) else len(msgspec.json.encode(value)) for value in bundle.values()
    )
