"""A difference between a result that was expected and the one that came."""

from typing import Literal

from msgspec import Struct

DifferenceKind = Literal["text", "number", "image", "table", "error", "missing", "extra", "data"]

EXCERPT = 160  # characters; enough for a line of code or of a table


class Difference(Struct, frozen=True):
    """One difference. `message` says it in a sentence; `expected` and `actual` are excerpts of both sides.

    `kind` says what differs, "missing" and "extra" that one side has nothing. `mime` is the kind of content that was
    compared, None for metrics. `output` is the output's position in its cell from 1, None where it has none.
    """

    kind: DifferenceKind
    message: str
    expected: str = ""
    actual: str = ""
    mime: str | None = None
    output: int | None = None


def excerpt(value: object, limit: int = EXCERPT) -> str:
    """Return the beginning of a value's text on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
