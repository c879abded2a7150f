"""Sweeps from Python: with a real notebook, and what is refused."""

from pathlib import Path

import nbformat
import pytest
from nbformat import v4

import trackbook as tb

PARAMETERS = "rate: float = 0.5  # [0, 1]\nkind: bool = False"
WORK = """\
import trackbook as tb
run = tb.start_run("swept")
run.metric("score", goal="max")
run.log({"score": rate + kind, "cost": rate})
"""


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    cells = [v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), v4.new_code_cell(WORK)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), tmp_path / "train.ipynb")
    return tmp_path / "train.ipynb"


def test_a_sweep_and_what_came_of_it(notebook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = tb.sweep(notebook, {"rate": [0.25, 0.75], "kind": None}, jobs=2, trials=3)
    assert isinstance(sweep, tb.Sweep)
    assert sweep.status == "finished"
    assert [run.status for run in sweep.runs] == ["finished"] * 3
    best = max(sweep.runs, key=lambda run: run.metrics["score"])
    assert sweep.best == best
    assert sweep.front == [best]
    table = sweep.to_pandas()
    assert list(table.index) == [0, 1, 2]
    assert {"run", "status", "params.rate", "params.kind", "metrics.score", "best"} <= set(table.columns)
    assert table["best"].sum() == 1
    assert sweep.importance is None  # three trials tell too little
    said = capsys.readouterr().err
    assert said.count(" finished: ") == 3
    assert "★" in said
    assert "3/3 trials" in repr(sweep)
    sweep = sweep.resume(trials=4, progress=False)
    assert len(sweep.runs) == 4
    assert sweep.best is not None
    assert sweep.best.params["rate"] == 0.75
    assert sweep.best.params["kind"] is True
    assert capsys.readouterr().err == ""


def test_what_can_not_be_swept_is_refused(notebook: Path) -> None:
    for space, hint in (
        ("rate", "`space` maps"),
        ({"rate": (0, 1, "linear")}, "low, high, 'log'"),
        ({"rate": (0, 2)}, "from 0 to 1"),
        (["rat"], "did you mean 'rate'"),
        ({}, "needs a parameter"),
    ):
        with pytest.raises(tb.TrackbookError, match=hint):
            tb.sweep(notebook, space)  # type: ignore[arg-type]
    with pytest.raises(tb.TrackbookError, match="max or min"):
        tb.sweep(notebook, {"rate": None}, objective={"metric": "score", "direction": "up"})
