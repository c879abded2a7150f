"""A kernel in an environment with the base install alone; the runs are read from this, full, one."""

from pathlib import Path
from typing import Any

CELLS = [
    ("load", "%load_ext trackbook"),
    ("start", "%track start churn --name light --params lr=0.1 --tags where=light"),
    (
        "train",
        "for step in range(5):\n    loss = 1 / (step + 1)\n    %track metric loss --step step\nprint('trained')",
    ),
    ("goal", "%track goal loss min"),
    ("file", "open('model.txt', 'w').write('weights')\n%track artifact model.txt"),
    ("cell", "%%track\nacc = lr0 * 2"),
    ("error", "1 / 0"),
    ("end", "%track end"),
]


def test_a_notebook_in_the_light_environment(light_env: Path, start_kernel: Any, fresh: Any) -> None:
    kernel = start_kernel(python=str(light_env))
    heavy = "('sqlalchemy', 'numpy', 'pandas', 'click', 'zstandard')"
    look = f"import importlib.util\n[name for name in {heavy} if importlib.util.find_spec(name)]"
    assert kernel.run(look).outputs[0]["data"]["text/plain"] == "[]"
    kernel.run("lr0 = 0.25")
    replies = {cell_id: kernel.run(source, cell_id) for cell_id, source in CELLS}
    assert [cell_id for cell_id, reply in replies.items() if reply.status != "ok"] == ["error"]
    assert "Trackbook itself failed" not in str(replies)
    reading = kernel.run("import trackbook as tb\ntb.runs()")
    assert reading.content["ename"] == "MissingExtra"
    assert 'pip install "trackbook[lab]"' in reading.content["evalue"]
    for view in ("tb.table()", "tb.watch()", "tb.compare(1, 2)"):
        refused = kernel.run(view).content
        assert refused["ename"] == "MissingExtra"
        assert 'pip install "trackbook[lab]"' in refused["evalue"]
    for line in ("runs", "diff 1 2", "watch"):
        assert 'pip install "trackbook[lab]"' in kernel.run(f"%track {line}").line
    kernel.stop()
    with fresh.services() as services:
        (run,) = services.runs.search().runs
        assert (run.experiment, run.name, run.status, run.number) == ("churn", "light", "finished", 1)
        assert run.params == {"lr": 0.1, "lr0": 0.25}
        assert run.metrics == {"loss": 0.2, "acc": 0.5}
        assert (run.goals, run.tags) == ({"loss": "min"}, {"where": "light"})
        detail = services.runs.detail(run.id)
        assert [cell.cell_id for cell in detail.cells] == [cell_id for cell_id, _ in CELLS[1:]]
        assert [artifact.path for artifact in detail.artifacts] == ["model.txt"]
        assert detail.environment is not None
        assert "trackbook" in detail.environment.packages
        assert "numpy" not in detail.environment.packages
        assert [snapshot.origin for snapshot in detail.snapshots] == ["file"]
        content = services.snapshots.cell(run.id, 2)
        assert content.source == CELLS[2][1]
        assert any("trained" in output.get("text", "") for output in content.outputs)
        failed = services.snapshots.cell(run.id, 6)
        assert failed.execution.error is not None
        assert failed.execution.error.ename == "ZeroDivisionError"
