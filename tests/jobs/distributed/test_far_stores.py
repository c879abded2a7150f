"""Jobs on other machines than the one that submits them, which share nothing with it but a store."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import psutil
import pytest
from tests.jobs.distributed.conftest import Dask, Submitter, wait_for
from tests.remote.conftest import end_processes

import trackbook as tb
from trackbook.config import Settings
from trackbook.domain.job import Job
from trackbook.errors import NotFound
from trackbook.jobs.distributed.cluster import Cluster, open_cluster
from trackbook.jobs.distributed.pool import run_jobs_on_dask
from trackbook.jobs.pool import Outcomes
from trackbook.services.context import open_services
from trackbook.store.paths import create_store

TRACKED = """\
import os, pathlib, trackbook as tb
tb.log({"loss": 1 / x})
run = tb.current_run()
(run.output_dir / "made.txt").write_text(pathlib.Path("data/in.txt").read_text() * x)
import helper
print(os.uname().nodename, helper.NAME, pathlib.Path.cwd())
"""
SLEEP = """\
import os, pathlib, time
pathlib.Path(where, f"{os.environ['TRACKBOOK_RUN']}@{os.uname().nodename}").write_text(str(os.getpid()))
print("begun", flush=True)
while not pathlib.Path(where, "go").exists():
    time.sleep(0.05)
import trackbook as tb
tb.log({"done": 1.0})
"""


@pytest.fixture
def cluster(dask: Dask) -> Iterator[Cluster]:
    with open_cluster(dask.address, 1) as cluster:
        wait_for(lambda: len(cluster.workers()) == 2)
        yield cluster


class Running:
    """Jobs that are waited for in a thread."""

    def __init__(self, submitter: Submitter, jobs: list[Job], cluster: Cluster) -> None:
        self.seen: list[list[Job]] = []
        self.outcomes: Outcomes | None = None
        self._arguments = submitter.store, jobs, cluster
        self._submitter, self._jobs = submitter, jobs
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.outcomes = run_jobs_on_dask(*self._arguments, on_progress=self.seen.append)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for job in self._jobs:
            self._submitter.services.jobs.cancel(job.id)
        self._thread.join(180)

    def wait(self) -> Outcomes:
        self._thread.join(180)
        assert self.outcomes is not None
        return self.outcomes


def outputs(submitter: Submitter, run_id: str) -> dict[str, bytes]:
    """The artifacts of a run."""
    services = submitter.services
    detail = services.runs.detail(run_id)
    return {one.path: services.artifacts.open(run_id, one.path)[1].read_bytes() for one in detail.artifacts}


def shown_by(submitter: Submitter, run_id: str) -> str:
    """What the third cell of a run has shown so far; nothing where it is not in the index yet."""
    try:
        return str(submitter.services.snapshots.cell(run_id, 3).outputs)
    except NotFound:
        return ""


def test_jobs_run_where_nothing_of_the_project_is(submitter: Submitter, cluster: Cluster) -> None:
    path = submitter.notebook(TRACKED, parameters="x = 1", name="gone/train.ipynb")
    (path.parent / "data").mkdir()
    (path.parent / "data" / "in.txt").write_text("ü")
    (path.parent / "helper.py").write_text("NAME = 'helped'\n")
    values: list[Any] = [1, 2, 3, 4]
    jobs = submitter.services.jobs.submit(
        path, sweep={"x": values}, executor="dask", files=["data/*.txt", "*.py"]
    )
    path.parent.rename(path.parent.with_name("elsewhere"))
    outcomes = run_jobs_on_dask(submitter.store, jobs, cluster)
    assert outcomes.exit_code == 0, [job.error for job in outcomes.jobs]
    assert submitter.services.runs.refresh(timeout=60)
    hosts = set()
    for x, job in zip(values, outcomes.jobs, strict=True):
        run = submitter.services.runs.get(job.spec.run_id)
        assert (run.status, run.metrics["loss"], run.params["x"]) == ("finished", 1 / x, x)
        assert job.attempt == 1
        files = outputs(submitter, run.id)
        assert files["outputs/made.txt"].decode() == "ü" * x
        assert b"helped" in files["output.ipynb"]
        assert "in a folder of its own, with 2 files" in (
            submitter.services.runs.detail(run.id).run.notes or ""
        )
        hosts.add(run.host)
    assert hosts == {"machine-a", "machine-b"}


SEARCHED = """\
import trackbook as tb, time
for step in range(600):
    tb.log({"loss": x}, step=step)
    if x < 5:
        break
    time.sleep(0.1)
"""


def test_a_sweep_is_searched_pruned_and_given_more_trials_there(
    submitter: Submitter, dask: Dask, cluster: Cluster
) -> None:
    path = submitter.notebook(SEARCHED, parameters="x = 1.0", name="searched/train.ipynb")
    sweep = tb.sweep(
        path,
        {"x": (1.0, 9.0)},
        trials=6,
        objective="loss:min",
        pruner="threshold:upper=5",
        jobs=2,
        scheduler=dask.address,
        progress=False,
    )
    assert sweep.status == "finished"
    assert {run.status for run in sweep.runs} == {"finished", "pruned"}
    for run in sweep.runs:
        assert (run.status == "pruned") is (run.params["x"] >= 5), run
        assert run.host in ("machine-a", "machine-b")
    assert sweep.best is not None
    values = [run.metrics["loss"] for run in sweep.runs if run.status == "finished"]
    assert sweep.best.metrics["loss"] == min(values)
    sweep.resume(trials=7, scheduler=dask.address, progress=False)
    assert (sweep.status, len(sweep.runs)) == ("finished", 7)
    assert sweep.runs[-1].host in ("machine-a", "machine-b")
    sweep._services.close()


SHARED = """\
import os, pathlib, helper
import numpy as np
np.random.seed(3)
base = np.random.rand() + len(pathlib.Path("data/in.txt").read_text())
pathlib.Path(where, f"{os.uname().nodename}-{os.getpid()}").touch()
print("loaded", helper.NAME)
"""
OWN = """\
import trackbook as tb
tb.log({"score": x * base + np.random.rand()})
assert pathlib.Path("data/in.txt").exists()
"""


def test_cells_are_shared_on_each_worker(
    submitter: Submitter, dask: Dask, cluster: Cluster, tmp_path: Path
) -> None:
    path = submitter.notebook(SHARED, OWN, parameters="x = 1\nwhere = ''", name="shared/train.ipynb")
    (path.parent / "data").mkdir()
    (path.parent / "data" / "in.txt").write_text("123")
    (path.parent / "helper.py").write_text("NAME = 'helped'\n")

    def sweep(where: Path, values: list[int], share: bool) -> tb.Sweep:
        where.mkdir()
        found = tb.sweep(
            path,
            {"x": values},
            params={"where": str(where)},
            objective="score:max",
            jobs=2,
            scheduler=dask.address,
            files=["data"],
            share_prefix=share,
            progress=False,
        )
        assert found.status == "finished", found.detail
        return found

    # Where nothing of the notebook's folder is.
    plain = sweep(tmp_path / "plain", [1, 2], share=False)
    path.parent.rename(submitter.folder / "moved")
    path = submitter.folder / "moved" / "train.ipynb"
    shared = sweep(tmp_path / "shared", [1, 2, 3, 4, 5, 6], share=True)
    scores = {run.params["x"]: run.metrics["score"] for run in shared.runs}
    assert [scores[run.params["x"]] for run in plain.runs] == [run.metrics["score"] for run in plain.runs]
    assert len(scores) == 6
    # Once on each machine.
    ran = [one.name.rpartition("-")[0] for one in (tmp_path / "shared").iterdir()]
    assert sorted(ran) == sorted({str(run.host) for run in shared.runs})
    for run in shared.runs:
        notes = submitter.services.runs.detail(run.id).run.notes or ""
        assert "ran once for all trials" in notes, notes
    for done in (plain, shared):
        done._services.close()


def begun(where: Path) -> dict[str, str]:
    """The hosts on which notebooks sleep, by their runs."""
    return {name.partition("@")[0]: name.partition("@")[2] for name in (p.name for p in where.glob("*@*"))}


def test_the_job_of_a_worker_that_is_killed_runs_again_once(
    submitter: Submitter, dask: Dask, cluster: Cluster, tmp_path: Path
) -> None:
    path = submitter.notebook(SLEEP, parameters=f"where = {str(tmp_path)!r}\nn = 0")
    jobs = submitter.services.jobs.submit(path, sweep={"n": [1, 2, 3]}, executor="dask")
    with Running(submitter, jobs, cluster) as running:
        wait_for(lambda: len(begun(tmp_path)) == 2)
        before = begun(tmp_path)
        dask.kill("machine-a")
        dask.add("machine-c")
        wait_for(lambda: len(begun(tmp_path)) == 3)
        (tmp_path / "go").touch()
        outcomes = running.wait()
        dask.kill("machine-c")
        dask.add("machine-a")
    assert outcomes.exit_code == 0, [job.error for job in outcomes.jobs]
    (lost,) = [job for job in outcomes.jobs if job.attempt == 2]
    assert [attempt.outcome for attempt in lost.attempts] == ["lost", "finished"]
    assert before[lost.attempts[0].run_id] == "machine-a"
    (kernel,) = tmp_path.glob(f"{lost.attempts[0].run_id}@*")
    wait_for(lambda: not psutil.pid_exists(int(kernel.read_text())))
    assert [job.attempt for job in outcomes.jobs if job is not lost] == [1, 1]
    assert len(begun(tmp_path)) == 4
    for job in outcomes.jobs:
        assert submitter.services.runs.refresh(timeout=60)
        assert submitter.services.runs.get(job.spec.run_id).metrics["done"] == 1.0


LARGE = """\
import os, pathlib, time, trackbook as tb
tb.log({"n": n})
run = tb.current_run()
(run.output_dir / "large.bin").write_bytes(bytes([n]) * 300_000)
pathlib.Path(where, f"{run.id}@{os.uname().nodename}").write_text(str(os.getpid()))
while not pathlib.Path(where, "go").exists():
    time.sleep(0.05)
"""


@pytest.mark.usefixtures("bucket")
def test_content_goes_into_an_object_storage_and_survives_a_worker(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_STORE", postgresql_url)
    monkeypatch.setenv("TRACKBOOK_SPOOL", str(tmp_path / "spool"))
    (tmp_path / "dask").mkdir()
    dask = Dask(tmp_path / "dask").start()
    settings = Settings.load()
    assert settings.folder is not None
    with closing(open_services(create_store(settings.folder, settings.remote))) as services:
        try:
            submitter = Submitter(tmp_path / "project", services)
            path = submitter.notebook(LARGE, parameters=f"where = {str(tmp_path)!r}\nn = 0")
            for name in ("machine-a", "machine-b"):
                dask.add(name)
            with open_cluster(dask.address, 1) as cluster:
                wait_for(lambda: len(cluster.workers()) == 2)
                jobs = services.jobs.submit(path, sweep={"n": [1, 2, 3]}, executor="dask")
                with Running(submitter, jobs, cluster) as running:
                    wait_for(lambda: len(begun(tmp_path)) == 2)
                    (lost,) = tmp_path.glob("*@machine-a")
                    dask.kill("machine-a")
                    # Before it may go on: it might come to its end, of which nothing would be heard.
                    wait_for(lambda: not psutil.pid_exists(int(lost.read_text())))
                    wait_for(lambda: len(cluster.workers()) == 1)
                    (tmp_path / "go").touch()
                    outcomes = running.wait()
            assert outcomes.exit_code == 0, [job.error for job in outcomes.jobs]
            assert sorted(job.attempt for job in outcomes.jobs) == [1, 1, 2]
            assert services.runs.refresh(timeout=60)
            for n, job in zip((1, 2, 3), outcomes.jobs, strict=True):
                run = services.runs.get(job.spec.run_id)
                assert (run.status, run.metrics["n"], run.host) == ("finished", n, "machine-b")
                # Of which this machine has never had a copy.
                assert outputs(submitter, run.id)["outputs/large.bin"] == bytes([n]) * 300_000
        finally:
            dask.end()
            end_processes(services.store)


def test_cancelling_reaches_the_workers(submitter: Submitter, cluster: Cluster, tmp_path: Path) -> None:
    path = submitter.notebook(SLEEP, parameters=f"where = {str(tmp_path)!r}\nn = 0")
    jobs = submitter.services.jobs.submit(path, sweep={"n": [1, 2, 3]}, executor="dask")
    with Running(submitter, jobs, cluster) as running:
        wait_for(lambda: len(begun(tmp_path)) == 2)
        # How far a job is, and what its cell shows, is seen while it runs.
        wait_for(lambda: sum(job.cell == job.cells == 3 for job in (running.seen or [[]])[-1]) == 2)
        run_id = next(iter(begun(tmp_path)))
        wait_for(lambda: "begun" in shown_by(submitter, run_id))
        for job in jobs:
            submitter.services.jobs.cancel(job.id)
        outcomes = running.wait()
    assert [job.status for job in outcomes.jobs] == ["cancelled"] * 3
    assert outcomes.exit_code == 130
    assert submitter.services.runs.refresh(timeout=60)
    assert {submitter.services.runs.get(run_id).status for run_id in begun(tmp_path)} == {"aborted"}
    # Once more, and taken back before anybody has it.
    again = submitter.services.jobs.retry(jobs[0].id)
    assert (again.status, again.spec.retry_of, again.spec.executor) == ("queued", jobs[0].id, "dask")
    assert submitter.services.jobs.cancel(again.id).status == "cancelled"
    assert [job.id for job in submitter.services.jobs.list(limit=1)] == [again.id]
