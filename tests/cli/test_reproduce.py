import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trackbook as tb

Call = Callable[..., Any]
SOURCE = """\
import random, pathlib
import trackbook as tb
run = tb.start_run("trial")
random.seed(3)
run.log({"score": random.random() + float(pathlib.Path("shift.txt").read_text())})
"""


@pytest.fixture
def notebook(empty_folder: Path) -> Path:
    (empty_folder / "shift.txt").write_text("0")
    path = empty_folder / "trial.ipynb"
    cell = {
        "cell_type": "code",
        "id": "c1",
        "metadata": {},
        "source": SOURCE,
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_a_run_is_reproduced_and_then_is_not(
    notebook: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_CAPTURE", "-data")  # else the changed file would stop it
    assert call("run", "trial.ipynb").code == 0
    good = call("reproduce", "1")
    assert good.code == 0, good.err
    assert good.out.startswith("reproduced  #1 ")
    assert "repeated as #2" in good.out
    assert "1 of 1 hold" in good.out
    (notebook.parent / "shift.txt").write_text("1")
    bad = call("reproduce", "1", "--json")
    assert bad.code == 1
    found = json.loads(bad.out)
    assert found["verdict"] == "differs"
    (check,) = [check for check in found["checks"] if check["kind"] == "metric"]
    assert check["name"] == "score"
    shown = call("show", "1").out
    assert "Reproduction" in shown
    assert "differs (" in shown
    assert "as #3 " in shown
    assert "Repeats" in call("show", "3").out
    listed = call("runs", "--columns", "number", "reproduction").out
    assert listed.splitlines()[-1].split() == ["1", "differs"]
    assert len(json.loads(call("runs", "reproduction = 'differs'", "--json").out)) == 1


def test_what_is_wrong_with_a_call_is_said(empty_folder: Path, call: Call) -> None:
    tb.start_run("trial", folder=empty_folder).end()
    script = call("reproduce", "1")
    assert script.code == 2
    assert "trackbook compare 1 RUN" in script.err
    assert call("reproduce", "7").code == 2
    assert call("reproduce", "1", "--tolerance", "-1").code == 2


def test_the_doctor_looks_at_a_run(empty_folder: Path, call: Call) -> None:
    tb.start_run("trial", folder=empty_folder).end()
    said = call("doctor", "1")
    assert said.code == 1
    assert said.out.startswith("error  The run was made by")
    assert "(script)" in said.out
    found = json.loads(call("doctor", "1", "--json").out)
    assert found["counts"]["error"] == 1
    assert found["obstacles"][0]["code"] == "script"
    assert call("doctor", "9").code == 2
    assert "All is well." in call("doctor").err
