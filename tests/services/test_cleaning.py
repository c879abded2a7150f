"""Cleaning up: what goes, what stays, and that nothing goes which a run that stays needs."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from trackbook.domain.cleanup import Cleanup, Rules
from trackbook.domain.environment import Environment, Module
from trackbook.domain.records import RunEnded
from trackbook.errors import UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.past import fork_at
from trackbook.services.recorder import RunRecorder
from trackbook.services.retention import doomed_by_rules, read_rules, rules_file
from trackbook.services.snapshots import store_notebook
from trackbook.store import server_schema
from trackbook.store.paths import StorePaths, create_store


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    services = open_services(new_store(tmp_path / ".trackbook"))
    yield services
    services.place.close()


def notebook(*sources: str) -> dict[str, Any]:
    output = {"output_type": "stream", "name": "stdout", "text": "".join(sources)}
    cells = [
        {"cell_type": "code", "id": s, "metadata": {}, "execution_count": 1, "source": s, "outputs": [output]}
        for s in sources
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def record(services: Services, content: str = "x", status: str = "finished", **options: Any) -> RunRecorder:
    run = RunRecorder.start(services.store, experiment=options.pop("experiment", "e"), **options)
    run.store_artifact(content.encode() * 1000, "a.txt")
    order = run.cell_started("c", 1, f"source {content}")
    run.cell_finished(
        order, "ok", 0.1, [{"output_type": "stream", "name": "stdout", "text": f"out {content}"}]
    )
    run.environment_captured(
        Environment(python="3", platform="p", executable="e", packages={"p": content}, hardware={}, git=None)
    )
    digest = run.store_blob(f"module {content}".encode())
    run.modules_captured([Module("m", "m.py", digest or "", 1)])
    run.snapshot_taken("start", "file", store_notebook(services.place.blobs, notebook(content, "shared")))
    run.end(status)  # type: ignore[arg-type]  # a status
    return run


def blobs(services: Services) -> set[str]:
    services.place.blobs.deliver()
    return {blob.digest for blob in services.place.blobs.all()}


def grow_old(services: Services) -> None:
    """Let all blobs have been stored long ago."""
    services.place.blobs.deliver()
    for path in services.store.blobs.rglob("*"):
        os.utime(path, (1, 1))
    if services.place.shared:
        with services.database.write() as connection:
            connection.execute(update(server_schema.blobs).values(stored=1))


def kinds(cleanup: Cleanup) -> dict[str, int]:
    return {freed.kind: freed.items for freed in cleanup.freed}


def readable(services: Services, run_id: str) -> None:
    """Read everything that a run has; raises where something is gone."""
    detail = services.runs.detail(run_id)
    for artifact in detail.artifacts:
        services.artifacts.open(run_id, artifact.path)
    for cell in detail.cells:
        services.snapshots.cell(run_id, cell.order)
    for info in detail.snapshots:
        services.snapshots.notebook(run_id, info.moment)
    for module in detail.modules:
        services.place.blobs.get(module.digest)
    assert detail.environment is None or detail.environment.packages


def test_what_only_a_deleted_run_named_goes_and_the_rest_stays(services: Services) -> None:
    first, second = record(services, "one"), record(services, "two")
    services.runs.refresh()
    assert services.cleaning.preview(0.0).freed == []
    services.deleting.delete([first.run_id], even_untrashed=True)
    before = blobs(services)
    plan = services.cleaning.preview(0.0)
    # Artifact, source, output, packages, module, manifest, and of the notebook one cell and two outputs.
    assert kinds(plan) == {"unreferenced": 8}
    assert plan.bytes > 3000
    assert blobs(services) == before
    done = services.cleaning.clean(0.0)
    assert (done.freed, done.bytes, done.done) == (plan.freed, plan.bytes, True)
    assert len(before - blobs(services)) == 8
    readable(services, second.run_id)
    assert services.cleaning.preview(0.0).freed == []


def test_what_is_young_stays(services: Services) -> None:
    services.place.blobs.put_bytes(b"its record is on the way")
    services.store.blobs.mkdir(exist_ok=True)
    (services.store.blobs / "draft-x").write_bytes(b"half")
    assert services.cleaning.clean().freed == []
    assert len(blobs(services)) == 1
    grow_old(services)
    assert kinds(services.cleaning.preview()) == {"drafts": 1, "unreferenced": 1}
    # The same bytes, put once more by a writer whose record is not written yet, are new.
    services.place.blobs.put_bytes(b"its record is on the way")
    services.place.blobs.deliver()
    assert kinds(services.cleaning.clean()) == {"drafts": 1}
    assert len(blobs(services)) == 1


def test_what_a_front_end_was_told_is_there_stays_until_it_is_named(services: Services) -> None:
    digest = services.place.blobs.put_bytes(b"{}")
    grow_old(services)
    assert services.snapshots.missing([digest]) == []
    services.cleaning.clean()
    assert digest in blobs(services)


def test_what_stands_in_bytes_that_can_not_be_read_stays(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    digest = services.place.blobs.put_bytes(b"of a newer version")
    ((_, path),) = services.store.list_journals(run.run_id)
    with path.open("ab") as file:
        file.write(b"\xf7Tof a newer version " + digest.encode() + b" and more")
    run.log({"loss": 1.0})
    assert services.cleaning.clean(0.0).freed == []
    run.end()
    services.runs.refresh()
    assert list(services.place.parts.segments(run.run_id))
    assert services.cleaning.clean(0.0).freed == []
    assert digest in blobs(services)


def test_an_earlier_version_of_an_artifact_stays_with_its_run(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    old = run.store_artifact(b"old", "a")
    run.store_artifact(b"new", "a")
    run.end()
    services.cleaning.clean(0.0)
    assert services.place.blobs.get(old) == b"old"


def test_folders_of_jobs_that_nobody_knows_go(services: Services) -> None:
    stray, mine = (
        services.store.output_folder("nobody"),
        services.store.output_folder(record(services).run_id),
    )
    for folder in (stray, mine):
        folder.mkdir(parents=True)
        (folder / "x.bin").write_bytes(b"12345")
    assert services.cleaning.preview().freed == []  # it is young
    plan = services.cleaning.preview(-1.0)
    assert [(freed.kind, freed.bytes) for freed in plan.freed if freed.kind == "job folders"] == [
        ("job folders", 5)
    ]
    services.cleaning.clean(-1.0)
    assert not stray.exists()
    assert mine.exists()


def test_rules_say_which_runs_go_and_how_much_each_frees(services: Services) -> None:
    runs = [record(services, f"content {number}") for number in range(4)]
    rules_file(services.store).write_text('keep_last = 2\nkeep = "tags.keep is not null"\n')
    services.edits.set_tags(runs[0].run_id, {"keep": "yes"})
    plan = services.cleaning.preview(0.0)
    (doomed,) = plan.runs
    assert (doomed.number, doomed.rule) == (2, "keep_last = 2")
    assert doomed.bytes == plan.bytes
    assert kinds(plan) == {
        "artifacts": 1, "cell sources": 1, "modules": 1, "outputs": 1, "packages": 1, "segments": 1, "snapshots": 3
    }  # fmt: skip
    free = _bytes_of(services)
    assert services.cleaning.clean(0.0).done
    # A tombstone of some bytes is what comes instead.
    assert free - _bytes_of(services) == pytest.approx(plan.bytes, abs=1000)
    assert [run.number for run in services.runs.search().runs] == [4, 3, 1]
    for run in services.runs.search().runs:
        readable(services, run.id)


def _bytes_of(services: Services) -> int:
    if services.place.shared:
        with services.database.read() as connection:
            b, p, j, s = (
                connection.execute(select(func.coalesce(func.sum(size), 0))).scalar() or 0
                for size in (
                    server_schema.blobs.c.size,
                    func.length(server_schema.blob_pieces.c.data),
                    func.length(server_schema.journal_bytes.c.data),
                    func.length(server_schema.segments.c.data),
                )
            )
        assert b == p  # no piece stays behind
        return int(p + j + s)
    folders = (services.store.blobs, services.store.journals, services.store.segments)
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def test_a_run_from_which_one_that_stays_is_forked_stays(services: Services) -> None:
    first = RunRecorder.start(services.store, experiment="old")
    first.log({"loss": 1.0})
    first.end("failed")
    _, fork = fork_at(services.store, first.run_id, 0)
    record(services, fork=fork, experiment="new")
    rules_file(services.store).write_text("failed_days = 0")
    plan = services.cleaning.preview(0.0)
    assert plan.runs == []
    assert [(run.number, run.reason) for run in plan.spared] == [
        (1, "it shares its history with #2, forked from it")
    ]


def test_the_rules_by_days(services: Services) -> None:
    failed = record(services, status="failed").run_id
    killed = record(services, status="killed").run_id
    finished = record(services).run_id
    trashed = record(services).run_id
    services.edits.trash(trashed)
    running = RunRecorder.start(services.store, experiment="e")
    services.runs.refresh()

    def doomed(days: float, **rules: Any) -> dict[str, str]:
        moment = datetime.now(UTC) + timedelta(days=days)
        found = doomed_by_rules(services.runs, Rules(**rules), moment)
        return {run_id: rule for run_id, (_, rule) in found.items()}

    assert doomed(100) == {}
    assert doomed(13, failed_days=14, trash_days=30) == {}
    assert doomed(15, failed_days=14, trash_days=30) == dict.fromkeys((failed, killed), "failed_days = 14")
    assert doomed(31, trash_days=30) == {trashed: "trash_days = 30"}
    assert doomed(0, keep_last=0).keys() == {failed, killed, finished}
    assert doomed(31, keep_last=0, trash_days=30, keep="status != 'running'") == {}
    running.append(RunEnded(0, "failed"))
    running.end()


@pytest.mark.parametrize(
    "text", ["trash_days = 'long'", "trash_day = 3", "keep_last = -1", "= ", "keep = 'a'\nkeep_last = ["]
)
def test_rules_that_can_not_be_understood_delete_nothing(services: Services, text: str) -> None:
    record(services)
    rules_file(services.store).write_text(text)
    with pytest.raises(UsageError, match=r"retention\.toml can't be used"):
        services.cleaning.clean(0.0)
    assert services.runs.search().total == 1
    assert read_rules(create_store(services.store.root / "other")) == Rules()


def test_a_search_that_can_not_be_read_deletes_nothing(services: Services) -> None:
    record(services)
    rules_file(services.store).write_text("keep_last = 0\nkeep = 'metrics.acc >'")
    with pytest.raises(UsageError, match="The rule `keep`"):
        services.cleaning.clean(0.0)
    assert services.runs.search().total == 1


contents = st.sampled_from(["a", "b", "c", "d"])


@settings(max_examples=15)
@given(
    written=st.lists(st.tuples(contents, st.booleans(), st.booleans()), min_size=1, max_size=6),
    chosen=st.sets(st.integers(0, 5)),
    twice=st.booleans(),
)
def test_every_run_that_stays_can_be_read_in_full(
    written: list[tuple[str, bool, bool]], chosen: set[int], twice: bool
) -> None:
    with TemporaryDirectory() as folder:
        services = open_services(create_store(Path(folder) / ".trackbook"))
        ids: list[str] = []
        for content, is_fork, is_open in written:
            options: dict[str, Any] = {}
            if is_fork and ids:
                options["fork"] = fork_at(services.store, ids[-1], 5)[1]
            run = record(services, content, **options) if not is_open else _open(services, content, options)
            ids.append(run.run_id)
        services.runs.refresh()
        doomed = {ids[number] for number in chosen if number < len(ids)}
        runs = {run_id: services.runs.get(run_id) for run_id in ids}
        while blocked := {i for i in doomed if services.deleting.obstacle(runs[i], frozenset(doomed))}:
            doomed -= blocked
        services.deleting.delete(sorted(doomed), even_untrashed=True)
        for _ in range(1 + twice):
            services.cleaning.clean(0.0)
        for run_id in set(ids) - doomed:
            readable(services, run_id)
        assert len(services.runs.search().runs) == len(ids) - len(doomed)
        # And nothing is left that only deleted runs named.
        assert services.cleaning.preview(0.0).freed == []
        for recorder in _opened:
            recorder.end()
        _opened.clear()
        services.database.close()


_opened: list[RunRecorder] = []


def _open(services: Services, content: str, options: dict[str, Any]) -> RunRecorder:
    run = RunRecorder.start(services.store, experiment="e", **options)
    run.store_artifact(content.encode() * 1000, "b.txt")
    run.cell_finished(run.cell_started("c", 1, f"source {content}"), "ok", 0.1, [])
    _opened.append(run)
    return run
