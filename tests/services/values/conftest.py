"""A run of this process, and what it logged as a reader finds it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import trackbook as tb
from trackbook.domain.rich import RichValue
from trackbook.services.context import Services, open_services
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import create_store


class Logged:
    """A rich value with its bytes, as it came back from the index."""

    def __init__(self, value: RichValue, data: bytes) -> None:
        self.value = value
        self.data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)

    @property
    def json(self) -> Any:
        return json.loads(self.data)


@pytest.fixture
def ingester(tmp_path: Path) -> Iterator[ProcessLock]:
    """Keeps ingesters away until it is released: each is a process of its own, and these readers do without."""
    lock = ProcessLock(create_store(tmp_path / ".trackbook").ingester_lock)
    assert lock.acquire()
    yield lock
    lock.release()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ingester: ProcessLock) -> Iterator[tb.Run]:
    monkeypatch.chdir(tmp_path)
    with tb.start_run("values") as run:
        yield run


@pytest.fixture
def services(run: tb.Run, ingester: ProcessLock) -> Iterator[Callable[[], Services]]:
    """End the run and return the services that read it."""
    opened: list[Services] = []

    def services() -> Services:
        run.end()
        ingester.release()
        opened.append(open_services(run.recorder.store))
        assert opened[-1].runs.refresh(timeout=60.0)
        return opened[-1]

    yield services
    for one in opened:
        one.close()


@pytest.fixture
def stored(run: tb.Run, services: Callable[[], Services]) -> Callable[[], list[Logged]]:
    """End the run and return its rich values by key, context and step."""

    def stored() -> list[Logged]:
        values = services().values
        found = []
        for logged in values.list(run.id):
            value = logged.value
            _, file = values.open(run.id, value.key, value.step, value.context)
            found.append(Logged(value, file.read_bytes()))
        return found

    return stored
