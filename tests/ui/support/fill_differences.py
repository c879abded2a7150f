"""Fill a store with two runs of one notebook that differ in much: python fill_differences.py FOLDER.

Written by the recorder that kernels use, in a git repository with commits between the runs.
"""

import base64
import subprocess
import sys
from pathlib import Path
from typing import Any

from fill_captured import png

from trackbook.capture.git import read_diff, read_git
from trackbook.domain.data import Column, DataInput
from trackbook.domain.environment import Environment, Git
from trackbook.domain.run import Source
from trackbook.services.recorder import RunRecorder
from trackbook.services.snapshots import store_notebook
from trackbook.store.paths import StorePaths, locate_store

FIT = """model = make_model(depth=depth)
history = model.fit(train, epochs=5, lr=lr)
score = evaluate(model, test)
%track metric acc=score"""
EVALUATE = """def evaluate(model, data):
    \"\"\"Return the share of rows that are right.\"\"\"
    right = 0
    for row, label in data:
        right += model(row) == label
    return right / len(data)"""


def code(identity: str, source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": identity,
        "metadata": {},
        "execution_count": None,
        "source": source,
        "outputs": list(outputs),
    }


def text(identity: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": identity, "metadata": {}, "source": source}


def printed(what: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": what}


def picture(shift: int) -> dict[str, Any]:
    image = base64.b64encode(png(120, shift)).decode()
    data = {"image/png": image, "text/plain": "<Figure size 120x120>"}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def log(epochs: int, loss: float) -> dict[str, Any]:
    return printed("".join(f"epoch {n + 1}: loss {loss / (n + 1):.4f}\n" for n in range(epochs)))


FIRST = [
    text("title", "# Churn\nWho leaves, and why."),
    code("imports", "import numpy as np\nfrom features import scale"),
    code("params", "lr = 0.1\ndepth = 8"),
    code("evaluate", EVALUATE),
    code("fit", FIT, log(5, 0.9)),
    code("plot", "plot_confusion(model, test)", picture(0)),
    code("clean", "del train"),
]
SECOND = [
    text("title", "# Churn\nWho leaves, when, and why."),
    code("imports", "import numpy as np\nfrom features import scale"),
    code("evaluate", EVALUATE),
    code("params", "lr = 0.01\ndepth = 8"),
    code("fit", FIT.replace("epochs=5", "epochs=8"), log(8, 0.7), printed("spam\n" * 8000)),
    code("plot", "plot_confusion(model, test)", picture(3)),
    code("importance", "show_importance(model)"),
]


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def record(folder: Path, store: StorePaths, cells: list[dict[str, Any]], lr: float, acc: float) -> None:
    run = RunRecorder.start(
        store, experiment="churn", params={"lr": lr, "depth": 8}, source=Source("notebook", "train.ipynb")
    )
    run.define_metric("acc", goal="max")
    for step in range(5):
        run.log({"acc": acc * (step + 1) / 5, "loss": 1 - acc * step / 5}, step)
    ran = [cell for cell in cells if cell["cell_type"] == "code"]
    if lr < 0.1:
        ran.insert(2, {**ran[2], "source": "lr = 0.05\ndepth = 8"})
    for cell in ran:
        order = run.cell_started(cell["id"], None, cell["source"])
        run.cell_finished(order, "ok", 0.1, cell["outputs"])
    rows = 1000 if lr == 0.1 else 1040
    columns = [Column("age", "int64" if lr == 0.1 else "float64"), Column("plan", "object")]
    columns += [] if lr == 0.1 else [Column("region", "object")]
    digest = str(rows) * 16
    run.data_used(
        DataInput(
            "churn", "data/churn.csv", "file", "declared", digest, rows * 48, "train", "pandas", rows, columns
        )
    )
    state, diff = read_git(folder), read_diff(folder)
    assert state is not None
    stored = None if diff is None else run.store_blob(diff.data)
    run.environment_captured(
        Environment(
            "3.11.9",
            "Linux",
            "python",
            {"numpy": "2.3.3" if lr == 0.1 else "2.3.4", "pip": "26.0"}
            | ({} if lr == 0.1 else {"shap": "0.48"}),
            {"cores": 8},
            Git(state.commit, state.branch, state.dirty, None, stored, diff and diff.size),
        )
    )
    run.store_artifact(b"x" * int(acc * 10_000), "model.pkl")
    metadata = {"language_info": {"name": "python", "mimetype": "text/x-python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    run.snapshot_taken("end", "document", store_notebook(run.blobs, notebook))
    run.end()


def main(folder: Path) -> None:
    """Make the repository and both runs; the later one is the worse."""
    git(folder, "init", "-q", "-b", "main")
    (folder / "features.py").write_text("SCALE = 1.0\n")
    git(folder, "add", "features.py")
    git(folder, "commit", "-q", "-m", "Scale the features")
    store = locate_store(folder)
    record(folder, store, FIRST, 0.1, 0.93)
    (folder / "features.py").write_text("SCALE = 0.5\n")
    git(folder, "commit", "-q", "-a", "-m", "Scale by a half")
    (folder / "features.py").write_text("SCALE = 0.5\nBIAS = 1\n")
    record(folder, store, SECOND, 0.01, 0.88)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
