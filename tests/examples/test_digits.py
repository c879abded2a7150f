"""The example does what it says: as a job, and by "Run all" as in JupyterLab."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "digits.ipynb"
EPOCHS = 50


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example in a project of its own."""
    for name in [name for name in os.environ if name.startswith("TRACKBOOK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "python"))
    return Path(shutil.copy(EXAMPLE, tmp_path))


def trackbook(folder: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "trackbook.cli", *arguments, "--json"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def check(run: dict[str, Any], epochs: int) -> None:
    assert run["status"] == "finished"
    assert run["experiment"] == "digits"
    assert run["params"]["epochs"] == epochs
    assert run["params"].keys() == {"learning_rate", "hidden", "alpha", "batch_size", "epochs", "seed"}
    assert run["goals"] == {"accuracy": "max", "loss": "min"}
    # What the machine did meanwhile has series, too.
    results = [series for series in run["series"] if not series["key"].startswith("system/")]
    assert {series["key"]: series["count"] for series in results} == {"accuracy": epochs, "loss": epochs}
    # It learns: a tenth would be chance.
    assert run["metrics"]["accuracy"] > 0.8
    (loss,) = (series for series in run["series"] if series["key"] == "loss")
    assert loss["last"] < loss["max"] / 2
    artifacts = {artifact["path"]: artifact for artifact in run["artifacts"]}
    assert artifacts["confusion-matrix.png"]["kind"] == "figure"
    assert artifacts["digits.skops"]["kind"] == "model"


def test_the_notebook_is_clean_and_valid() -> None:
    notebook = nbformat.read(EXAMPLE, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_its_parameters_have_types_and_help(notebook: Path) -> None:
    parameters = trackbook(notebook.parent, "parameters", notebook.name)
    assert [(parameter["name"], parameter["type"]) for parameter in parameters] == [
        ("learning_rate", "float"),
        ("hidden", "int"),
        ("alpha", "float"),
        ("batch_size", "int"),
        ("epochs", "int"),
        ("seed", "int"),
    ]
    assert all(parameter["help"] for parameter in parameters)


def test_as_a_job(notebook: Path) -> None:
    ran = trackbook(notebook.parent, "run", notebook.name, "-p", f"epochs={EPOCHS}", "-p", "hidden=8")
    run = trackbook(notebook.parent, "show", ran["id"])
    check(run, EPOCHS)
    assert run["params"]["hidden"] == 8
    assert run["tags"]["model"] == "mlp"
    assert run["source"]["kind"] == "job"
    assert run["snapshot"]["start"]["origin"] == "job"
    # The job leaves nothing beside the notebook but the store.
    assert {path.name for path in notebook.parent.iterdir()} == {notebook.name, ".trackbook"}


def test_run_all(notebook: Path) -> None:
    document = nbformat.read(notebook, as_version=4)
    (parameters,) = (cell for cell in document.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source = parameters.source.replace("epochs: int = 60", f"epochs: int = {EPOCHS}")
    NotebookClient(document, resources={"metadata": {"path": str(notebook.parent)}}).execute()
    (listed,) = trackbook(notebook.parent, "runs")
    check(trackbook(notebook.parent, "show", listed["id"]), EPOCHS)
