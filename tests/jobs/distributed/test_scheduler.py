"""A scheduler on this machine, over a store in a folder: trials that are added as others end, and its death."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from tests.jobs.distributed.conftest import Dask, Submitter, wait_for

from trackbook.cli.app import run
from trackbook.domain.ids import new_id
from trackbook.domain.job import JOB_ENDED
from trackbook.errors import InfrastructureError
from trackbook.jobs.distributed import crew as crews
from trackbook.jobs.distributed import process
from trackbook.jobs.distributed.cluster import open_cluster
from trackbook.jobs.distributed.orders import Order, Report
from trackbook.jobs.distributed.pool import run_jobs_on_dask
from trackbook.jobs.distributed.work import ORPHANED
from trackbook.jobs.executors import open_trial_workers
from trackbook.jobs.workerfolder import make_worker_folder
from trackbook.services.context import open_services
from trackbook.store.paths import create_store

WAITS = """\
import pathlib, time
while waits and not pathlib.Path("go").exists():
    pathlib.Path("begun").touch()
    time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def local_dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """A scheduler and one worker, which has a name of its own but runs on this machine."""
    dask = Dask(tmp_path_factory.mktemp("dask")).start()
    try:
        dask.add("worker")
        yield dask
    finally:
        dask.end()


@pytest.fixture
def dask_for_two(tmp_path: Path) -> Iterator[Dask]:
    """A scheduler and one worker that has two jobs at a time."""
    dask = Dask(tmp_path / "dask")
    dask.folder.mkdir()
    dask.start()
    try:
        dask.add("worker", jobs=2)
        yield dask
    finally:
        dask.end()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Submitter]:
    services = open_services(create_store(tmp_path / ".trackbook"))
    yield Submitter(tmp_path, services)
    services.close()


def test_trials_are_taken_up_as_they_are_queued(machine: Submitter, local_dask: Dask) -> None:
    path = machine.notebook(WAITS, parameters="n = 0\nwaits = False")
    jobs = machine.services.jobs
    trials = jobs.submit(path, sweep={"n": [1, 2]}, executor="dask")
    sweep_id = trials[0].spec.sweep_id
    assert sweep_id is not None
    with open_trial_workers(machine.store, "dask", parallel=1, scheduler=local_dask.address) as workers_of:
        workers = workers_of(sweep_id)
        assert workers is not None
        for _ in range(2):
            deadline = time.monotonic() + 120
            ids = [job.id for job in trials]
            while any(job.status not in JOB_ENDED for job in jobs.get_many(ids)):
                assert time.monotonic() < deadline
                workers.tend(len(ids))
                workers.wait(0.05)
            trials += (
                jobs._queue([msgspec.structs.replace(trials[0].spec, run_id=new_id())])
                if len(trials) == 2
                else []
            )
        workers.end()
    assert [job.status for job in jobs.get_many([job.id for job in trials])] == ["finished"] * 3


def test_a_trial_that_is_pruned_ends_as_such(machine: Submitter, local_dask: Dask) -> None:
    path = machine.notebook(WAITS, parameters="n = 0\nwaits = True")
    jobs = machine.services.jobs
    (job,) = jobs.submit(path, sweep={"n": [1]}, executor="dask")
    sweep_id = job.spec.sweep_id
    assert sweep_id is not None
    with open_trial_workers(machine.store, "dask", scheduler=local_dask.address) as workers_of:
        workers = workers_of(sweep_id)
        assert workers is not None

        def ended() -> bool:
            workers.tend(1)
            return jobs.get(job.id).status in JOB_ENDED

        wait_for(lambda: ended() or (machine.folder / "begun").exists())
        machine.services.sweeps.prune(job.id, "It promises nothing.")
        wait_for(ended)
        workers.end()
    assert jobs.get(job.id).status == "pruned"
    assert machine.services.runs.refresh(timeout=60.0)
    assert machine.services.runs.get(job.spec.run_id).status == "pruned"


def test_a_standing_worker_has_a_cluster_run_what_nobody_waits_for(
    machine: Submitter, local_dask: Dask, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = machine.notebook(WAITS, parameters="n = 0\nwaits = False")
    jobs = machine.services.jobs
    left = jobs.submit(path, sweep={"n": [1, 2]}, executor="dask")
    (own,) = jobs.submit(path)
    monkeypatch.chdir(machine.folder)
    assert run(["worker", "--scheduler", local_dask.address, "--jobs", "1", "--idle", "1"]) == 0
    found = jobs.get_many([job.id for job in left])
    assert [job.status for job in found] == ["finished"] * 2
    assert jobs.get(own.id).status == "queued"
    said = capfd.readouterr().err
    assert "1 at a time, with Dask" in said
    assert said.count("✓ finished") == 2
    assert run(["worker", "--executor", "dask", "--memory", "4GB"]) == 2


TOGETHER = """\
import pathlib, time
pathlib.Path(f"trial-{n}").touch()
while len(list(pathlib.Path().glob("trial-*"))) < 2:
    time.sleep(0.05)
"""


@pytest.mark.parametrize("share", [True, False])
def test_jobs_of_one_worker_have_one_template(
    machine: Submitter, dask_for_two: Dask, monkeypatch: pytest.MonkeyPatch, share: bool
) -> None:
    first = "import os, pathlib, fractions\npathlib.Path(f'first-{os.getpid()}').touch()"
    path = machine.notebook("import fractions", first, TOGETHER, parameters="n = 0")
    monkeypatch.chdir(path.parent)
    trials = machine.services.jobs.submit(path, sweep={"n": [1, 2]}, executor="dask", share_prefix=share)
    with open_cluster(dask_for_two.address, 1) as cluster:
        wait_for(lambda: len(cluster.workers()) == 1)
        outcomes = run_jobs_on_dask(machine.store, trials, cluster)
    assert outcomes.exit_code == 0, [job.error for job in outcomes.jobs]
    assert len(list(machine.folder.glob("first-*"))) == (1 if share else 2)
    worker = psutil.Process(dask_for_two.workers["worker"].pid)
    of_worker = [child.cmdline() for child in worker.children(recursive=True)]
    assert len([line for line in of_worker if "trackbook.jobs.distributed" in line]) == 2, of_worker
    # What is forked from one has its command line, too.
    assert len({line[-1] for line in of_worker if "warm.template" in line[2]}) == 1, of_worker


def test_what_a_workers_jobs_share_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Dask worker has a thread for each job, and they begin at once."""
    made: list[Path] = []

    class Noted:
        def __init__(self, environment: dict[str, str], folder: Path) -> None:
            made.append(folder)

        def work(self, order: Order) -> Report:
            return Report()

        def end(self) -> None:
            pass

    def make_slowly() -> Path:
        time.sleep(0.2)
        return make_worker_folder()

    monkeypatch.setattr(process, "WorkProcess", Noted)
    monkeypatch.setattr(process, "make_worker_folder", make_slowly)
    monkeypatch.setattr(process, "_idle", {})
    process._shared_folder.cache_clear()
    try:
        threads = [
            threading.Thread(target=process.carry_out, args=[Order(str(job), "crew", "1", {"JOB": str(job)})])
            for job in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(made), len(set(made))) == (4, 1)
    finally:
        process._shared_folder.cache_clear()
        for folder in set(made):
            shutil.rmtree(folder)


def test_a_process_for_jobs_imports_nothing_needless(tmp_path: Path) -> None:
    """What jsonschema imports for checks that no notebook asks for takes longer than all else."""
    command = [sys.executable, "-X", "importtime", "-m", "trackbook.jobs.distributed", str(tmp_path), "0"]
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode in (0, ORPHANED), ended.stderr
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "trackbook.jobs.client" in imported
    # What is hidden is listed as it is asked for, its parts are not.
    assert not {name for name in imported if name.startswith(("lark.", "boto3.", "pyarrow."))}


def test_a_scheduler_that_dies_ends_the_wait(
    machine: Submitter, local_dask: Dask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews, "_GONE_SECONDS", 1.0)
    path = machine.notebook(WAITS, parameters="n = 0\nwaits = True")
    jobs = machine.services.jobs.submit(path, sweep={"n": [1, 2]}, executor="dask")
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            with open_cluster(local_dask.address, 1) as cluster:
                run_jobs_on_dask(machine.store, jobs, cluster)
        except InfrastructureError as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    wait_for((machine.folder / "begun").exists)
    scheduler = local_dask.scheduler
    assert scheduler is not None
    scheduler.kill()
    scheduler.wait()
    thread.join(120)
    assert len(raised) == 1
    assert "is gone" in str(raised[0])
    # The worker closes without its scheduler, and takes the kernel along; nobody has the job any more.
    found = machine.services.jobs.get_many([job.id for job in jobs])
    assert "queued" not in [job.status for job in found]
    local_dask.workers["worker"].wait(60)

    def ended() -> bool:
        for job in jobs:
            machine.services.jobs.cancel(job.id)
        return {job.status for job in machine.services.jobs.get_many([job.id for job in jobs])} == {
            "cancelled"
        }

    wait_for(ended)
