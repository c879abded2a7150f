"""A worker that imports while its jobs are still being prepared."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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


@pytest.mark.parametrize("nohup", [False, True], ids=["in a terminal", "under nohup"])
def test_what_the_notebook_imports_is_imported_before_its_job_is_known(
    project: Project, nohup: bool, request: pytest.FixtureRequest
) -> None:
    if nohup:  # a template fits processes that ignore the same signals
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        request.addfinalizer(lambda: signal.signal(signal.SIGHUP, before))
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


@pytest.mark.parametrize("own", [False, True], ids=["of a program", "of a command"])
def test_it_ends_with_who_started_it(project: Project, own: bool) -> None:
    with starter(project, "declare_own()" if own else "") as (process, worker):
        process.kill()
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    assert "Traceback" not in worker_log(project.store).read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")
def test_a_command_forks_it_and_keeps_its_terminal_for_itself(project: Project) -> None:
    path = project.notebook("import wave")
    with starter(project, "declare_own()", path) as (process, worker):
        assert worker.ppid() == process.pid
        wait_for(lambda: "trackbook.jobs.worker" in worker.cmdline())
        wait_for(lambda: templates_of(process.pid))
        (template,) = templates_of(process.pid)
        printed = Path(f"/proc/{process.pid}/fd/1").readlink()
        for child in (worker.pid, template):
            # Ctrl-C would reach it in the session of its parent.
            assert os.getsid(child) not in (os.getsid(0), os.getsid(process.pid))
            # Whoever reads what the command prints would wait for the child's end, too.
            assert printed not in [file.readlink() for file in Path(f"/proc/{child}/fd").iterdir()]
        assert Path(f"/proc/{worker.pid}/fd/2").readlink() == worker_log(project.store)
    wait_for(lambda: not psutil.pid_exists(template))


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")
@pytest.mark.parametrize(
    "before",
    ["", "declare_own(); threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"],
    ids=["a user's program", "threads"],
)
def test_what_must_not_be_forked_starts_it(project: Project, before: str) -> None:
    with starter(project, before) as (_, worker):
        wait_for(lambda: "trackbook.jobs.worker" in worker.cmdline())


@contextlib.contextmanager
def starter(
    project: Project, before: str, notebook: Path | None = None
) -> Iterator[tuple[psutil.Popen, psutil.Process]]:
    """Give a process that did what is to be done `before`, and has a worker with a head start; and this worker."""
    place = "None" if notebook is None else f"Path({str(notebook)!r})"
    code = (
        "import sys, threading, time\nfrom pathlib import Path\n"
        "from trackbook.services.forked import declare_own\n"
        "from trackbook.jobs.headstart import HeadStart\nfrom trackbook.store.paths import StorePaths\n"
        f"{before}\n"
        f"start = HeadStart(StorePaths(Path({str(project.store.root)!r})), 1, {place})\n"
        "print(start._process.pid, flush=True)\ntime.sleep(600)"
    )
    with psutil.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, psutil.Process(int(process.stdout.readline()))
        finally:
            process.kill()


def templates_of(pid: int) -> list[int]:
    """Return the processes of the templates in the folder of a worker that a process has made ready."""
    files = Path(tempfile.gettempdir()).glob(f"tb-worker-{pid}-*/*.json")
    return [json.loads(file.read_bytes())["pid"] for file in files]


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_nothing_heavy_is_imported_before_it(command: str) -> None:
    code = (
        f"import sys, trackbook.cli.app\nimport trackbook.cli.commands.{command}\n"
        "print(*sorted({'sqlalchemy', 'numpy', 'asyncio'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""
