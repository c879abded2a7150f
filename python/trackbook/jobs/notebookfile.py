"""An executed notebook as a file: laid out as nbformat lays it out, several times as fast, and written atomically."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

_TRANSIENT = ("orig_nbformat", "orig_nbformat_minor", "signature")
# MIME types that are text, though their names do not say so.
_TEXTS = ("application/javascript", "image/svg+xml")


def write_notebook(notebook: Any, path: Path) -> None:
    """Write a notebook to a file, which holds the old one or the new one at any moment. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(lay_out(notebook))
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def lay_out(notebook: Any) -> bytes:
    """Return the bytes that `nbformat.write` would write, without its check of the notebook, which takes longest.

    What UTF-8 does not hold becomes an escape.
    """
    # An indent would make Python's own encoder ten times as slow.
    text = json.dumps(_split(notebook), sort_keys=True, ensure_ascii=False, default=_ascii)
    data = text.encode("utf-8", "backslashreplace")
    with contextlib.suppress(msgspec.DecodeError):
        return msgspec.json.format(data, indent=1) + b"\n"
    # NaN is no JSON, but Python writes and reads it.
    indented = json.dumps(json.loads(data), sort_keys=True, ensure_ascii=False, indent=1)
    return indented.encode("utf-8", "backslashreplace") + b"\n"


def _split(notebook: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in notebook["metadata"].items() if key not in _TRANSIENT}
    return {**notebook, "metadata": metadata, "cells": [_split_cell(cell) for cell in notebook["cells"]]}


def _split_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    plain = {**cell, "source": _lines(cell["source"])}
    plain["metadata"] = {key: value for key, value in cell["metadata"].items() if key != "trusted"}
    if "attachments" in cell:
        plain["attachments"] = {name: _bundle(data) for name, data in cell["attachments"].items()}
    if cell["cell_type"] == "code":
        plain["outputs"] = [_split_output(output) for output in cell["outputs"]]
    return plain


def _split_output(output: Mapping[str, Any]) -> dict[str, Any]:
    if output["output_type"] in ("execute_result", "display_data"):
        return {**output, "data": _bundle(output["data"])}
    return {**output, "text": _lines(output["text"])} if output["output_type"] == "stream" else dict(output)


def _bundle(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        kind: _lines(value) if kind.startswith("text/") or kind in _TEXTS else value
        for kind, value in data.items()
    }


def _lines(text: Any) -> Any:
    return text.splitlines(keepends=True) if isinstance(text, str) else text


def _ascii(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("ascii")
    raise TypeError(f"{type(value).__name__} is no JSON")
