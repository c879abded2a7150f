"""Secrets in cells and outputs; what is said of one never shows it."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from trackbook.capture.detectors import find_known_forms
from trackbook.capture.secrets import Found, find_secrets
from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.cells import LintCell, LintNotebook

# Of outputs no more than this is searched, in characters a cell.
_MOST_OUTPUT = 200_000
_MOST_KEPT = 4096


def find_secrets_of(notebook: LintNotebook) -> Iterator[Diagnostic]:
    """Yield the secrets in a notebook's cells (TB401) and outputs (TB402)."""
    for cell in notebook.cells:
        for found in secrets_in(cell.text):
            line = cell.text.count("\n", 0, found.start) + 1
            column = found.start - (cell.text.rfind("\n", 0, found.start) + 1) + 1
            end_line = cell.text.count("\n", 0, found.end) + 1
            end_column = found.end - (cell.text.rfind("\n", 0, found.end) + 1) + 1
            yield cell.diagnose(
                "TB401",
                f"A secret stands here: {found.kind}.",
                line=line,
                column=column,
                end_line=end_line,
                end_column=end_column,
            )
        kinds = dict.fromkeys(kind for text in _output_texts(cell) for kind in _kinds_in(text))
        if kinds:
            yield cell.diagnose("TB402", f"The outputs hold a secret: {', '.join(list(kinds)[:5])}.")


@lru_cache(maxsize=1024)
def secrets_in(text: str) -> tuple[Found, ...]:
    """Return the secrets in a cell's text, each once, whoever found it; what was found before is known."""
    return _search(text)


def _search(text: str) -> tuple[Found, ...]:
    found = find_secrets(text)
    try:
        others = find_known_forms(text)
    except Exception:  # a detector of a foreign package that fails takes nothing from what was found
        others = []
    for other in others:
        if not any(one.start < other.end and other.start < one.end for one in found):
            found.append(other)
    return tuple(sorted(found))


def _kinds_in(text: str) -> tuple[str, ...]:
    # Outputs are large: what is kept of them is what was found.
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    kinds = _found.get(key)
    if kinds is None:
        if len(_found) >= _MOST_KEPT:
            _found.clear()
        kinds = _found[key] = tuple(dict.fromkeys(found.kind for found in _search(text)))
    return kinds


_found: dict[bytes, tuple[str, ...]] = {}


def _output_texts(cell: LintCell) -> Iterator[str]:
    left = _MOST_OUTPUT
    for output in cell.outputs:
        values = [output.get("text"), output.get("evalue"), output.get("traceback")]
        data = output.get("data")
        if isinstance(data, dict):
            values += [item for kind, item in data.items() if kind.startswith("text/")]
        for value in values:
            lines = value if isinstance(value, list) else [value]
            text = "".join(line for line in lines if isinstance(line, str))[:left]
            left -= len(text)
            if text:
                yield text
