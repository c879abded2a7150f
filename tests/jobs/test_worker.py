"""Workers over a fake executor: what they record of each outcome, and what they do beside."""

import shutil
import threading
from pathlib import Path

import pytest
from tests.jobs.conftest import Project, wait_for

from trackbook.domain.execution import Execution, Observer, Outcome
from trackbook.domain.job import Job
from trackbook.domain.run import RunError
from trackbook.errors import KernelError, StoreError, StoreUnreachable
from trackbook.jobs.fake import FakeExecutor
from trackbook.jobs.threads import THREAD_VARIABLES, thread_caps, usable_cores
from trackbook.jobs.worker import Worker
from trackbook.services.queue import JobQueue

ERROR = RunError("KeyError", "'gone'", ["frame\n"], 2, "c2")


def work(project: Project, executor: FakeExecutor, parallel: int = 1) -> Worker:
    """Run a worker until the queue is done."""
    queue = JobQueue(project.services.place)
    worker = Worker(project.store, queue, executor, parallel=parallel)
    worker.run()
    return worker


def submit(project: Project, path: Path | None = None) -> Job:
    (job,) = project.services.jobs.submit(
        path or project.notebook("1", parameters="lr = 0.1\nn = 3"), {"lr": 1}
    )
    return job


@pytest.mark.parametrize(
    ("outcome", "run_status", "job_status"),
    [
        (Outcome("finished"), "finished", "finished"),
        (Outcome("failed", ERROR), "failed", "failed"),
        (Outcome("timed_out", ERROR), "timed_out", "failed"),
        (Outcome("died", ERROR), "failed", "failed"),
        (Outcome("aborted", ERROR), "aborted", "cancelled"),
    ],
)
def test_an_outcome_is_the_runs_and_the_jobs(
    project: Project, outcome: Outcome, run_status: str, job_status: str
) -> None:
    job = submit(project)
    work(project, FakeExecutor(lambda execution, observer, cancelled: outcome))
    run = project.detail(job.spec.run_id).run
    assert (run.status, run.error) == (run_status, outcome.error)
    ended = project.services.jobs.get(job.id)
    assert ended.status == job_status
    assert ended.error == (None if job_status == "cancelled" else outcome.error)
    assert ended.started is not None
    assert ended.ended is not None


@pytest.mark.parametrize(
    "error", [KernelError("no kernel"), StoreError("x", "disk"), OSError("full"), ValueError("?")]
)
def test_what_goes_wrong_around_the_notebook_fails_the_job_and_not_the_worker(
    project: Project, error: Exception
) -> None:
    first, second = submit(project), submit(project)

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        if first.id in execution.notebook:
            raise error
        return Outcome("finished")

    work(project, FakeExecutor(play))
    failed = project.services.jobs.get(first.id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert (failed.error.ename, failed.error.evalue) == (type(error).__name__, str(error))
    assert project.detail(first.spec.run_id).run.status == "failed"
    assert project.services.jobs.get(second.id).status == "finished"


def test_the_run_has_all_that_is_known_before_the_kernel_starts(project: Project) -> None:
    path = project.notebook("1", parameters="lr = 0.1\nn = 3\nstart = now()\nseed: int | None = None")
    jobs = project.services.jobs.submit(path, {"lr": 1}, {"n": [5]}, tags={"team": "vision"})
    executor = FakeExecutor()
    work(project, executor)
    detail = project.detail(jobs[0].spec.run_id)
    assert detail.run.params == {"lr": 1.0, "n": 5, "seed": None}
    assert detail.run.tags == {"team": "vision", "sweep": jobs[0].spec.tags["sweep"]}
    assert (detail.run.source.kind, detail.run.source.path) == ("job", "train.ipynb")
    assert (detail.run.source.job_id, detail.run.experiment) == (jobs[0].id, "train")
    assert [(info.moment, info.origin) for info in detail.snapshots] == [("start", "job")]
    snapshot = project.services.snapshots.notebook(detail.run.id, "start")
    assert [cell["id"] for cell in snapshot["cells"]] == ["p", "c1"]


def test_a_folder_that_is_gone_is_said(project: Project) -> None:
    job = submit(project, project.notebook("1", parameters="lr = 1.0", name="deep/train.ipynb"))
    shutil.rmtree(project.folder / "deep")
    work(project, FakeExecutor())
    error = project.detail(job.spec.run_id).run.error
    assert error is not None
    assert "is gone" in error.evalue


def test_the_executor_is_told_what_to_run_and_where(project: Project) -> None:
    job = submit(project)
    executor = FakeExecutor()
    work(project, executor)
    (execution,) = executor.executions
    folder = project.store.job_folder(job.id)
    assert execution.notebook == str(folder / "notebook.ipynb")
    assert "lr = 1.0" in Path(execution.notebook).read_text("utf-8")
    assert execution.output == str(folder / "output.ipynb")
    assert (execution.folder, execution.kernel) == (str(project.folder), "python3")
    assert execution.environment == {
        "TRACKBOOK_STORE": str(project.store.root),
        "TRACKBOOK_RUN": job.spec.run_id,
        "TRACKBOOK_JOB": job.id,
        "TRACKBOOK_JOB_CELLS": "1",
        "TRACKBOOK_OUTPUT_DIR": str(folder / "outputs"),
        "JPY_SESSION_NAME": "",
    }


def test_what_the_notebook_leaves_becomes_artifacts(project: Project) -> None:
    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        outputs = Path(execution.environment["TRACKBOOK_OUTPUT_DIR"])
        (outputs / "deep").mkdir()
        (outputs / "deep" / "model.bin").write_bytes(b"weights")
        (outputs / "bad\nname").write_bytes(b"?")
        Path(execution.output).write_text("{}", encoding="utf-8")
        Path(execution.log).write_text("hello", encoding="utf-8")
        return Outcome("failed", ERROR)

    job = submit(project)
    work(project, FakeExecutor(play))
    detail = project.detail(job.spec.run_id)
    assert [(a.path, a.kind) for a in detail.artifacts] == [
        ("log.txt", "log"),
        ("output.ipynb", "notebook"),
        ("outputs/deep/model.bin", "output"),
    ]
    _, blob = project.services.artifacts.open(detail.run.id, "outputs/deep/model.bin")
    assert blob.read_bytes() == b"weights"
    assert "control characters" in detail.run.notes


def test_secrets_are_masked_in_what_the_job_itself_stores(project: Project) -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        shutil.copy(execution.notebook, execution.output)
        Path(execution.log).write_text(f"logged in with {token}\n", encoding="utf-8")
        return Outcome("failed", RunError("E", token, [token]))

    path = project.notebook(f"login('{token}')", parameters=f"key = '{token}'\nlr = 1")
    job = submit(project, path)
    work(project, FakeExecutor(play))
    detail = project.detail(job.spec.run_id)
    files = {
        one.path: project.services.artifacts.open(detail.run.id, one.path)[1] for one in detail.artifacts
    }
    assert files["log.txt"].read_text() == "logged in with •••\n"
    assert "login('•••')" in files["output.ipynb"].read_text()
    assert detail.run.params == {"key": "•••", "lr": 1}
    assert project.services.jobs.get(job.id).error == RunError("E", "•••", ["•••"])
    assert detail.run.error == RunError("E", "•••", ["•••"])
    start = project.services.snapshots.notebook(detail.run.id, "start")
    assert "".join(start["cells"][1]["source"]) == "login('•••')"
    assert {"log.txt", "parameter key", "notebook, cell 2", "output.ipynb, cell 3"} <= {
        secret.place for secret in detail.secrets
    }


@pytest.mark.parametrize("tracks", [False, True])
def test_cells_are_recorded_here_if_the_kernel_does_not(project: Project, tracks: bool) -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]}
    cell = {"cell_type": "code", "id": "c1", "source": "1", "outputs": [error]}

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        observer.kernel_ready(tracks)
        observer.cell_started(1, 2, {"cell_type": "markdown", "id": "m", "source": "# T"})
        observer.cell_started(2, 2, cell)
        observer.cell_finished(cell, "error", 0.25)
        return Outcome("failed", ERROR)

    job = submit(project)
    work(project, FakeExecutor(play))
    cells = project.detail(job.spec.run_id).cells
    assert len(cells) == (0 if tracks else 1)
    if not tracks:
        assert (cells[0].cell_id, cells[0].status, cells[0].duration) == ("c1", "error", 0.25)
        assert cells[0].error is not None
        assert cells[0].error.ename == "E"
        content = project.services.snapshots.cell(job.spec.run_id, 1)
        assert (content.source, content.outputs) == ("1", [error])


def test_progress_and_cancellation_go_through_the_index(project: Project) -> None:
    job = submit(project)

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        observer.cell_started(2, 5, {"cell_type": "code", "id": "c", "source": ""})
        wait_for(lambda: project.services.jobs.get(job.id).cell == 2)
        assert project.services.jobs.get(job.id).cells == 5
        project.services.jobs.cancel(job.id)
        assert cancelled.wait(60)
        return Outcome("aborted", ERROR)

    work(project, FakeExecutor(play))
    assert project.services.jobs.get(job.id).status == "cancelled"
    assert project.detail(job.spec.run_id).run.reason == "The job was cancelled."


def test_a_cancellation_is_for_one_job_alone(project: Project) -> None:
    first, second = submit(project), submit(project)
    stopped: list[bool] = []

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        if first.id in execution.notebook:
            project.services.jobs.cancel(first.id)
            assert cancelled.wait(60)
            return Outcome("aborted")
        stopped.append(cancelled.wait(1))
        return Outcome("finished")

    work(project, FakeExecutor(play))
    assert stopped == [False]
    assert [job.status for job in project.services.jobs.get_many([first.id, second.id])] == [
        "cancelled",
        "finished",
    ]


def test_a_worker_that_is_stopped_aborts_its_job_and_begins_no_other(project: Project) -> None:
    first, second = submit(project), submit(project)
    queue = JobQueue(project.services.place)

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        worker.stop()
        assert cancelled.wait(60)
        return Outcome("aborted")

    worker = Worker(project.store, queue, FakeExecutor(play))
    worker.run()
    assert [job.status for job in project.services.jobs.get_many([first.id, second.id])] == [
        "cancelled",
        "queued",
    ]


def test_an_abandoned_worker_cancels_what_waits(project: Project) -> None:
    job = submit(project)
    executor = FakeExecutor()
    worker = Worker(project.store, JobQueue(project.services.place), executor)
    worker.abandon()
    worker.run()
    assert executor.executions == []
    assert project.services.jobs.get(job.id).status == "cancelled"


def test_a_further_attempt_begins_with_an_empty_folder(project: Project) -> None:
    job = submit(project)
    folder = project.store.job_folder(job.id)
    (folder / "outputs").mkdir(parents=True)
    for name in ("outputs/old.txt", "output.ipynb", "log.txt"):
        (folder / name).write_text("old", encoding="utf-8")
    work(project, FakeExecutor())
    assert project.detail(job.spec.run_id).artifacts == []


def test_a_standing_worker_waits_a_while_for_more(project: Project) -> None:
    executor = FakeExecutor()
    queue = JobQueue(project.services.place)
    worker = Worker(project.store, queue, executor, idle=600)
    waiting = threading.Thread(target=worker.run)
    waiting.start()
    job = submit(project)
    wait_for(lambda: project.services.jobs.get(job.id).status == "finished")
    worker.stop()
    waiting.join(60)
    assert not waiting.is_alive()


def test_a_standing_worker_outlives_a_store_that_is_away(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trackbook.jobs.worker._LOOK_EVERY_AFTER_ERROR", 0.01)
    job = submit(project)
    queue = JobQueue(project.services.place)
    claim, failures = queue.claim, [StoreUnreachable("postgresql://there", "no answer")] * 3

    def claim_when_there() -> Job | None:
        if failures:
            raise failures.pop()
        return claim()

    monkeypatch.setattr(queue, "claim", claim_when_there)
    Worker(project.store, queue, FakeExecutor(), idle=0.1).run()
    assert project.services.jobs.get(job.id).status == "finished"


def test_jobs_side_by_side_share_the_cores(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    for name in THREAD_VARIABLES[1:]:
        monkeypatch.delenv(name, raising=False)
    submit(project)
    executor = FakeExecutor()
    work(project, executor, parallel=2)
    environment = executor.executions[0].environment
    share = str(max(1, usable_cores() // 2))
    assert "OMP_NUM_THREADS" not in environment
    assert {environment[name] for name in THREAD_VARIABLES[1:]} == {share}


def test_shares_of_the_cores() -> None:
    assert thread_caps(1, {}, cores=8) == {}
    assert set(thread_caps(3, {}, cores=8).values()) == {"2"}
    assert set(thread_caps(16, {}, cores=8).values()) == {"1"}
