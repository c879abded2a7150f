"""Saved views: how somebody likes to look at a project's runs, under a name, for all who work on it."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

MOST_CONTENT = 256 * 1024

ViewKind = Literal["table", "board"]


class View(Struct, frozen=True):
    """A saved view. `content` is the front end's own; `revision` counts how often the view was saved, from 1."""

    id: str
    name: str
    kind: ViewKind
    content: dict[str, Any]
    created: datetime
    updated: datetime
    revision: int


class ViewDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A view to be saved under a name that no other of its kind has."""

    name: str
    kind: ViewKind
    content: dict[str, Any]


class ViewChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What a view is to be; `revision` is the one that was changed. What is not given stays."""

    revision: int
    name: str | None = None
    content: dict[str, Any] | None = None
