"""What a search names and no run has: a metric, a parameter or a tag."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from trackbook.domain.metric import series_name
from trackbook.domain.query import Metric, Param, Tag, series_candidates, written_field
from trackbook.store import schema as t
from trackbook.store.query_parser import parse_order, parse_query
from trackbook.store.segments import context_text

_MOST_NAMES = 10_000
_MOST_SHOWN = 3


def unknown_keys(connection: Connection, query: str, order_by: str) -> list[str]:
    """Return a sentence for each metric, parameter and tag in a search that no run has, with the nearest names.

    Raises QueryError for a search that can't be read.
    """
    fields = dict.fromkeys(_fields((parse_query(query), parse_order(order_by))))
    return [sentence for field in fields if (sentence := _missing(connection, field))]


def _fields(value: Any) -> Iterator[Metric | Param | Tag]:
    if isinstance(value, (Metric, Param, Tag)):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _fields(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _fields(item)


def _missing(connection: Connection, field: Metric | Param | Tag) -> str | None:
    match field:
        case Metric(name):
            s = t.series.c
            for key, context in series_candidates(name):
                there = select(s.run_id).where(s.key == key, s.context == context_text(context)).limit(1)
                if connection.execute(there).first() is not None:
                    return None
            rows = connection.execute(select(s.key, s.context).distinct().limit(_MOST_NAMES))
            return _sentence(
                "metric",
                name,
                [
                    series_name(key, msgspec.json.decode(context, type=dict[str, Any]))
                    for key, context in rows
                ],
            )
        case Param(key) | Tag(key):
            kind, table = ("param", t.params) if isinstance(field, Param) else ("tag", t.tags)
            if connection.execute(select(table.c.run_id).where(table.c.key == key).limit(1)).first():
                return None
            names = connection.execute(select(table.c.key).distinct().limit(_MOST_NAMES)).scalars()
            return _sentence(kind, key, list(names))


def _sentence(kind: str, name: str, known: list[str]) -> str:
    word = "parameter" if kind == "param" else kind
    same = sorted(other for other in known if other.startswith(f"{name}{{"))
    near = (same or get_close_matches(name, known, _MOST_SHOWN))[:_MOST_SHOWN]
    if not near:
        return f"No run has a {word} {name}."
    written = [written_field(f"{kind}s", other) for other in near]
    return f"No run has a {word} {name}. Did you mean {' or '.join(written)}?"
