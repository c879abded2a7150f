"""Rich values: what is logged under a metric's key and step, and is no single number."""

from datetime import datetime
from typing import Any, Literal, NamedTuple

from msgspec import Struct

RichKind = Literal[
    "vector", "histogram", "image", "figure", "audio", "video", "html", "table", "text", "json",
    "confusion_matrix", "roc", "pr", "calibration",
]  # fmt: skip


class RichValue(Struct, frozen=True):
    """A value with a content of its own, stored as the blob `digest` of `size` bytes.

    `meta` is small and says what a list shows without the blob: width and height of an image, rows and columns and a
    preview of a table, the labels of a confusion matrix.
    """

    key: str
    step: int
    kind: RichKind
    digest: str
    size: int
    media_type: str
    context: dict[str, str] = {}
    meta: dict[str, Any] = {}


class RichContent(NamedTuple):
    """A value made ready to be stored: its bytes, what they are, and what a list shows of it."""

    kind: RichKind
    data: bytes
    media_type: str
    meta: dict[str, Any]


class LoggedValue(Struct, frozen=True):
    """That a run logged a rich value: when, and in which cell."""

    value: RichValue
    at: datetime
    cell_id: str | None = None
