"""Rich values, folders and models in a real kernel; and the cells of docs/values.md run there."""

import re
from pathlib import Path
from typing import Any

from trackbook.domain import records as r

PAGE = (Path(__file__).parents[2] / "docs" / "values.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_track_metric_takes_values(kernel: Any, project: Any) -> None:
    kernel.run(
        "import numpy as np\nimport trackbook as tb\nimage = np.zeros((4, 6, 3), 'uint8')\nmodel = 'm'"
    )
    kernel.run("%track start shapes")
    reply = kernel.run(
        "%track metric image loss=0.5 words='a text' hist=tb.Histogram([1, 2]) --step 4 --context subset=val",
        cell_id="c7",
    )
    assert re.fullmatch(
        r"shapes · \w+ · image ndarray 4 × 6 × 3, loss 0\.5, words 'a text', hist <Histogram> at step 4 "
        r"\(subset=val\) → recorded",
        reply.line,
    )
    run = project.last
    logged = run.all(r.ValueLogged)
    assert [(one.value.key, one.value.kind, one.value.step, one.cell_id) for one in logged] == [
        ("image", "image", 4, "c7"),
        ("words", "text", 4, "c7"),
        ("hist", "histogram", 4, "c7"),
    ]
    assert all(one.value.context == {"subset": "val"} for one in logged)
    assert run.metrics == {"loss": [(4, 0.5)]}


def test_track_artifact_takes_folders(kernel: Any, project: Any) -> None:
    kernel.run("from pathlib import Path\nPath('out/deep').mkdir(parents=True, exist_ok=True)")
    kernel.run("Path('out/deep/a.txt').write_text('a')")
    kernel.run("%track start folders")
    reply = kernel.run("%track artifact out --name results")
    assert reply.line.endswith(" · the files of 'out' as artifacts results/… → recorded")
    assert [one.path for one in project.last.all(r.ArtifactStored)] == ["results/deep/a.txt"]
    kernel.run("Path('hollow').mkdir(exist_ok=True)")
    assert "There is no file in the folder 'hollow'" in kernel.run("%track artifact hollow").line


def test_the_cells_of_the_page_run(start_kernel: Any, fresh: Any) -> None:
    fresh.allow_ingesters()  # the last cell reads
    kernel = start_kernel()
    kernel.run("%matplotlib agg")
    for cell in CELLS:
        reply = kernel.run(cell)
        assert reply.status == "ok", reply.traceback
    assert kernel.run("print(type(again).__name__, again.predict(features).tolist())").stdout == (
        "LogisticRegression [0, 1, 1]\n"
    )
    with fresh.services() as services:
        (listed,) = services.runs.search().runs
        detail = services.runs.detail(listed.id)
    kinds = {logged.value.key: logged.value.kind for logged in detail.values}
    assert kinds == {
        "weights": "histogram",
        "sample": "image",
        "errors": "table",
        "path": "figure",
        "note": "text",
        "confusion": "confusion_matrix",
        "roc": "roc",
        "pr": "pr",
        "calibration": "calibration",
    }
    assert {artifact.path for artifact in detail.artifacts} == {
        "loss.txt", "plots/loss.txt", "plots/deep/acc.txt", "final/loss.txt", "final/deep/acc.txt",
        "churn/model.skops", "churn/model.json", "churn/input-example.parquet",
    }  # fmt: skip
    assert listed.status == "finished"


def test_every_kind_and_public_name_is_described() -> None:
    from trackbook.domain.rich import RichKind

    for kind in RichKind.__args__:
        assert f"| {kind}" in PAGE or f", {kind}" in PAGE, kind
    names = [
        "Audio",
        "Histogram",
        "Html",
        "Image",
        "Json",
        "Table",
        "Text",
        "Vector",
        "Video",
        "values",
        "load_model",
    ]
    for name in (*names, "confusion_matrix", "roc_curve", "pr_curve", "calibration_curve"):
        assert f"tb.{name}" in PAGE, name
