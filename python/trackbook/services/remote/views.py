"""Saved views of a served store."""

import msgspec

from trackbook.domain.view import View, ViewChange, ViewDraft
from trackbook.services.remote.connection import Connection
from trackbook.services.views import Views


class _Views(msgspec.Struct):
    views: list[View]


class RemoteViews(Views):
    """Saves and reads the views of a served store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> "list[View]":
        """Return all views by kind and name."""
        return self._connection.ask(_Views, "GET", self._path()).views

    def get(self, view_id: str) -> View:
        """Return a view; as `Views.get`."""
        return self._connection.ask(View, "GET", self._path(view_id))

    def create(self, draft: ViewDraft) -> View:
        """Save a new view; as `Views.create`."""
        return self._connection.ask(View, "POST", self._path(), body=msgspec.to_builtins(draft))

    def change(self, view_id: str, change: ViewChange) -> View:
        """Save a view that was changed; as `Views.change`."""
        return self._connection.ask(View, "PUT", self._path(view_id), body=msgspec.to_builtins(change))

    def delete(self, view_id: str) -> View:
        """Delete a view; returns it as it was."""
        return self._connection.ask(View, "DELETE", self._path(view_id))

    def _path(self, *parts: str) -> str:
        return self._connection.in_project("views", *parts)
