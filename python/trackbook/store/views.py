"""Saved views in the index."""

import json
from typing import Any

from sqlalchemy import Connection, Row, select

from trackbook.domain.clock import to_datetime
from trackbook.domain.view import View
from trackbook.store import schema as t

_c = t.views.c
_VIEWS = select(t.views).where(_c.deleted.is_(False))


def read_views(connection: Connection) -> list[View]:
    """Return all views by kind and name."""
    return [_view(row) for row in connection.execute(_VIEWS.order_by(_c.kind, _c.name, _c.id))]


def read_view(connection: Connection, view_id: str) -> View | None:
    """Return a view; None if there is none of this id, or none any more."""
    row = connection.execute(_VIEWS.where(_c.id == view_id)).first()
    return None if row is None else _view(row)


def _view(row: Row[Any]) -> View:
    return View(
        id=row.id,
        name=row.name,
        kind=row.kind,
        content=json.loads(row.content),
        created=to_datetime(row.created),
        updated=to_datetime(row.at),
        revision=row.revision,
    )
