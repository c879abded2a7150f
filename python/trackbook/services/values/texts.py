"""Text, HTML and JSON."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from trackbook.domain.rich import RichContent
from trackbook.domain.values import to_wire
from trackbook.errors import InvalidValue
from trackbook.services.values.wrapped import PREVIEW, Wrapped, ready


class Text(Wrapped):
    """Plain text, such as a sample that a model wrote. A str is logged in the same way."""

    def __init__(self, text: str) -> None:
        self.text = text

    def content(self, name: str) -> RichContent:
        """Return UTF-8, with the beginning as preview."""
        data = _encode(name, self.text)
        meta = {"length": len(self.text), "preview": _preview(self.text)}
        return ready(name, "text", data, "text/plain; charset=utf-8", meta)


class Html(Wrapped):
    """A page or a part of one. It is untrusted wherever it is shown: without scripts, in a frame of its own."""

    def __init__(self, text: str) -> None:
        self.text = text

    def content(self, name: str) -> RichContent:
        """Return UTF-8."""
        data = _encode(name, self.text)
        return ready(name, "html", data, "text/html; charset=utf-8", {"length": len(self.text)})


class Json(Wrapped):
    """Lists and dicts, nested as you like, of what JSON holds; dates, sets, arrays and dataclasses become so.

    NaN and infinities are stored as the texts "NaN", "Infinity", "-Infinity".
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def content(self, name: str) -> RichContent:
        """Return JSON, with the beginning as preview."""
        try:
            plain = msgspec.to_builtins(self.value, str_keys=True, enc_hook=_plain)
            data = msgspec.json.encode(to_wire(plain))
        except RecursionError:
            raise InvalidValue(name, self.value, "it is nested too deeply, or holds itself") from None
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidValue(name, self.value, f"it has no value in JSON ({error})") from None
        meta: dict[str, Any] = {"preview": _preview(data.decode())}
        if isinstance(plain, (list, dict)):
            meta["length"] = len(plain)
        return ready(name, "json", data, "application/json", meta)


def _encode(name: str, text: object) -> bytes:
    if not isinstance(text, str):
        raise InvalidValue(name, text, f"a text is a str, not {type(text).__name__}")
    return text.encode("utf-8", "backslashreplace")


def _preview(text: str) -> str:
    clean = text.encode("utf-8", "backslashreplace").decode()
    return clean if len(clean) <= PREVIEW else f"{clean[: PREVIEW - 1]}…"


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, PurePath):
        return str(value)
    tolist = getattr(value, "tolist", None)  # numpy arrays and scalars, torch tensors
    if callable(tolist):
        return tolist()
    raise TypeError(f"{type(value).__name__} is none")
