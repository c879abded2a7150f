"""`trackbook worker` and the commands below `trackbook jobs`, in one project with real kernels."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from trackbook.services.context import Services, open_services
from trackbook.store.paths import create_store

SOURCE = """\
import os, pathlib, time
print("value", n)
os.write(2, b"from the kernel itself\\n")
if not pathlib.Path("well").exists() and n == 2:
    raise ValueError("not yet")
while n == 3 and not pathlib.Path("go").exists():
    time.sleep(0.02)
"""


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    cells = [v4.new_code_cell("n = 1", metadata={"tags": ["parameters"]}), v4.new_code_cell(SOURCE)]
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "nb.ipynb")
    opened = open_services(create_store(tmp_path / ".trackbook"))
    yield opened
    opened.place.close()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.05)


def start_worker(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "trackbook.cli", "worker", *arguments]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(os.name == "nt", reason="sends Ctrl-C")
def test_a_worker_and_what_becomes_of_its_jobs(call: Any, services: Services, tmp_path: Path) -> None:
    jobs = services.jobs.submit(tmp_path / "nb.ipynb", None, {"n": [1, 2, 3]})
    first, failing, slow = jobs
    listed = json.loads(call("jobs", "--json").out)
    assert {job["id"]: job["position"] for job in listed} == {
        job.id: place for place, job in enumerate(jobs, 1)
    }

    process = start_worker(tmp_path, "--memory", "4GB")
    try:
        wait_for(
            lambda: services.jobs.get(slow.id).status == "running" and (services.jobs.get(slow.id).cell == 3)
        )
        wait_for(lambda: [(one.current, one.jobs) for one in services.workers.list()] == [([slow.id], 2)])
        (worker,) = services.workers.list()
        assert (worker.memory, worker.capacity) == (4_000_000_000, 1)
        assert f"{slow.id[-8:]}" in call("jobs", "--status", "running").out

        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = ""
        while "Ctrl-C again cancels" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        (tmp_path / "go").touch()
        said += process.communicate(timeout=120)[1]
        assert process.returncode == 0
    finally:
        process.kill()
    assert "1 at a time, 4.0 GB of memory together" in said
    assert said.index(f"finished  {first.id[-8:]}") < said.index(f"failed  {failing.id[-8:]}")
    assert "ValueError: not yet" in said

    log = call("jobs", "logs", first.id[-8:])
    assert log.out == "value 1\nfrom the kernel itself\n"
    answer = call("jobs", "logs", failing.id, "--follow")
    assert answer.code == 1
    assert "value 2\n" in answer.out
    assert "ValueError: not yet" in answer.err

    (tmp_path / "well").touch()
    answer = call("jobs", "retry", "--failed", "--json")
    (again,) = json.loads(answer.out)
    assert (again["spec"]["retry_of"], again["spec"]["params"]) == (failing.id, {"n": 2})
    assert call("jobs", "logs", again["id"], "--follow").code == 0
    assert "No failed job is left" in call("jobs", "retry", "--failed").err


@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_a_worker_whose_process_was_killed_says_so(call: Any, services: Services, tmp_path: Path) -> None:
    process = start_worker(tmp_path)
    try:
        wait_for(services.workers.list)
        (worker,) = services.workers.list()
        os.kill(int(worker.id.rpartition(":")[2]), signal.SIGKILL)
        said = process.communicate(timeout=120)[1]
    finally:
        process.kill()
    assert process.returncode == 3
    assert "was ended by signal 9" in said
    assert "`trackbook worker` goes on" in said


def test_an_address_that_cannot_be_told_is_heard_of_first(
    call: Any, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_NOTIFY_URL", "hooks.example.org")
    refused = call("worker")
    assert (refused.code, "is no https:// one" in refused.err) == (2, True)
    (tmp_path / "go").touch()
    ran = call("run", "nb.ipynb")
    assert ran.code == 0, ran.err
    assert ran.err.startswith("Nobody is told how jobs end.")


def test_jobs_can_be_cancelled_by_name_and_all(call: Any, services: Services, tmp_path: Path) -> None:
    jobs = services.jobs.submit(tmp_path / "nb.ipynb", None, {"n": [1, 2, 3]})
    assert "is cancelled" in call("jobs", "cancel", jobs[0].id[-8:]).err
    answer = call("jobs", "retry", jobs[1].id)
    assert answer.code == 2
    assert "has not ended" in answer.err
    assert call("jobs", "cancel", "--all").err.count("is cancelled") == 2
    assert "No job waits or runs" in call("jobs", "cancel", "--all").err
    assert {job.status for job in services.jobs.list()} == {"cancelled"}


@pytest.mark.parametrize(
    "arguments", [("cancel",), ("cancel", "x", "--all"), ("retry",), ("retry", "x", "--failed"), ("logs",)]
)
def test_what_is_missing_is_said(call: Any, services: Services, arguments: tuple[str, ...]) -> None:
    assert call("jobs", *arguments).code == 2
    assert call("jobs", "--status", "failed", *arguments).code == 2
