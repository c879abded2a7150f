"""A worker that imports while its jobs are still being prepared."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

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


def test_what_the_notebook_imports_is_imported_before_its_job_is_known(project: Project) -> None:
    path = project.notebook("import wave, os\nopen('parent', 'w').write(str(os.getppid()))")
    with HeadStart(project.store, 1, path) as head_start:
        process = head_start._process
        assert process is not None
        pattern = f"tb-worker-{process.pid}-*/*.json"
        wait_for(lambda: list(Path(tempfile.gettempdir()).glob(pattern)))
        (said,) = [json.loads(file.read_bytes()) for file in Path(tempfile.gettempdir()).glob(pattern)]
        assert "wave" in said["names"]
        outcomes = run_jobs(project.store, project.services.jobs.submit(path), head_start=head_start)
    assert [job.status for job in outcomes.jobs] == ["finished"]
    assert int((project.folder / "parent").read_text()) == said["pid"]
    wait_for(lambda: not psutil.pid_exists(said["pid"]))


@pytest.mark.parametrize("spoil", ["no notebook", "{", "import ipykernel"])
def test_nothing_is_started_for_a_notebook_that_has_no_use_for_it(project: Project, spoil: str) -> None:
    path = project.notebook(spoil)
    if spoil == "{":
        path.write_text(spoil)
    elif spoil == "no notebook":
        path = project.folder / "none.ipynb"
    with HeadStart(project.store, 1, path) as head_start:
        outcomes = run_jobs(
            project.store,
            project.services.jobs.submit(project.notebook("1 + 1", name="other.ipynb")),
            head_start=head_start,
        )
    assert [job.status for job in outcomes.jobs] == ["finished"]
    assert "Traceback" not in worker_log(project.store).read_text()


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


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_nothing_heavy_is_imported_before_it(command: str) -> None:
    code = (
        f"import sys, trackbook.cli.app\nimport trackbook.cli.commands.{command}\n"
        "print(*sorted({'sqlalchemy', 'numpy', 'asyncio'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""
