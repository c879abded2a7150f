"""Structs of the domain as columns of a table: numbers, texts and times as such, whatever else as JSON text."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from trackbook.domain.values import to_wire

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what it holds (text, int, float, bool, time or json), and how a struct gives its value."""

    name: str
    kind: str
    get: Callable[[Any], Any]


_KINDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "text",
    inspect.IntType: "int",
    inspect.FloatType: "float",
    inspect.BoolType: "bool",
    inspect.DateTimeType: "time",
}


def struct_columns(struct: type[msgspec.Struct], leave_out: Sequence[str] = ()) -> list[Column]:
    """Return the columns for a struct's fields. One inside it that has scalars alone becomes columns, too."""
    columns: list[Column] = []
    for field in _fields(struct):
        if field.name in leave_out:
            continue
        kind = _kind(field.type)
        inner = field.type.cls if isinstance(field.type, inspect.StructType) else None
        if inner is not None and all(_kind(part.type) != "json" for part in _fields(inner)):
            columns += [
                Column(f"{field.name}_{part.name}", _kind(part.type), attrgetter(f"{field.name}.{part.name}"))
                for part in _fields(inner)
            ]
        else:
            columns.append(Column(field.name, kind, attrgetter(field.name)))
    return columns


def table_schema(columns: Iterable[Column]) -> "pa.Schema":
    """Return the Arrow schema of these columns."""
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "json": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
    }
    return pa.schema([(column.name, types[column.kind]) for column in columns])


def make_table(columns: Sequence[Column], rows: Sequence[Any]) -> "pa.Table":
    """Return the rows, each of them what the columns take their values from, as an Arrow table."""
    import pyarrow as pa

    schema = table_schema(columns)
    arrays = []
    for column, field in zip(columns, schema, strict=True):
        values = [column.get(row) for row in rows]
        if column.kind == "json":
            values = [None if value is None else json_text(value) for value in values]
        elif column.kind == "text":
            values = [None if value is None else storable_text(value) for value in values]
        arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def json_text(value: Any) -> str:
    """Return a value as JSON text, NaN and infinities as the strings "NaN", "Infinity" and "-Infinity"."""
    text = json.dumps(to_wire(msgspec.to_builtins(value)), ensure_ascii=False, separators=(",", ":"))
    return storable_text(text)


def storable_text(text: str) -> str:
    """Return text with the escapes of lone surrogates, which UTF-8 has no place for."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _fields(struct: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _kind(found: inspect.Type) -> str:
    if isinstance(found, inspect.UnionType):
        others = [part for part in found.types if not isinstance(part, inspect.NoneType)]
        return _kind(others[0]) if len(others) == 1 else "json"
    if isinstance(found, inspect.LiteralType):
        return "text" if all(isinstance(value, str) for value in found.values) else "json"
    return _KINDS.get(type(found), "json")
