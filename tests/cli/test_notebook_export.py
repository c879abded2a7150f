import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4
from tests.cli.conftest import ROOT, program_environment
from tests.notebook.corpus import load

import trackbook as tb

Call = Callable[..., Any]


def write(path: Path, *sources: str, parameters: str | None = None) -> Path:
    cells = [v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources, start=1)]
    if parameters is not None:
        cells.insert(0, v4.new_code_cell(parameters, id="p", metadata={"tags": ["parameters"]}))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def prove(folder: Path, *files: str) -> "subprocess.CompletedProcess[str]":
    """Run generated tests as a user does."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    return subprocess.run(
        command, cwd=folder, env=program_environment(), capture_output=True, text=True, check=False
    )


def test_the_example_becomes_a_module_that_is_proven_equal(empty_folder: Path, call: Call) -> None:
    shutil.copy(ROOT / "examples" / "digits.ipynb", empty_folder)
    before = (empty_folder / "digits.ipynb").read_bytes()
    done = call("export", "digits.ipynb", "--to", "module", "-p", "epochs=2")
    assert done.code == 0, done.err
    assert "cell 3: %load_ext trackbook" in done.err
    names = sorted(path.name for path in empty_folder.iterdir())
    assert names == ["digits.ipynb", "digits.py", "test_digits.py"]
    assert (empty_folder / "digits.ipynb").read_bytes() == before
    for check in (
        ["ruff", "check", "--isolated"],
        ["ruff", "format", "--check", "--isolated", "--line-length", "110"],
    ):
        subprocess.run(
            [sys.executable, "-m", *check, "digits.py", "test_digits.py"],
            cwd=empty_folder,
            check=True,
            capture_output=True,
        )
    proof = prove(empty_folder)
    assert proof.returncode == 0, proof.stdout
    assert not (empty_folder / ".trackbook").exists()


@pytest.mark.parametrize("name", ["sales_by_region", "reused_names"])
def test_notebooks_of_the_corpus_are_proven_equal(empty_folder: Path, call: Call, name: str) -> None:
    (empty_folder / f"{name}.ipynb").write_bytes(load(name))
    assert call("export", f"{name}.ipynb", "--to", "module").code == 0
    proof = prove(empty_folder)
    assert proof.returncode == 0, proof.stdout


def test_a_script_runs_and_a_page_loads_nothing(empty_folder: Path, call: Call) -> None:
    notebook = write(
        empty_folder / "a.ipynb", "%matplotlib inline\nx = 2\nx", "!echo from the shell", "%run b.py\ny = 1"
    )
    document = json.loads(notebook.read_text())
    document["cells"][0]["outputs"] = [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": "<b>bold</b><script>evil()</script>"},
        }
    ]
    notebook.write_text(json.dumps(document))
    assert call("export", "a.ipynb", "--to", "script").code == 0
    done = subprocess.run(
        [sys.executable, "a.py"], cwd=empty_folder, capture_output=True, text=True, check=True
    )
    assert done.stdout == "from the shell\n"
    assert (
        "# left out: cell 3, line 1: the magic %run has no counterpart" in (empty_folder / "a.py").read_text()
    )
    answer = call("export", "a.ipynb", "--to", "html", "-o", "out", "--json")
    assert answer.code == 2
    (empty_folder / "out").mkdir()
    answer = call("export", "a.ipynb", "--to", "html", "-o", "out", "--json")
    assert json.loads(answer.out) == {"form": "html", "files": ["out/a.html"], "left_out": []}
    page = (empty_folder / "out" / "a.html").read_text(encoding="utf-8")
    assert "<b>bold</b>" in page
    assert "<script" not in page.lower()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a.ipynb"], "Say what a.ipynb becomes: --to module"),
        (["folder", "--flat"], "are for notebooks, with --to"),
        (["a.ipynb", "status = 'failed'", "--to", "script"], "takes no QUERY"),
        (["a.ipynb", "--to", "html", "--flat"], "are for --to module"),
        (["a.ipynb", "--to", "module", "-p", "x=1"], "'x'"),
        (["a.ipynb", "--to", "module", "-o", "my-module.py"], "can't be imported"),
        (["a.ipynb", "--to", "script", "-o", "a.txt"], "ends in .py"),
        (["a.ipynb", "--to", "script", "-o", "there.py"], "there already; --force writes over it"),
        (["b.ipynb", "--to", "module"], "b.ipynb: cell 1: it uses nowhere, which no cell above defines"),
        (["gone.ipynb", "--to", "module"], "there is no such file"),
    ],
)
def test_wrong_usage_writes_nothing(empty_folder: Path, call: Call, arguments: list[str], told: str) -> None:
    write(empty_folder / "a.ipynb", "y = lr", parameters="lr = 0.1")
    write(empty_folder / "b.ipynb", "y = nowhere")
    (empty_folder / "there.py").touch()
    answer = call("export", *arguments)
    assert answer.code == 2
    assert told in answer.err
    assert sorted(path.name for path in empty_folder.iterdir()) == ["a.ipynb", "b.ipynb", "there.py"]


def load_module(file: Path, monkeypatch: pytest.MonkeyPatch, old: str = "", new: str = "") -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": file.stem}
    monkeypatch.setitem(sys.modules, file.stem, type(sys)(file.stem))  # dataclasses look for it
    exec(file.read_text(encoding="utf-8").replace(old, new), namespace)
    return namespace


def test_the_proof_tells_of_a_notebook_that_fails(
    empty_folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = "import os\nif 'JPY_PARENT_PID' in os.environ:\n    x[5]"
    notebook = write(empty_folder / "my notebook.ipynb", "x = [1]", fails)
    assert call("export", "my notebook.ipynb", "--to", "module").code == 0
    run = load_module(empty_folder / "my_notebook.py", monkeypatch)["run"]
    with pytest.raises(tb.TrackbookError, match=r"my notebook\.ipynb, cell 2: IndexError"):
        tb.compare_with_notebook(run, notebook)


def test_the_proof_finds_a_module_that_does_something_else(
    empty_folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = "%load_ext trackbook\n%track start a\n%track metric loss=x[1]"
    notebook = write(empty_folder / "a.ipynb", "x = [1, lr * 2]\ny = 'same'", track, parameters="lr = 0.1")
    assert call("export", "a.ipynb", "--to", "module").code == 0
    run = load_module(empty_folder / "a.py", monkeypatch, "lr * 2", "lr * 3")["run"]
    values, metric = tb.compare_with_notebook(run, notebook, {"lr": 1.0})
    assert values.startswith("x[1]: 2.0 was expected, 3.0 came: 50 % off")
    assert metric.startswith("The metric loss: 2.0 was expected, 3.0 came")
    assert not (empty_folder / ".trackbook").exists()
    assert tb.current_run() is None
