"""`trackbook sweep` and `trackbook sweeps`, as programs with real kernels where it matters."""

import io
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from trackbook.cli.display.sweeping import SweepView, choose_rows, heading, render, seconds_left
from trackbook.domain.formatting import format_value
from trackbook.domain.job import Job, JobSpec
from trackbook.domain.run import Run, Source
from trackbook.domain.space import Dimension
from trackbook.domain.sweep import Objective, SweepSpec
from trackbook.jobs.trials import SweepProgress, TrialState

Call = Callable[..., Any]
Program = Callable[..., "subprocess.CompletedProcess[bytes]"]
PARAMETERS = """\
rate: float = 0.5  # [0, 1]
depth: int = 2  # 1..9
waits: bool = False
"""
WORK = """\
%load_ext trackbook
%track start trial
%track goal score max
%track metric score=rate*depth cost=depth
import pathlib, time
if waits and depth > 1:
    pathlib.Path("waiting").touch()
    while not pathlib.Path("go").exists():
        time.sleep(0.05)
"""


@pytest.fixture
def notebook(empty_folder: Path) -> Path:
    def cell(cell_id: str, source: str, *tags: str) -> dict[str, Any]:
        return {
            "cell_type": "code",
            "id": cell_id,
            "metadata": {"tags": list(tags)} if tags else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }

    path = empty_folder / "trial.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [cell("p", PARAMETERS, "parameters"), cell("w", WORK)]
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_a_search_from_a_file(notebook: Path, program: Program, call: Call) -> None:
    (notebook.parent / "plan.yaml").write_text(
        "notebook: trial.ipynb\nparams: {depth: 3}\nspace: {rate: {low: 0.1, high: 0.9}}\n"
        "sampler: tpe\ntrials: 9\nseed: 5\njobs: 2\n"
    )
    done = program(
        "sweep", "--sweep-file", "plan.yaml", "--trials", "4", "--jobs", "1", "--json", folder=notebook.parent
    )
    said = done.stderr.decode()
    assert done.returncode == 0, said
    assert "4 trials by tpe." in said
    assert said.count("✓ finished") == 4
    assert "4 runs by score, the highest first." in said
    runs = json.loads(done.stdout)
    scores = [run["metrics"]["score"] for run in runs]
    assert scores == sorted(scores, reverse=True)
    assert {run["params"]["depth"] for run in runs} == {3}
    assert [run["tags"].get("best") for run in runs] == ["true", None, None, None]
    (sweep,) = json.loads(call("sweeps", "--json").out)
    assert (sweep["trials"]["finished"], sweep["seed"], sweep["sampler"]) == (4, 5, "tpe")
    assert sweep["best"]["run"] == runs[0]["id"]
    shown = json.loads(call("sweeps", "show", "last", "--json").out)
    assert shown["importance"] == {"rate": 1.0}
    assert [row["best"] for row in shown["runs"]].count(True) == 1
    assert "★" in call("sweeps").out
    text = call("sweeps", "show", str(sweep["number"])).out
    assert "0.1..0.9" in text
    assert "Judged by score (max)." in text


def interrupted_sweep(notebook: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start a sweep, wait until its second trial waits, and interrupt it."""
    arguments = ["sweep", "trial.ipynb", "-s", "depth=1,2,3", "-p", "waits=true", "--objective", "cost:min"]
    process = subprocess.Popen(
        [sys.executable, "-m", "trackbook.cli", *arguments],
        cwd=notebook.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    deadline = time.monotonic() + 120
    while not (notebook.parent / "waiting").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_ctrl_c_leaves_a_sweep_that_can_be_resumed(
    notebook: Path, call: Call, environment: dict[str, str]
) -> None:
    process = interrupted_sweep(notebook, environment)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "1 of 3 trials have ended; `trackbook sweep --resume 1` goes on." in said.decode()
    (sweep,) = json.loads(call("sweeps", "--json").out)
    assert (sweep["status"], sweep["trials"]["finished"]) == ("aborted", 1)
    assert "has ended before (aborted)" in call("sweeps", "cancel", "last").err
    (notebook.parent / "go").touch()
    answer = call("sweep", "--resume", "1", "--json")
    assert answer.code == 0, answer.err
    runs = json.loads(answer.out)
    assert [run["params"]["depth"] for run in runs] == [1, 2, 3]
    (sweep,) = json.loads(call("sweeps", "--json").out)
    assert (sweep["status"], sweep["trials"]["finished"], sweep["trials"]["cancelled"]) == ("finished", 3, 0)
    assert sweep["best"]["params"] == {"depth": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_ctrl_c_again_and_again_ends_it_at_once_and_says_how_to_resume(
    notebook: Path, call: Call, environment: dict[str, str]
) -> None:
    process = interrupted_sweep(notebook, environment)
    for _ in range(3):
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "`trackbook sweep --resume 1` goes on." in said.decode()
    assert "Traceback" not in said.decode()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["trial.ipynb"], "needs a parameter to vary"),
        (["-s", "rate=0,1"], "Name the notebook"),
        (["trial.ipynb", "-s", "rate=0..2"], "from 0 to 1"),
        (["trial.ipynb", "-s", "waits=:log"], "only numbers have a log"),
        (["trial.ipynb", "-s", "rat"], "did you mean 'rate'"),
        (["trial.ipynb", "-s", "rate", "--sampler", "grid"], "range without steps"),
        (["trial.ipynb", "-s", "rate", "--pruner", "mean"], "there are none, median"),
        (["trial.ipynb", "-s", "rate", "--objective", "a:maximal"], "max or min"),
        (["trial.ipynb", "-s", "rate", "--trials", "0"], "1 to 10,000"),
        (["trial.ipynb", "-s", "rate", "--jobs", "0"], "at a time"),
        (["trial.ipynb", "-s", "rate", "-p", "rate=1"], "both a single value and a sweep"),
        (["trial.ipynb", "-s", "rate", "--scheduler", "nonsense"], "no address of a Dask scheduler"),
        (["--sweep-file", "none.yaml"], "no such file"),
        (["--sweep-file", "wrong.yaml"], "has no 'spaces'"),
        (["--sweep-file", "typed.yaml"], "typed.yaml: Expected"),
        (["trial.ipynb", "--resume", "last"], "leave NOTEBOOK out"),
        (["--resume", "last", "--timeout", "5", "--seed", "3"], "leave --seed, --timeout out"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    notebook: Path, call: Call, arguments: list[str], hint: str
) -> None:
    (notebook.parent / "wrong.yaml").write_text("spaces: {rate: [1]}\n")
    (notebook.parent / "typed.yaml").write_text("trials: many\n")
    answer = call("sweep", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert hint in answer.err
    assert json.loads(call("sweeps", "--json").out or "[]") == []


def test_there_may_be_none(project: Path, call: Call) -> None:
    assert json.loads(call("sweeps", "--json").out) == []
    assert "begins one" in call("sweeps").err
    assert call("sweeps", "show", "last").code == 2
    answer = call("sweeps", "show", "1")
    assert (answer.code, "is no sweep" in answer.err) == (2, True)


START = datetime(2026, 11, 21, 10, tzinfo=UTC)


def progress(trials: int) -> SweepProgress:
    spec = SweepSpec(
        job=JobSpec("0" * 64, "trial.ipynb", "/a", {}, "a", ""),
        space={"rate": Dimension("float", low=0.0, high=1.0)},
        sampler="random",
        trials=2 * trials,
        objectives=[Objective("score", "max")],
        parallel=2,
    )
    found = SweepProgress("1", spec, seconds=61.0)
    for number in range(trials):
        running = number >= trials - 2
        ended = None if running else START.replace(second=10)
        job = Job(
            f"{number}",
            spec.job,
            "running" if running else "failed" if number == 1 else "finished",
            START,
            started=START,
            ended=ended,
            cell=3,
            cells=9,
        )
        trial = TrialState(number, {"rate": number / trials}, job, is_settled=not running)
        trial.last = number / 7
        if job.status == "finished":
            trial.run = run_with(number / 7)
        found.trials[number] = trial
    found.best = [trials - 3]
    return found


def run_with(score: float) -> Run:
    return Run(
        "1", 1, "a", "a", "finished", START, START, 1.0, 1.0, "", "", Source("job"), None, "", {}, {},
        {"score": score}, {}, {}, None, None, False, 1,
    )  # fmt: skip


def test_the_table_has_what_is_worth_a_row_however_many_trials_there_are() -> None:
    few, many = progress(8), progress(1000)
    assert [trial.number for trial in choose_rows(few, 20)] == list(range(8))
    shown = [trial.number for trial in choose_rows(many, 6)]
    assert {997, 998, 999} <= set(shown)
    assert len(shown) == 6
    console = Console(width=100, file=io.StringIO())
    console.print(render("trial.ipynb", few, 20, 100))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "6/16 trials, 2 running, 1 failed" in text
    assert "★ 0.7143" in text
    assert "3/9" in text
    assert "with rate=0.625" in text
    # Ten trials are left, two at a time, ten seconds each; those that run have long been at it.
    assert seconds_left(few) == pytest.approx(40)
    assert "left" in heading("trial.ipynb", few).plain


@pytest.mark.parametrize(("width", "shown"), [(66, {"rate", "Time", "Cells"}), (48, {"rate"}), (36, set())])
def test_a_narrow_terminal_cuts_names_and_leaves_out_whole_columns(width: int, shown: set[str]) -> None:
    few = progress(8)
    few.spec = msgspec.structs.replace(
        few.spec,
        objectives=[Objective("score_of_the_model_on_test", "max")],
        space={"rate": few.spec.space["rate"]},
    )
    for trial in few.trials.values():
        trial.params["rate"] = 123456.5 + trial.number
        if trial.run is not None:
            trial.run = msgspec.structs.replace(trial.run, metrics={"score_of_the_model_on_test": 0.5})
    console = Console(width=width, file=io.StringIO())
    console.print(render("trial.ipynb", few, 20, width))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    (head,) = [line for line in lines if line.startswith("Trial")]
    rows = lines[lines.index(head) + 1 :]
    assert len(rows) == 8
    assert "score_of_the_m" in head
    assert {name for name in ("rate", "Time", "Cells") if name in head} == shown
    # States, values and times are whole.
    assert sum("✓ finished" in row for row in rows) == 5
    assert "★ 0.5" in rows[5]
    for number, row in enumerate(rows):
        assert (format_value(123456.5 + number) in row) is ("rate" in shown), row


def test_the_best_is_said_again_where_it_is_out_of_sight(
    notebook: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "80"), ("LINES", "9"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    answer = call("sweep", "trial.ipynb", "-s", "depth=1,2,3,4", "--objective", "cost:min")
    assert answer.code == 0, answer.err
    assert re.search(r"★ #\d+  cost 1.000 with depth=1", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", answer.err))
    monkeypatch.setenv("LINES", "30")
    assert "★ #" not in call("sweep", "trial.ipynb", "-s", "depth=1", "--json").err


def test_without_a_terminal_each_trial_that_ended_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with SweepView("trial.ipynb") as view:
        for _ in range(3):
            view.update(progress(5))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    # Each has its place, however many of them ended between two looks.
    assert [place in line for place, line in zip(("1/10", "2/10", "3/10"), lines, strict=True)] == [True] * 3
    assert "✗ failed" in lines[1]
    assert "★ score 0.2857" in lines[2]


def test_a_sweep_that_goes_on_says_nothing_anew(capsys: pytest.CaptureFixture[str]) -> None:
    with SweepView("trial.ipynb", resumes=True) as view:
        view.update(progress(5))
        view.update(progress(6))
    first, further = capsys.readouterr().err.splitlines()
    assert first == "3 of 10 trials had ended before."
    assert further.startswith("✓ finished  4/12  rate=0.5")
