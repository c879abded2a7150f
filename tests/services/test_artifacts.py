"""Artifacts are found by run and path, and nothing else is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trackbook.domain.ids import new_id
from trackbook.errors import InvalidName, NotFound
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    services = open_services(new_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


@pytest.fixture
def run_id(services: Services) -> str:
    run = RunRecorder.start(services.store, experiment="e")
    run.store_artifact(b"old", "plots/größe µ.txt", cell_id="c1")
    run.store_artifact(b"newer", "plots/größe µ.txt", media_type="text/x-own")
    run.store_artifact(b"<b>", "a.html", kind="output")
    run.end()
    assert services.runs.refresh()
    return run.run_id


def test_artifacts_are_listed_by_path(services: Services, run_id: str) -> None:
    found = services.artifacts.list(run_id)
    assert [(artifact.path, artifact.size, artifact.kind) for artifact in found] == [
        ("a.html", 3, "output"),
        ("plots/größe µ.txt", 5, "file"),
    ]


def test_the_last_artifact_of_a_path_counts(services: Services, run_id: str) -> None:
    artifact, path = services.artifacts.open(run_id, "plots/größe µ.txt")
    assert path.read_bytes() == b"newer"
    assert (artifact.media_type, artifact.size) == ("text/x-own", 5)


@pytest.mark.parametrize(
    "path", ["../store.json", "/etc/passwd", "plots/../a.html", "a\\b", "", ".", "a//b", "a\0"]
)
def test_paths_that_lead_out_are_refused(services: Services, run_id: str, path: str) -> None:
    with pytest.raises(InvalidName):
        services.artifacts.open(run_id, path)


def test_what_is_not_there(services: Services, run_id: str) -> None:
    other = RunRecorder.start(services.store, experiment="e")
    other.end()
    assert services.runs.refresh()
    assert services.artifacts.list(other.run_id) == []
    for run, path in ((run_id, "b.html"), (other.run_id, "a.html"), (new_id(), "a.html"), ("..", "a.html")):
        with pytest.raises(NotFound):
            services.artifacts.open(run, path)
    with pytest.raises(NotFound):
        services.artifacts.list(new_id())


def test_bytes_that_are_gone(services: Services, run_id: str) -> None:
    _, path = services.artifacts.open(run_id, "a.html")
    path.unlink()
    if services.place.shared:  # that was a copy
        with services.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM blobs")
    with pytest.raises(NotFound):
        services.artifacts.open(run_id, "a.html")
