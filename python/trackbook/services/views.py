"""Saved views: kept in the project's own journal, so that they are everybody's and outlast the index."""

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

from trackbook.domain.clock import now, to_datetime, to_microseconds
from trackbook.domain.ids import new_id
from trackbook.domain.names import check_name
from trackbook.domain.records import Record, ViewDeleted, ViewSaved
from trackbook.domain.view import MOST_CONTENT, View, ViewChange, ViewDraft
from trackbook.errors import Conflict, NotFound, StoreError, UsageError
from trackbook.services.recorder import RunRecorder
from trackbook.services.runs import Runs
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import PROJECT_SUBJECT
from trackbook.store.place import Place
from trackbook.store.views import read_view, read_views

_SECONDS = 30.0


class Views:
    """Saves and reads the views of one store."""

    def __init__(self, place: Place, runs: Runs) -> None:
        self._place, self._runs = place, runs
        self._mutex = threading.Lock()

    def list(self) -> list[View]:
        """Return all views by kind and name."""
        with self._place.database.read() as connection:
            return read_views(connection)

    def get(self, view_id: str) -> View:
        """Return a view. Raises NotFound for an unknown or deleted one."""
        with self._place.database.read() as connection:
            found = read_view(connection, view_id)
        if found is None:
            raise NotFound("view", view_id)
        return found

    def create(self, draft: ViewDraft) -> View:
        """Save a new view.

        Raises Conflict if another of its kind has the name, InvalidName and UsageError for what can't be saved.
        """
        at = now()
        view = View(new_id(), draft.name, draft.kind, draft.content, to_datetime(at), to_datetime(at), 1)
        with self._alone():
            return self._save(view)

    def change(self, view_id: str, change: ViewChange) -> View:
        """Save a view that was changed, under another name if one is given.

        Raises Conflict if somebody else has changed it since `change.revision`, or if the name is taken.
        """
        with self._alone():
            known = self.get(view_id)
            if known.revision != change.revision:
                raise Conflict(
                    f"The view {known.name!r} was changed by somebody else meanwhile; look at it before you save yours."
                )
            name = known.name if change.name is None else change.name
            content = known.content if change.content is None else change.content
            at = to_datetime(max(now(), to_microseconds(known.updated) + 1))
            return self._save(View(view_id, name, known.kind, content, known.created, at, known.revision + 1))

    def delete(self, view_id: str) -> View:
        """Delete a view; returns it as it was."""
        with self._alone():
            known = self.get(view_id)
            self._write(ViewDeleted(max(now(), to_microseconds(known.updated) + 1), view_id))
        return known

    def _save(self, view: View) -> View:
        check_name("view", view.name)
        content = _encode(view.content)
        if any(
            other.name == view.name and other.kind == view.kind and other.id != view.id
            for other in self.list()
        ):
            raise Conflict(f"There is a view {view.name!r} already; choose another name.")
        record = ViewSaved(
            to_microseconds(view.updated),
            view.id,
            view.kind,
            view.name,
            content,
            to_microseconds(view.created),
            view.revision,
        )
        if not self._write(record):
            return view  # it is kept, and will be seen
        saved = self.get(view.id)
        if saved.updated != view.updated:  # on another machine, in the same moment
            raise Conflict(f"The view {view.name!r} was saved by somebody else at the same time.")
        return saved

    def _write(self, record: Record) -> bool:
        writer = RunRecorder.join(self._place.paths, PROJECT_SUBJECT, role="editor")
        try:
            writer.append(record)
        finally:
            writer.close()
        return self._runs.refresh(timeout=_SECONDS)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """See to it that between a look and the record that it leads to nobody else on this machine writes one."""
        lock = ProcessLock(self._place.paths.root / "views.lock")
        with self._mutex:
            if not lock.acquire(timeout=_SECONDS):
                raise StoreError(self._place.paths.root, "another process has been saving a view for long")
            try:
                self._runs.refresh(timeout=_SECONDS)
                yield
            finally:
                lock.release()


def _encode(content: dict[str, Any]) -> str:
    try:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError("A view holds no lone surrogates.") from error
    if size > MOST_CONTENT:
        raise UsageError(f"A view has at most {MOST_CONTENT:,} bytes as JSON, not {size:,}.")
    return text
