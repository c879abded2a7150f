"""What users wrap a value in to say what it is, and what all families of values share."""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from trackbook.domain.rich import RichContent, RichKind
from trackbook.domain.values import to_wire
from trackbook.errors import InvalidValue

MEGABYTE = 1_000_000
# Bytes that one value may have, as it is stored.
LIMITS: Mapping[RichKind, int] = {
    "audio": 100 * MEGABYTE,
    "figure": 50 * MEGABYTE,
    "image": 50 * MEGABYTE,
    "table": 200 * MEGABYTE,
    "video": 500 * MEGABYTE,
}
LIMIT = 20 * MEGABYTE
PREVIEW = 200


class Wrapped(ABC):
    """A value whose kind the user has said."""

    @abstractmethod
    def content(self, name: str) -> RichContent:
        """Return what is stored of it under `name`; raises InvalidValue where that can't be."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def ready(name: str, kind: RichKind, data: bytes, media_type: str, meta: Mapping[str, Any]) -> RichContent:
    """Return a content whose size is checked and whose `meta` survives JSON; raises InvalidValue if it is too large."""
    check_size(name, kind, len(data))
    return RichContent(kind, data, media_type, to_wire(dict(meta)))


def check_size(name: str, kind: RichKind, size: int) -> None:
    """Raise InvalidValue if `size` bytes are too many for one value of this kind."""
    limit = LIMITS.get(kind, LIMIT)
    if size > limit:
        raise InvalidValue(
            name,
            None,
            f"as {kind} it has {size / MEGABYTE:,.1f} MB, and at most {limit // MEGABYTE} MB are stored for one "
            "value; log less of it, or store it as a file: run.artifact(...)",
        )


def check_whole(name: str, value: Any, most: int) -> int:
    """Return `value` if it is a whole number from 1 to `most`; raises InvalidValue if not."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidValue(name, value, f"it is a whole number from 1 to {most:,}, not {value!r}")
    return value


def to_json(value: Any) -> bytes:
    """Return plain values as JSON, NaN and infinities as texts."""
    return msgspec.json.encode(to_wire(value))


def loaded(module: str, name: str) -> tuple[type, ...]:
    """Return the class `name` of a module that is imported already, to be used with isinstance; else nothing."""
    found = getattr(sys.modules.get(module), name, None)
    return (found,) if isinstance(found, type) else ()


def read_file(name: str, path: str | os.PathLike[str], kind: RichKind, types: str) -> tuple[bytes, str]:
    """Return a file's bytes and its media type, which begins with `types`; raises InvalidValue if it can't be."""
    import mimetypes

    source = Path(path).expanduser()
    media_type = mimetypes.guess_type(source.name)[0] or ""
    if not media_type.startswith(types):
        raise InvalidValue(
            name, path, f"{source.name!r} is no {kind} by its name ({media_type or 'unknown type'})"
        )
    try:
        check_size(name, kind, source.stat().st_size)
        return source.read_bytes(), media_type
    except OSError as error:
        raise InvalidValue(name, path, f"{str(source)!r} can't be read ({error.strerror or error})") from None
