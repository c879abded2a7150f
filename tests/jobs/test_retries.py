"""Jobs that are begun again: after which failures, how often, when, and what is told of each attempt."""

import threading
import time
from datetime import timedelta

import pytest
from tests.jobs.conftest import Project, wait_for

from trackbook.domain.execution import Execution, Observer, Outcome
from trackbook.domain.job import Job, JobSpec
from trackbook.domain.limits import Limits, parse_causes, parse_memory
from trackbook.domain.retries import may_retry, retry_delay
from trackbook.domain.run import RunError
from trackbook.errors import KernelError, UsageError
from trackbook.jobs.executor import PapermillExecutor
from trackbook.jobs.fake import FakeExecutor
from trackbook.jobs.pool import run_jobs
from trackbook.jobs.worker import Worker
from trackbook.services.catchup import rebuild
from trackbook.services.queue import JobQueue

DIED = Outcome(
    "died", RunError("KernelDied", "The kernel died.", [], 1, "c1"), not_run=["c2"], memory=5, cpu=0.5
)


def submit(project: Project, **limits: object) -> Job:
    (job,) = project.services.jobs.submit(project.notebook("1"), limits=Limits(**limits))  # type: ignore[arg-type]
    return job


def work(project: Project, *outcomes: Outcome | Exception) -> None:
    left = list(outcomes)

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    Worker(project.store, JobQueue(project.services.place), FakeExecutor(play)).run()
    assert not left


def test_it_is_begun_again_in_a_run_of_its_own(project: Project) -> None:
    job = submit(project, retries=3, retry_delay=0)
    work(project, DIED, KernelError("no kernel"), Outcome("finished"))
    ended = project.services.jobs.get(job.id)
    assert (ended.status, ended.attempt, ended.cause, ended.error) == ("finished", 3, None, None)
    assert [attempt.outcome for attempt in ended.attempts] == ["died", "not_started", "finished"]
    assert [attempt.number for attempt in ended.attempts] == [1, 2, 3]
    first = ended.attempts[0]
    assert (first.error, first.not_run, first.memory, first.cpu) == (DIED.error, ["c2"], 5, 0.5)
    runs = [attempt.run_id for attempt in ended.attempts]
    assert runs[0] == job.spec.run_id
    assert ended.spec.run_id == runs[2]
    assert [project.detail(run_id).run.status for run_id in runs] == ["failed", "failed", "finished"]


def test_the_last_attempts_failure_is_the_jobs(project: Project) -> None:
    job = submit(project, retries=1, retry_delay=0)
    work(project, DIED, DIED)
    ended = project.services.jobs.get(job.id)
    assert (ended.status, ended.cause, ended.error) == ("failed", "died", DIED.error)
    assert len(ended.attempts) == 2


@pytest.mark.parametrize(
    ("outcome", "causes", "times"),
    [
        ("failed", None, 1),
        ("timed_out", None, 1),
        ("memory", None, 1),
        ("died", None, 2),
        ("failed", ["failed"], 2),
        ("memory", ["memory", "timed_out"], 2),
        ("died", ["memory"], 1),
        ("aborted", None, 1),
    ],
)
def test_the_cause_decides(project: Project, outcome: str, causes: list[str] | None, times: int) -> None:
    limits = {"retry_on": causes} if causes is not None else {}
    job = submit(project, retries=1, retry_delay=0, **limits)
    work(project, *[Outcome(outcome, RunError("E", "e"))] * times)  # type: ignore[arg-type]
    ended = project.services.jobs.get(job.id)
    assert len(ended.attempts) == times
    assert ended.cause == (None if outcome == "aborted" else outcome)
    assert ended.status == ("cancelled" if outcome == "aborted" else "failed")


def test_it_waits_and_keeps_nobody_else_waiting(project: Project) -> None:
    first = submit(project, retries=1, retry_delay=4)
    second = submit(project)
    order: list[str] = []

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        order.append(first.id if first.id in execution.notebook else second.id)
        if order == [first.id]:
            return DIED
        if order[-1] == second.id:
            waiting = project.services.jobs.get(first.id)
            assert (waiting.status, waiting.attempt) == ("queued", 1)
            assert waiting.not_before is not None
            assert waiting.not_before - waiting.attempts[0].ended > timedelta(seconds=2)
        return Outcome("finished")

    started = time.monotonic()
    Worker(project.store, JobQueue(project.services.place), FakeExecutor(play)).run()
    assert order == [first.id, second.id, first.id]
    assert time.monotonic() - started > 2.9


def test_it_can_be_cancelled_between_two_attempts(project: Project) -> None:
    job = submit(project, retries=5, retry_delay=3600)
    worker = threading.Thread(target=work, args=(project, DIED))
    worker.start()
    wait_for(lambda: project.services.jobs.get(job.id).not_before)
    assert project.services.jobs.cancel(job.id).status == "cancelled"
    worker.join(60)
    assert not worker.is_alive()


def test_a_job_that_was_cancelled_is_not_begun_again(project: Project) -> None:
    job = submit(project, retries=5, retry_delay=0)

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        project.services.jobs.cancel(job.id)
        return DIED

    Worker(project.store, JobQueue(project.services.place), FakeExecutor(play)).run()
    ended = project.services.jobs.get(job.id)
    assert (len(ended.attempts), ended.status) == (1, "failed")


def test_a_cancellation_before_the_kernel_begins_is_heard(project: Project) -> None:
    """The executor may be told before it knows what there is to cancel: it is told again."""
    job = submit(project)

    def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
        project.services.jobs.cancel(job.id)
        assert cancelled.wait(60)
        cancelled.clear()
        assert cancelled.wait(60)
        return Outcome("aborted")

    Worker(project.store, JobQueue(project.services.place), FakeExecutor(play)).run()
    assert project.services.jobs.get(job.id).status == "cancelled"


def test_a_new_index_knows_the_attempts(project: Project) -> None:
    job = submit(project, retries=2, retry_delay=0)
    work(project, DIED, Outcome("finished"))
    before = project.services.jobs.get(job.id)
    rebuild(project.store).close()
    assert project.services.jobs.get(job.id).attempts == before.attempts
    assert project.services.jobs.get(job.id).attempt == 2


def test_a_real_kernel_that_dies_once(project: Project) -> None:
    notebook = project.notebook(
        "import os, pathlib\nprint('on', flush=True)",
        "import time; time.sleep(0.2)\nif not pathlib.Path('once').exists():\n"
        "    pathlib.Path('once').touch(); print('dying', flush=True); time.sleep(0.3); os._exit(3)",
        "print('end')",
    )
    (job,) = project.services.jobs.submit(notebook, limits=Limits(retries=1, retry_delay=0))
    (ended,) = run_jobs(project.store, [job]).jobs
    assert (ended.status, ended.attempt) == ("finished", 2)
    died, finished = ended.attempts
    assert "exit code 3" in (died.error.evalue if died.error else "")
    assert died.not_run == ["c3"]
    cells = project.detail(died.run_id).cells
    assert [cell.status for cell in cells] == ["ok", "died"]
    assert project.services.snapshots.cell(died.run_id, 2).outputs[0]["text"] == "dying\n"
    assert all(cell.memory for cell in cells)
    assert [cell.status for cell in project.detail(finished.run_id).cells] == ["ok"] * 3
    assert {"output.ipynb"} <= {artifact.path for artifact in project.detail(died.run_id).artifacts}


def test_what_a_running_cell_shows_can_be_read(project: Project) -> None:
    source = (
        "import time, pathlib\nprint('begun', flush=True)\ndeadline = time.monotonic() + 100\n"
        "while not pathlib.Path('seen').exists() and time.monotonic() < deadline: time.sleep(0.1)\n"
        "assert time.monotonic() < deadline\nprint('end')"
    )
    (job,) = project.services.jobs.submit(project.notebook("1", source))
    worker = Worker(project.store, JobQueue(project.services.place), PapermillExecutor())
    thread = threading.Thread(target=worker.run)
    thread.start()
    run_id = job.spec.run_id
    shown: list[str] = []

    def has_shown() -> bool:
        project.services.runs.refresh(timeout=60)
        if len(project.services.runs.detail(run_id).cells) < 2:
            return False
        content = project.services.snapshots.cell(run_id, 2)
        shown.extend(output["text"] for output in content.outputs)
        return bool(shown) and content.execution.status == "running"

    wait_for(lambda: project.services.jobs.get(job.id).cell == 2)
    wait_for(has_shown)
    assert shown == ["begun\n"]
    (project.folder / "seen").touch()
    thread.join(120)
    project.detail(run_id)
    ended = project.services.snapshots.cell(run_id, 2)
    assert (ended.execution.status, ended.execution.count) == ("ok", 2)
    assert ended.outputs[0]["text"] == "begun\nend\n"
    assert ended.execution.reads == []
    assert "deadline" in ended.execution.writes


def test_each_retry_waits_about_twice_as_long() -> None:
    spec = JobSpec("", "", "", {}, "", "", retries=9, retry_delay=10)
    assert 7.5 <= retry_delay(spec, 1) <= 12.5
    assert 60 <= retry_delay(spec, 4) <= 100
    assert retry_delay(spec, 60) <= 4500
    assert len({retry_delay(spec, 1) for _ in range(20)}) > 1
    assert may_retry(spec, 9, "died")
    assert not may_retry(spec, 10, "died")


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2_000_000_000), ("1.5 GiB", 1_610_612_736), ("500m", 500_000_000), ("1048576", 1_048_576)],
)
def test_amounts_of_memory(text: str, size: int) -> None:
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "two", "-1GB", "1 XB", "1e9"])
def test_what_is_no_amount_of_memory(text: str) -> None:
    with pytest.raises(UsageError, match="write 2GB"):
        parse_memory(text)


def test_causes() -> None:
    assert parse_causes("died, timed-out") == ["died", "timed_out"]
    with pytest.raises(UsageError, match="'dead' is no cause"):
        parse_causes("dead")


@pytest.mark.parametrize(
    "wrong",
    [
        {"memory": 5},
        {"retries": -1},
        {"retries": 1000},
        {"retry_delay": -1.0},
        {"cell_timeout": 0.0},
        {"retry_on": ["x"]},
    ],
)
def test_limits_that_cannot_be(project: Project, wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        submit(project, **wrong)
    assert project.services.jobs.list() == []
