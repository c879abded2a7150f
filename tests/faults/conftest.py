"""What the tests of faults share: a store in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from crowd import close_nursery, stop_ingester

from trackbook.services.opening import open_place
from trackbook.store.paths import StorePaths, create_store
from trackbook.store.place import Place


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StorePaths]:
    """A new store; an ingester that a test left running ends with it."""
    store = create_store(tmp_path / "project" / ".trackbook")
    yield store
    stop_ingester(store)


@pytest.fixture
def place(store: StorePaths) -> Iterator[Place]:
    """The index of that store."""
    place = open_place(store)
    yield place
    place.close()


@pytest.fixture(scope="package", autouse=True)
def _nursery() -> Iterator[None]:
    yield
    close_nursery()


@pytest.fixture(autouse=True)
def _own_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKBOOK_SPOOL", str(tmp_path / "spool"))
    for name in ("TRACKBOOK_STORE", "TRACKBOOK_RUN", "TRACKBOOK_JOB"):
        monkeypatch.delenv(name, raising=False)
