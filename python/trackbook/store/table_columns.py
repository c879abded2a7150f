"""Which columns a run table can have: every parameter, metric, tag and data set that some run has."""

from collections.abc import Iterator
from typing import Final

import msgspec
from sqlalchemy import Connection, distinct, func, select

from trackbook.domain.data import DataInput
from trackbook.domain.metric import series_name
from trackbook.domain.query import ATTRIBUTES, written_field
from trackbook.domain.table import ColumnType, TableColumn
from trackbook.store import schema as t
from trackbook.store.parts import slices
from trackbook.store.rows import fetch

_SAMPLE: Final = 50
_BOOLEANS: Final = {"true", "false"}
_KIND_TYPES: Final[dict[str, ColumnType]] = {"number": "number", "text": "text", "time": "time"}
_DURATIONS: Final = ("duration", "active")
_decode_context = msgspec.json.Decoder(dict[str, str]).decode
_decode_data = msgspec.json.Decoder(DataInput).decode


def read_columns(connection: Connection) -> list[TableColumn]:
    """Return all columns, attributes first, each with the number of runs that have it, in the trash or not."""
    total = int(connection.execute(select(func.count()).select_from(t.runs)).scalar() or 0)
    columns = [
        TableColumn(name, "attribute", "duration" if name in _DURATIONS else _KIND_TYPES[kind], total)
        for name, kind in ATTRIBUTES.items()
    ]
    for found in (_params(connection), _metrics(connection), _tags(connection), _data(connection)):
        columns += sorted(found, key=lambda column: column.column)
    return columns


def _params(connection: Connection) -> Iterator[TableColumn]:
    p = t.params.c
    # `number` lies in the index that is read; the value itself would be looked up row by row.
    rows = fetch(connection, select(p.key, func.count(), func.count(p.number)).group_by(p.key))
    for key, count, numbers in rows:
        kind: ColumnType = "number" if numbers else "text"
        if not numbers:
            sample = select(p.value).where(p.key == key, p.value != "null").limit(_SAMPLE)
            values = set(connection.execute(sample).scalars())
            kind = "boolean" if values and values <= _BOOLEANS else "text"
        yield TableColumn(written_field("params", key), "param", kind, count)


def _metrics(connection: Connection) -> Iterator[TableColumn]:
    s, m = t.series.c, t.metric_definitions.c
    latest = select(m.key, func.max(m.at).label("at")).where(m.goal.is_not(None)).group_by(m.key).subquery()
    goals = dict(
        connection.execute(
            select(m.key, func.min(m.goal))
            .join_from(t.metric_definitions, latest, (latest.c.key == m.key) & (latest.c.at == m.at))
            .group_by(m.key)
        ).all()
    )
    rows = fetch(connection, select(s.key, s.context, func.count()).group_by(s.key, s.context))
    for key, context, count in rows:
        name = series_name("", _decode_context(context))
        yield TableColumn(written_field("metrics", key) + name, "metric", "number", count, goals.get(key))


def _tags(connection: Connection) -> Iterator[TableColumn]:
    g = t.tags.c
    rows = fetch(connection, select(g.key, func.count()).where(g.value.is_not(None)).group_by(g.key))
    for key, count in rows:
        yield TableColumn(written_field("tags", key), "tag", "text", count)


def _data(connection: Connection) -> Iterator[TableColumn]:
    d = t.data_inputs.c
    rows = fetch(
        connection,
        select(d.place, func.count(distinct(d.run_id)), func.max(d.data))
        .where(d.digest != "")
        .group_by(d.place),
    )
    counts: dict[str, int] = {}
    for _, count, data in rows:
        name = _decode_data(data).name
        counts[name] = counts.get(name, 0) + count
    for name, count in counts.items():
        yield TableColumn(written_field("data", name), "data", "text", count)


def read_lines(connection: Connection, ids: list[str], key: str, context: str) -> dict[str, str]:
    """Return the short line of a series in each of some runs, as JSON."""
    s = t.series.c
    chosen = select(s.run_id, s.spark).where(s.key == key, s.context == context)
    return {
        run: line for part in slices(ids) for run, line in fetch(connection, chosen.where(s.run_id.in_(part)))
    }
