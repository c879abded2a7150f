"""`%%track` under plain papermill: an error in the cell stops the notebook."""

import os
from typing import Any

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from papermill.exceptions import PapermillExecutionError


@pytest.mark.filterwarnings("ignore")  # papermill's own
def test_an_error_stops_papermill(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TRACKBOOK_")]:
        monkeypatch.delenv(name)
    cells = [
        new_code_cell("%load_ext trackbook"),
        new_code_cell("%%track churn --name good\nacc = 1 + 1\nacc"),
        new_code_cell("%%track churn --name bad\nx = 1\nraise ValueError('no data')"),
        new_code_cell("open('never', 'w')"),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    source, output = fresh.folder / "train.ipynb", fresh.folder / "out.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata=metadata), source)
    with pytest.raises(PapermillExecutionError, match="no data"):
        papermill.execute_notebook(str(source), str(output), cwd=str(fresh.folder), progress_bar=False)
    assert not (fresh.folder / "never").exists()
    ran = nbformat.read(output, 4)
    good = next(cell for cell in ran.cells if "good" in cell.source)
    assert good.outputs[0]["data"]["text/plain"] == "2"
    first, second = fresh.runs
    assert (first.start.name, first.end.status) == ("good", "finished")
    assert (second.start.name, second.end.status, second.end.error.evalue) == ("bad", "failed", "no data")
    assert "line 3" in "".join(second.end.error.traceback)
