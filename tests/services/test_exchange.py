"""Exports and imports: the same runs come back, whatever they hold and however often it is done."""

import json
import math
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import answers

from trackbook.config import Settings
from trackbook.domain import records as r
from trackbook.domain.cell import CellError
from trackbook.domain.environment import Environment, Git, Module
from trackbook.domain.ids import new_id
from trackbook.domain.job import JobSpec
from trackbook.domain.names import MAX_NAME
from trackbook.domain.run import RunDetail, RunError, Source
from trackbook.errors import Conflict, ExportError, NotFound, UsageError
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.exchange.layout import describe_file
from trackbook.services.exchange.recordtext import record_from_json, record_to_json
from trackbook.services.exchange.staging import Staging
from trackbook.services.ingester import ensure_ingester
from trackbook.services.past import fork_at
from trackbook.services.recorder import RunRecorder
from trackbook.services.snapshots import store_notebook
from trackbook.store.journal import JournalWriter
from trackbook.store.locks import is_held
from trackbook.store.paths import create_store

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {"cell_type": "markdown", "id": "intro", "metadata": {}, "source": "# Ünïcode"},
        {
            "cell_type": "code",
            "id": "work",
            "metadata": {},
            "execution_count": 3,
            "source": "lr = 0.1",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "hi\n"}],
        },
    ],
}


@contextmanager
def project(root: Path):
    """The services over a store of its own in `root`, everything in its index."""
    services = open_services(create_store(root / ".trackbook"))
    with closing(services.database):
        assert services.runs.refresh(30)
        yield services


def wait_for(condition) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def content(folder: Path) -> dict[str, bytes]:
    """The files of an export, without what is of the one moment and the one project."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    found = {name: path.read_bytes() for name, path in files.items()}
    description = json.loads(found["export.json"])
    found["export.json"] = repr({**description, "exported": None, "project": None}).encode()
    return found


def write_run(store, name: str = "first", **more) -> RunRecorder:
    """A run with something of everything."""
    run = RunRecorder.start(
        store,
        experiment="churn",
        name=name,
        params={"lr": 0.1, "model": {"kinds": ["a", None, True]}, "odd": math.nan, "text": "NaN"},
        tags={"team": "vision", "gone": "x"},
        source=Source("notebook", "train.ipynb", "kernel-1", "work", "message-1"),
        **more,
    )
    run.define_metric("acc", "max", "%")
    for step in range(50):
        run.log({"loss": 1 / (step + 1), "acc": step / 3}, step)
        run.log({"loss": 2 / (step + 1)}, step, {"subset": "val", "fold": "1"})
    for value in (math.nan, math.inf, -0.0, -math.inf):
        run.log({"odd": value})
    run.set_params({"lr": 0.2, "float": {"float": "NaN"}}, "work")
    run.set_tags({"gone": None})
    run.add_note("a line")
    run.store_artifact(b"weights of " + name.encode(), "models/best.bin", kind="model")
    order = run.cell_started("work", 1, "lr = '\udc80'")
    run.cell_finished(order, "ok", 0.25, NOTEBOOK["cells"][1]["outputs"])
    run.snapshot_taken("start", "document", store_notebook(run.blobs, NOTEBOOK))
    git = Git("a" * 40, "main", True)
    run.environment_captured(Environment("3.11", "Linux", "python", {"numpy": "2"}, {"cpu": "some"}, git))
    run.modules_captured([Module("helpers", "helpers.py", run.store_blob(b"x = 1") or "", 5)])
    return run


@pytest.fixture
def source(tmp_path):
    """A project with two runs that ended, one of them in the trash, and a job that ended."""
    root = tmp_path / "there"
    store = create_store(root / ".trackbook")
    write_run(store).end(message_id="message-9")
    second = write_run(store, "second", parent_id=new_id())
    second.end("failed", error=RunError("KeyError", "x", ["line"], 2, "work"), reason="It raised.")
    with project(root) as services:
        services.edits.trash(second.run_id)
        job = RunRecorder.join(store, new_id(), role="editor")
        spec = JobSpec(
            job.store_blob(b"{}") or "", "train.ipynb", "/there", {"lr": math.inf}, "churn", new_id()
        )
        job.append(r.JobSubmitted(10, spec))
        job.append(r.JobFinished(20, "finished"))
        job.close()
        assert services.runs.refresh(30)
        yield services


@pytest.fixture
def export(source, tmp_path):
    """The export of `source`."""
    source.exports.write(tmp_path / "export")
    return tmp_path / "export"


@pytest.fixture
def target(tmp_path):
    with project(tmp_path / "here") as services:
        yield services


def test_the_same_runs_come_back(source, export, target, tmp_path):
    report = target.imports.read(export)
    assert (len(report.added), report.jobs, report.points) == (2, 1, 308)
    assert answers(target) == answers(source)
    assert [run.number for run in target.runs.search().runs] == [1]
    assert [job.spec for job in target.jobs.list()] == [job.spec for job in source.jobs.list()]
    assert target.jobs.list()[0].status == "finished"
    target.exports.write(tmp_path / "again")
    assert content(tmp_path / "again") == content(export)
    rebuild(target.store).close()
    assert answers(target) == answers(source)


def test_an_import_can_be_repeated(export, target):
    target.imports.read(export)
    before, revision = answers(target), target.runs.revision()
    report = target.imports.read(export)
    assert (report.added, report.updated, report.points, report.blobs, report.jobs) == ([], [], 0, 0, 0)
    assert sorted(report.unchanged) == sorted(before)
    assert answers(target) == before
    assert target.runs.revision() == revision


def test_an_export_comes_into_its_own_store_without_a_change(source, export):
    before = answers(source)
    assert len(source.imports.read(export).unchanged) == 2
    assert answers(source) == before


def test_numbers_stay_where_they_are_free(source, export, target):
    own = [RunRecorder.start(target.store, experiment="own") for _ in range(1)]
    for run in own:
        run.end()
    target.runs.refresh(30)
    report = target.imports.read(export)
    first, second = sorted(report.added)
    assert [(one.id, one.number_there, one.number_here) for one in report.renumbered] == [(first, 1, 3)]
    assert target.runs.get(second).number == 2
    assert target.runs.get(own[0].run_id).number == 1
    rebuild(target.store).close()
    assert target.runs.get("3").id == first


def test_a_run_that_went_on_gets_what_it_lacks(source, target, tmp_path):
    run = write_run(source.store, "grows")
    source.runs.refresh(30)
    source.exports.write(tmp_path / "early")
    target.imports.read(tmp_path / "early")
    assert target.runs.get(run.run_id).status == "running"
    for step in range(50, 60):
        run.log({"loss": float(step)}, step)
    run.end()
    source.edits.rename(run.run_id, "grown")
    source.runs.refresh(30)
    source.exports.write(tmp_path / "late")
    report = target.imports.read(tmp_path / "late")
    assert (report.updated, len(report.unchanged), report.points) == ([run.run_id], 2, 10)
    assert answers(target) == answers(source)
    assert target.imports.read(tmp_path / "early").updated == []
    assert answers(target) == answers(source)
    rebuild(target.store).close()
    assert answers(target) == answers(source)


def test_a_run_that_is_another_under_the_same_id_stays(export, target, tmp_path):
    run_id = json.loads((export / "records.jsonl").read_text().splitlines()[0])["run"]
    lines = (export / "records.jsonl").read_text().splitlines()
    target.imports.read(export)
    before = answers(target)
    rewrite_records(
        export, [line.replace('"note"', '"name"').replace('"a line",false', '"other"') for line in lines]
    )
    report = target.imports.read(export)
    assert run_id in report.different
    assert report.added == report.updated == []
    assert answers(target) == before


def test_edits_of_both_sides_are_kept(source, export, target, tmp_path):
    target.imports.read(export)
    run_id = target.runs.get("1").id
    target.edits.set_tags(run_id, {"here": "1"})
    source.edits.set_tags(run_id, {"there": "2"})
    source.runs.refresh(30)
    target.runs.refresh(30)
    source.exports.write(tmp_path / "later")
    assert target.imports.read(tmp_path / "later").updated == [run_id]
    assert target.runs.get(run_id).tags == {"team": "vision", "here": "1", "there": "2"}


def test_an_export_of_some_runs(source, tmp_path):
    run = write_run(source.store, "third")
    run.end()
    source.runs.refresh(30)
    report = source.exports.write(tmp_path / "some", "name = 'third'")
    assert (report.runs, report.jobs, report.points) == (1, 0, 154)
    assert pq.read_table(tmp_path / "some" / "runs.parquet")["name"].to_pylist() == ["third"]
    empty = source.exports.write(tmp_path / "none", "name = 'nobody'")
    assert (empty.runs, empty.points) == (0, 0)
    assert pq.read_table(tmp_path / "none" / "points.parquet").num_rows == 0


def test_an_export_without_artifacts(source, target, tmp_path):
    source.exports.write(tmp_path / "light", artifacts=False)
    report = target.imports.read(tmp_path / "light")
    assert report.without_artifacts
    run_id = target.runs.get("1").id
    assert [one.path for one in target.artifacts.list(run_id)] == ["models/best.bin"]
    with pytest.raises(NotFound):
        target.artifacts.open(run_id, "models/best.bin")
    assert target.snapshots.notebook(run_id, "start") == NOTEBOOK


def test_the_tables_say_what_the_runs_are(source, export):
    tables = {path.stem: pq.read_table(path).to_pylist() for path in export.glob("*.parquet")}
    first = next(run for run in tables["runs"] if run["number"] == 1)
    shown = source.runs.get("1")
    assert (first["id"], first["started"], first["source_path"]) == (shown.id, shown.started, "train.ipynb")
    assert json.loads(first["params"])["odd"] == "NaN"
    of_first = {name: [row for row in rows if row.get("run_id") == shown.id] for name, rows in tables.items()}
    assert [(row["number"], row["current"]) for row in of_first["params"] if row["key"] == "lr"] == [
        (0.1, False), (0.2, True)
    ]  # fmt: skip
    odd = [row["value"] for row in of_first["points"] if row["key"] == "odd"]
    assert math.isnan(odd[0])
    assert odd[1:] == [math.inf, 0.0, -math.inf]
    assert math.copysign(1, odd[2]) == -1
    assert of_first["cells"][0]["source"] == "lr = '\\udc80'"
    notebook = json.loads((export / of_first["snapshots"][0]["notebook"]).read_bytes())
    assert notebook == NOTEBOOK
    assert {row["key"]: row["goal"] for row in of_first["metrics"]}["acc"] == "max"
    digests = {row["digest"]: row["size"] for row in tables["blobs"]}
    assert all((export / "blobs" / d[:2] / d).stat().st_size == size for d, size in digests.items())


def test_every_part_of_a_run_has_a_table():
    """Who adds a part to a run's details gives it a table, or says here why not."""
    shown = {
        "run",
        "series",
        "revisions",
        "artifacts",
        "cells",
        "environment",
        "modules",
        "snapshots",
        "attempts",
        "losses",
        "data",
        "values",
        "seeds",
        "secrets",
        "reproduction",
    }
    elsewhere = {"children", "forks"}  # runs.parquet has each run's parent, and from which it was forked
    assert {field.name for field in msgspec.structs.fields(RunDetail)} == shown | elsewhere


def test_a_fork_brings_along_the_run_whose_history_it_shares(source, target, tmp_path):
    origin = write_run(source.store, "origin")
    source.runs.refresh(30)
    past, shared = fork_at(source.store, origin.run_id, 10)
    fork = RunRecorder.start(source.store, experiment=past.experiment, name="fork", fork=shared)
    fork.end()
    origin.end()
    source.runs.refresh(30)
    source.exports.write(tmp_path / "fork", "name = 'fork'")
    target.imports.read(tmp_path / "fork")
    target.runs.refresh(30)
    assert {run.id for run in target.runs.search().runs} == {origin.run_id, fork.run_id}
    assert target.runs.get(fork.run_id).metrics == source.runs.get(fork.run_id).metrics != {}


def test_a_running_run_keeps_running(source, target, tmp_path):
    run = write_run(source.store, "runs on")
    source.runs.refresh(30)
    source.exports.write(tmp_path / "running")
    target.imports.read(tmp_path / "running")
    target.runs.refresh(30)
    rebuild(target.store).close()
    assert target.runs.get(run.run_id).status == "running"
    run.end()


def test_an_import_beside_a_running_ingester(export, target, source):
    assert ensure_ingester(target.store)
    wait_for(lambda: is_held(target.store.ingester_lock))
    assert len(target.imports.read(export).added) == 2
    assert answers(target) == answers(source)


def test_two_imports_at_once(export, target):
    with target.imports._one_at_a_time(), pytest.raises(Conflict, match="Another import"):
        target.imports.read(export)
    assert len(target.imports.read(export).added) == 2


def test_a_process_that_was_killed_comes_as_it_was_found(source, target, tmp_path):
    code = f"""
import os
from pathlib import Path
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths
run = RunRecorder.start(StorePaths(Path({str(source.store.root)!r})), experiment="churn", name="dies")
run.log({{"loss": 1.0}})
os._exit(9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    source.runs.refresh(30)
    source.exports.write(tmp_path / "export", "name = 'dies'")
    target.imports.read(tmp_path / "export")
    assert [(run.name, run.status) for run in target.runs.search().runs] == [("dies", "killed")]
    (run_id,) = answers(target)
    assert answers(target)[run_id] == answers(source)[run_id]


def test_what_can_not_be_read_is_counted(source, target, tmp_path):
    run = write_run(source.store, "of the future")
    (path,) = (source.store.journals / run.run_id).glob("*.journal")
    with path.open("ab") as file:
        payload = b"\x92\xa6future\x01"
        file.write(struct.pack("<2sBBII", b"\xf7T", 1, 0, len(payload), zlib.crc32(payload)) + payload)
    run.end()
    source.runs.refresh(30)
    report = source.exports.write(tmp_path / "export", "name = 'of the future'")
    assert report.unread == 1
    target.imports.read(tmp_path / "export")
    assert answers(target)[run.run_id] == answers(source)[run.run_id]


def test_a_job_that_waits_stays_where_its_workers_are(source, target, tmp_path):
    notebook = tmp_path / "waits.ipynb"
    notebook.write_text(json.dumps(NOTEBOOK))
    (job,) = source.jobs.submit(notebook)
    source.exports.write(tmp_path / "export")
    target.imports.read(tmp_path / "export")
    assert job.id in {one.id for one in source.jobs.list()}
    assert [one.status for one in target.jobs.list()] == ["finished"]


# Stores elsewhere


def test_runs_go_to_a_server_and_come_from_it(source, export, tmp_path, postgresql_url, monkeypatch):
    monkeypatch.setenv("TRACKBOOK_STORE", postgresql_url)

    def open_machine(name: str):
        return open_services(create_store(tmp_path / name, Settings.load().remote))

    with closing(open_machine("one").place) as one, closing(open_machine("two").place) as two:
        first, second = Services(one), Services(two)
        RunRecorder.start(first.store, experiment="own").end()
        first.runs.refresh(30)
        report = first.imports.read(export)
        assert [(moved.number_there, moved.number_here) for moved in report.renumbered] == [(1, 3)]
        assert sorted(second.imports.read(export).unchanged) == sorted(report.added)
        first.exports.write(tmp_path / "whole")
        second.exports.write(tmp_path / "from the other")
        assert content(tmp_path / "from the other") == content(tmp_path / "whole")
        assert answers(second) == answers(first)
        run_id = second.runs.get("2").id
        assert answers(second)[run_id] == answers(source)[run_id]
        (own,) = (run.id for run in first.runs.search().runs if run.experiment == "own")
    monkeypatch.delenv("TRACKBOOK_STORE")
    assert own in source.imports.read(tmp_path / "whole").added
    assert source.runs.get(own).number == 3


# Large and long


def test_long_journals_and_many_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("trackbook.services.exchange.pointfile.ROW_GROUP", 700)
    monkeypatch.setattr("trackbook.services.exchange.pointfile.READ_AT_ONCE", 90)
    monkeypatch.setattr("trackbook.services.exchange.tablefile._ROW_GROUP", 3)
    store = create_store(tmp_path / "there" / ".trackbook")
    run = RunRecorder.start(store, experiment="long")
    run._writer.rotate_at = 3_000
    for step in range(1_000):
        run.log({"a": float(step), "b": -float(step)}, step)
    run.end()
    for number in range(10):
        RunRecorder.start(store, experiment="short", params={"n": number}).end()
    short = partial(JournalWriter, rotate_at=5_000)
    monkeypatch.setattr("trackbook.services.exchange.staging.JournalWriter", short)
    with project(tmp_path / "there") as source, project(tmp_path / "here") as target:
        source.exports.write(tmp_path / "export")
        assert pq.ParquetFile(tmp_path / "export" / "points.parquet").num_row_groups > 1
        target.imports.read(tmp_path / "export")
        assert len([name for name in target.place.parts.segments() if name.subject == run.run_id]) > 2
        assert answers(target) == answers(source)
        target.exports.write(tmp_path / "again")
        assert (tmp_path / "again" / "records.jsonl").read_bytes() == (
            tmp_path / "export" / "records.jsonl"
        ).read_bytes()


# What is refused


def rewrite_records(export: Path, lines: list[str]) -> None:
    """Replace an export's records, and say so in its description, as a liar would."""
    (export / "records.jsonl").write_text("\n".join(lines) + "\n")
    vouch_for(export, "records.jsonl")


def vouch_for(export: Path, name: str) -> None:
    path = export / "export.json"
    description = json.loads(path.read_text())
    file = describe_file(export / name)
    description["files"][name] = {"size": file.size, "sha256": file.sha256}
    path.write_text(json.dumps(description))


def refuse(target, export: Path, *names: str) -> None:
    """The import fails, names the file, and leaves nothing to be seen."""
    with pytest.raises(ExportError) as caught:
        target.imports.read(export)
    for name in names:
        assert name in str(caught.value)
    assert answers(target) == {}
    assert not (target.store.root / "import").exists()
    assert not any(target.store.journals.iterdir())


def test_a_folder_that_is_no_export(target, tmp_path):
    (tmp_path / "some").mkdir()
    refuse(target, tmp_path / "some", "export.json is missing")
    refuse(target, tmp_path / "nowhere", "export.json is missing")


def test_a_format_of_the_future(target, export):
    description = json.loads((export / "export.json").read_text())
    (export / "export.json").write_text(json.dumps({"format": 2, "of": "another kind"}))
    refuse(target, export, "its format is 2", "pip install -U trackbook")
    (export / "export.json").write_text(json.dumps(description)[:-20])
    refuse(target, export, "export.json")


@pytest.mark.parametrize("name", ["records.jsonl", "points.parquet", "runs.parquet"])
@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_damaged_file(target, export, name, how):
    path = export / name
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:-3] if how == "cut" else data[:40] + bytes([data[40] ^ 1]) + data[41:])
    refuse(target, export, name)


@pytest.mark.parametrize("how", ["changed", "gone", "link"])
def test_content_that_is_not_what_it_was(target, export, how, tmp_path):
    path = sorted((export / "blobs").rglob("??" + "?" * 62))[2]
    if how == "changed":
        path.write_bytes(b"other")
    else:
        path.unlink()
    if how == "link":
        (tmp_path / "secret").write_text("secret")
        path.symlink_to(tmp_path / "secret")
    refuse(target, export, path.name)


def lie(value, at, new):
    """Return a copy of nested lists and dicts with another value at a place."""
    value = json.loads(json.dumps(value))
    inner = value
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = new
    return value


@pytest.mark.parametrize(
    ("tag", "at", "new"),
    [
        ("start", ("run",), "../../../elsewhere"),
        ("start", ("writer",), "../../x"),
        ("start", ("record", 1), 2**62),
        ("start", ("record", 1), 2**64),
        ("start", ("record", 2), "x" * (MAX_NAME + 1)),
        ("start", ("record", 4), 12),
        ("start", ("record", 0), "of the future"),
        ("start", ("record",), {"a": "mapping"}),
        ("start", ("record",), ["number", 1, new_id(), 1]),
        ("start", ("record",), ["close", 1]),
        ("start", ("record",), ["m", 1, 1, {"a": 1.0}, None]),
        ("start", ("record",), ["restore", 1, "a field of the future"]),
        ("start", ("record",), ["job-end", 1, "finished", None]),
        ("a", ("record", 2), "../../.bashrc"),
        ("a", ("record", 2), "/etc/passwd"),
        ("p", ("record", 2), {"odd": {"float": "many"}}),
        ("p", ("record", 2), {"large": 2**63}),
        ("tags", ("record", 2), {"bell\a": "x"}),
        ("job-end", ("record", 2), "sleeping"),
        ("job-end", ("record",), ["trash", 1]),
    ],
)  # fmt: skip
def test_records_that_lie(target, export, tag, at, new):
    lines = [json.loads(line) for line in (export / "records.jsonl").read_text().splitlines()]
    position = next(n for n, line in enumerate(lines) if line.get("record", [""])[0] == tag)
    lines[position] = lie(lines[position], at, new)
    rewrite_records(export, [json.dumps(line) for line in lines])
    refuse(target, export, "records.jsonl", f"line {position + 1}")


@pytest.mark.parametrize(
    "line", ["", "no JSON", "[1]", "{}", '{"run": 7}', '{"run": "\\ud800"}', '{"job": null}']
)
def test_lines_that_are_none(target, export, line):
    lines = (export / "records.jsonl").read_text().splitlines()
    rewrite_records(export, [*lines, line, ""][:-1])
    refuse(target, export, "records.jsonl", f"line {len(lines) + 1}")


@pytest.mark.parametrize("number", [0, -1, 2**31, "7", 1.5, True])
def test_numbers_that_are_none(target, export, number):
    lines = (export / "records.jsonl").read_text().splitlines()
    rewrite_records(export, [json.dumps({**json.loads(lines[0]), "number": number}), *lines[1:]])
    refuse(target, export, "records.jsonl", "line 1")


def test_two_runs_of_one_number(source, export, target):
    lines = (export / "records.jsonl").read_text().replace('"number":2}', '"number":1}').splitlines()
    rewrite_records(export, lines)
    target.imports.read(export)
    assert sorted(run.number for t in (False, True) for run in target.runs.search(trashed=t).runs) == [1, 2]


def test_a_run_in_two_places(target, export):
    lines = (export / "records.jsonl").read_text().splitlines()
    rewrite_records(export, [*lines, lines[1]])
    refuse(target, export, "records.jsonl", "two places")


def test_a_run_without_a_beginning(target, export):
    lines = (export / "records.jsonl").read_text().splitlines()
    rewrite_records(export, [line for line in lines if '["start"' not in line])
    refuse(target, export, "records.jsonl", "no beginning")


def change_points(export: Path, change) -> None:
    path = export / "points.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    vouch_for(export, "points.parquet")


def with_column(name, values):
    def change(table):
        position = table.schema.get_field_index(name)
        return table.set_column(position, name, pa.array(values(table[name]), from_pandas=False))

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.drop_columns(["step"]), "no column 'step'"),
        (lambda table: table.set_column(4, "step", table["step"].cast(pa.int32())), "is int32, not int64"),
        (lambda table: table.set_column(5, "time", table["step"]), "not timestamp"),
        (with_column("value", lambda old: [None] + [1.0] * (len(old) - 1)), "missing"),
        (with_column("writer", lambda old: ["../x"] * len(old)), "no id of a writer"),
        (with_column("run_id", lambda old: ["../x"] * len(old)), "'../x'"),
        (with_column("run_id", lambda old: [new_id(), *old.to_pylist()[1:]]), "belong"),
        (with_column("key", lambda old: ["\a"] * len(old)), "metric"),
        (with_column("context", lambda old: ["[]"] * len(old)), "Expected `object`"),
        (with_column("context", lambda old: ['{"b": "1"}'] * len(old)), "sorted keys"),
        (lambda table: table.take(pa.array(np.arange(table.num_rows)[::-1].copy())), "belong"),
        (lambda table: table.append_column("more", table["step"]).slice(0, 0), None),
    ],
)  # fmt: skip
def test_points_that_lie(target, export, change, says):
    change_points(export, change)
    if says is None:  # a column more is no harm, and no points are none
        assert target.imports.read(export).points == 0
    else:
        refuse(target, export, "points.parquet", says)


def test_a_file_that_is_no_parquet(target, export):
    for name in ("points.parquet", "blobs.parquet"):
        (export / name).write_bytes(b"PAR1" * 10)
        vouch_for(export, name)
        refuse(target, export, name)


def test_a_description_that_names_files_elsewhere(target, export, tmp_path):
    (tmp_path / "outside").write_text("x")
    description = json.loads((export / "export.json").read_text())
    file = describe_file(tmp_path / "outside")
    description["files"]["../outside"] = {"size": file.size, "sha256": file.sha256}
    (export / "export.json").write_text(json.dumps(description))
    refuse(target, export, "outside")


# Interruptions


def test_an_import_that_was_killed_is_repeated(export, source, target, monkeypatch):
    publish = Staging.publish

    def killed(self):
        folders = sorted(self._paths.journals.iterdir())
        shutil.rmtree(folders[-1])
        publish(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(Staging, "publish", killed)
    with pytest.raises(KeyboardInterrupt):
        target.imports.read(export)
    monkeypatch.undo()
    target.runs.refresh(30)
    whole = answers(target)
    assert whole.items() <= answers(source).items()
    assert whole
    (target.store.root / "import" / "journals" / "left").mkdir(parents=True)
    target.imports.read(export)
    assert answers(target) == answers(source)
    assert not (target.store.root / "import").exists()


def test_an_export_that_fails_leaves_nothing(source, tmp_path, monkeypatch):
    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trackbook.services.exchange.exporting.layout.write_description", fails)
    with pytest.raises(OSError, match="No space"):
        source.exports.write(tmp_path / "out" / "export")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_with_something_in_it_is_no_place_for_an_export(source, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    for name in ("full", "full/file"):
        with pytest.raises(UsageError, match="a new or an empty folder"):
            source.exports.write(tmp_path / name)
    (tmp_path / "empty").mkdir()
    assert source.exports.write(tmp_path / "empty").runs == 2


def test_content_that_the_store_lacks_is_named(source, target, tmp_path):
    run_id = source.runs.get("1").id
    artifact, path = source.artifacts.open(run_id, "models/best.bin")
    path.write_bytes(b"damaged")
    report = source.exports.write(tmp_path / "export")
    assert report.missing == [artifact.digest]
    assert json.loads((tmp_path / "export" / "export.json").read_text())["missing"] == [artifact.digest]
    target.imports.read(tmp_path / "export")
    assert target.runs.get("1").name == "first"


# Whatever a run may hold

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
names = texts.filter(lambda text: text.strip() != "")
floats = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, -0.0]))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), floats, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(texts, st.just("float")), inner, max_size=3),
    ),
    max_leaves=6,
)
contexts = st.dictionaries(texts, texts, max_size=2)
steps = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
errors = st.builds(
    RunError, st.text(max_size=5), st.text(max_size=5), st.lists(st.text(max_size=5), max_size=2)
)
actions = st.one_of(
    st.tuples(st.just("log"), st.dictionaries(names, floats, max_size=3), steps, contexts),
    st.tuples(st.just("set_params"), st.dictionaries(names, values, max_size=3), st.one_of(st.none(), texts)),
    st.tuples(st.just("set_tags"), st.dictionaries(names, st.one_of(st.none(), texts), max_size=2)),
    st.tuples(st.just("add_note"), st.text(max_size=10)),
    st.tuples(
        st.just("define_metric"), names, st.sampled_from([None, "max", "min"]), st.one_of(st.none(), texts)
    ),
    st.tuples(st.just("artifact"), st.binary(max_size=20), st.sampled_from(["a", "b/ü.bin"])),
    st.tuples(st.just("cell"), st.text(st.characters(), max_size=8), st.booleans(), st.floats(0, 100)),
    st.tuples(st.just("snapshot"), st.sampled_from(["start", "end"]), st.text(max_size=5)),
    st.tuples(st.just("environment"), st.dictionaries(texts, texts, max_size=2)),
    st.tuples(st.just("modules"), names, st.binary(max_size=9)),
    st.tuples(st.just("rename"), names),
    st.tuples(st.just("notes"), st.text(max_size=5)),
    st.tuples(st.just("trash"), st.booleans()),
)
runs = st.fixed_dictionaries(
    {
        "experiment": names,
        "name": st.one_of(st.none(), names),
        "parent": st.booleans(),
        "writers": st.lists(st.lists(actions, max_size=6), min_size=1, max_size=3),
        "status": st.sampled_from([None, "finished", "failed", "killed", "lost", "pruned", "timed_out"]),
        "error": st.one_of(st.none(), errors),
        "again": st.booleans(),
    }
)


def act(services, run: RunRecorder, action: tuple) -> None:
    kind, *details = action
    if kind == "log":
        given, step, context = details
        run.log(given, step if given else 0, context)
    elif kind == "artifact":
        run.store_artifact(details[0], details[1])
    elif kind == "cell":
        order = run.cell_started(None, None, details[0])
        if details[1]:
            error = CellError("E", details[0].encode("utf-8", "replace").decode()) if details[0] else None
            outputs = [{"output_type": "stream", "name": "stdout", "text": "x"}]
            run.cell_finished(order, "ok", details[2], outputs, error=error)
    elif kind == "snapshot":
        run.snapshot_taken(
            details[0], "file", store_notebook(run.blobs, {**NOTEBOOK, "metadata": {"x": details[1]}})
        )
    elif kind == "environment":
        run.environment_captured(Environment("3", "p", "x", details[0], {"cores": 2}))
    elif kind == "modules":
        run.modules_captured([Module(details[0], "m.py", run.store_blob(details[1]) or "", len(details[1]))])
    elif kind == "rename":
        services.edits.rename(run.run_id, details[0])
    elif kind == "notes":
        services.edits.set_notes(run.run_id, details[0])
    elif kind == "trash":
        (services.edits.trash if details[0] else services.edits.restore)(run.run_id)
    else:
        getattr(run, kind)(*details)


def write_any(services, wanted: list[dict]) -> None:
    """Write runs as these descriptions want them: writers taking turns, running ones closed without an end."""
    parent = None
    for one in wanted:
        first = RunRecorder.start(
            services.store,
            experiment=one["experiment"],
            name=one["name"],
            parent_id=parent if one["parent"] else None,
        )
        parent = first.run_id
        others = [RunRecorder.join(services.store, first.run_id) for _ in one["writers"][1:]]
        for turn in range(6):
            for writer, todo in zip([first, *others], one["writers"], strict=True):
                if turn < len(todo):
                    act(services, writer, todo[turn])
        for other in others:
            other.close()
        if one["status"]:
            first.end(one["status"], error=one["error"], reason=None)
        else:
            first.close()


QUERIES = [
    "metrics.loss > 0.5",
    "status = 'finished' order by started",
    "params.lr <= 0.1",
    "tags.team = 'x'",
    "a",
]


@settings(max_examples=25)
@given(st.lists(runs, max_size=3))
def test_whatever_runs_hold_comes_back(wanted):
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        with project(root / "there") as source, project(root / "here") as target:
            write_any(source, wanted)
            assert source.runs.refresh(30)
            # Writers that took turns may have been read in another order.
            rebuild(source.store).close()
            source.exports.write(root / "export")
            report = target.imports.read(root / "export")
            assert len(report.added) == len(wanted)
            assert answers(target) == answers(source)
            for query in QUERIES:
                assert target.runs.ids(query) == source.runs.ids(query)
            target.exports.write(root / "again")
            assert content(root / "again") == content(root / "export")
            assert len(target.imports.read(root / "export").unchanged) == len(wanted)
            rebuild(target.store).close()
            assert answers(target) == answers(source)


@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
def test_records_come_back_from_json(given_values):
    record = r.ParamsSet(7, given_values)
    line = msgspec.json.encode(record_to_json(record))
    again = record_from_json(msgspec.json.decode(line))
    assert repr(again) == repr(record)  # as text: no NaN equals another
