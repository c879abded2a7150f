"""Folders as artifacts, and artifacts that nobody waits for."""

import os
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import trackbook as tb
from trackbook.domain.records import ArtifactStored
from trackbook.errors import InvalidName, UsageError
from trackbook.services import folders
from trackbook.services.recorder import StorageWarning
from trackbook.store.blobs import BlobStore
from trackbook.store.journal import read_records
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import create_store


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tb.Run]:
    monkeypatch.chdir(tmp_path)
    ingester = ProcessLock(create_store(tmp_path / ".trackbook").ingester_lock)
    assert ingester.acquire()
    with tb.start_run("files") as run:
        yield run
    ingester.release()


def artifacts(run: tb.Run) -> dict[str, ArtifactStored]:
    store = run.recorder.store
    found = (
        record
        for name, path in store.list_journals()
        if name.subject == run.id
        for record in read_records(path)
    )
    return {record.path: record for record in found if isinstance(record, ArtifactStored)}


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return folder


def test_each_file_of_a_folder_is_stored(run: tb.Run, tmp_path: Path) -> None:
    folder = make(tmp_path / "out", "b.txt", "deep/größe µ.txt", ".hidden", ".trackbook/store.json")
    assert run.artifact(folder) == "out"
    assert run.artifact("out", "results/final", kind="output") == "results/final"
    stored = artifacts(run)
    assert set(stored) == {
        f"{root}/{name}"
        for root in ("out", "results/final")
        for name in (".hidden", "b.txt", "deep/größe µ.txt")
    }
    assert {record.kind for path, record in stored.items() if path.startswith("results")} == {"output"}
    blobs = BlobStore(run.recorder.store.blobs)
    assert blobs.get(stored["out/deep/größe µ.txt"].digest).decode() == "deep/größe µ.txt"


def test_the_working_directory_has_a_name(
    run: tb.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "here", "a.txt")
    monkeypatch.chdir(tmp_path / "here")
    assert run.artifact(".") == "here"
    assert set(artifacts(run)) == {"here/a.txt"}


def test_a_folder_that_links_to_itself(run: tb.Run, tmp_path: Path) -> None:
    folder = make(tmp_path / "out", "a.txt")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "gone").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "pipe")
    run.artifact(folder)
    assert set(artifacts(run)) == {"out/a.txt"}


def test_folders_that_are_refused_leave_nothing(
    run: tb.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="There is no file in the folder 'empty'"):
        run.artifact("empty")
    make(tmp_path / "odd", "a.txt", "b\\c.txt")
    with pytest.raises(InvalidName, match="relative path inside the run"):
        run.artifact("odd")
    with pytest.raises(InvalidName):
        run.artifact("odd", "../up")
    monkeypatch.setattr(folders, "MAX_FILES", 2)
    make(tmp_path / "many", "a", "b", "c")
    with pytest.raises(UsageError, match="has more than 2 files"):
        run.artifact("many")
    assert artifacts(run) == {}


def test_the_end_waits_for_what_nobody_waited_for(
    run: tb.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.txt", "out/b.txt")
    go_on = threading.Event()
    stores: list[str] = []
    real: Callable[..., str] = run.recorder.store_artifact

    def slow(source: Path | bytes, path: str, **options: object) -> str:
        assert go_on.wait(60)
        stores.append(threading.current_thread().name)
        return real(source, path, **options)

    monkeypatch.setattr(run.recorder, "store_artifact", slow)
    assert run.artifact("a.txt", wait=False) == "a.txt"
    assert run.artifact("out", wait=False) == "out"
    assert tb.artifact(b"x", "c.txt", wait=False) == "c.txt"
    assert stores == []
    go_on.set()
    run.end()
    assert set(artifacts(run)) == {"a.txt", "out/b.txt", "c.txt"}
    assert all(name.startswith("trackbook-artifacts") for name in stores)


def test_bad_input_is_said_at_once_and_later_trouble_warns(run: tb.Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no file 'no\.txt'"):
        run.artifact("no.txt", wait=False)
    with pytest.raises(InvalidName):
        run.artifact(b"x", "../x", wait=False)
    make(tmp_path, "gone.txt")
    hold, held = threading.Event(), threading.Event()
    run._uploads.add(lambda: (held.set(), hold.wait(60)))
    assert held.wait(60)
    run.artifact("gone.txt", wait=False)
    (tmp_path / "gone.txt").unlink()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hold.set()
        run.end()
    (warning,) = caught
    assert warning.category is StorageWarning
    assert "did not store an artifact: There is no file" in str(warning.message)
