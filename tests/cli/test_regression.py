import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import nbformat
import pytest
from nbformat import v4

from trackbook.cli.display.junit import junit_xml
from trackbook.domain.regression import CellCheck, TestReport
from trackbook.domain.run import RunError

Call = Callable[..., Any]
PARAMETERS = "lr: float = 0.1\nfails = False"
TRAIN = "import random\nrandom.seed(0)\nloss = random.random() * lr\nprint('loss', loss)"
SHOW = "import pandas as pd\npd.DataFrame({'a': [loss, lr]})"
TRACK = "%load_ext trackbook\n%track start churn\n%track metric acc=lr*2"
END = "if fails:\n    raise ValueError('no')\nobject()"


def write(path: Path, *sources: str) -> Path:
    cells = [v4.new_code_cell(PARAMETERS, id="p", metadata={"tags": ["parameters"]})]
    cells += [v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources, start=1)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


@pytest.fixture
def notebook(empty_folder: Path) -> Path:
    return write(empty_folder / "train.ipynb", TRAIN, SHOW, TRACK, END)


def test_a_baseline_is_recorded_held_and_moved(notebook: Path, call: Call, tmp_path: Path) -> None:
    none = call("test", "train.ipynb")
    assert none.code == 2
    assert "has no baseline" in none.err
    assert "trackbook test --update" in none.err
    assert not (tmp_path / ".trackbook").exists()

    first = call("test", "train.ipynb", "--update")
    assert (first.code, first.err.strip()) == (0, "1 notebook: 1 recorded")
    assert "run #1 is the baseline now" in first.out

    saved = notebook.read_bytes()
    held = call("test", "train.ipynb")
    assert (held.code, held.err.strip()) == (0, "1 notebook: 1 passed")
    assert "against run #1" in held.out
    assert "cells: 5 same" in held.out
    assert notebook.read_bytes() == saved

    other = call("test", ".", "-p", "lr=0.2", "--junit", "report.xml", "--json")
    assert other.code == 1
    (report,) = json.loads(other.out)
    assert (report["status"], report["params"]) == ("different", {"lr": 0.2})
    assert [cell["status"] for cell in report["cells"]] == ["same", "different", "different", "same", "same"]
    assert [found["message"][:14] for found in report["metrics"]] == ["The metric acc"]
    assert report["cells"][1]["differences"][0]["kind"] == "number"
    suite = Xml.parse("report.xml").getroot()[0]
    assert (suite.get("failures"), suite.get("tests")) == ("3", "6")

    moved = call("test", "train.ipynb", "--update", "-p", "lr=0.2")
    assert moved.code == 0
    assert "run #2 is the baseline now" in moved.out
    assert "100 % off" in moved.out
    tagged = json.loads(call("runs", "tags.baseline is not null", "--json").out)
    assert len(tagged) == 1
    assert len(json.loads(call("runs", "--json").out)) == 2

    # The new baseline has its parameters with it; the earlier one can be named.
    again = call("test", "train.ipynb")
    assert again.code == 0
    assert "with lr=0.2" in again.out
    assert call("test", "train.ipynb", "--baseline", "1").code == 0


def test_a_notebook_without_any_result_of_its_baseline_does_not_pass(empty_folder: Path, call: Call) -> None:
    path = write(empty_folder / "a.ipynb", "print(0.9)")
    assert call("test", "a.ipynb", "--update").code == 0
    document = nbformat.read(path, as_version=4)
    document.cells[1].update(id="another", source="print(0.1)")
    nbformat.write(document, path)
    answer = call("test", "a.ipynb", "--junit", "report.xml")
    assert answer.code == 1
    assert "nothing was compared" in answer.out
    assert Xml.parse("report.xml").getroot()[0].get("failures") == "1"


def test_saved_outputs_are_a_baseline_and_failures_are_told(
    notebook: Path, call: Call, program: Callable[..., Any], tmp_path: Path
) -> None:
    from trackbook.jobs.rerun import run_notebook
    from trackbook.notebook.read import read_notebook

    done = run_notebook(read_notebook(notebook), tmp_path)
    notebook.write_text(json.dumps(done.notebook), encoding="utf-8")
    held = call("test", "train.ipynb")
    assert held.code == 0
    assert "against the outputs saved in train.ipynb" in held.out
    assert [path.name for path in tmp_path.iterdir()] == ["train.ipynb"]

    failed = call("test", "train.ipynb", "-p", "fails=true", "--junit", "report.xml")
    assert failed.code == 1
    assert "ValueError: no" in failed.out
    assert "4 same, 1 failed" in failed.out
    assert Xml.parse("report.xml").getroot()[0].get("errors") == "1"

    # One of several that can't be checked keeps none of the others from being.
    (tmp_path / "broken.ipynb").write_text("{}", encoding="utf-8")
    both = call("test", ".")
    assert both.code == 2
    assert "broken.ipynb: it is no notebook" in both.out
    assert both.err.strip() == "2 notebooks: 1 passed, 1 failed"

    nbval = program("test", "train.ipynb", "--nbval", folder=tmp_path)
    assert nbval.returncode == 0, nbval.stdout
    assert b"5 passed" in nbval.stdout
    notebook.write_text(notebook.read_text().replace("loss 0.0", "loss 0.1"), encoding="utf-8")
    assert program("test", "train.ipynb", "--nbval", folder=tmp_path).returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.ipynb", "report.xml", "train.ipynb"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone.ipynb"], "there is no such file"),
        (["."], "There is no notebook in ."),
        (["a.py"], "does not end in .ipynb"),
        (["n.ipynb", "--baseline", "7"], "There is no project with a run 7"),
        (["n.ipynb", "-p", "lrr=1"], "did you mean 'lr'"),
        (["n.ipynb", "--tolerance", "nan"], "The tolerance 'relative'"),
        (["n.ipynb", "--nbval", "--update"], "knows no --baseline"),
    ],
)
def test_wrong_usage_ends_before_anything_runs(
    empty_folder: Path, call: Call, arguments: list[str], told: str
) -> None:
    (empty_folder / "a.py").touch()
    if "n.ipynb" in arguments:
        write(empty_folder / "n.ipynb", TRAIN)
    answer = call("test", *arguments)
    assert answer.code == 2
    assert told in answer.err
    assert not (empty_folder / ".trackbook").exists()


def test_nbval_that_is_not_installed_is_told(
    notebook: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    answer = call("test", "train.ipynb", "--nbval")
    assert answer.code == 2
    assert "pip install pytest nbval" in answer.err


def test_a_junit_report_holds_whatever_cells_say() -> None:
    error = RunError("E\x1b[31m", "\x00 <&> \ud800 ü", ["\x1b[31mred\x1b[0m\x07"], 1, "a")
    cells = [CellCheck(1, "a", "print('\x00')", "failed")]
    report = TestReport("a.ipynb", "failed", None, {}, cells, [], error, 1.5)
    suite = Xml.fromstring(junit_xml([report]))[0]
    found = suite.find("testcase/error")
    assert found is not None
    assert found.get("message") == "E: � <&> � ü"
    assert found.text == "red�"
