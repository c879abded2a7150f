"""Segments: sealed journal files. Points lie in them as columns, all other records as they were.

File: magic | blocks | footer (msgpack) | length of the footer (4 bytes, little endian) | CRC-32 of the footer (4).
The footer says where each block lies. A segment replaces its journal file and holds all that was in it.

Segments of format 1, which end their magic with 1, have columns for each series; those of format 2 pack short series
together.
"""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import zstandard

from trackbook.domain.ids import new_id
from trackbook.domain.metric import Context
from trackbook.domain.records import MetricsLogged, PointsLogged, Record
from trackbook.errors import CorruptRecord
from trackbook.store.columns import Floats, Ints, decode_floats, decode_ints, encode_floats, encode_ints
from trackbook.store.durable import bring_to_disk
from trackbook.store.short_series import SHORT, Packed, Series, pack, unpack

FORMAT = 2
_BRAND = b"TBSEG\x00\x00"
MAGIC = _BRAND + bytes([FORMAT])
_TAIL = struct.Struct("<II")


@dataclass(slots=True)
class Columns:
    """Points of one series in logging order: steps, times in microseconds, values."""

    steps: Ints
    times: Ints
    values: Floats


SeriesKey = tuple[str, str]  # metric key, context as JSON text


class Unread(msgspec.Struct, frozen=True, array_like=True):
    """Bytes of a journal that could not be read, where they stood, and why."""

    position: int
    data: bytes
    reason: str


@dataclass(slots=True)
class PartContent:
    """What one journal file holds: points by series, and all other records in order.

    `unread` holds what this version could not read: a newer one may. `length` is the journal file's, in bytes; 0
    where an older version sealed it.
    """

    records: list[Record] = field(default_factory=list)
    points: dict[SeriesKey, Columns] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    length: int = 0


class _Series(msgspec.Struct, array_like=True):
    key: str
    context: str
    count: int
    steps: tuple[int, int]
    times: tuple[int, int]
    values: tuple[int, int]


class _Footer(msgspec.Struct):
    format: int
    records: tuple[int, int]
    series: list[_Series]
    unread: list[Unread] = []
    short: Packed | None = None
    length: int = 0
    # Of all that stands before the footer; None in segments of the first versions.
    checksum: int | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode_footer = msgspec.msgpack.Decoder(_Footer).decode
_decode_records = msgspec.msgpack.Decoder(list[Record]).decode


def context_text(context: Context | None) -> str:
    """Return a context as JSON text with sorted keys, "{}" for none: one spelling for one context."""
    return msgspec.json.encode(context or {}, order="deterministic").decode()


def separate(records: Iterable[Record]) -> PartContent:
    """Part points from other records, keeping the order within each."""
    content = PartContent()
    gathered: dict[SeriesKey, tuple[list[int], list[int], list[float]]] = {}
    for record in records:
        if not isinstance(record, MetricsLogged):
            if isinstance(record, PointsLogged):
                if not len((columns := columns_of(record)).values):
                    continue
                known = gathered.setdefault((record.key, context_text(record.context)), ([], [], []))
                known[0].extend(columns.steps.tolist())
                known[1].extend(columns.times.tolist())
                known[2].extend(columns.values.tolist())
            else:
                content.records.append(record)
            continue
        context = context_text(record.context)
        for key, value in record.values.items():
            lists = gathered.get((key, context))
            if lists is None:
                lists = gathered[key, context] = ([], [], [])
            lists[0].append(record.step)
            lists[1].append(record.at)
            lists[2].append(value)
    for series, (steps, times, values) in gathered.items():
        content.points[series] = Columns(
            np.array(steps, np.int64), np.array(times, np.int64), np.array(values, np.float64)
        )
    return content


def columns_of(record: PointsLogged) -> Columns:
    """Return the points of one record; those of columns that are cut short end with the shortest."""
    count = min(len(record.steps), len(record.times), len(record.values)) // 8
    return Columns(
        np.frombuffer(record.steps, "<i8", count).astype(np.int64),
        np.frombuffer(record.times, "<i8", count).astype(np.int64),
        np.frombuffer(record.values, "<f8", count).astype(np.float64),
    )


def points_record(key: str, context: Context | None, columns: Columns) -> PointsLogged:
    """Return the one record that holds these points, of which there is at least one."""
    return PointsLogged(
        int(columns.times[-1]),
        key,
        context or None,
        columns.steps.astype("<i8").tobytes(),
        columns.times.astype("<i8").tobytes(),
        columns.values.astype("<f8").tobytes(),
    )


def write_segment(path: Path, content: PartContent) -> None:
    """Write a segment file; it appears whole, and is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two machines may do so at the same moment, where the one that wrote the journal was thought to be gone.
    draft = path.with_name(f"{path.stem}-{new_id()}.draft")
    write_draft(draft, content)
    bring_to_disk(draft)
    os.replace(draft, path)


def write_draft(path: Path, content: PartContent) -> None:
    """Write the bytes of a segment to a file, which is not on the disk yet when this returns."""
    with open(path, "wb") as file:
        file.write(MAGIC)
        checksum = zlib.crc32(MAGIC)

        def put(block: bytes) -> tuple[int, int]:
            nonlocal checksum
            position = file.tell()
            file.write(block)
            checksum = zlib.crc32(block, checksum)
            return position, len(block)

        short = pack(
            [
                (key, context, columns.steps, columns.times, columns.values)
                for (key, context), columns in content.points.items()
                if len(columns.values) < SHORT
            ],
            put,
        )
        records = put(zstandard.ZstdCompressor().compress(_encode(content.records)))
        series = [
            _Series(
                key,
                context,
                len(columns.values),
                put(encode_ints(columns.steps)),
                put(encode_ints(columns.times)),
                put(encode_floats(columns.values)),
            )
            for (key, context), columns in content.points.items()
            if len(columns.values) >= SHORT
        ]
        footer = _encode(_Footer(FORMAT, records, series, content.unread, short, content.length, checksum))
        file.write(footer + _TAIL.pack(len(footer), zlib.crc32(footer)))


def read_segment(path: Path) -> PartContent:
    """Return all that a segment holds. Raises CorruptRecord for a file that is damaged."""
    return parse_segment(path, path.read_bytes())


def parse_segment(source: object, data: bytes) -> PartContent:
    """Return all that the bytes of a segment hold; `source` says in an error whose they are."""
    footer = _read_footer(source, data)
    _check_blocks(source, data, footer)
    content = PartContent()
    try:
        content.records = _decode_records(zstandard.ZstdDecompressor().decompress(_cut(data, footer.records)))
        for series in footer.series:
            content.points[series.key, series.context] = _columns(data, series)
        for key, context, steps, times, values in _short_series(data, footer):
            content.points[key, context] = Columns(steps, times, values)
    except (msgspec.MsgspecError, zstandard.ZstdError, ValueError) as error:
        raise CorruptRecord(source, f"its records or points can't be read ({error})") from error
    content.unread, content.length = footer.unread, footer.length
    return content


def read_records(source: object, data: bytes) -> tuple[bytes, list[Record]]:
    """Return all of a segment but its points: its bytes, what could not be read included, and its records.

    Raises CorruptRecord for a segment that is damaged.
    """
    footer = _read_footer(source, data)
    try:
        raw = zstandard.ZstdDecompressor().decompress(_cut(data, footer.records))
        return raw + b"\0".join([b"", *(lost.data for lost in footer.unread)]), _decode_records(raw)
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise CorruptRecord(source, f"its records can't be read ({error})") from error


def read_columns(path: Path, key: str, context: str) -> Columns | None:
    """Return one series of a segment, None if it has none of that key and context (JSON text)."""
    return find_columns(path, path.read_bytes(), key, context)


def find_columns(source: object, data: bytes, key: str, context: str) -> Columns | None:
    """Return one series from the bytes of a segment, None if it has none of that key and context."""
    footer = _read_footer(source, data)
    for series in footer.series:
        if series.key == key and series.context == context:
            _check_blocks(source, data, footer)
            try:
                return _columns(data, series)
            except (zstandard.ZstdError, ValueError) as error:
                raise CorruptRecord(source, f"its points can't be read ({error})") from error
    if footer.short is not None:
        _check_blocks(source, data, footer)
        try:
            for name, where, steps, times, values in _short_series(data, footer):
                if name == key and where == context:
                    return Columns(steps, times, values)
        except (msgspec.MsgspecError, zstandard.ZstdError, ValueError) as error:
            raise CorruptRecord(source, f"its points can't be read ({error})") from error
    return None


def _read_footer(source: object, data: bytes) -> _Footer:
    if len(data) < len(MAGIC) + _TAIL.size or not data.startswith(_BRAND):
        raise CorruptRecord(source, "it is no segment, or its beginning is damaged")
    if not 1 <= data[len(_BRAND)] <= FORMAT:
        raise CorruptRecord(source, "a newer Trackbook wrote it; upgrade this one: pip install -U trackbook")
    length, checksum = _TAIL.unpack_from(data, len(data) - _TAIL.size)
    footer = data[len(data) - _TAIL.size - length : len(data) - _TAIL.size]
    if zlib.crc32(footer) != checksum:
        raise CorruptRecord(source, "its footer fails the checksum")
    try:
        return _decode_footer(footer)
    except msgspec.MsgspecError as error:
        raise CorruptRecord(source, f"its footer can't be read ({error})") from error


def _check_blocks(source: object, data: bytes, footer: _Footer) -> None:
    if footer.checksum is None:
        return
    length, _ = _TAIL.unpack_from(data, len(data) - _TAIL.size)
    if zlib.crc32(memoryview(data)[: len(data) - _TAIL.size - length]) != footer.checksum:
        raise CorruptRecord(source, "its contents fail the checksum")


def _columns(data: bytes, series: _Series) -> Columns:
    return Columns(
        decode_ints(_cut(data, series.steps)),
        decode_ints(_cut(data, series.times)),
        decode_floats(_cut(data, series.values)),
    )


def _short_series(data: bytes, footer: _Footer) -> Iterator[Series]:
    return iter(()) if footer.short is None else unpack(footer.short, partial(_cut, data))


def _cut(data: bytes, block: tuple[int, int]) -> bytes:
    return data[block[0] : block[0] + block[1]]
