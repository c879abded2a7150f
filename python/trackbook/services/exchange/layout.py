"""What lies where in an export, and what its files have in common."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
DESCRIPTION = "export.json"  # written last: a folder without it is no export
RECORDS = "records.jsonl"
POINTS = "points.parquet"
BLOB_LIST = "blobs.parquet"
BLOBS = "blobs"
NOTEBOOKS = "notebooks"
_CHUNK = 1024 * 1024


class Project(Struct, frozen=True):
    """The project that was exported."""

    id: str
    name: str


class Counts(Struct, frozen=True):
    """How much an export holds."""

    runs: int
    jobs: int
    points: int
    blobs: int


class File(Struct, frozen=True):
    """A file of an export: its size in bytes, and the SHA-256 of its bytes."""

    size: int
    sha256: str


class Description(Struct, frozen=True):
    """What `export.json` says. `query` is the search that chose the runs, None for all; `artifacts` tells whether
    the content of artifacts came along; `missing` lists the digests of content that the store itself lacked.
    """

    format: int
    trackbook: str
    project: Project
    exported: datetime
    query: str | None
    artifacts: bool
    counts: Counts
    files: dict[str, File]
    missing: list[str] = []
    unread: int = 0


def points_schema() -> "pa.Schema":
    """Return the columns of `points.parquet`."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("run_id", pa.string(), nullable=False),
            pa.field("writer", pa.string(), nullable=False),
            pa.field("key", pa.string(), nullable=False),
            pa.field("context", pa.string(), nullable=False),
            pa.field("step", pa.int64(), nullable=False),
            pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
            pa.field("value", pa.float64(), nullable=False),
        ]
    )


def blobs_schema() -> "pa.Schema":
    """Return the columns of `blobs.parquet`."""
    import pyarrow as pa

    return pa.schema(
        [pa.field("digest", pa.string(), nullable=False), pa.field("size", pa.int64(), nullable=False)]
    )


def describe_file(path: Path) -> File:
    """Return a file's size and digest."""
    sha, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
            size += len(chunk)
    return File(size, sha.hexdigest())


def write_description(folder: Path, description: Description) -> None:
    """Write `export.json`, which makes the folder an export."""
    text = msgspec.json.format(msgspec.json.encode(description), indent=2)
    (folder / DESCRIPTION).write_bytes(text + b"\n")
