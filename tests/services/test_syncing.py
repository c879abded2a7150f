"""TRACKBOOK_SYNC: what is tracked is brought to the disk itself."""

import multiprocessing
import os
import time

import pytest

import trackbook as tb
from trackbook.config import SYNC
from trackbook.services import syncing
from trackbook.services.recorder import StorageWarning
from trackbook.store.paths import StorePaths


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "trackbook.api.starting.ensure_ingester", lambda store: False
    )  # journals stay journals
    yield StorePaths(tmp_path / ".trackbook")
    while (run := tb.current_run()) is not None:
        run.end()


@pytest.fixture
def disk(monkeypatch):
    """What is on the disk: the size of each file when it was brought there, in that order."""
    sizes, bring = {}, syncing.bring_to_disk

    def note(path):
        size = path.stat().st_size
        bring(path)
        sizes.pop(path, None)
        sizes[path] = size

    monkeypatch.setattr(syncing, "bring_to_disk", note)
    return sizes


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def journals(store):
    return [path for _, path in store.list_journals()]


def test_what_is_logged_comes_to_the_disk_while_the_run_goes_on(store, disk, monkeypatch):
    monkeypatch.setenv(SYNC, "0.01")
    run = tb.start_run("e")
    run.surroundings.wait(60)
    run.log({"loss": 1})
    (journal,) = journals(store)
    until(lambda: disk.get(journal) == journal.stat().st_size)
    run.log({"loss": 2})
    until(lambda: disk.get(journal) == journal.stat().st_size)
    assert {journal.parent, store.journals, store.root, store.project} <= set(disk)


def test_an_ended_run_is_on_the_disk_with_its_blobs_before_it(store, disk, monkeypatch):
    monkeypatch.setenv(SYNC, "3600")
    run = tb.start_run("e")
    run.surroundings.wait(60)
    tb.artifact(b"weights", "model.bin")
    (blob,) = [path for path in store.blobs.rglob("*") if path.is_file() and path.read_bytes() == b"weights"]
    (journal,) = journals(store)
    assert journal not in disk
    run.end()
    assert disk[journal] == journal.stat().st_size
    order = list(disk)
    assert order.index(blob) < order.index(store.blobs) < order.index(journal)
    assert blob.parent in disk


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_what_a_forked_child_logs_comes_to_the_disk_too(store, disk, monkeypatch):
    monkeypatch.setenv(SYNC, "0.01")
    run = tb.start_run("e")
    run.surroundings.wait(60)
    child = multiprocessing.get_context("fork").Process(target=lambda: (run.log({"loss": 1}), run.end()))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert len(journals(store)) == 2
    until(lambda: all(disk.get(path) == path.stat().st_size for path in journals(store)))


def test_a_disk_that_fails_is_warned_of_once(store, monkeypatch):
    def fail(path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(syncing, "bring_to_disk", fail)
    monkeypatch.setenv(SYNC, "3600")
    run = tb.start_run("e")
    with pytest.warns(StorageWarning, match="Input/output error") as caught:
        run.end()
    assert len(caught) == 1


def test_without_the_setting_nobody_waits_for_the_disk(store, disk):
    with tb.start_run("e") as run:
        run.log({"loss": 1})
    assert disk == {}
