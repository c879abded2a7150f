"""Data that the user names, and when its digests come."""

import hashlib
import json
import os
import time

import numpy as np
import pandas as pd
import polars as pl
import pytest

import trackbook as tb
from trackbook.capture import datafile
from trackbook.domain import records as r
from trackbook.errors import InvalidName, InvalidValue, NoActiveRun, UsageError
from trackbook.services import data
from trackbook.services.background import Background, background
from trackbook.services.data import data_of, finish_data
from trackbook.services.recorder import RunRecorder
from trackbook.store.journal import read_records
from trackbook.store.paths import create_store


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return create_store(tmp_path / ".trackbook")


@pytest.fixture
def run(store):
    recorder = RunRecorder.start(store, experiment="e")
    yield recorder
    background.wait(60)
    recorder.end()


@pytest.fixture
def slow(monkeypatch):
    """Digests that wait until they are let go."""
    import threading

    go = threading.Event()
    read = datafile._read

    def wait(*args):
        assert go.wait(60)
        return read(*args)

    monkeypatch.setattr(datafile, "_read", wait)
    yield go
    go.set()
    background.wait(60)


def said(store):
    """All data records, in the order of their time."""
    found = [x for _, path in store.list_journals() for x in read_records(path) if isinstance(x, r.DataUsed)]
    return [record.data for record in sorted(found, key=lambda record: record.at)]


def last(store):
    assert background.wait(60)
    return said(store)[-1]


def test_a_file_is_recorded_at_once_and_again_with_its_digest(store, run, slow, tmp_path):
    (tmp_path / "train.csv").write_text("a\n1\n")
    assert data_of(run).declare("train.csv") == "train.csv"
    (first,) = said(store)
    assert (first.name, first.place, first.kind, first.origin) == (
        "train.csv",
        "train.csv",
        "file",
        "declared",
    )
    assert (first.size, first.role, first.digest) == (4, "train", None)
    slow.set()
    found = last(store)
    assert (found.digest, found.rows) == (hashlib.sha256(b"a\n1\n").hexdigest(), 1)
    assert not found.changed


def test_a_file_that_changes_before_it_is_digested_is_marked(store, run, slow, tmp_path):
    (tmp_path / "a.bin").write_text("old")
    (tmp_path / "b.bin").write_text("busy")
    data_of(run).declare("b.bin")
    data_of(run).declare("a.bin")
    (tmp_path / "a.bin").write_text("newer")
    slow.set()
    found = last(store)
    assert found.changed
    assert found.digest == hashlib.sha256(b"newer").hexdigest()


def test_a_file_that_goes_before_it_is_digested_is_a_problem(store, run, slow, tmp_path):
    (tmp_path / "a.bin").write_text("x")
    (tmp_path / "b.bin").write_text("busy")
    data_of(run).declare("b.bin")
    data_of(run).declare("a.bin")
    (tmp_path / "a.bin").unlink()
    slow.set()
    assert (last(store).digest, last(store).problem) == (None, "No such file or directory")


def test_the_same_content_is_the_same_version_whatever_the_place(store, run, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}-outside.bin"
    outside.write_text("x")
    (tmp_path / "a.bin").write_text("x")
    assert data_of(run).declare(outside) == str(outside)
    data_of(run).declare(tmp_path / "a.bin", name="mine", role="test")
    found = last(store)
    assert (found.name, found.role) == ("mine", "test")
    assert len({item.digest for item in said(store) if item.digest}) == 1
    outside.unlink()


def test_a_folder_has_a_manifest_in_the_store(store, run, tmp_path):
    (tmp_path / "images").mkdir()
    for index in range(1200):
        (tmp_path / "images" / f"{index:04}.txt").write_text(str(index))
    data_of(run).declare("images")
    found = last(store)
    assert (found.kind, found.files, found.problem) == ("folder", 1200, None)
    manifest = json.loads(run.blobs.get(found.manifest))
    assert manifest[7] == {"path": "0007.txt", "size": 1, "digest": hashlib.sha256(b"7").hexdigest()}
    assert found.digest == found.manifest


def test_a_url_is_recorded_as_said_without_what_opens_it(store, run):
    declare = data_of(run).declare
    place = declare("s3://bucket/data/train.parquet?versionId=7&X-Amz-Signature=abc&token=t")
    assert place == "s3://bucket/data/train.parquet?versionId=7"
    assert declare("https://me:secret@example.org/test.csv") == "https://me@example.org/test.csv"
    first, second = said(store)
    assert (first.name, first.kind, first.role, first.digest) == ("train.parquet", "other", "train", None)
    assert (second.name, second.role) == ("test.csv", "test")


@pytest.mark.parametrize(
    "table", [pd.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [1, 2]}), np.zeros((2, 1))]
)
def test_a_table_in_memory(store, run, table):
    assert data_of(run).declare(table, name="X_test") == "name:X_test"
    found = last(store)
    assert (found.kind, found.rows, found.role, len(found.columns)) == ("table", 2, "test", 1)
    assert len(found.digest) == 64
    assert found.problem is None


def test_a_table_without_a_lasting_form_says_so(store, run):
    data_of(run).declare(pd.DataFrame({"a": [object()]}), name="odd")
    found = last(store)
    assert found.digest is None
    assert "no lasting form" in found.problem


def test_what_is_refused_says_what_to_do(run, tmp_path):
    declare = data_of(run).declare
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.bin").write_text("x")
    for arguments, kind, text in [
        (("missing.csv",), UsageError, "There is no file or folder 'missing.csv' in"),
        (("pipe",), UsageError, "pipe or a device"),
        (("",), UsageError, "empty path"),
        ((pd.DataFrame({"a": [1]}),), UsageError, "has no name of its own"),
        (([1, 2], "x"), UsageError, "A builtins list can't be recorded as data: name a file"),
        ((pl.LazyFrame({"a": [1]}), "x"), UsageError, "Collect it first"),
        (("a.bin", None, "training"), InvalidValue, "train, validation or test"),
        (("a.bin", " "), InvalidName, "it is empty"),
    ]:
        with pytest.raises(kind, match=text.replace("[", r"\[")):
            declare(*arguments)


def test_what_is_not_digested_when_the_run_ends_is_added_behind_its_end(store, slow, tmp_path):
    (tmp_path / "a.bin").write_text("x")
    run = RunRecorder.start(store, experiment="e")
    data_of(run).declare("a.bin")
    began = time.perf_counter()
    finish_data(run, 0.0)
    run.end()
    assert time.perf_counter() - began < 30
    assert [item.digest for item in said(store)] == [None]
    slow.set()
    assert last(store).digest == hashlib.sha256(b"x").hexdigest()
    records = [record for _, path in store.list_journals() for record in read_records(path)]
    assert [x.role for x in records if isinstance(x, r.WriterOpened)] == ["owner", "editor"]
    assert len([x for x in records if isinstance(x, r.WriterClosed)]) == 2
    assert list(store.journals.rglob("*.lock")) == []


def test_what_is_known_when_the_run_ends_needs_no_writer_behind_it(store, tmp_path):
    (tmp_path / "a.bin").write_text("x")
    os.utime(tmp_path / "a.bin", (1e9, 1e9))
    for _ in range(5):
        run = RunRecorder.start(store, experiment="e")
        data_of(run).declare("a.bin")
        background.wait(60)
        finish_data(run, 0.0)
        run.end()
    records = [record for _, path in store.list_journals() for record in read_records(path)]
    assert [x.role for x in records if isinstance(x, r.WriterOpened)] == ["owner"] * 5


def test_a_run_that_ended_takes_no_data(store, run, tmp_path):
    (tmp_path / "a.bin").write_text("x")
    run.end()
    with pytest.raises(UsageError, match="has ended"):
        data_of(run).declare("a.bin")


def test_a_fault_of_a_digest_reaches_nobody_and_the_next_is_worked_out(
    store, run, tmp_path, monkeypatch, caplog
):
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_text(name)
    digest = data.digest_file

    def fail(path, *args, **options):
        if path.endswith("a.bin"):
            raise RuntimeError("broken")
        return digest(path, *args, **options)

    monkeypatch.setattr(data, "digest_file", fail)
    data_of(run).declare("a.bin")
    data_of(run).declare("b.bin")
    assert last(store).place == "b.bin"
    assert last(store).digest
    assert "RuntimeError: broken" in caplog.text


def test_messages_go_between_the_steps_of_a_task():
    worker, order = Background(), []

    def task():
        worker.tell(lambda: order.append("message"))
        worker.rest()
        order.append("task")

    worker.put(task)
    worker.put(lambda: order.append("next"))
    assert worker.wait(60)
    assert order == ["message", "task", "next"]


def test_in_a_program_data_is_recorded_with_the_rest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / ".trackbook"))
    monkeypatch.setenv("TRACKBOOK_CAPTURE", "-data")
    (tmp_path / "train.csv").write_text("a\n1\n")
    (tmp_path / "other.csv").write_text("a\n1\n")
    with pytest.raises(NoActiveRun):
        tb.data("train.csv")
    with tb.start_run("e") as run:
        (tmp_path / "other.csv").read_text()
        assert tb.data("train.csv") == "train.csv"
        assert run.data(np.arange(3), name="y", role="validation") == "name:y"
    from trackbook import api

    services = api.open_project()
    try:
        services.runs.refresh(timeout=60)
        used = services.runs.detail(run.id).data
    finally:
        services.database.close()
    assert [(item.data.place, item.data.role) for item in used] == [
        ("name:y", "validation"),
        ("train.csv", "train"),
    ]
    assert all(item.data.digest for item in used)
