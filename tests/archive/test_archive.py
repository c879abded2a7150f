"""Stores as earlier versions wrote them: opened, upgraded, read, and rebuilt to the same answers."""

import math
import shutil
from pathlib import Path

import pytest
from tests.conftest import answers

from trackbook.services.catchup import rebuild
from trackbook.services.context import open_services
from trackbook.store.paths import StorePaths, create_store

ARCHIVES = sorted(path for path in Path(__file__).parent.iterdir() if (path / "store").is_dir())
JOB = "01a1fe05-0000-7000-8000-000000000001"


# The number of the last run. The first archive has no run of what came with schema 6.
LAST = {"0.1.0": 4, "0.1.0-schema-6": 6, "0.1.0-schema-8": 6}


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name)
def archive(request):
    return request.param


@pytest.fixture
def last(archive):
    return LAST.get(archive.name, 7)


@pytest.fixture
def store(archive, tmp_path):
    shutil.copytree(archive / "store", tmp_path / ".trackbook")
    return StorePaths(tmp_path / ".trackbook").check()


def test_there_is_an_archive():
    assert ARCHIVES


@pytest.mark.parametrize("how", ["opened", "rebuilt", "without its index"])
def test_an_earlier_store_keeps_everything(archive, store, last, how):
    if how == "without its index":
        for path in store.root.glob("index.sqlite*"):
            path.unlink()
    if how != "opened":
        rebuild(store).close()
    services = open_services(store)
    services.runs.refresh()
    check_runs(services, last)
    check_details(services)
    if last > 4:
        check_surroundings(services)
    if archive.name not in ("0.1.0", "0.1.0-schema-6"):
        check_trust(services)
    if last > 6:
        check_sweeps(services)
    if archive.name not in (*LAST, "0.1.0-schema-10"):
        check_views(services)
    services.database.close()


def test_an_upgraded_index_answers_as_one_made_anew(store, last):
    services = open_services(store)
    services.runs.refresh()
    upgraded = answers(services)
    jobs = services.jobs.list()
    services.database.close()
    rebuild(store).close()
    services = open_services(store)
    assert answers(services) == upgraded
    assert len(upgraded) == last
    assert services.jobs.list() == jobs
    services.database.close()


def test_an_earlier_store_is_exported_and_imported(store, last, tmp_path):
    there, here = open_services(store), open_services(create_store(tmp_path / "here" / ".trackbook"))
    there.runs.refresh()
    there.exports.write(tmp_path / "export")
    assert len(here.imports.read(tmp_path / "export").added) == last
    assert answers(here) == answers(there)
    check_runs(here, last)
    if last > 4:
        check_surroundings(here)
    here.database.close()
    there.database.close()


def check_runs(services, last):
    runs = {run.number: run for run in services.runs.search().runs}
    trashed = services.runs.search(trashed=True).runs
    assert {number: (run.name, run.status) for number, run in runs.items()} == {
        1: ("first", "finished"), 2: ("second", "failed"), last: ("killed", "killed")
    } | ({4: ("fourth", "finished"), 5: ("fifth", "finished")} if last > 4 else {}) | (
        {6: ("sweep", "aborted")} if last > 6 else {}
    )  # fmt: skip
    assert [(run.number, run.name, run.tags, run.notes) for run in trashed] == [
        (3, "renamed", {"team": "a", "new": "ü"}, "replaced")
    ]
    first = runs[1]
    assert math.isnan(first.params.pop("odd"))
    assert first.params == {"lr": 0.2, "model.depth": 3, "model.kinds": ["a", None, True]}
    assert first.metrics == {
        "acc": 299 / 3, "loss": 1 / 300, "loss{subset=val}": 2 / 300, "odd": -math.inf
    }  # fmt: skip
    assert (first.tags, first.notes, first.goals) == ({"team": "vision"}, "a line", {"acc": "max"})
    assert (first.source.path, first.source.kernel_id, first.active) == ("train.ipynb", "kernel-1", 0.25)
    assert (runs[2].error.ename, runs[2].error.cell, runs[2].reason) == ("ZeroDivisionError", 2, "It raised.")
    assert runs[last].metrics == {"loss": 0.5}
    assert runs[last].reason == "The process ended without a word."


def check_details(services):
    detail = services.runs.detail("1")
    run_id = detail.run.id
    loss = services.series.read(run_id, "loss")
    assert loss.steps == list(range(300))
    assert loss.values == [1 / (step + 1) for step in range(300)]
    odd = services.series.read(run_id, "odd").values
    assert math.isnan(odd[0])
    assert odd[1:] == [math.inf, -math.inf]
    assert [revision.value for revision in detail.revisions if revision.key == "lr"] == [0.1, 0.2]
    assert detail.environment.packages == {"numpy": "2.0"}
    assert detail.environment.git.branch == "main"
    assert [(module.name, module.size) for module in detail.modules] == [("helpers", 5)]
    _, path = services.artifacts.open(run_id, "models/best.bin")
    assert path.read_bytes() == b"weights"
    content = services.snapshots.cell(run_id, 1)
    assert (content.source, content.outputs[0]["text"]) == ("lr = 0.1", "hi\n")
    notebook = services.snapshots.notebook(run_id, "start")
    assert [cell["source"] for cell in notebook["cells"]] == ["# Ünïcode", "lr = 0.1"]
    job = services.jobs.get(JOB)
    assert (job.status, job.spec.params) == ("queued", {"lr": 0.3})


def check_surroundings(services):
    """What came with schema 6."""
    detail = services.runs.detail("4")
    run, environment = detail.run, detail.environment
    assert (run.group, run.attempt, run.metrics) == ("folds", 2, {"loss": 0.25})
    assert [(one.status, one.reason) for one in detail.attempts] == [
        ("failed", "It was stopped."), ("finished", None)
    ]  # fmt: skip
    assert "abcdefgh12345678" not in str(detail)
    assert [(secret.place, secret.count) for secret in detail.secrets] == [("parameter api_key", 1)]
    data = {used.data.name: used for used in detail.data}
    train, far, images = data["train"].data, data["far"].data, data["images"].data
    assert (train.place, train.role, train.reader, train.rows) == ("data/train.csv", "train", "pandas", 1)
    assert [(column.name, column.type) for column in train.columns] == [("a", "int64"), ("b", "int64")]
    assert (len(train.digest), train.size, data["train"].cell_id) == (64, 8, "work")
    assert (far.digest, far.kind, far.origin, far.problem) == (None, "other", "observed", "not opened")
    assert (images.files, len(images.manifest)) == (2, 64)
    values = {logged.value.key: logged for logged in detail.values}
    note, confusion = values["note"].value, values["confusion"].value
    assert (note.kind, note.step, note.size, note.meta) == ("text", 3, 7, {"preview": "grüße"})
    assert (confusion.kind, confusion.step, confusion.context) == ("confusion_matrix", 4, {"subset": "val"})
    assert (confusion.meta, values["confusion"].cell_id) == ({"labels": ["a", "b"]}, "work")
    assert [(seed.seed, seed.libraries, seed.cell_id) for seed in detail.seeds] == [
        (42, ["random", "numpy"], "work")
    ]
    assert [(cell.reads, cell.writes) for cell in detail.cells] == [(["f", "x"], ["y"])]
    git = environment.git
    assert (git.remote, len(git.diff), git.diff_size, git.diff_cut) == (
        "https://example.org/a.git", 64, 8, True
    )  # fmt: skip
    editable = environment.editable["mine"]
    assert (editable.path, editable.commit, editable.dirty) == ("/src/mine", "c" * 40, True)
    assert (environment.lock.path, len(environment.lock.digest), environment.lock.size) == ("uv.lock", 64, 6)
    assert environment.variables == {"OMP_NUM_THREADS": "4"}
    fork = services.runs.detail("5").run
    assert (fork.forked_from, fork.forked_step, detail.forks) == (run.id, 0, [fork.id])
    assert services.series.read(fork.id, "loss").values == [0.5, 0.125]


def check_trust(services):
    """What came with schema 8."""
    found = services.runs.detail("1").reproduction
    assert (found.verdict, found.compared, found.held) == ("differs", {"metric": 1}, {"output": 1})
    assert [(check.name, check.status) for check in found.checks] == [("acc", "differs"), ("cell 1", "holds")]
    (cell,) = services.runs.detail("2").cells
    assert (cell.cpu, cell.memory) == (0.25, 50_000_000)
    job = services.jobs.get(JOB)
    assert (job.spec.cell_timeout, job.spec.retries, job.attempt) == (60.0, 2, 1)
    (attempt,) = job.attempts
    assert (attempt.outcome, attempt.not_run, attempt.memory, attempt.cpu) == (
        "died",
        ["work"],
        60_000_000,
        1.5,
    )
    assert attempt.error.ename == "KernelDied"


def check_views(services):
    """What came with schema 11."""
    (view,) = services.views.list()
    assert (view.name, view.kind, view.revision) == ("Größe nach acc", "table", 2)
    assert view.content == {"columns": ["metrics.acc"], "order_by": "metrics.acc desc"}
    assert view.created < view.updated


def check_sweeps(services):
    """What came with schema 10."""
    (sweep,) = services.sweeps.list()
    assert (sweep.status, sweep.sampler, sweep.seed, sweep.parallel) == ("aborted", "tpe", 7, 2)
    assert (sweep.trials.total, sweep.trials.pruned) == (20, 1)
    spec = services.sweeps.spec(sweep.id)
    assert (spec.space["lr"].high, spec.space["lr"].log, spec.space["kind"].values) == (0.1, True, ["a", "b"])
    assert [(one.metric, one.direction) for one in spec.objectives] == [("acc", "max")]
    assert (spec.pruner.name, spec.pruner.options) == ("median", {"startup": 3.0})
    (trial,) = services.sweeps.trials(sweep.id)
    assert (trial.status, trial.spec.trial.number, trial.spec.params) == ("pruned", 0, {"lr": 0.01})
    assert (trial.spec.share_prefix, trial.spec.swept, trial.spec.snapshots) == (True, ["lr"], True)
    assert [module.path for module in trial.spec.frozen.modules] == ["helpers.py"]
    (resumed,) = (job for job in services.jobs.list() if job.spec.retry_of == JOB)
    assert [(one.cell_id, one.order, one.again) for one in resumed.spec.kept] == [("work", 1, True)]
