import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

import trackbook as tb
from trackbook.cli.display.progress import JobProgress, count_cells, describe_state
from trackbook.domain.job import Job, JobSpec
from trackbook.domain.run import RunError

Call = Callable[..., Any]
START = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both outputs are a terminal of 80 columns."""
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "80"), ("LINES", "24"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)


def without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def job(number: int, **fields: Any) -> Job:
    spec = JobSpec(
        "0" * 64, "trial.ipynb", "/somewhere", {"rate": float(number), "seed": 0}, "trial", f"run-{number}"
    )
    return Job(f"job-{number}", spec, fields.pop("status", "queued"), START, **fields)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    "arguments",
    [["runs"], ["show", "1"], ["compare", "1", "2", "3"], ["doctor"], ["--help"], ["runs", "--help"]],
)
def test_everything_fits_into_80_columns(project: Path, call: Call, arguments: list[str]) -> None:
    lines = without_colours(call(*arguments).out).splitlines()
    assert lines
    widest = max(lines, key=cell_len)
    # A path is as long as it is; nothing else may be wider.
    assert cell_len(widest) <= 80 or str(project) in widest


@pytest.mark.usefixtures("terminal")
def test_columns_without_room_are_named(project: Path, call: Call) -> None:
    answer = call("runs")
    assert "\x1b[" in answer.out
    text = without_colours(answer.out)
    assert re.search(r"No room for [\w, ]*text\b.*--columns", " ".join(text.split()))
    assert "★ 0.9933" in text
    assert "run-1" in text


@pytest.mark.usefixtures("terminal")
def test_a_pipeline_with_many_parameters_leaves_a_table_to_be_read(empty_folder: Path, call: Call) -> None:
    start_pipelines()
    lines = without_colours(call("runs").out).splitlines()
    assert lines[0].split()[:3] == ["#", "Status", "Name"]
    assert lines[0].split()[-1] == "Started"
    assert {"mean_test_score", "C"} <= set(lines[0].split())
    footer = lines[2 + 5 :]
    assert len(footer) <= 5
    assert re.search(r"and \d+ more; --columns shows", " ".join(" ".join(footer).split()))


def test_a_pipe_has_no_column_for_each_of_many_parameters(empty_folder: Path, call: Call) -> None:
    start_pipelines()
    answer = call("runs")
    assert all(len(line) < 500 for line in answer.out.splitlines())
    head = answer.out.splitlines()[0].split()
    assert head.index("C") < head.index("logisticregression__a_0")
    assert re.search(r"^Not shown: .* and \d+ more; --columns", answer.err)
    assert "ategories_39" in call("runs", "--columns", "params.*").out.splitlines()[0]


def start_pipelines() -> None:
    for number in range(5):
        nested = {f"preprocess__onehotencoder__categories_{i}": [number, i] for i in range(40)}
        plain = {f"logisticregression__a_{i}": number * i + 1 + number for i in range(20)}
        with tb.start_run("pipes", params=nested | plain | {"C": number / 10}) as run:
            run.log({"mean_fit_time": 1.0, "mean_test_score": number / 10})


@pytest.mark.usefixtures("terminal")
def test_json_has_no_colours(project: Path, call: Call) -> None:
    answer = call("runs", "--json")
    assert len(json.loads(answer.out)) == 4
    assert "\x1b" not in answer.out


@pytest.mark.usefixtures("terminal")
def test_a_terminal_shows_a_bar_and_what_fails(capfd: pytest.CaptureFixture[str]) -> None:
    failed = {"started": START, "ended": START + timedelta(seconds=4.5), "cell": 4, "cells": 8}
    with JobProgress("trial.ipynb", ["rate"]) as progress:
        progress.update([job(1, status="running", cell=4, cells=8), job(2)])
        progress.update([job(1, status="failed", **failed), job(2, status="finished", cells=8)])
    said = without_colours(capfd.readouterr().err)
    assert "✗ failed  1/2  rate=1  4.5 s" in said
    assert "rate=2" not in said
    assert "trial.ipynb ━" in said
    assert "2/2 jobs, 16/16 cells" in said


def test_elsewhere_each_job_has_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    with JobProgress("trial.ipynb", ["rate"]) as progress:
        progress.update([job(1), job(2)])
        progress.update([job(1, status="finished"), job(2)])
        progress.update([job(1, status="finished"), job(2, status="cancelled")])
    assert capfd.readouterr().err.splitlines() == [
        "✓ finished  1/2  rate=1",
        "■ cancelled  2/2  rate=2",
    ]


def test_jobs_that_wait_are_taken_to_have_as_many_cells_as_the_others() -> None:
    jobs = [job(1, status="finished", cell=8, cells=8), job(2, status="running", cell=3, cells=8), job(3)]
    assert count_cells(jobs) == (11, 24)
    assert describe_state(jobs) == "1/3 jobs, 11/24 cells"
    assert describe_state([job(1)]) == "starting"
    early = job(1, status="failed", cell=2, cells=8, error=RunError("ValueError", "no"))
    assert count_cells([early]) == (8, 8)
