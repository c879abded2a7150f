import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
Program = Callable[..., "subprocess.CompletedProcess[bytes]"]
PARAMETERS = """\
rate: float = 0.5  # how much
layers: list = [8]
fails: bool = False
waits: bool = False
"""
WORK = """\
%load_ext trackbook
%track start trial
%track goal score max
%track metric score=rate*2
(tb_dir := __import__("trackbook").current_run().output_dir / "made.txt").write_text("made by the notebook")
"""
WAIT = """\
import pathlib, time
if waits:
    pathlib.Path("waiting").touch()
    time.sleep(600)
"""
FAIL = """\
if fails:
    raise ValueError(f"rate was {rate}")
"""


def cell(cell_id: str, source: str, *tags: str) -> dict[str, Any]:
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


@pytest.fixture
def notebook(empty_folder: Path) -> Path:
    """A notebook in a project of its own; parameters decide whether it waits and whether it fails."""
    path = empty_folder / "trial.ipynb"
    cells = [
        cell("c-params", PARAMETERS, "parameters"),
        cell("c-work", WORK),
        cell("c-wait", WAIT),
        cell("c-fail", FAIL),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    return path


def runs_of(call: Call, *arguments: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads(call("runs", "--json", *arguments).out)
    return found


def test_a_run_with_parameters(notebook: Path, program: Program, call: Call) -> None:
    before = notebook.read_bytes()
    done = program(
        "run", "trial.ipynb", "-p", "rate=2", "-p", "layers=[1,2]", "--json", folder=notebook.parent
    )
    assert (done.returncode, done.stderr) == (0, b"")
    run = json.loads(done.stdout)
    assert run["status"] == "finished"
    assert run["experiment"] == "trial"
    assert run["params"] == {"rate": 2.0, "layers": [1, 2], "fails": False, "waits": False}
    assert run["metrics"] == {"score": 4.0}
    assert run["source"]["kind"] == "job"
    assert run["source"]["path"] == "trial.ipynb"
    assert notebook.read_bytes() == before
    shown = json.loads(call("show", run["id"], "--json").out)
    assert {artifact["path"] for artifact in shown["artifacts"]} >= {"output.ipynb", "outputs/made.txt"}
    sources = {executed["cell_id"]: executed["source"] for executed in shown["cells"]}
    assert (sources["c-params"], sources["c-work"]) == (PARAMETERS, WORK)
    assert shown["snapshot"]["start"]["origin"] == "job"
    (job,) = json.loads(call("jobs", "--json").out)
    assert (job["status"], job["spec"]["run_id"]) == ("finished", run["id"])
    assert f"{job['id'][-8:]}  ✓ finished" in call("jobs").out


def test_a_failing_cell(notebook: Path, program: Program, call: Call) -> None:
    done = program("run", "trial.ipynb", "-p", "fails=true", folder=notebook.parent)
    assert done.returncode == 1
    said = done.stderr.decode()
    assert "trial.ipynb, cell 4: ValueError: rate was 0.5" in said
    assert "----> 2" in said
    assert "trackbook/cli" not in said
    assert "✗ failed  #1" in done.stdout.decode()
    (run,) = runs_of(call)
    assert run["status"] == "failed"
    assert (run["error"]["cell"], run["error"]["cell_id"]) == (4, "c-fail")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["-p", "rat=1"], "did you mean 'rate'?"),
        (["-p", "rate=fast"], "expected float"),
        (["-p", "rate"], "name=value"),
        (["-p", "rate=1", "--timeout", "0"], "--timeout"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    notebook: Path, call: Call, arguments: list[str], hint: str
) -> None:
    answer = call("run", "trial.ipynb", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert hint in answer.err
    assert not (notebook.parent / ".trackbook").exists()


def test_a_kernel_that_does_not_exist(notebook: Path, program: Program) -> None:
    arguments = ["trial.ipynb", "--kernel", "no-such-kernel"]
    done = program("run", *arguments, folder=notebook.parent)
    assert done.returncode == 3
    assert b"no-such-kernel" in done.stderr
    assert b"trackbook/cli" not in done.stderr


def test_a_job_that_a_job_starts_has_its_run_as_parent(
    notebook: Path, program: Program, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = str(notebook.parent / "store")
    variables = [("TRACKBOOK_STORE", store), ("TRACKBOOK_RUN", "01a1fdfc-67b2-783a-8e3f-aeb33d270f51")]
    program("run", "trial.ipynb", "--kernel", "no-such-kernel", folder=notebook.parent, variables=variables)
    monkeypatch.setenv("TRACKBOOK_STORE", store)
    assert [run["parent_id"] for run in runs_of(call)] == ["01a1fdfc-67b2-783a-8e3f-aeb33d270f51"]


@pytest.mark.parametrize("way", ["Ctrl-C", "trackbook cancel"])
def test_a_cancelled_run(notebook: Path, call: Call, environment: dict[str, str], way: str) -> None:
    command = [sys.executable, "-m", "trackbook.cli", "run", "trial.ipynb", "-p", "waits=true"]
    with subprocess.Popen(
        command, cwd=notebook.parent, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 120
        while not (notebook.parent / "waiting").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        if way == "Ctrl-C":
            process.send_signal(signal.SIGINT)
        else:
            (job,) = json.loads(call("jobs", "--status", "running", "--json").out)
            assert call("cancel", job["id"]).code == 0
        said = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    assert b"Cancelled." in said
    assert b"Traceback" not in said
    assert [run["status"] for run in runs_of(call)] == ["aborted"]


def test_a_sweep_with_a_failing_trial(notebook: Path, program: Program, call: Call) -> None:
    done = program(
        "sweep",
        "trial.ipynb",
        "-s",
        "rate=0.5,3",
        "-s",
        "fails=[false,true]",
        "--jobs",
        "2",
        folder=notebook.parent,
    )
    assert done.returncode == 1
    head, *rows = done.stdout.decode().splitlines()
    assert head.split() == ["#", "Status", "score", "rate", "fails", "Error", "Time"]
    # Of those with the best value, the one that failed is not the best.
    assert [row.split().count("★") for row in rows] == [1, 0, 0, 0]
    assert ["failed" in row for row in rows[:2]] == [False, True]
    assert [("6" in row.split(), "0.5" in row.split()) for row in rows] == [(True, False)] * 2 + [
        (False, True)
    ] * 2
    assert ["✗ failed" in row for row in rows].count(True) == 2
    said = done.stderr.decode()
    assert said.count("fails=true: cell 4: ValueError: rate was") == 2
    assert "4/4" in said
    assert "4 runs by score, the highest first." in said
    (sweep,) = runs_of(call, "tags.trial is null")
    assert (sweep["status"], sweep["reason"]) == ("finished", "2 of 4 trials failed.")
    runs = runs_of(call, "tags.trial is not null")
    assert {(run["tags"]["sweep"], run["parent_id"]) for run in runs} == {
        (sweep["tags"]["sweep"], sweep["id"])
    }
    assert sorted(run["params"]["rate"] for run in runs) == [0.5, 0.5, 3.0, 3.0]


def test_a_sweep_that_shares_its_first_cells_lists_them_first(
    notebook: Path, program: Program, call: Call
) -> None:
    given = ("sweep", "trial.ipynb", "-s", "rate=0.5,2", "--share-prefix", "--json")
    done = program(*given, folder=notebook.parent)
    assert done.returncode == 0
    said = done.stderr.decode().splitlines()
    assert said[1].startswith(("Cell", "No cells can be shared: cell "))
    runs = json.loads(done.stdout)
    assert sorted(run["params"]["rate"] for run in runs) == [0.5, 2.0]
    assert [run["status"] for run in runs] == ["finished"] * 2


def test_a_sweep_needs_something_to_vary(notebook: Path, call: Call) -> None:
    assert call("sweep", "trial.ipynb").code == 2
    assert call("sweep", "trial.ipynb", "-s", "rate=").code == 2
    assert call("sweep", "trial.ipynb", "-s", "rate=1,fast").code == 2


def test_a_waiting_job_is_cancelled(notebook: Path, call: Call) -> None:
    from trackbook.services.context import open_services
    from trackbook.store.paths import locate_store

    (job,) = open_services(locate_store(notebook.parent)).jobs.submit(notebook)
    assert call("cancel", job.id[-8:]).code == 0
    assert [job["status"] for job in json.loads(call("jobs", "--json").out)] == ["cancelled"]
    assert call("cancel", "ffffffff").code == 2
