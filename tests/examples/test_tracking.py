"""The example logs a value of each kind, and what it stores can be read again."""

import os
import shutil
from pathlib import Path
from typing import Any, get_args

import nbformat
import pytest
from nbclient import NotebookClient

from trackbook.domain.rich import RichKind
from trackbook.services.context import open_services
from trackbook.store.paths import StorePaths

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "tracking.ipynb"


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example in a project of its own."""
    for name in [name for name in os.environ if name.startswith("TRACKBOOK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "python"))
    return Path(shutil.copy(EXAMPLE, tmp_path))


def lines(cell: Any) -> list[str]:
    return [
        o["data"]["text/plain"] for o in cell.outputs if o["output_type"] == "display_data" and "data" in o
    ]


def test_the_notebook_is_clean_and_valid() -> None:
    notebook = nbformat.read(EXAMPLE, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_run_all(notebook: Path) -> None:
    document = nbformat.read(notebook, as_version=4)
    NotebookClient(document, resources={"metadata": {"path": str(notebook.parent)}}).execute()
    said = [line for cell in document.cells if cell.cell_type == "code" for line in lines(cell)]
    assert not [line for line in said if line.startswith("%track: ")]
    services = open_services(StorePaths(notebook.parent / ".trackbook"))
    try:
        assert services.runs.refresh(timeout=60.0)
        (run,) = services.runs.search().runs
        detail = services.runs.detail(run.id)
        assert (run.experiment, run.status) == ("values", "finished")
        assert run.metrics["accuracy"] > 0.8  # a tenth would be chance
        assert {logged.value.kind for logged in detail.values} == set(get_args(RichKind))
        pulls = [logged.value.step for logged in detail.values if logged.value.key == "pull"]
        assert pulls == [9, 19, 29, 39]
        for logged in detail.values:
            value = logged.value
            _, file = services.values.open(run.id, value.key, value.step, value.context)
            assert file.stat().st_size == value.size
        assert {artifact.path for artifact in detail.artifacts} == {
            "lists/wrong.csv", "lists/classes.txt",
            "digits/model.skops", "digits/model.json", "digits/input-example.json",
        }  # fmt: skip
    finally:
        services.close()
