import json
from pathlib import Path
from typing import Any

import pytest
from nbformat import v4
from tests.jobs.conftest import Project

from trackbook.domain.tolerance import Tolerance
from trackbook.errors import KernelError, NotebookError
from trackbook.jobs.rerun import run_notebook
from trackbook.notebook.read import read_notebook
from trackbook.notebook.results import compare_outputs


def document(*sources: str, parameters: str | None = None) -> dict[str, Any]:
    cells = [v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources, start=1)]
    if parameters is not None:
        cells.insert(0, v4.new_code_cell(parameters, id="p", metadata={"tags": ["parameters"]}))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return dict(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}))


def text_of(notebook: dict[str, Any], identity: str) -> str:
    (cell,) = (cell for cell in notebook["cells"] if cell["id"] == identity)
    return "".join("".join(output.get("text", "")) for output in cell["outputs"])


def test_it_gives_the_results_and_leaves_nothing_behind(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_STORE", str(project.store.root))
    monkeypatch.setenv("TRACKBOOK_RUN", "01890000-0000-7000-8000-000000000000")
    given = document(
        "import os; print(os.getcwd(), lr, os.environ['MINE'])",
        "%track start digits\n%track param lr\n%track metric acc=0.5 loss=2",
        "import trackbook as tb\nwith tb.start_run('inner') as run:\n    run.log({'acc': 0.1, 'deep': 3})",
        "import numpy as np\nnp.arange(3) / 3",
        parameters="lr = 0.1\nhidden = 32",
    )
    before = {path: path.stat().st_mtime for path in project.folder.rglob("*")}
    done = run_notebook(given, project.folder, params={"lr": 0.5}, environment={"MINE": "my"})
    assert done.outcome.status == "finished"
    assert text_of(done.notebook, "c1") == f"{project.folder} 0.5 my\n"
    assert done.metrics == {"acc": 0.5, "loss": 2.0, "deep": 3.0}
    assert done.params["lr"] == 0.5
    assert {path: path.stat().st_mtime for path in project.folder.rglob("*")} == before
    assert project.services.runs.refresh(timeout=60)
    assert project.services.runs.search().total == 0
    assert all(cell["outputs"] == [] for cell in given["cells"])

    again = run_notebook(given, project.folder, params={"lr": 0.5}, environment={"MINE": "my"})
    for one, other in zip(done.notebook["cells"], again.notebook["cells"], strict=True):
        assert compare_outputs(one["outputs"], other["outputs"], Tolerance()) == []


def test_a_failing_notebook_comes_back_as_far_as_it_got(tmp_path: Path) -> None:
    done = run_notebook(document("print('on')", "%track metric acc=1\n1 / 0", "print('never')"), tmp_path)
    assert done.outcome.status == "failed"
    assert done.outcome.error is not None
    assert (done.outcome.error.ename, done.outcome.error.cell_id) == ("ZeroDivisionError", "c2")
    assert text_of(done.notebook, "c1") == "on\n"
    assert done.metrics == {"acc": 1.0}


def test_what_stops_it(tmp_path: Path) -> None:
    slow = run_notebook(document("import time; time.sleep(600)"), tmp_path, timeout=5)
    assert slow.outcome.status == "timed_out"
    died = run_notebook(document("import os; os.write(2, b'last words'); os._exit(7)"), tmp_path)
    assert died.outcome.status == "died"
    assert "last words" in died.log
    with pytest.raises(KernelError, match="nonesuch"):
        run_notebook(document("1"), tmp_path, kernel="nonesuch")
    with pytest.raises(NotebookError, match="is not there"):
        run_notebook(document("1"), tmp_path / "gone")


def test_an_observer_hears_of_cells(tmp_path: Path) -> None:
    heard: list[tuple[str, str]] = []

    class Hearing:
        def kernel_ready(self, tracks: bool) -> None:
            heard.append(("ready", str(tracks)))

        def cell_started(self, position: int, total: int, cell: dict[str, Any]) -> None: ...

        def cell_finished(self, cell: dict[str, Any], status: str, duration: float) -> None:
            heard.append((cell["id"], status))

    given = document("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3]);")
    path = tmp_path / "a.ipynb"
    path.write_bytes(json.dumps(given).encode())
    done = run_notebook(read_notebook(path), tmp_path, observer=Hearing())
    assert heard == [("ready", "True"), ("c1", "ok")]
    again = run_notebook(read_notebook(path), tmp_path)
    outputs = [notebook["cells"][0]["outputs"] for notebook in (done.notebook, again.notebook)]
    assert any("image/png" in output["data"] for output in outputs[0])
    assert compare_outputs(*outputs, Tolerance()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.ipynb"]
