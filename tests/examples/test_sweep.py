"""The example is a notebook that can be swept: valid, clean, with parameters whose types say their ranges."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import read_notebook

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "sweep.ipynb"


def test_the_notebook_is_clean_and_valid() -> None:
    notebook = nbformat.read(EXAMPLE, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) == 10
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_its_parameters_say_their_ranges() -> None:
    rate, steps, intercept = find_parameters(read_notebook(EXAMPLE), EXAMPLE.name)
    assert (rate.name, rate.type, rate.minimum, rate.maximum) == ("C", "float", 0.001, 100)
    assert (steps.name, steps.type, steps.minimum, steps.maximum) == ("max_iter", "int", 20, 200)
    assert (intercept.name, intercept.type) == ("fit_intercept", "bool")


def test_run_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "python"))
    notebook = nbformat.read(shutil.copy(EXAMPLE, tmp_path), as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    assert "of the test images are read correctly" in said
