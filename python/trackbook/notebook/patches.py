"""Differences as nbdime writes them (its JSON diff format), so that its components draw them.

Texts are lists of lines there; places within a line count UTF-16 units, as the browser does.
"""

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Entry = dict[str, Any]

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_TOKENS = re.compile(r"\w+|[^\S\r\n]+|[\r\n]+|[^\w\s]")
# A text longer than this, in what differs of it, is told as replaced.
_MOST_LINES = 3_000
_LONGEST_LINE = 2_000
_ALIKE = 0.4  # of a line, so that it counts as changed and not as another


def patch_cell(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Entry]:
    """Return the way from one cell (nbformat 4) to another of the same kind."""
    entries = []
    if left["source"] != right["source"]:
        entries.append(_patch("source", patch_text(left["source"], right["source"])))
    if left.get("metadata") != right.get("metadata"):
        entries.append(_patch("metadata", patch_object(left["metadata"], right["metadata"])))
    if outputs := patch_outputs(left.get("outputs", []), right.get("outputs", []), _same):
        entries.append(_patch("outputs", outputs))
    return sorted(entries, key=lambda entry: str(entry["key"]))


def patch_outputs(
    left: Sequence[Mapping[str, Any]],
    right: Sequence[Mapping[str, Any]],
    same: Callable[[Mapping[str, Any]], object],
) -> list[Entry]:
    """Return the way from one list of outputs to another; those for which `same` gives equal values are equal."""
    entries: list[Entry] = []
    keys, others = [_hashable(same(one)) for one in left], [_hashable(same(one)) for one in right]
    for op, a, b, c, d in difflib.SequenceMatcher(None, keys, others, autojunk=False).get_opcodes():
        if op == "equal":
            continue
        paired = 0
        while a + paired < b and c + paired < d and _is_pair(left[a + paired], right[c + paired]):
            if patched := _patch_output(left[a + paired], right[c + paired]):
                entries.append(_patch(a + paired, patched))
            paired += 1
        if d > c + paired:
            entries.append({"op": "addrange", "key": a + paired, "valuelist": list(right[c + paired : d])})
        if b > a + paired:
            entries.append({"op": "removerange", "key": a + paired, "length": b - a - paired})
    return entries


def patch_object(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Entry]:
    """Return the way from one JSON object to another."""
    entries: list[Entry] = []
    for key in sorted({*left, *right}):
        if key not in right:
            entries.append({"op": "remove", "key": key})
        elif key not in left:
            entries.append({"op": "add", "key": key, "value": right[key]})
        elif left[key] != right[key]:
            entries.append({"op": "replace", "key": key, "value": right[key]})
    return entries


def patch_text(left: str, right: str) -> list[Entry]:
    """Return the way from one text to another: lines added and removed, and what changed within a line."""
    before, after = _LINES.findall(left), _LINES.findall(right)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    entries: list[Entry] = []
    for op, a, b, c, d in _opcodes(old, new):
        if op == "equal":
            continue
        paired = 0
        while a + paired < b and c + paired < d and _is_changed(old[a + paired], new[c + paired]):
            within = _patch_line(old[a + paired], new[c + paired])
            entries.append(_patch(head + a + paired, within))
            paired += 1
        if d > c + paired:
            entries.append({"op": "addrange", "key": head + a + paired, "valuelist": new[c + paired : d]})
        if b > a + paired:
            entries.append({"op": "removerange", "key": head + a + paired, "length": b - a - paired})
    return entries


def _opcodes(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    if len(old) + len(new) > _MOST_LINES:
        return [("replace", 0, len(old), 0, len(new))] if old or new else []
    return difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _is_changed(old: str, new: str) -> bool:
    if max(len(old), len(new)) > _LONGEST_LINE:
        return False
    matcher = difflib.SequenceMatcher(None, _TOKENS.findall(old), _TOKENS.findall(new), autojunk=False)
    return matcher.ratio() >= _ALIKE


def _patch_line(old: str, new: str) -> list[Entry]:
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    starts = [0]
    for token in before:
        starts.append(starts[-1] + len(token.encode("utf-16-le", "surrogatepass")) // 2)
    entries: list[Entry] = []
    for op, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op in ("replace", "insert"):
            entries.append({"op": "addrange", "key": starts[a], "valuelist": "".join(after[c:d])})
        if op in ("replace", "delete"):
            entries.append({"op": "removerange", "key": starts[a], "length": starts[b] - starts[a]})
    return entries


def _is_pair(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    kind = left.get("output_type")
    if kind != right.get("output_type"):
        return False
    if kind == "stream":
        return left.get("name") == right.get("name")
    if kind in ("display_data", "execute_result"):
        return bool(set(left.get("data", {})) & set(right.get("data", {})))
    return kind == "error" and left.get("ename") == right.get("ename")


def _patch_output(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Entry]:
    kind = left.get("output_type")
    if kind == "stream":
        return [_patch("text", patch_text(left["text"], right["text"]))]
    if kind == "error":
        return patch_object(left, right)
    entries = []
    if data := _patch_bundle(left.get("data", {}), right.get("data", {})):
        entries.append(_patch("data", data))
    if left.get("metadata", {}) != right.get("metadata", {}):
        entries.append(_patch("metadata", patch_object(left.get("metadata", {}), right.get("metadata", {}))))
    return entries


def _patch_bundle(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Entry]:
    entries = []
    for entry in patch_object(left, right):
        key = entry["key"]
        texts = left.get(key), right.get(key)
        if entry["op"] == "replace" and key.startswith("text/") and all(isinstance(t, str) for t in texts):
            entry = _patch(key, patch_text(*texts))  # type: ignore[arg-type]  # both are
        entries.append(entry)
    return entries


def _patch(key: str | int, entries: list[Entry]) -> Entry:
    return {"op": "patch", "key": key, "diff": entries}


def _same(output: Mapping[str, Any]) -> object:
    return {key: value for key, value in output.items() if key != "execution_count"}


def _hashable(value: object) -> object:
    return value if isinstance(value, (str, bytes, tuple)) else json.dumps(value, sort_keys=True, default=str)
