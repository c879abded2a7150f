"""Saved views: kept with the project, found again after a rebuild, and never written over unseen."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trackbook.domain.bulk import BulkRequest
from trackbook.domain.ids import new_id
from trackbook.domain.view import MOST_CONTENT, View, ViewChange, ViewDraft
from trackbook.errors import Conflict, InvalidName, NotFound, UsageError
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    services = open_services(new_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def test_views_live_through_changes_and_a_rebuild(services: Services) -> None:
    views = services.views
    content = {"columns": ["name", "µ"], "odd": [None, 1.5, {"a": True}]}
    first = views.create(ViewDraft("Größe", "table", content))
    other = views.create(ViewDraft("Größe", "board", {}))  # names are one kind's own
    gone = views.create(ViewDraft("gone", "table", {}))
    assert (first.revision, first.content, first.created) == (1, content, first.updated)
    changed = views.change(first.id, ViewChange(1, name="new name"))
    changed = views.change(first.id, ViewChange(2, content={"a": 1}))
    assert (changed.name, changed.content, changed.revision) == ("new name", {"a": 1}, 3)
    assert changed.created == first.created < changed.updated
    assert views.delete(gone.id) == gone
    with pytest.raises(NotFound):
        views.get(gone.id)
    assert views.create(ViewDraft("gone", "table", {})).id != gone.id
    before = views.list()
    assert [(view.kind, view.name) for view in before] == [
        ("board", "Größe"),
        ("table", "gone"),
        ("table", "new name"),
    ]
    assert before[0] == other
    rebuild(services.store).close()
    again = open_services(services.store)
    assert again.views.list() == before
    with pytest.raises(NotFound):
        again.views.get(gone.id)
    again.database.close()


def test_what_is_refused_changes_nothing(services: Services) -> None:
    views = services.views
    first = views.create(ViewDraft("a", "table", {}))
    second = views.create(ViewDraft("b", "table", {}))
    with pytest.raises(Conflict, match="already"):
        views.create(ViewDraft("a", "table", {}))
    with pytest.raises(Conflict, match="already"):
        views.change(second.id, ViewChange(1, name="a"))
    views.change(first.id, ViewChange(1, content={"by": "one"}))
    with pytest.raises(Conflict, match="somebody else"):
        views.change(first.id, ViewChange(1, content={"by": "other"}))
    with pytest.raises(InvalidName):
        views.create(ViewDraft(" ", "table", {}))
    with pytest.raises(UsageError, match="at most 262,144 bytes"):
        views.create(ViewDraft("large", "table", {"a": "x" * MOST_CONTENT}))
    for call in (
        lambda: views.get(new_id()),
        lambda: views.delete(new_id()),
        lambda: views.change(new_id(), ViewChange(1)),
    ):
        with pytest.raises(NotFound):
            call()
    assert [(view.name, view.content, view.revision) for view in views.list()] == [
        ("a", {"by": "one"}, 2),
        ("b", {}, 1),
    ]


def test_of_two_that_save_at_the_same_time_one_is_told(services: Services) -> None:
    others = open_services(services.store)
    view = services.views.create(ViewDraft("a", "table", {}))
    saved: list[View] = []
    told: list[Conflict] = []

    def save(by: Services, name: str) -> None:
        try:
            saved.append(by.views.change(view.id, ViewChange(1, content={"by": name})))
        except Conflict as error:
            told.append(error)

    threads = [threading.Thread(target=save, args=pair) for pair in ((services, "one"), (others, "two"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert (len(saved), len(told)) == (1, 1)
    assert services.views.get(view.id) == saved[0]
    others.database.close()


def test_many_runs_are_changed_at_once_and_back(services: Services) -> None:
    ids = []
    for number in range(4):
        run = RunRecorder.start(services.store, experiment="e", tags={"team": "a"} if number else {})
        run.end()
        ids.append(run.run_id)
    services.edits.trash(ids[3])
    services.runs.refresh(timeout=60.0)
    unknown = new_id()
    result = services.bulk_edits.apply(BulkRequest([*ids, unknown, ids[0]], "trash"))
    assert result.changed == ids[:3]
    assert [one.id for one in result.failed] == [unknown]
    assert unknown in result.failed[0].message
    assert services.runs.search(trashed=True).total == 4
    assert services.bulk_edits.apply(BulkRequest(result.changed, "restore")).changed == ids[:3]
    assert [run.id for run in services.runs.search(trashed=True).runs] == [ids[3]]
    assert services.bulk_edits.apply(BulkRequest(ids, "tag", {"team": "a", "x": None})).changed == [ids[0]]
    assert services.bulk_edits.apply(BulkRequest(ids[:2], "untag", {"team": "any"})).changed == ids[:2]
    assert services.runs.search("tags.team is null").total == 2
    for asked in (BulkRequest(ids, "tag"), BulkRequest(ids, "tag", {"": "x"})):
        with pytest.raises(UsageError):
            services.bulk_edits.apply(asked)
