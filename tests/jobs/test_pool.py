"""Jobs as they are: real workers, real kernels."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest
from tests.jobs.conftest import Project, wait_for

from trackbook.domain.job import Job
from trackbook.errors import ParameterError
from trackbook.jobs.pool import Outcomes, ensure_workers, is_infrastructure_failure, run_jobs
from trackbook.jobs.worker import slot_path
from trackbook.store.locks import is_held

TRACKED = """\
import trackbook as tb
run = tb.start_run("other")
for step in range(n):
    run.log({"loss": lr / (step + 1)}, step=step)
(run.output_dir / "made.txt").write_text(str(lr))
"""
# Who asked for the kernel is the worker, whatever process has forked it.
SLEEP = """\
import os, pathlib, time
pathlib.Path(f"begun-{os.environ['TRACKBOOK_RUN']}").write_text(os.environ["JPY_PARENT_PID"])
time.sleep(600)
"""


def begun(project: Project) -> list[Path]:
    return sorted(project.folder.glob("begun-*"))


def wait_for_begun(project: Project, count: int = 1) -> list[int]:
    """Wait until so many notebooks sleep; returns the pids of their workers."""
    wait_for(lambda: len([p for p in begun(project) if p.read_text()]) >= count)
    return [int(path.read_text()) for path in begun(project)]


def test_one_job_from_parameters_to_artifacts(project: Project) -> None:
    path = project.notebook("%track param lr", TRACKED, "print(run.id)", parameters="lr = 0.1\nn = 2")
    before = path.read_bytes()
    jobs = project.services.jobs.submit(path, {"lr": 0.5})
    told: list[tuple[str, int, int]] = []
    outcomes = run_jobs(
        project.store,
        jobs,
        on_progress=lambda seen: told.append((seen[0].status, seen[0].cell, seen[0].cells)),
    )
    assert outcomes.exit_code == 0
    assert told[0] == ("queued", 0, 0)
    assert told[-1][0] == "finished"
    assert path.read_bytes() == before
    assert sorted(p.name for p in project.folder.iterdir()) == [".trackbook", "train.ipynb"]

    detail = project.detail(jobs[0].spec.run_id)
    assert (detail.run.status, detail.run.experiment) == ("finished", "other")
    assert detail.run.params == {"lr": 0.5, "n": 2}
    assert detail.run.metrics == {"loss": 0.25}
    assert {(a.path, a.kind) for a in detail.artifacts} >= {
        ("output.ipynb", "notebook"),
        ("outputs/made.txt", "output"),
    }
    assert [(cell.cell_id, cell.status) for cell in detail.cells] == [
        (cell_id, "ok") for cell_id in ("p", "injected-parameters", "c1", "c2", "c3")
    ]
    assert detail.environment is not None
    _, blob = project.services.artifacts.open(detail.run.id, "output.ipynb")
    output = nbformat.reads(blob.read_text("utf-8"), 4)
    assert output.cells[4].outputs[0].text == f"{detail.run.id}\n"
    assert project.services.runs.search().total == 1


def test_a_notebook_that_tracks_nothing_is_a_run_too(project: Project) -> None:
    jobs = project.services.jobs.submit(project.notebook("print('hello')"))
    assert run_jobs(project.store, jobs).exit_code == 0
    detail = project.detail(jobs[0].spec.run_id)
    assert (detail.run.status, detail.run.experiment) == ("finished", "train")
    assert [cell.status for cell in detail.cells] == ["ok"]
    content = project.services.snapshots.cell(detail.run.id, 1)
    assert content.source == "print('hello')"
    assert [output.get("text") for output in content.outputs] == ["hello\n"]


def test_a_failing_cell(project: Project) -> None:
    path = project.notebook("x = lr", "{}['gone']", "print('never')", parameters="lr = 1")
    jobs = project.services.jobs.submit(path, {"lr": 2})
    outcomes = run_jobs(project.store, jobs)
    assert outcomes.exit_code == 1
    (job,) = outcomes.jobs
    assert job.status == "failed"
    assert job.error is not None
    assert (job.error.ename, job.error.cell, job.error.cell_id) == ("KeyError", 3, "c2")
    assert job.error.traceback
    detail = project.detail(job.spec.run_id)
    assert (detail.run.status, detail.run.error) == ("failed", job.error)
    _, blob = project.services.artifacts.open(detail.run.id, "output.ipynb")
    cells = json.loads(blob.read_bytes())["cells"]
    assert [cell["metadata"]["papermill"]["status"] for cell in cells] == [
        *["completed"] * 3,
        "failed",
        "pending",
    ]
    assert cells[3]["outputs"][0]["ename"] == "KeyError"


@pytest.mark.parametrize(
    ("source", "timeout", "status", "ename", "code"),
    [
        ("import os; os._exit(3)", None, "failed", "KernelDied", 3),
        ("import time; time.sleep(600)", 15, "timed_out", "TimeLimit", 1),
    ],
)
def test_neither_a_dead_kernel_nor_a_time_out_is_a_success(
    project: Project, source: str, timeout: float | None, status: str, ename: str, code: int
) -> None:
    jobs = project.services.jobs.submit(project.notebook("1", source), timeout=timeout)
    outcomes = run_jobs(project.store, jobs)
    (job,) = outcomes.jobs
    assert (job.status, outcomes.exit_code) == ("failed", code)
    assert job.error is not None
    assert (job.error.ename, job.error.cell) == (ename, 2)
    assert project.detail(job.spec.run_id).run.status == status


def test_a_kernel_that_is_not_there(project: Project) -> None:
    jobs = project.services.jobs.submit(project.notebook("1"), kernel="nonesuch")
    outcomes = run_jobs(project.store, jobs)
    assert outcomes.exit_code == 3
    assert outcomes.jobs[0].error is not None
    assert "nonesuch" in outcomes.jobs[0].error.evalue
    assert project.detail(jobs[0].spec.run_id).run.status == "failed"


def test_a_sweep_in_two_workers_runs_each_job_once(project: Project) -> None:
    # The first two wait for each other: else one worker might run all before the other has come up.
    source = (
        "import os, time\nwith open('log', 'a') as log:\n    log.write(f'{lr} {os.environ[\"JPY_PARENT_PID\"]}\\n')\n"
        "while len(open('log').readlines()) < 2: time.sleep(0.02)"
    )
    path = project.notebook(source, "import os; print(os.environ['OMP_NUM_THREADS'])", parameters="lr = 0.1")
    values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    jobs = project.services.jobs.submit(path, None, {"lr": values})
    outcomes = run_jobs(project.store, jobs, parallel=2)
    assert outcomes.exit_code == 0
    assert [job.spec.params["lr"] for job in outcomes.jobs] == values
    lines = [line.split() for line in (project.folder / "log").read_text().splitlines()]
    assert sorted(float(lr) for lr, _ in lines) == values
    assert len({worker for _, worker in lines}) == 2
    assert project.services.runs.refresh(timeout=60)
    page = project.services.runs.search(order_by="params.lr")
    assert [(run.params["lr"], run.status) for run in page.runs] == [(value, "finished") for value in values]


def test_modules_beside_the_notebook_are_the_notebooks_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "queue.py").write_text("raise RuntimeError('taken for the standard library')")
    (project.folder / "helper.py").write_text("answer = 42")
    monkeypatch.chdir(project.folder)
    jobs = project.services.jobs.submit(project.notebook("import helper; print(helper.answer)"))
    assert run_jobs(project.store, jobs).exit_code == 0
    assert [module.path for module in project.detail(jobs[0].spec.run_id).modules] == ["helper.py"]


def test_one_failing_trial_does_not_stop_the_others(project: Project) -> None:
    path = project.notebook("assert n != 2", parameters="n = 1")
    jobs = project.services.jobs.submit(path, None, {"n": [1, 2, 3]})
    outcomes = run_jobs(project.store, jobs, parallel=2)
    assert [job.status for job in outcomes.jobs] == ["finished", "failed", "finished"]
    assert outcomes.exit_code == 1


def test_parameters_are_checked_before_anything_runs(project: Project) -> None:
    path = project.notebook("open('ran', 'w')", parameters="lr = 0.1")
    with pytest.raises(ParameterError):
        project.services.jobs.submit(path, {"lr": "fast"})
    assert not (project.folder / "ran").exists()


def test_values_are_values_and_never_code(project: Project) -> None:
    nasty = "'; open('ran', 'w') #\n%magic\n!touch ran\n\"\"\"\\ \u2028 {x} 💥"
    path = project.notebook(
        f"assert text == {nasty!r}, text",
        "assert more == {'a': [float('inf')]}",
        parameters="text = ''\nmore = {}",
    )
    jobs = project.services.jobs.submit(path, {"text": nasty, "more": {"a": [float("inf")]}})
    outcomes = run_jobs(project.store, jobs)
    assert outcomes.jobs[0].error is None
    assert not (project.folder / "ran").exists()
    assert project.detail(jobs[0].spec.run_id).run.params["text"] == nasty


def test_a_worker_that_is_killed_costs_one_attempt(project: Project) -> None:
    source = f"import pathlib\nif not pathlib.Path('second').exists():\n    exec({SLEEP!r})\nprint('done')"
    jobs = project.services.jobs.submit(project.notebook(source))
    outcomes: list[Outcomes] = []
    running = threading.Thread(target=lambda: outcomes.append(run_jobs(project.store, jobs)))
    running.start()
    (worker,) = wait_for_begun(project)
    (project.folder / "second").touch()
    os.kill(worker, signal.SIGKILL)
    running.join(300)
    (job,) = outcomes[0].jobs
    assert job.status == "finished"
    first, second = (project.detail(run_id).run for run_id in (jobs[0].spec.run_id, job.spec.run_id))
    assert first.id != second.id
    assert second.status == "finished"
    wait_for(lambda: project.detail(first.id).run.status == "killed")


def test_a_worker_that_is_killed_twice_fails_the_job(project: Project) -> None:
    jobs = project.services.jobs.submit(project.notebook(SLEEP))
    outcomes: list[Outcomes] = []
    running = threading.Thread(target=lambda: outcomes.append(run_jobs(project.store, jobs)))
    running.start()
    for attempt in (1, 2):
        wait_for_begun(project, attempt)
        job = project.services.jobs.get(jobs[0].id)
        os.kill(int((project.folder / f"begun-{job.spec.run_id}").read_text()), signal.SIGKILL)
    running.join(300)
    (job,) = outcomes[0].jobs
    assert (job.status, outcomes[0].exit_code) == ("failed", 3)
    assert is_infrastructure_failure(job)
    assert len(begun(project)) == 2


def test_a_running_job_can_be_cancelled(project: Project) -> None:
    jobs = project.services.jobs.submit(project.notebook(SLEEP, parameters="n = 1"), None, {"n": [1, 2]})
    outcomes: list[Outcomes] = []
    running = threading.Thread(target=lambda: outcomes.append(run_jobs(project.store, jobs)))
    running.start()
    wait_for_begun(project)
    for job in jobs:
        project.services.jobs.cancel(job.id)
    running.join(300)
    assert [job.status for job in outcomes[0].jobs] == ["cancelled", "cancelled"]
    assert project.detail(jobs[0].spec.run_id).run.status == "aborted"
    assert len(begun(project)) == 1


RUN_SWEEP = """
import sys
from pathlib import Path
from trackbook.jobs.pool import run_jobs
from trackbook.services.context import open_services
from trackbook.store.paths import StorePaths
services = open_services(StorePaths(Path(sys.argv[1])))
jobs = services.jobs.submit(Path(sys.argv[2]), None, {"n": [1, 2, 3]})
sys.exit(run_jobs(services.store, jobs, parallel=2).exit_code)
"""


def run_sweep(project: Project) -> "subprocess.Popen[bytes]":
    path = project.notebook(SLEEP, parameters="n = 1")
    return subprocess.Popen([sys.executable, "-c", RUN_SWEEP, str(project.store.root), str(path)])


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ctrl_c_cancels_what_is_left(project: Project) -> None:
    with run_sweep(project) as process:
        workers = wait_for_begun(project, 2)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
    assert not any(is_running(worker) for worker in workers)
    assert {job.status for job in project.services.jobs.list()} == {"cancelled"}
    assert project.services.runs.refresh(timeout=60)
    assert {run.status for run in project.services.runs.search().runs} == {"aborted"}


def test_workers_end_with_the_process_that_waits_for_them(project: Project) -> None:
    with run_sweep(project) as process:
        workers = wait_for_begun(project, 2)
        process.kill()
    wait_for(lambda: not any(is_running(worker) for worker in workers))
    assert [job.status for job in project.services.jobs.list()] == ["cancelled"] * 3


def test_standing_workers_work_the_queue_off(project: Project) -> None:
    path = project.notebook("print(n)", parameters="n = 1")
    jobs = project.services.jobs.submit(path, None, {"n": [1, 2, 3]})
    assert ensure_workers(project.store, parallel=2) == 2

    def are_done() -> bool:
        present: list[Job] = project.services.jobs.get_many([job.id for job in jobs])
        return all(job.status == "finished" for job in present)

    wait_for(are_done)
    assert ensure_workers(project.store, parallel=2) == 0
    wait_for(lambda: not any(is_held(slot_path(project.store, number)) for number in (0, 1)))
