"""A store of the test's own that no ingester reads meanwhile, and autologging that ends with the test."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trackbook as tb
from trackbook.domain import records as r
from trackbook.integrations import watching
from trackbook.integrations.fits import close_late
from trackbook.services.surroundings import wait_for_captures
from trackbook.store.blobs import BlobStore
from trackbook.store.journal import read_records
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths, create_store


@pytest.fixture(autouse=True)
def _no_threads_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests of this process left running is no thread of the user's."""
    before = set(threading.enumerate())
    monkeypatch.setattr(
        "trackbook.integrations.sklearn_fit._threads",
        lambda: [thread for thread in threading.enumerate() if thread not in before],
    )


class Logged:
    """A run as its journals tell it."""

    def __init__(self, store: StorePaths, run_id: str) -> None:
        self.id = run_id
        self._blobs = BlobStore(store.blobs)
        self.records = [
            record
            for name, path in store.list_journals()
            if name.subject == run_id
            for record in read_records(path)
        ]
        self.records.sort(key=lambda record: record.at)

    def all(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def start(self) -> r.RunStarted:
        (start,) = self.all(r.RunStarted)
        return start

    @property
    def status(self) -> str | None:
        ends = self.all(r.RunEnded)
        return ends[-1].status if ends else None

    @property
    def params(self) -> dict[str, Any]:
        return {key: value for record in self.all(r.ParamsSet) for key, value in record.values.items()}

    @property
    def tags(self) -> dict[str, str | None]:
        return {key: value for record in self.all(r.TagsSet) for key, value in record.values.items()}

    def points(self, key: str, **context: str) -> list[float]:
        """The values of one series, by step."""
        found = {
            record.step: record.values[key]
            for record in self.all(r.MetricsLogged)
            if key in record.values and (record.context or {}) == context
        }
        return [found[step] for step in sorted(found)]

    @property
    def series(self) -> set[tuple[str, ...]]:
        """Each metric's key, with the texts of its context; without the machine's, which comes in its own time."""
        return {
            (key, *(record.context or {}).values())
            for record in self.all(r.MetricsLogged)
            for key in record.values
            if not key.startswith("system/")
        }

    @property
    def artifacts(self) -> dict[str, bytes]:
        return {record.path: self._blobs.get(record.digest) for record in self.all(r.ArtifactStored)}


class Project:
    """The store, and what is in it."""

    def __init__(self, folder: Path) -> None:
        self.store = create_store(folder / ".trackbook")
        self._ingester = ProcessLock(self.store.ingester_lock)
        assert self._ingester.acquire()

    @property
    def runs(self) -> list[Logged]:
        """All runs, in the order in which they were opened."""
        ids = sorted({name.subject for name, _ in self.store.list_journals()} - {"project"})
        return [Logged(self.store, run_id) for run_id in ids]

    @property
    def run(self) -> Logged:
        (run,) = self.runs
        return run

    def close(self) -> None:
        self._ingester.release()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / ".trackbook"))
    project = Project(tmp_path)
    yield project
    tb.autolog(False)
    while (run := tb.current_run()) is not None:
        run.end()
    close_late()
    wait_for_captures(60)
    project.close()
    assert not watching.is_inside()
