"""Masks secrets in what is about to be stored, and counts what was masked where; nothing of a secret is kept."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from trackbook.capture.secrets import find_secrets
from trackbook.capture.secretvalues import is_telling, looks_secret, secret_values
from trackbook.domain.cell import CellError
from trackbook.domain.run import RunError
from trackbook.domain.secret import MASK, MaskedSecret

_UNSEARCHED = "text that could not be searched"
_Kept = TypeVar("_Kept")

_BINARY = ("image/", "audio/", "video/", "font/", "application/pdf", "application/octet-stream")


class Masker:
    """Masks pieces of one thing that is stored, and holds what it found. One that is not `on` changes nothing.

    What a password is called once is masked in all of the thing, also before that place. Text that can't be searched,
    for a fault of the search, is masked as a whole.
    """

    def __init__(self, on: bool = True) -> None:
        self._on = on
        self._known = _known_values() if on else {}
        self._learned = 0
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
            # One that stands here with its name may stand here without it, too.
            if self._learn((text[one.start : one.end], one.kind) for one in found if one.telling):
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
        return "".join([*pieces, text[end:]])

    def data(self, data: bytes, place: str) -> bytes:
        """Return text in bytes, in any encoding that ASCII is a part of, with its secrets masked."""
        if not self._on:
            return data
        text = data.decode("utf-8", "surrogateescape")
        masked = self.text(text, place)
        return data if masked is text else masked.encode("utf-8", "surrogateescape")

    def json(self, data: bytes, place: str) -> bytes:
        """Return JSON in bytes with the secrets in its texts and names masked; it stays JSON."""
        if not self._on:
            return data
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return self.data(data, place)
        masked = self.value(value, place)
        return (
            data
            if masked == value
            else json.dumps(masked, ensure_ascii=False).encode("utf-8", "surrogatepass")
        )

    def value(self, value: Any, place: str, name: str = "") -> Any:
        """Return a JSON value with the secrets in its texts masked, and texts that a secret-looking name has."""
        return self._twice(lambda: self._value(value, place, name), value)

    def _value(self, value: Any, place: str, name: str = "") -> Any:
        if isinstance(value, str):
            if name and looks_secret(name, value):
                kind = f"value of {name[:60]}"
                self._counts[kind, place] += 1
                if is_telling(name, value):
                    self._learn([(value, kind)])
                return MASK
            return self.text(value, place)
        if isinstance(value, Mapping):
            masked: dict[Any, Any] = {}
            for key, item in value.items():
                masked[self._key(key, place, masked)] = self._value(item, place, str(key))
            return masked
        if isinstance(value, (list, tuple)):
            return [self._value(item, place, name) for item in value]
        return value

    def _key(self, key: Any, place: str, taken: Mapping[Any, Any]) -> Any:
        if not isinstance(key, str) or (masked := self.text(key, place)) == key:
            return key
        number = 1
        while masked in taken:
            number += 1
            masked = f"{MASK} {number}"
        return masked

    def named(self, values: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Return named values masked; each one's place is `what` with its name ("parameter token")."""
        return self._twice(
            lambda: {name: self._value(value, f"{what} {name}", name) for name, value in values.items()},
            dict(values),
        )

    def error(self, error: RunError | None, place: str) -> RunError | None:
        """Return an exception with its text and traceback masked."""
        if error is None or not self._on:
            return error
        evalue, frames = self.value([error.evalue, error.traceback], place)
        return msgspec.structs.replace(error, evalue=evalue, traceback=frames)

    def cell_error(self, error: CellError | None, place: str) -> CellError | None:
        """Return the exception of a cell with its text and traceback masked."""
        if error is None or not self._on:
            return error
        evalue, frames = self.value([error.evalue, error.traceback], place)
        return CellError(error.ename, evalue, frames)

    def outputs(self, outputs: Sequence[Mapping[str, Any]], place: str) -> list[dict[str, Any]]:
        """Return the outputs of a cell masked: what one of them names is masked in all."""
        plain = [dict(output) for output in outputs]
        return self._twice(lambda: [self.output(output, place) for output in plain], plain)

    def output(self, output: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Return an output (a dict of nbformat 4) with its texts masked; pictures and sound are not searched."""
        return self._twice(lambda: self._output(output, place), dict(output))

    def _output(self, output: Mapping[str, Any], place: str) -> dict[str, Any]:
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
        return self._twice(lambda: self._notebook(notebook, place), dict(notebook))

    def _notebook(self, notebook: Mapping[str, Any], place: str) -> dict[str, Any]:
        masked = dict(notebook)
        if isinstance(cells := notebook.get("cells"), list):
            masked["cells"] = [
                self._cell(cell, f"{place}, cell {i}") for i, cell in enumerate(cells, start=1)
            ]
        if isinstance(metadata := notebook.get("metadata"), Mapping):
            masked["metadata"] = self.value(metadata, place)
        return masked

    def _twice(self, mask: Callable[[], _Kept], plain: _Kept) -> _Kept:
        # What a later part names may stand without its name in an earlier one.
        if not self._on:
            return plain
        counts, learned = self._counts.copy(), self._learned
        masked = mask()
        if self._learned > learned:
            self._counts = counts
            masked = mask()
        return masked

    def _learn(self, secrets: Iterable[tuple[str, str]]) -> bool:
        fresh: dict[str, str] = {}
        for value, kind in secrets:
            for form in {value, _unescaped(value)}:
                if form not in self._known and len(fresh) + self._learned < _MOST_LEARNED:
                    fresh[form] = kind
        if fresh:
            self._known = {**self._known, **fresh}
            self._learned += len(fresh)
            _remember(fresh)
        return bool(fresh)

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
# What cells gave to secret-looking names, the newest: the next cell may show it without the name. Only in memory.
_learned: dict[str, str] = {}
_MOST_LEARNED = 100


def _known_values() -> dict[str, str]:
    # A cell may set variables at any time; to compare costs a hundredth of what it costs to look at them.
    global _known
    variables = getattr(os.environ, "_data", os.environ)
    if _known is None or _known[0] != variables:
        _known = dict(variables), secret_values(os.environ)
    return {**_known[1], **_learned} if _learned else _known[1]


def _remember(secrets: Mapping[str, str]) -> None:
    _learned.update(secrets)
    for oldest in list(_learned)[:-_MOST_LEARNED]:
        _learned.pop(oldest, None)


def _unescaped(value: str) -> str:
    # In source and in JSON a quote within a value is escaped, in what is printed it is not.
    return re.sub(r"\\([\\\"'])", r"\1", value) if "\\" in value else value
