"""Copies of a job's process between its cells: taken or refused, kept within limits, gone on from, and ended."""

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from tests.jobs.conftest import Bench, Project, wait_for

from trackbook.domain.execution import KeepSnapshots
from trackbook.domain.job import Job
from trackbook.domain.resumption import CellSnapshot
from trackbook.errors import KernelError
from trackbook.jobs.debugging import DebugKernel
from trackbook.jobs.pool import run_jobs
from trackbook.jobs.snapshots.memory import own_memory
from trackbook.jobs.snapshots.thinning import superfluous
from trackbook.services.processes import start_module
from trackbook.services.resumption import ResumeRequest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")

RAN = "def ran(cell):\n    with open('ran.txt', 'a') as file:\n        file.write(cell)\n"
FIRST = f"import trackbook as tb\nrun = tb.start_run('trial')\n{RAN}ran('1')\nparts = ['a']"
SECOND = "ran('2')\nrun.log({'two': 2})\nparts.append('b')\nprint('second')"
FAILS = "ran('3')\nrun.log({'three': len(parts)})\nparts.append(1 / zero)"
THREAD = """\
import threading, socket
stop = threading.Event()
thread = threading.Thread(target=stop.wait, name='feeder')
thread.start()"""
ENDS = "ran('4')\nrun.log({'four': len(parts)})\nparts"


def submit(project: Project, *cells: str, limits: str = "") -> Job:
    if limits:
        text = f"[tool.trackbook.snapshots]\n{limits}\n"
        (project.folder / "pyproject.toml").write_text(text)
    path = project.notebook(*cells, parameters="zero = 0")
    (job,) = project.services.jobs.submit(path, snapshots=True)
    return job


def run(project: Project, job: Job) -> Job:
    (ended,) = run_jobs(project.store, [job]).jobs
    assert project.services.runs.refresh(timeout=60)
    return ended


def borders(project: Project, job: Job) -> list[CellSnapshot]:
    return project.services.resumptions.snapshots(project.detail(job.spec.run_id).run)


def ran(project: Project) -> str:
    path = project.folder / "ran.txt"
    text = path.read_text()
    path.write_text("")
    return text


def pids(found: list[CellSnapshot]) -> list[int]:
    return [one.pid for one in found if one.pid is not None]


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def keepers(project: Project) -> list[int]:
    """The processes that keep copies of this project's jobs."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "trackbook.jobs.snapshots.keeper" in command and any(
            str(project.folder) in one for one in command
        ):
            found.append(process.pid)
    return found


@pytest.fixture(autouse=True)
def _leaves_nobody_behind(project: Project) -> Any:
    yield
    left = pids(project.services.resumptions.snapshots())
    project.services.resumptions.drop_snapshots()
    wait_for(lambda: all(is_gone(pid) for pid in left), 60)


def test_a_job_that_keeps_snapshots_starts_warm_and_a_copy_of_it_does_not_lack_what_it_imported(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    look = "import sys\nthere = 'wave' in sys.modules"
    use = "import wave\nassert there, 'it was not imported beforehand'\nwave.Error"
    failed = run(project, submit(project, look, use, "1 / zero", "wave.Error"))
    assert failed.error is not None
    assert (failed.error.ename, failed.error.cell) == ("ZeroDivisionError", 4)
    assert [one.reason for one in borders(project, failed)] == [None] * 3
    plan = project.services.resumptions.debug_plan(failed.spec.run_id)
    with DebugKernel(plan) as kernel:
        assert ask(kernel, "there, wave.Error.__name__") == "(True, 'Error')"
    assert capfd.readouterr().err == ""


def test_a_run_goes_on_from_the_snapshot_before_the_failed_cell(project: Project) -> None:
    failed = run(project, submit(project, FIRST, SECOND, FAILS, ENDS))
    assert (failed.status, ran(project)) == ("failed", "123")
    found = borders(project, failed)
    assert [(one.number, one.reason) for one in found] == [(2, None), (3, None), (4, None)]
    assert all(one.memory and one.expires for one in found)
    before = project.detail(failed.spec.run_id)
    # A kernel stands where it failed; what happens there is recorded nowhere.
    plan = project.services.resumptions.debug_plan(failed.spec.run_id)
    assert (plan.place.number, plan.cells) == (4, [])
    with DebugKernel(plan) as kernel:
        text = ask(kernel, "parts, zero, run.id, run.log({'three': 99})")
        assert text.startswith("(['a', 'b'], 0, ")
        assert failed.spec.run_id not in text
        wait_for(lambda: not is_gone(found[-1].pid or 0))
    assert ran(project) == ""
    # Corrected, it goes on: twice from the same snapshot, which is not used up.
    for value in ("7", "8"):
        project.notebook(FIRST, SECOND, FAILS.replace("1 / zero", value), ENDS, parameters="zero = 0")
        job, plan = project.services.resumptions.submit(failed.spec.run_id, ResumeRequest())
        assert (plan.how, [cell.again for cell in plan.cells]) == ("snapshot", [False] * 3 + [True] * 2)
        job = run(project, job)
        assert (job.status, ran(project)) == ("finished", "34")
        detail = project.detail(job.spec.run_id)
        assert detail.run.metrics == {"two": 2, "three": 2, "four": 3}
        assert detail.run.notes == ""
        assert [cell.cell_id for cell in detail.cells] == ["c3", "c4"]
        assert detail.environment is not None
        # It finished: copies of its own are gone, those of the failed run are not.
        assert pids(borders(project, job)) == []
    after = project.detail(failed.spec.run_id)
    assert (after.run.metrics, after.run.status) == (before.run.metrics, "failed")
    assert (after.cells, after.attempts, after.series) == (before.cells, before.attempts, before.series)


def ask(kernel: DebugKernel, expression: str) -> str:
    """The value of an expression, asked by somebody who attaches with the connection file."""
    client = BlockingKernelClient(connection_file=str(kernel.connection_file))
    client.load_connection_file()
    client.start_channels(hb=False)
    try:
        request = client.execute("", silent=True, user_expressions={"found": expression})
        while (reply := client.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != request:
            pass
        found = reply["content"]["user_expressions"]["found"]
        assert found["status"] == "ok", found
        return str(found["data"]["text/plain"])
    finally:
        client.stop_channels()


def test_borders_at_which_nothing_can_be_copied_say_why_and_it_goes_on_without(project: Project) -> None:
    cells = [
        THREAD,
        "stop.set(); thread.join()\nconnection = socket.socket()",
        "connection.close()\nresults = open('results.txt', 'w')",
        "results.close()",
        "import subprocess\nchild = subprocess.Popen(['sleep', '600'])",
        "child.kill(); child.wait()",
        "1 / 0",
    ]
    failed = run(project, submit(project, *cells))
    found = borders(project, failed)
    reasons = [one.reason or "" for one in found]
    assert [bool(reason) for reason in reasons] == [False, True, True, True, False, True, False]
    for position, word in ((1, "feeder"), (2, "socket"), (3, "results.txt"), (5, "sleep")):
        assert word in reasons[position]
    # All snapshots are gone: what is needed runs again, and the run says so.
    project.notebook(*cells[:6], "print('fine')", parameters="zero = 0")
    job, plan = project.services.resumptions.submit(failed.spec.run_id, ResumeRequest())
    assert plan.how == "snapshot"
    assert project.services.resumptions.drop_snapshots() == 3
    wait_for(lambda: all(is_gone(pid) for pid in pids(found)), 60)
    job = run(project, job)
    assert job.status == "finished"
    assert "The snapshot has ended meanwhile" in project.detail(job.spec.run_id).run.notes
    assert "its process has ended" in (borders(project, failed)[-1].reason or "")


def test_they_outlive_their_worker_and_end_with_their_time_or_their_store(project: Project) -> None:
    job = submit(project, FIRST, SECOND, FAILS, limits="seconds = 600")
    worker = start_module(
        "trackbook.jobs.worker", str(project.store.root), "--idle", "600", folder=project.store.root
    )
    try:
        wait_for(lambda: project.services.jobs.get(job.id).status == "failed")
    finally:
        children = psutil.Process(worker.pid).children()
        os.kill(worker.pid, signal.SIGKILL)
        for child in children:  # which ran the job
            child.kill()
        worker.wait()
    found = borders(project, job)
    assert len(pids(found)) == 3
    assert not any(is_gone(pid) for pid in pids(found))
    project.notebook(FIRST, SECOND, "ran('3')", parameters="zero = 0")
    going_on, plan = project.services.resumptions.submit(job.spec.run_id, ResumeRequest())
    assert plan.how == "snapshot"
    going_on = run(project, going_on)
    assert going_on.status == "finished"
    assert len(keepers(project)) == 1
    # Nobody can go on with runs of a store that is gone.
    project.services.database.close()
    shutil.rmtree(project.store.job_folder(job.id))
    wait_for(lambda: all(is_gone(pid) for pid in pids(found)), 60)
    wait_for(lambda: not keepers(project), 60)


def test_number_and_memory_are_limited_and_time_is_up_in_the_end(project: Project) -> None:
    cells = [FIRST, *[f"ran('{number}')\nparts.append({number})" for number in range(2, 8)], FAILS]
    job = run(project, submit(project, *cells, limits="most = 3\nseconds = 600"))
    found = borders(project, job)
    assert len(pids(found)) == 3
    assert [one.number for one in found if one.pid is not None][-2:] == [8, 9]
    assert {one.reason for one in found if one.pid is None} == {"It was given up: only 3 are kept."}
    project.services.resumptions.drop_snapshots()
    job = run(project, submit(project, *cells[:4], FAILS, limits="memory = 1\nseconds = 12"))
    found = borders(project, job)
    assert len(pids(found)) == 1
    assert "memory for snapshots was used up" in (found[0].reason or "")
    wait_for(lambda: all(is_gone(pid) for pid in pids(found)), 60)
    assert "its time was over" in (borders(project, job)[-1].reason or "")


def test_a_limit_that_can_not_be_is_said_when_the_job_is_submitted(project: Project) -> None:
    from trackbook.config import snapshot_limits
    from trackbook.errors import UsageError

    path = project.folder / "pyproject.toml"
    for text in ("[tool.trackbook.snapshots]\nmost = -1", "[tool.trackbook.snapshots]\nother = 1"):
        path.write_text(text)
        with pytest.raises(UsageError):
            snapshot_limits(project.folder)
    path.write_text("[tool.trackbook]\nsnapshots = true")
    assert snapshot_limits(project.folder).enabled


@pytest.mark.parametrize(
    ("count", "most", "kept"),
    [(5, 8, [0, 1, 2, 3, 4]), (20, 1, [19]), (20, 2, [18, 19]), (3, 2, [1, 2])],
)
def test_which_borders_are_kept(count: int, most: int, kept: list[int]) -> None:
    assert after(count, most) == kept


def test_older_ones_are_kept_the_more_seldom_the_older_they_are() -> None:
    kept = after(100, 8)
    assert len(kept) == 8
    assert kept[-2:] == [98, 99]
    gaps = [second - first for first, second in itertools.pairwise(kept)]
    assert gaps[0] > gaps[-1]
    assert max(gaps) < 80


def after(count: int, most: int) -> list[int]:
    left: list[int] = []
    for position in range(count):
        left.append(position)
        for one in superfluous(left, most):
            left.remove(one)
    return left


def test_memory_of_processes_that_are_gone_is_none() -> None:
    assert own_memory(os.getpid()) > 1_000_000
    assert own_memory(2**22 + 1) == 0
    assert Path("/proc/self/smaps_rollup").exists()


def test_where_processes_can_not_be_copied_the_job_runs_and_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trackbook.jobs.forking.wire.can_fork", lambda: False)
    notes = bench.folder / "snapshots.json"
    outcome = bench.run("1 + 1", snapshots=KeepSnapshots("run", str(notes)))
    assert (outcome.status, outcome.problems) == (
        "finished",
        ["No snapshots: Processes can't be copied on this system."],
    )
    assert not notes.exists()
    with pytest.raises(KernelError):
        bench.run("1 + 1", copy=str(bench.folder / "gone"))
