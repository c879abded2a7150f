"""No job is lost and none is run by two, whoever is killed: several workers, their children killed again and again."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import psutil
import pytest
from tests.jobs.conftest import Project, wait_for

from trackbook.domain.job import JOB_ENDED
from trackbook.services.queue import WORKER_DIED

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux the children are forked")

JOBS = 40
KILLS = 12

# A worker whose children note each execution in a file, in place of a kernel's start.
WORKER = """
import os, sys, time
import trackbook.jobs.worker as worker
from trackbook.jobs.quiet import quiet_imports
with quiet_imports():
    import trackbook.jobs.executor as executor
    from trackbook.domain.execution import Outcome

class Noting:
    def run(self, execution, observer):
        with open(os.environ["NOTES"], "a") as notes:
            notes.write(f"{execution.environment['TRACKBOOK_JOB']} {os.getpid()}\\n")
        time.sleep(0.15)
        return Outcome("finished")

    def cancel(self):
        pass

executor.PapermillExecutor = Noting
sys.exit(worker.main(sys.argv[1:]))
"""


def start_worker(project: Project, notes: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", WORKER, str(project.store.root), "--jobs", "2", "--idle", "60"]
    with (project.folder / "said.txt").open("a") as said:
        environment = {**os.environ, "NOTES": str(notes)}
        return subprocess.Popen(command, cwd=project.store.root, stderr=said, env=environment)


def processes(workers: list["subprocess.Popen[bytes]"]) -> list[int]:
    """The pids of workers, which are supervisors, and of their children."""
    found = []
    for worker in workers:
        if worker.poll() is None:
            found.append(worker.pid)
            children = psutil.Process(worker.pid).children()
            found += [child.pid for child in children if "trackbook.services" not in " ".join(cmdline(child))]
    return found


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_every_job_ends_once_whoever_is_killed(project: Project) -> None:
    path = project.notebook("1", parameters="n = 0")
    jobs = project.services.jobs.submit(path, None, {"n": list(range(JOBS))})
    ids = [job.id for job in jobs]
    notes = project.folder / "notes.txt"
    notes.touch()
    workers = [start_worker(project, notes) for _ in range(2)]
    killed: set[int] = set()
    chance = random.Random(5)
    try:
        for number in range(1, KILLS + 1):
            # Whenever some more jobs have begun, so that kills come while there is work, on any machine.
            wait_for(lambda number=number: len(notes.read_text().splitlines()) >= 3 * number)  # type: ignore[misc]
            time.sleep(chance.random() * 0.2)
            alive = processes(workers)
            victim = chance.choice(alive)
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
            for place, worker in enumerate(workers):
                if worker.poll() is not None:
                    workers[place] = start_worker(project, notes)
        wait_for(lambda: all(job.status in JOB_ENDED for job in project.services.jobs.get_many(ids)))
    finally:
        for pid in processes(workers):
            with contextlib.suppress(ProcessLookupError):  # children end with their worker
                os.kill(pid, signal.SIGKILL)
        for worker in workers:
            worker.wait()

    executions: dict[str, list[int]] = defaultdict(list)
    for line in notes.read_text().splitlines():
        job_id, pid = line.split()
        executions[job_id].append(int(pid))
    ended = project.services.jobs.get_many(ids)
    for job in ended:
        pids = executions[job.id]
        # An attempt may have died before it came to note itself; none was noted that was none.
        assert len(pids) <= job.attempt <= 2
        assert all(pid in killed for pid in pids[:-1]), "a job was begun again though who ran it lives"
        if job.status == "finished":
            assert pids
        else:
            assert (job.status, job.error and job.error.ename, job.attempt) == ("failed", WORKER_DIED, 2)
    assert sum(job.status == "finished" for job in ended) >= JOBS - KILLS
    assert any(job.attempt == 2 for job in ended)
    # What the index says is what the journals say.
    assert project.services.runs.refresh(timeout=60)
    assert project.services.jobs.get_many(ids) == ended
