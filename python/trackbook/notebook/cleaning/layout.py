"""A JSON text with the places of its values: what does not change is written as it was, byte for byte."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # it reads a string where it stands
from typing import Any, NamedTuple

_SPACE = re.compile(r"[ \t\n\r]*")
_BARE = re.compile(r"[^\s,\]}]+")


class Node(NamedTuple):
    """A value in a text from `start` to `end`; `keys` and `items` are those of an object or an array."""

    start: int
    end: int
    value: Any
    items: "dict[str, Node] | list[Node] | None" = None
    keys: dict[str, str] | None = None  # as they are written


class Layout:
    """A JSON text, read so that it can be written again with some values changed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root, _ = _read(text, _SPACE.match(text, 0).end())  # type: ignore[union-attr]  # it matches anything
        self._newline = "\r\n" if "\r\n" in text else "\n"
        first = re.match(r"[ \t\r\n]*\{[ \t]*\r?\n([ \t]+)", text)
        self._indent = first[1] if first else None
        body = text[self.root.start : self.root.end]
        separators = re.search(r'"\s*:( ?)', body)
        self._colon = ":" + (separators[1] if separators else " ")
        self._comma = (
            ", " if self._indent is None and re.search(r'[\]}"\d], ["\[{\d]', body[:10_000]) else ","
        )
        self._ascii = text.isascii() and "\\u" in text

    def write(self, value: Any, nodes: dict[int, Node]) -> str:
        """Return the text with `value` in place of the root.

        `nodes` says for objects (by `id`) which value of the text they come from; without an entry, that at the same
        place counts.
        """
        written = self._write(value, self.root, 0, nodes)
        return self.text[: self.root.start] + written + self.text[self.root.end :]

    def _write(self, value: Any, node: Node | None, depth: int, nodes: dict[int, Node]) -> str:
        node = nodes.get(id(value), node)
        if node is not None and _same(value, node.value):
            return self.text[node.start : node.end]
        if isinstance(value, dict) and value:
            old = node.items if node is not None and isinstance(node.items, dict) else {}
            keys = (node.keys if node is not None else None) or {}
            parts = [
                keys.get(key, self._dump(key))
                + self._colon
                + self._write(item, old.get(key), depth + 1, nodes)
                for key, item in value.items()
            ]
            return self._join("{", parts, "}", depth)
        if isinstance(value, list) and value:
            before = node.items if node is not None and isinstance(node.items, list) else []
            parts = [
                self._write(item, before[at] if at < len(before) else None, depth + 1, nodes)
                for at, item in enumerate(value)
            ]
            return self._join("[", parts, "]", depth)
        return self._dump(value)

    def _join(self, opening: str, parts: list[str], closing: str, depth: int) -> str:
        if self._indent is None:
            return opening + self._comma.join(parts) + closing
        inner = self._newline + self._indent * (depth + 1)
        return opening + inner + ("," + inner).join(parts) + self._newline + self._indent * depth + closing

    def _dump(self, value: Any) -> str:
        text = json.dumps(value, ensure_ascii=self._ascii)
        try:
            text.encode()
        except UnicodeEncodeError:  # a lone surrogate
            return json.dumps(value)
        return text


def _read(text: str, at: int) -> tuple[Node, int]:
    start, first = at, text[at]
    if first == '"':
        value, at = scanstring(text, at + 1)
        return Node(start, at, value), at
    if first == "{":
        return _read_object(text, at)
    if first == "[":
        items: list[Node] = []
        at = _skip(text, at + 1)
        while text[at] != "]":
            node, at = _read(text, at)
            items.append(node)
            at = _skip(text, at)
            if text[at] == ",":
                at = _skip(text, at + 1)
        return Node(start, at + 1, [node.value for node in items], items), at + 1
    match = _BARE.match(text, at)
    assert match is not None  # the text was read by `json` before
    return Node(start, match.end(), json.loads(match[0])), match.end()


def _read_object(text: str, at: int) -> tuple[Node, int]:
    start, at = at, _skip(text, at + 1)
    items: dict[str, Node] = {}
    keys: dict[str, str] = {}
    while text[at] != "}":
        key, end = scanstring(text, at + 1)
        keys[key] = text[at:end]
        at = _skip(text, _skip(text, end) + 1)
        items[key], at = _read(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return Node(start, at + 1, {key: node.value for key, node in items.items()}, items, keys), at + 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match is not None else at


def _same(one: Any, other: Any) -> bool:
    # `1 == 1.0 == True`, but they are not written alike; and NaN is itself.
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) or (one != one and other != other)
