"""Data that a run used: which version of it, where it lay, and what is in it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

DataKind = Literal["file", "folder", "table", "database", "other"]
DataRole = Literal["train", "validation", "test"]
DataOrigin = Literal["declared", "observed"]

ROLES: tuple[DataRole, ...] = ("train", "validation", "test")


class Column(Struct, frozen=True):
    """A column of a table: its name and its type as the library that read it calls it."""

    name: str
    type: str


class DataInput(Struct, frozen=True):
    """One version of some data that a run used.

    `place` says where it lay: a path relative to the project with forward slashes where it lies inside, else an
    absolute path or a URL; `name:NAME` for a table that was only in memory. `digest` is SHA-256 in hex, None until it
    is known or where it can't be; equal digests are the same version, whatever the place. `size` is in bytes. `changed`
    tells that a file was written to while it was read. A folder's `manifest` is the digest of the blob that lists its
    `files`. `origin` tells whether the user named it, or a reader was seen to open it; `reader` is what read it
    ("open", "pandas").
    """

    name: str
    place: str
    kind: DataKind
    origin: DataOrigin
    digest: str | None = None
    size: int | None = None
    role: DataRole | None = None
    reader: str | None = None
    rows: int | None = None
    columns: list[Column] | None = None
    files: int | None = None
    manifest: str | None = None
    changed: bool = False
    problem: str | None = None


class UsedData(Struct, frozen=True):
    """That a run used a version of some data: when it was seen first or said last, and in which cell."""

    data: DataInput
    at: datetime
    cell_id: str | None = None
