"""Outputs of cells as they are compared: without what is another each time, and read only where digests differ."""

from collections.abc import Sequence
from typing import Any

import msgspec

from trackbook.domain.cell import is_note
from trackbook.domain.snapshot import digest_of
from trackbook.errors import NotFound
from trackbook.notebook.results.noise import without_noise
from trackbook.store.place import Blobs

# So many bytes are read of one comparison to see whether outputs with other digests are the same; of larger ones the
# digests count. Noise is looked for in short texts only.
_BUDGET, _LONGEST = 16_000_000, 50_000
_CUT_TEXT, _CUT_OUTPUTS, _CUT_DATA = 20_000, 20, 3_000_000

Output = dict[str, Any]


class OutputReader:
    """Reads outputs by their digests, within a budget, and remembers what they say."""

    def __init__(self, blobs: Blobs, remembered: dict[str, str]) -> None:
        self._blobs, self._remembered = blobs, remembered
        self._budget = _BUDGET

    def same(self, left: Sequence[str], right: Sequence[str]) -> bool:
        """Tell whether two lists of outputs say the same; execution counts and Trackbook's own notes don't matter."""
        if list(left) == list(right):
            return True
        return self._said(left) == self._said(right)

    def _said(self, digests: Sequence[str]) -> list[str]:
        return [said for digest in digests if (said := self._normal(digest))]

    def _normal(self, digest: str) -> str:
        known = self._remembered.get(digest)
        if known is None:
            if self._budget <= 0:
                return digest
            try:
                data = self._blobs.get(digest)
            except NotFound:
                return digest
            self._budget -= len(data)
            known = self._remembered[digest] = _normal_digest(data, digest)
        return known


def read_outputs(blobs: Blobs, digests: Sequence[str]) -> tuple[list[Output], bool]:
    """Return outputs as nbformat's dicts with whole texts, without Trackbook's own notes; and whether one is lost."""
    found: list[Output] = []
    lost = False
    for digest in digests:
        try:
            output = msgspec.json.decode(blobs.get(digest))
        except (NotFound, msgspec.DecodeError):
            lost = True
            continue
        if isinstance(output, dict) and not is_note(output):
            found.append(_whole(output))
    return found, lost


def cut_outputs(outputs: Sequence[Output]) -> tuple[list[Output], bool]:
    """Return outputs with long texts cut, so that they can be shown at once; and whether something was."""
    shown = [_cut(output) for output in outputs[:_CUT_OUTPUTS]]
    return [output for output, _ in shown], len(outputs) > _CUT_OUTPUTS or any(
        was_cut for _, was_cut in shown
    )


def _normal_digest(data: bytes, digest: str) -> str:
    """Return a digest of what an output says; an empty text for Trackbook's own notes."""
    try:
        output = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return digest
    if not isinstance(output, dict):
        return digest
    if is_note(output):
        return ""
    output = _whole(output)
    if len(data) <= _LONGEST:
        output = _quiet(output)
    output.pop("transient", None)
    return digest_of(msgspec.json.encode(output, order="sorted"))


def _whole(output: Output) -> Output:
    """Return an output in one form: texts joined, no execution count."""
    output = {**output, "execution_count": None} if "execution_count" in output else dict(output)
    if isinstance(output.get("text"), list):
        output["text"] = "".join(map(str, output["text"]))
    if isinstance(output.get("data"), dict):
        output["data"] = {
            key: "".join(value)
            if isinstance(value, list) and all(isinstance(v, str) for v in value)
            else value
            for key, value in output["data"].items()
        }
    if output.get("output_type") in ("display_data", "execute_result"):
        output.setdefault("metadata", {})
    return output


def _quiet(output: Output) -> Output:
    if isinstance(output.get("text"), str):
        return {**output, "text": without_noise(output["text"])}
    if isinstance(output.get("data"), dict):
        data = {
            key: without_noise(value) if key.startswith("text/") and isinstance(value, str) else value
            for key, value in output["data"].items()
        }
        return {**output, "data": data}
    return output


def _cut(output: Output) -> tuple[Output, bool]:
    text = output.get("text")
    if isinstance(text, str) and len(text) > _CUT_TEXT:
        return {**output, "text": _cut_text(text)}, True
    data = output.get("data")
    if not isinstance(data, dict):
        return output, False
    kept = {key: _cut_data(key, value) for key, value in data.items()}
    if kept == data:
        return output, False
    shown = {key: value for key, value in kept.items() if value is not None}
    return {**output, "data": shown or {"text/plain": "…"}}, True


def _cut_data(key: str, value: Any) -> Any:
    if key in ("text/plain", "text/markdown") and isinstance(value, str) and len(value) > _CUT_TEXT:
        return _cut_text(value)
    size = len(value) if isinstance(value, str) else len(msgspec.json.encode(value))
    # Half a table or half a picture is neither: what is too large is shown as the text beside it.
    limit = _CUT_DATA if key.startswith("image/") else _CUT_TEXT * 10
    return None if size > limit else value


def _cut_text(text: str) -> str:
    return f"{text[:_CUT_TEXT]}\n… {len(text) - _CUT_TEXT:,} more characters …\n"
