"""Snapshots: a notebook as a manifest and content parts, of which each distinct one is stored once.

A part is a cell without outputs and execution count, or one output without its execution count: running a cell
again stores nothing new as long as neither its source nor its result changes. `join_notebook` gives back an equal
notebook. Digests are SHA-256 in hex over a part's exact bytes (JSON in UTF-8).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from trackbook.errors import CorruptRecord, StoreTooNew

FORMAT = 1


class SnapshotCell(Struct, frozen=True, omit_defaults=True):
    """A cell of a manifest: its id, the digest of its part, and what was taken out of it.

    `outputs` has one digest an output; None where the cell has no list of them. `output_counts` holds the execution
    counts of those outputs that have one, by position.
    """

    id: str | None
    digest: str
    count: Any = None
    outputs: list[str] | None = None
    output_counts: dict[int, Any] = {}


class Manifest(Struct, frozen=True):
    """A notebook in its order. `skeleton` is the notebook with its list of cells emptied."""

    format: int
    skeleton: dict[str, Any]
    cells: list[SnapshotCell]


class SplitNotebook(NamedTuple):
    """A notebook taken apart: the manifest's bytes, their digest, and the parts that it names."""

    manifest: bytes
    digest: str
    parts: dict[str, bytes]


def split_notebook(notebook: Mapping[str, Any]) -> SplitNotebook:
    """Take a notebook (a JSON document of nbformat 4) apart; nothing in it is lost or changed."""
    parts: dict[str, bytes] = {}
    cells = [_split_cell(cell, parts) for cell in _cells_of(notebook)]
    skeleton = dict(notebook)
    if _has_cells(notebook):
        skeleton["cells"] = []
    fields = {"format": FORMAT, "skeleton": skeleton, "cells": msgspec.to_builtins(cells, str_keys=True)}
    manifest = encode_part(fields)
    return SplitNotebook(manifest, digest_of(manifest), parts)


def join_notebook(manifest: bytes, get_part: Callable[[str], bytes]) -> dict[str, Any]:
    """Put a notebook together again; `get_part` returns the bytes of a digest and may raise NotFound.

    Raises CorruptRecord for a manifest or part that can't be read, StoreTooNew for one of a later format.
    """
    read = read_manifest(manifest)
    notebook = dict(read.skeleton)
    if read.cells:
        notebook["cells"] = [_join_cell(cell, get_part) for cell in read.cells]
    return notebook


def read_manifest(data: bytes) -> Manifest:
    """Decode a manifest; raises CorruptRecord or StoreTooNew if that can't be done."""
    fields = decode_part(data)
    if isinstance(fields, dict) and isinstance(fields.get("format"), int) and fields["format"] > FORMAT:
        raise StoreTooNew("snapshot", "a newer Trackbook wrote it; upgrade this one")
    try:
        return msgspec.convert(fields, Manifest, str_keys=True)
    except msgspec.ValidationError as error:
        raise CorruptRecord("snapshot", f"its manifest can't be read ({error})") from error


def encode_part(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value: no spaces, keys in their order, UTF-8.

    NaN and infinities are written as Python's json does; a lone surrogate as its escape.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Only a lone surrogate has no UTF-8, and it can only stand inside a string, where \udxxx is its JSON.
    return text.encode("utf-8", "backslashreplace")


def decode_part(data: bytes) -> Any:
    """Return the JSON value of a part; raises CorruptRecord if it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CorruptRecord("snapshot", f"a part of it is no JSON ({error})") from error


def digest_of(data: bytes) -> str:
    """Return the digest of a part's bytes."""
    return hashlib.sha256(data).hexdigest()


def _has_cells(notebook: Mapping[str, Any]) -> bool:
    return isinstance(notebook.get("cells"), list)


def _cells_of(notebook: Mapping[str, Any]) -> list[Any]:
    return notebook["cells"] if _has_cells(notebook) else []


def _split_cell(cell: Any, parts: dict[str, bytes]) -> SnapshotCell:
    if not isinstance(cell, dict):
        return SnapshotCell(None, _add(cell, parts))
    outputs, counts = None, {}
    rest = dict(cell)
    if isinstance(cell.get("outputs"), list):
        outputs = [_add(_without_count(output), parts) for output in cell["outputs"]]
        counts = {
            position: output["execution_count"]
            for position, output in enumerate(cell["outputs"])
            if _has_count(output) and output["execution_count"] is not None
        }
        rest["outputs"] = []
    identity = cell.get("id")
    return SnapshotCell(
        identity if isinstance(identity, str) else None,
        _add(_without_count(rest), parts),
        cell.get("execution_count"),
        outputs,
        counts,
    )


def _join_cell(cell: SnapshotCell, get_part: Callable[[str], bytes]) -> Any:
    joined = decode_part(get_part(cell.digest))
    if isinstance(joined, dict):
        if "execution_count" in joined:
            joined["execution_count"] = cell.count
        if cell.outputs is not None:
            joined["outputs"] = [
                _join_output(decode_part(get_part(digest)), cell.output_counts.get(position))
                for position, digest in enumerate(cell.outputs)
            ]
    return joined


def _join_output(output: Any, count: Any) -> Any:
    if _has_count(output):
        output["execution_count"] = count
    return output


def _has_count(value: Any) -> bool:
    return isinstance(value, dict) and "execution_count" in value


def _without_count(value: Any) -> Any:
    # The key stays, so that it comes back at its place.
    return {**value, "execution_count": None} if _has_count(value) else value


def _add(value: Any, parts: dict[str, bytes]) -> str:
    data = encode_part(value)
    digest = digest_of(data)
    parts[digest] = data
    return digest
