"""The process that keeps a worker's children: real processes, real kills."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.jobs.conftest import Project, wait_for

from trackbook.domain.job import Job
from trackbook.jobs import supervisor
from trackbook.jobs.supervisor import Supervisor
from trackbook.jobs.workerchild import WorkerOptions

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux the children are forked")

# A folder of its own for each: the pid of the child that runs it, then it waits for a file.
HOLD = """\
import os, pathlib, time
pathlib.Path(f"held-{n}-{os.getppid()}").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""


@contextlib.contextmanager
def worker(project: Project, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "trackbook.jobs.worker", str(project.store.root), *arguments]
    with (project.folder / "said.txt").open("w") as said:
        # A warm kernel is a child of its template.
        environment = {**os.environ, "TRACKBOOK_WARM": "0"}
        process = subprocess.Popen(command, cwd=project.store.root, stderr=said, text=True, env=environment)
    try:
        yield process
    finally:
        (project.folder / "go").touch()  # what still runs may end
        process.kill()
        process.wait()


def children(process: "subprocess.Popen[str]") -> list[int]:
    found = []
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children():
            with contextlib.suppress(psutil.Error):
                if "trackbook.jobs.worker" in child.cmdline():
                    found.append(child.pid)
    return sorted(found)


def held(project: Project) -> list[int]:
    """In the kernels of which children notebooks wait, or waited before these were killed."""
    return sorted(int(path.name.split("-")[2]) for path in project.folder.glob("held-*"))


def submit(project: Project, *values: int) -> list[Job]:
    path = project.notebook(HOLD, parameters="n = 0")
    return project.services.jobs.submit(path, None, {"n": list(values)})


def statuses(project: Project, jobs: list[Job]) -> list[str]:
    return [job.status for job in project.services.jobs.get_many([job.id for job in jobs])]


def ignored_signals(pid: int) -> int:
    """What a process ignores its kernels ignore, too, unless they say otherwise: as a set of bits."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("SigIgn:")[2].split()[0], 16)


def folders(process: "subprocess.Popen[str]") -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"tb-worker-{process.pid}-*"))


def test_a_child_that_is_killed_is_replaced_and_its_job_taken_up_at_once(project: Project) -> None:
    jobs = submit(project, 1, 2)
    with worker(project, "--jobs", "2") as process:
        wait_for(lambda: len(held(project)) == 2)
        first, second = children(process)
        (folder,) = folders(process)
        assert "--child" not in psutil.Process(first).cmdline()  # forked, not started
        assert not ignored_signals(first) & 1 << signal.SIGINT - 1
        assert folder.stat().st_mode & 0o777 == 0o700
        assert held(project) == [first, second]
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: len(children(process)) == 2 and first not in children(process))
        (replacing,) = set(children(process)) - {second}
        wait_for(lambda: replacing in held(project))
        (project.folder / "go").touch()
        wait_for(lambda: statuses(project, jobs) == ["finished"] * 2)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not folder.exists()
        assert "SIGKILL" in (project.folder / "said.txt").read_text()
    ended = project.services.jobs.get_many([job.id for job in jobs])
    assert sorted(job.attempt for job in ended) == [1, 2]


def test_ctrl_c_once_lets_what_runs_come_to_its_end(project: Project) -> None:
    jobs = submit(project, 1, 2)
    with worker(project, "--forever") as process:
        wait_for(lambda: len(held(project)) == 1)
        process.send_signal(signal.SIGINT)
        (project.folder / "go").touch()
        assert process.wait(60) == 0
    assert statuses(project, jobs) == ["finished", "queued"]


@pytest.mark.parametrize("numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)])
def test_a_second_ctrl_c_and_a_request_to_end_cancel_what_runs(
    project: Project, numbers: tuple[signal.Signals, ...]
) -> None:
    jobs = submit(project, 1, 2)
    with worker(project, "--forever") as process:
        wait_for(lambda: len(held(project)) == 1)
        process.send_signal(numbers[0])
        for number in numbers[1:]:
            # Two at the same moment are one: the first is heard when its children are told to begin no more.
            time.sleep(1)
            process.send_signal(number)
        assert process.wait(60) == 0
    assert statuses(project, jobs) == ["cancelled", "queued"]


def test_children_of_a_killed_supervisor_end_with_the_job_they_are_at(project: Project) -> None:
    jobs = submit(project, 1, 2)
    with worker(project, "--forever") as process:
        wait_for(lambda: len(held(project)) == 1)
        (child,) = children(process)
        (left,) = folders(process)
        process.kill()
        process.wait()
        (project.folder / "go").touch()
        wait_for(lambda: not psutil.pid_exists(child))
    assert statuses(project, jobs) == ["finished", "queued"]
    # The next supervisor takes away what that one could not.
    with worker(project, "--idle", "0.1") as process:
        wait_for(lambda: statuses(project, jobs) == ["finished"] * 2)
        assert process.wait(60) == 0
    assert not left.exists()


def test_elsewhere_the_children_are_started(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "may_fork", lambda: False)
    # The folder of its supervisor is the worker's business, and not known to notebooks.
    jobs = project.services.jobs.submit(
        project.notebook("import os; assert 'TRACKBOOK_TEMPLATES' not in os.environ")
    )
    arguments = [str(project.store.root), "--idle", "0.1"]
    options = WorkerOptions(store=str(project.store.root), idle=0.1)
    assert Supervisor(options, arguments).run() == 0
    assert statuses(project, jobs) == ["finished"]


def test_children_that_can_do_nothing_are_not_started_for_ever(project: Project) -> None:
    (project.store.root / "store.json").write_text("{}")
    with worker(project) as process:
        assert process.wait(120) == 1
    assert "no more are started" in (project.folder / "said.txt").read_text()
