"""A worker that imports while its jobs are still being prepared."""

import sys

import psutil
import pytest
from tests.jobs.conftest import Project, wait_for

from trackbook.jobs.headstart import HeadStart, worker_log
from trackbook.jobs.pool import run_jobs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is none on Windows")


def test_the_worker_that_was_started_before_runs_the_jobs(project: Project) -> None:
    path = project.notebook("1 + 1")
    with HeadStart(project.store, 3) as head_start:
        process = head_start._process
        assert process is not None
        jobs = [project.services.jobs.submit(path)[0] for _ in range(2)]
        outcomes = run_jobs(project.store, jobs, parallel=2, head_start=head_start)
    assert [job.status for job in outcomes.jobs] == ["finished", "finished"]
    assert process.returncode == 0


def test_one_that_is_not_needed_ends(project: Project) -> None:
    with HeadStart(project.store) as head_start:
        process = head_start._process
        assert process is not None
    wait_for(lambda: process.poll() is not None)
    assert process.returncode == 0
    assert head_start.take(["--sweep", "x"]) is None


def test_one_that_has_died_is_made_up_for(project: Project) -> None:
    path = project.notebook("1 + 1")
    with HeadStart(project.store) as head_start:
        assert head_start._process is not None
        head_start._process.kill()
        head_start._process.wait()
        jobs = project.services.jobs.submit(path)
        outcomes = run_jobs(project.store, jobs, head_start=head_start)
    assert [job.status for job in outcomes.jobs] == ["finished"]


def test_it_ends_with_who_started_it(project: Project) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from trackbook.jobs.headstart import HeadStart\nfrom trackbook.store.paths import StorePaths\n"
        f"start = HeadStart(StorePaths(Path({str(project.store.root)!r})))\n"
        "print(start._process.pid, flush=True)\ntime.sleep(600)"
    )
    with psutil.Popen([sys.executable, "-c", code], stdout=-1, text=True) as starter:
        assert starter.stdout is not None
        worker = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    assert "Traceback" not in worker_log(project.store).read_text()
