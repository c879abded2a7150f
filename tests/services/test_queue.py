import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nbformat import v4, write

from trackbook.domain.ids import new_id
from trackbook.domain.limits import Limits
from trackbook.domain.run import RunError, RunStatus, Source
from trackbook.domain.trial import Trial
from trackbook.errors import Conflict, NotFound
from trackbook.services import job_records
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.job_records import attempt_of
from trackbook.services.queue import WORKER_DIED, JobQueue, crew_name, worker_id
from trackbook.services.recorder import RunRecorder
from trackbook.services.workers import Workers
from trackbook.store import jobs as table
from trackbook.store import schema as t
from trackbook.store.paths import StorePaths

CLAIM_ALL = """
import sys
import time
from pathlib import Path
from trackbook.services.recorder import RunRecorder
from trackbook.services.job_records import attempt_of
from trackbook.services.queue import JobQueue
from trackbook.services.opening import open_place
from trackbook.store.paths import StorePaths
store = StorePaths(Path(sys.argv[1]))
queue = JobQueue(open_place(store))
sys.stdin.readline()
while (job := queue.claim()) is not None:
    print(job.id, flush=True)
    if sys.argv[2] == "finish":
        queue.finish(job, attempt_of(job, "finished"))
    else:
        sys.stdin.readline()
"""


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    opened = open_services(new_store(tmp_path / ".trackbook"))
    yield opened
    opened.database.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    cell = v4.new_code_cell("n = 1", metadata={"tags": ["parameters"]})
    path = tmp_path / "a.ipynb"
    write(v4.new_notebook(cells=[cell]), path)
    return path


@pytest.fixture
def queue(services: Services) -> JobQueue:
    return JobQueue(services.place)


def claimer(services: Services, mode: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CLAIM_ALL, str(services.store.root), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def say(process: "subprocess.Popen[str]", line: str = "\n") -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()


def claim_and_die(services: Services) -> str:
    """Have another process claim a job and be killed; returns the job's id."""
    process = claimer(services, "keep")
    with process:
        say(process)
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        process.kill()
    return job_id


def test_jobs_are_claimed_in_the_order_of_submission(services: Services, queue: JobQueue, path: Path) -> None:
    jobs = services.jobs.submit(path, None, {"n": [1, 2, 3]})
    claimed = [queue.claim() for _ in range(4)]
    assert [job.id if job else None for job in claimed] == [*(job.id for job in jobs), None]
    assert {job.status for job in services.jobs.list()} == {"running"}
    assert {job.worker for job in services.jobs.list()} == {claimed[0].worker if claimed[0] else None}
    assert queue.count_open() == 3


def test_a_worker_may_want_some_jobs_alone(services: Services, path: Path) -> None:
    services.jobs.submit(path)
    sweep = services.jobs.submit(path, None, {"n": [1, 2]})
    (single,) = services.jobs.submit(path)
    of_sweep = JobQueue(services.place, sweep_id=sweep[0].spec.sweep_id)
    of_id = JobQueue(services.place, job_ids=[single.id])
    assert (of_sweep.count_open(), of_id.count_open()) == (2, 1)
    assert {job.id for job in (of_sweep.claim(), of_sweep.claim()) if job} == {job.id for job in sweep}
    assert of_sweep.claim() is None
    claimed = of_id.claim()
    assert claimed is not None
    assert claimed.id == single.id


def test_processes_never_get_the_same_job(services: Services, path: Path) -> None:
    jobs = services.jobs.submit(path, None, {"n": list(range(40))})
    processes = [claimer(services, "finish") for _ in range(4)]
    for process in processes:
        say(process)
    claimed = [process.communicate()[0].split() for process in processes]
    assert sorted(job_id for ids in claimed for job_id in ids) == sorted(job.id for job in jobs)
    assert {job.status for job in services.jobs.list()} == {"finished"}


def test_progress_and_outcome(services: Services, queue: JobQueue, path: Path) -> None:
    services.jobs.submit(path)
    job = queue.claim()
    assert job is not None
    revision = services.runs.revision()
    queue.note_progress(job, 2, 5)
    assert services.jobs.changed_since(revision) == [job.id]
    present = services.jobs.get(job.id)
    assert (present.cell, present.cells) == (2, 5)
    error = RunError("ValueError", "no", ["a\n"], 2, "c")
    queue.finish(job, attempt_of(job, "failed", error))
    ended = services.jobs.get(job.id)
    assert (ended.status, ended.error, ended.worker, ended.cell) == ("failed", error, None, 2)
    services.runs.refresh()
    assert services.jobs.get(job.id).error == error


def test_a_cancellation_reaches_the_worker(services: Services, queue: JobQueue, path: Path) -> None:
    services.jobs.submit(path)
    job = queue.claim()
    assert job is not None
    assert not queue.is_cancel_requested(job)
    assert services.jobs.cancel(job.id).status == "running"
    assert queue.is_cancel_requested(job)


def test_a_job_of_a_living_worker_is_left_alone(services: Services, queue: JobQueue, path: Path) -> None:
    services.jobs.submit(path)
    job = queue.claim()
    assert job is not None
    assert queue.recover() == []
    assert services.jobs.get(job.id).status == "running"


def test_a_job_of_a_dead_worker_gets_one_more_attempt(
    services: Services, queue: JobQueue, path: Path
) -> None:
    (job,) = services.jobs.submit(path)
    assert claim_and_die(services) == job.id
    assert services.jobs.get(job.id).status == "running"
    assert queue.recover() == [job.id]
    again = services.jobs.get(job.id)
    assert (again.status, again.worker) == ("queued", None)
    assert again.spec.run_id != job.spec.run_id
    assert queue.recover() == []

    assert claim_and_die(services) == job.id
    assert queue.recover() == [job.id]
    lost = services.jobs.get(job.id)
    assert lost.status == "failed"
    assert lost.error is not None
    assert lost.error.ename == WORKER_DIED
    assert queue.claim() is None
    services.runs.refresh()
    assert services.jobs.get(job.id) == lost


def test_a_cancelled_job_of_a_dead_worker_is_cancelled(
    services: Services, queue: JobQueue, path: Path
) -> None:
    (job,) = services.jobs.submit(path)
    claim_and_die(services)
    assert services.jobs.cancel(job.id).status == "cancelled"
    assert queue.recover() == []


def test_a_job_cancelled_while_it_is_returned_does_not_wait_forever(
    services: Services, queue: JobQueue, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.jobs.submit(path, limits=Limits(retries=3, retry_delay=0, retry_on=["failed"]))
    job = queue.claim()
    assert job is not None
    returned = job_records.begin_again

    def cancelled_meanwhile(*arguments: Any) -> bool:
        services.jobs.cancel(job.id)
        return returned(*arguments)

    monkeypatch.setattr("trackbook.services.queue.begin_again", cancelled_meanwhile)
    queue.finish(job, attempt_of(job, "failed", RunError("ValueError", "no")))
    assert services.jobs.get(job.id).status == "failed"
    assert queue.count_open() == 0


def test_a_lease_of_another_host_has_to_run_out(services: Services, queue: JobQueue, path: Path) -> None:
    (job,) = services.jobs.submit(path)
    with services.database.write() as connection:
        table.claim(connection, job.id, "elsewhere:1", 1, 2**60)
    assert queue.recover() == []
    with services.database.write() as connection:
        table.renew(connection, job, "elsewhere:1", 1)
    assert queue.recover() == [job.id]
    assert services.jobs.get(job.id).status == "queued"


def test_a_new_index_does_not_take_a_job_from_its_worker(services: Services, path: Path) -> None:
    (job,) = services.jobs.submit(path)
    process = claimer(services, "keep")
    with process:
        say(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == job.id
        place = rebuild(services.store)
        try:
            queue = JobQueue(place)
            assert services.jobs.get(job.id).status == "queued"
            assert queue.claim() is None
            process.kill()
            process.wait()
            claimed = queue.claim()
            assert claimed is not None
            assert claimed.worker is not None
            assert claimed.worker.endswith(f":{os.getpid()}")
        finally:
            place.close()


def test_a_worker_keeps_its_job_over_a_new_index(services: Services, queue: JobQueue, path: Path) -> None:
    services.jobs.submit(path)
    job = queue.claim()
    assert job is not None
    place = rebuild(services.store)
    place.close()
    assert services.jobs.get(job.id).status == "queued"
    queue.keep(job)
    kept = services.jobs.get(job.id)
    assert (kept.status, kept.worker) == ("running", job.worker)


@pytest.mark.parametrize(
    ("run_status", "job_status"),
    [("finished", "finished"), ("failed", "failed"), ("timed_out", "failed"), ("aborted", "cancelled")],
)
def test_a_job_whose_run_has_ended_is_not_run_again(
    services: Services, queue: JobQueue, path: Path, run_status: RunStatus, job_status: str
) -> None:
    (job,) = services.jobs.submit(path)
    claim_and_die(services)
    error = RunError("E", "v") if job_status == "failed" else None
    RunRecorder.start(services.store, experiment="e", run_id=job.spec.run_id).end(run_status, error=error)
    assert queue.recover() == [job.id]
    ended = services.jobs.get(job.id)
    assert (ended.status, ended.error) == (job_status, error)


def test_waiting_jobs_can_be_cancelled_together(services: Services, queue: JobQueue, path: Path) -> None:
    services.jobs.submit(path, None, {"n": [1, 2]})
    claimed = queue.claim()
    assert claimed is not None
    queue.cancel_waiting()
    assert sorted(job.status for job in services.jobs.list()) == ["cancelled", "running"]
    services.runs.refresh()
    assert sorted(job.status for job in services.jobs.list()) == ["cancelled", "running"]


def test_a_job_for_a_cluster_is_left_to_it(services: Services, queue: JobQueue, path: Path) -> None:
    (job,) = services.jobs.submit(path, executor="dask")
    assert queue.claim() is None
    assert not queue.has_waiting()
    assert queue.count_open() == 0
    wanted = JobQueue(services.place, job_ids=[job.id])
    claimed = wanted.claim()
    assert claimed is not None
    assert claimed.id == job.id


def test_values_that_speak_of_a_cluster_make_no_job_of_one(
    services: Services, queue: JobQueue, tmp_path: Path
) -> None:
    cell = v4.new_code_cell("d = {}", metadata={"tags": ["parameters"]})
    write(v4.new_notebook(cells=[cell]), tmp_path / "d.ipynb")
    services.jobs.submit(
        tmp_path / "d.ipynb", {"d": {"executor": "dask", "x": ', "executor": "dask", "trial": null}'}}
    )
    assert queue.claim() is not None


def test_trials_are_left_to_the_workers_of_their_sweep(
    services: Services, queue: JobQueue, path: Path
) -> None:
    sweep_id = services.sweeps.define(path, space={"n": [1, 2]})
    common = services.sweeps.spec(sweep_id).job
    specs = [
        msgspec.structs.replace(common, run_id=new_id(), sweep_id=sweep_id, trial=Trial(number, sweep_id))
        for number in range(2)
    ]
    trials = services.jobs.queue(specs)
    assert queue.claim() is None
    assert queue.count_open() == 0
    claimed = JobQueue(services.place, sweep_id=sweep_id).claim()
    assert claimed is not None
    assert claimed.id == trials[0].id
    assert claimed.spec.trial == Trial(0, sweep_id)
    other = JobQueue(services.place, job_ids=[trials[1].id]).claim()
    assert other is not None
    queue.finish(other, attempt_of(other, "failed", RunError("E", "e")))
    assert [job.id for job in services.jobs.failed(sweep_id=sweep_id)] == [other.id]
    again = services.jobs.retry(other.id)
    late = Trial(1, sweep_id, late=True)
    assert (again.spec.trial, again.spec.sweep_id, again.spec.parent_id) == (late, sweep_id, common.parent_id)
    assert services.jobs.failed(sweep_id=sweep_id) == []
    # One that is tried again by itself is the sweep's trial, and anybody's but the sweep's own workers'.
    assert [job.id for job in services.sweeps.trials(sweep_id)] == [trials[0].id, again.id]
    assert [job.id for job in services.sweeps.late_trials(sweep_id, "")] == [again.id]
    assert services.sweeps.late_trials(sweep_id, again.id) == []
    assert JobQueue(services.place, sweep_id=sweep_id).claim() is None
    assert services.sweeps.cancel_open(sweep_id, spares_late=True) == 1
    taken = queue.claim()
    assert taken is not None
    assert taken.id == again.id
    on_dask = services.jobs.queue(
        [msgspec.structs.replace(common, run_id=new_id(), sweep_id=sweep_id, trial=late, executor="dask")]
    )
    assert queue.claim() is None
    assert services.jobs.cancel(on_dask[0].id).status == "cancelled"


def test_who_lost_a_job_neither_keeps_nor_ends_it(services: Services, path: Path) -> None:
    (job,) = services.jobs.submit(path)
    first = JobQueue(services.place, worker="elsewhere:1@crew")
    claimed = first.claim()
    assert claimed is not None
    assert first.keep(claimed)
    second = JobQueue(services.place, worker="other:1@crew")
    assert not second.take_over(job.id, "another crew")
    assert second.take_over(job.id, "crew")
    assert not first.keep(claimed)
    assert services.jobs.get(job.id).status == "queued"
    first.let_go()
    again = second.claim()
    assert again is not None
    assert again.spec.run_id != claimed.spec.run_id
    assert not first.keep(claimed)
    first.finish(claimed, attempt_of(claimed, "finished"))
    assert services.jobs.get(job.id).status == "running"
    second.finish(again, attempt_of(again, "finished"))
    done = services.jobs.get(job.id)
    assert (done.status, done.attempt) == ("finished", 2)
    assert [attempt.outcome for attempt in done.attempts] == ["lost", "finished"]


def test_a_process_that_lives_here_is_not_taken_for_dead(services: Services, path: Path) -> None:
    (job,) = services.jobs.submit(path)
    queue = JobQueue(services.place, worker=crew_name("crew"))
    assert queue.claim() is not None
    assert not JobQueue(services.place).take_over(job.id, "crew")
    queue.let_go()
    assert JobQueue(services.place).take_over(job.id, "crew")


def test_a_job_that_another_worker_took_over_is_not_ended_by_the_first(
    services: Services, queue: JobQueue, path: Path
) -> None:
    services.jobs.submit(path)
    job = queue.claim()
    assert job is not None
    (held,) = _attempts(services, job.id)
    assert job_records.begin_again(services.place, held, attempt_of(job, "lost"), 0)
    with services.database.write() as connection:
        taken = table.claim(connection, job.id, "elsewhere:1", 1, 2**60)
    assert taken is not None
    assert not queue.keep(job)
    assert not queue.finish(job, attempt_of(job, "finished"))
    present = services.jobs.get(job.id)
    assert (present.status, present.worker, present.attempt) == ("running", "elsewhere:1", 2)
    assert [attempt.outcome for attempt in present.attempts] == ["lost"]
    services.runs.refresh()
    assert services.jobs.get(job.id) == present


def _attempts(services: Services, job_id: str) -> list[table.Attempt]:
    with services.database.read() as connection:
        return table.read_attempts(connection, job_id)


@pytest.mark.parametrize("by", ["limit", "history", "share"])
def test_jobs_share_the_memory_of_their_worker(services: Services, path: Path, by: str) -> None:
    if by == "history":
        _run_once(services, path, memory=50_000_000)
    limits = Limits(memory=60_000_000) if by == "limit" else None
    first, _, third = services.jobs.submit(path, None, {"n": [1, 2, 3]}, limits=limits)
    small = services.jobs.submit(path, limits=Limits(memory=30_000_000))[0]
    queue = JobQueue(services.place, supervisor=7, memory=100_000_000, capacity=2)
    claimed = queue.claim()
    assert claimed is not None
    assert claimed.id == first.id
    passing = queue.claim()
    assert passing is not None
    # An equal share leaves room for the next one; else the small one goes before those that do not fit yet.
    assert (passing.id == small.id) == (by != "share")
    Workers(services.place).announce(os.getpid(), 2, 100_000_000, standing=True)
    with services.database.write() as connection:
        connection.execute(
            t.jobs.update().where(t.jobs.c.id == first.id).values(worker=f"{worker_id(os.getpid())}/1")
        )
    waiting = services.jobs.get(third.id).waiting
    assert (waiting is not None and "of memory" in waiting) == (by != "share")
    if by == "limit":
        queue.finish(claimed, attempt_of(claimed, "finished"))
        assert queue.claim() is not None


def test_a_job_that_can_never_fit_stays_and_says_why(services: Services, path: Path) -> None:
    (large,) = services.jobs.submit(path, limits=Limits(memory=3_000_000_000))
    (other,) = services.jobs.submit(path)
    queue = JobQueue(services.place, supervisor=os.getpid(), memory=1_000_000_000)
    claimed = queue.claim()
    assert claimed is not None
    assert claimed.id == other.id
    Workers(services.place).announce(os.getpid(), 1, 1_000_000_000, standing=True)
    waiting = services.jobs.get(large.id).waiting
    assert waiting is not None
    assert "Its limit is 3.0 GB of memory, and no worker has more than 1.0 GB" in waiting


def _run_once(services: Services, path: Path, memory: int) -> None:
    services.jobs.submit(path)
    queue = JobQueue(services.place)
    job = queue.claim()
    assert job is not None
    source = Source("job", path=job.spec.path, job_id=job.id)
    RunRecorder.start(services.store, experiment="e", run_id=job.spec.run_id, source=source).end("finished")
    services.runs.refresh(timeout=60)
    queue.finish(job, msgspec.structs.replace(attempt_of(job, "finished"), memory=memory))


def test_a_job_is_queued_once_more_as_it_was(services: Services, queue: JobQueue, path: Path) -> None:
    sweep = services.jobs.submit(path, None, {"n": [1, 2]})
    for _ in sweep:
        job = queue.claim()
        assert job is not None
        queue.finish(job, attempt_of(job, "failed", RunError("E", "e")))
    path.unlink()
    failed = services.jobs.failed(sweep_id=sweep[0].spec.sweep_id)
    assert [job.id for job in failed] == [job.id for job in sweep]
    again = services.jobs.retry(sweep[0].id)
    assert (again.spec.params, again.spec.notebook) == ({"n": 1}, sweep[0].spec.notebook)
    assert (again.spec.retry_of, again.status, again.position) == (sweep[0].id, "queued", 1)
    assert again.spec.run_id != sweep[0].spec.run_id
    assert [job.id for job in services.jobs.failed()] == [sweep[1].id]
    with pytest.raises(Conflict, match="has not ended"):
        services.jobs.retry(again.id)
    services.place.blobs.discard(again.spec.notebook, time.time() + 1000)
    with pytest.raises(NotFound):
        services.jobs.retry(sweep[1].id)
