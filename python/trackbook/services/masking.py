"""Masks secrets in what is about to be stored, and counts what was masked where; nothing of a secret is kept."""

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from trackbook.capture.secrets import SHORTEST_VALUE, find_secrets, looks_secret, secret_values
from trackbook.domain.cell import CellError
from trackbook.domain.run import RunError
from trackbook.domain.secret import MASK, MaskedSecret

_UNSEARCHED = "text that could not be searched"
_BINARY = ("image/", "audio/", "video/", "font/", "application/pdf", "application/octet-stream")


class Masker:
    """Masks pieces of one thing that is stored, and holds what it found. One that is not `on` changes nothing.

    Text that can't be searched, for a fault of the search, is masked as a whole.
    """

    def __init__(self, on: bool = True) -> None:
        self._on = on
        self._known = _known_values() if on else {}
        self._counts: Counter[tuple[str, str]] = Counter()

    @property
    def found(self) -> list[MaskedSecret]:
        """What was masked so far."""
        return [MaskedSecret(kind, place, count) for (kind, place), count in self._counts.items()]

    def text(self, text: str, place: str) -> str:
        """Return `text` with its secrets masked; `place` says where it stands."""
        if not self._on or not text:
            return text
        try:
            found = find_secrets(text, self._known)
        except Exception:
            self._counts[_UNSEARCHED, place] += 1
            return MASK
        if not found:
            return text
        pieces, end = [], 0
        for secret in found:
            pieces += [text[end : secret.start], MASK]
            end = secret.end
            self._counts[secret.kind, place] += 1
            if secret.kind.startswith("value of "):
                _learn(text[secret.start : secret.end], secret.kind)
        return "".join([*pieces, text[end:]])

    def data(self, data: bytes, place: str) -> bytes:
        """Return text in bytes, in any encoding that ASCII is a part of, with its secrets masked."""
        if not self._on:
            return data
        text = data.decode("utf-8", "surrogateescape")
        masked = self.text(text, place)
        return data if masked is text else masked.encode("utf-8", "surrogateescape")

    def value(self, value: Any, place: str, name: str = "") -> Any:
        """Return a JSON value with the secrets in its texts masked, and texts that a secret-looking name has."""
        if not self._on:
            return value
        if isinstance(value, str):
            if name and looks_secret(name, value):
                kind = f"value of {name[:60]}"
                self._counts[kind, place] += 1
                _learn(value, kind)
                return MASK
            return self.text(value, place)
        if isinstance(value, Mapping):
            return {key: self.value(item, place, str(key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item, place, name) for item in value]
        return value

    def named(self, values: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Return named values masked; each one's place is `what` with its name ("parameter token")."""
        return {name: self.value(value, f"{what} {name}", name) for name, value in values.items()}

    def error(self, error: RunError | None, place: str) -> RunError | None:
        """Return an exception with its text and traceback masked."""
        if error is None or not self._on:
            return error
        frames = [self.text(frame, place) for frame in error.traceback]
        return msgspec.structs.replace(error, evalue=self.text(error.evalue, place), traceback=frames)

    def cell_error(self, error: CellError | None, place: str) -> CellError | None:
        """Return the exception of a cell with its text and traceback masked."""
        if error is None or not self._on:
            return error
        frames = [self.text(frame, place) for frame in error.traceback]
        return CellError(error.ename, self.text(error.evalue, place), frames)

    def output(self, output: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Return an output (a dict of nbformat 4) with its texts masked; pictures and sound are not searched."""
        if not self._on:
            return dict(output)
        masked = dict(output)
        for field in ("text", "evalue"):
            if field in masked:
                masked[field] = self._lines(masked[field], place)
        if isinstance(traceback := masked.get("traceback"), list):
            masked["traceback"] = [self.value(frame, place) for frame in traceback]
        if isinstance(data := masked.get("data"), Mapping):
            masked["data"] = {kind: self._shown(kind, item, place) for kind, item in data.items()}
        if masked.get("metadata"):
            masked["metadata"] = self.value(masked["metadata"], place)
        return masked

    def notebook(self, notebook: Mapping[str, Any], place: str = "notebook") -> dict[str, Any]:
        """Return a notebook (JSON of nbformat 4) with the secrets in sources, outputs and metadata masked."""
        if not self._on:
            return dict(notebook)
        masked = dict(notebook)
        if isinstance(cells := notebook.get("cells"), list):
            masked["cells"] = [
                self._cell(cell, f"{place}, cell {i}") for i, cell in enumerate(cells, start=1)
            ]
        if isinstance(metadata := notebook.get("metadata"), Mapping):
            masked["metadata"] = self.value(metadata, place)
        return masked

    def _cell(self, cell: Any, place: str) -> Any:
        if not isinstance(cell, Mapping):
            return self.value(cell, place)
        masked = dict(cell)
        if "source" in masked:
            masked["source"] = self._lines(masked["source"], place)
        if isinstance(outputs := masked.get("outputs"), list):
            shown = f"output of {place}"
            masked["outputs"] = [
                self.output(one, shown) if isinstance(one, Mapping) else self.value(one, shown)
                for one in outputs
            ]
        if isinstance(metadata := masked.get("metadata"), Mapping):
            masked["metadata"] = self.value(metadata, place)
        return masked

    def _shown(self, kind: str, item: Any, place: str) -> Any:
        if kind.startswith(_BINARY) and not kind.startswith("image/svg"):
            return item
        return self._lines(item, place)

    def _lines(self, value: Any, place: str) -> Any:
        # Notebooks keep text as one string or as a list of lines: a secret may reach over several.
        if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
            whole = "".join(value)
            masked = self.text(whole, place)
            return value if masked is whole else masked.splitlines(keepends=True)
        return self.value(value, place)


_known: tuple[dict[Any, Any], dict[str, str]] | None = None
# What cells gave to secret-looking names: the next cell may show it without the name. Only in memory.
_learned: dict[str, str] = {}
_MOST_LEARNED = 100


def _known_values() -> dict[str, str]:
    # A cell may set variables at any time; to compare costs a hundredth of what it costs to look at them.
    global _known
    variables = getattr(os.environ, "_data", os.environ)
    if _known is None or _known[0] != variables:
        _known = dict(variables), secret_values(os.environ)
    return {**_known[1], **_learned} if _learned else _known[1]


def _learn(value: str, kind: str) -> None:
    # A short word, or one without digits, stands in many places where it is no secret.
    if len(value) >= SHORTEST_VALUE and any(c.isdigit() for c in value) and len(_learned) < _MOST_LEARNED:
        _learned.setdefault(value, kind)
