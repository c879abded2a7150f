"""Fill a store with one run that holds a bit of everything that is captured: python fill_captured.py FOLDER.

Written by the recorder that kernels use.
"""

import json
import math
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

from trackbook.domain.data import Column, DataInput
from trackbook.domain.environment import Editable, Environment, Git, LockFile
from trackbook.domain.rich import RichContent, RichKind
from trackbook.domain.run import Source
from trackbook.services.recorder import RunRecorder
from trackbook.services.snapshots import store_notebook
from trackbook.store.paths import locate_store

PLOTLY = "application/vnd.plotly.v1+json"
GIB = 1024**3
DIFF = """diff --git a/features.py b/features.py
index 83db48f..bf269f4 100644
--- a/features.py
+++ b/features.py
@@ -1,3 +1,3 @@
 import numpy as np
-SCALE = 1.0
+SCALE = 0.5
"""


def png(size: int, shift: int) -> bytes:
    """Return a grey picture of `size` by `size` pixels."""
    rows = b"".join(
        b"\0" + bytes((x * y + shift * 40) * 255 // (size * size + 160) % 256 for x in range(size))
        for y in range(size)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def wav() -> bytes:
    """Return a tenth of a second of a tone."""
    samples = [int(9000 * math.sin(place / 3)) for place in range(800)]
    data = struct.pack(f"<{len(samples)}h", *samples)
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16
    )
    return head + b"data" + struct.pack("<I", len(data)) + data


def values() -> list[tuple[str, int, dict[str, str], RichContent]]:
    """Return values of all kinds: key, step, context, content."""

    def data(kind: RichKind, content: Any, meta: dict[str, Any] | None = None) -> RichContent:
        return RichContent(kind, json.dumps(content).encode(), "application/json", meta or {})

    grid = [place / 20 for place in range(21)]
    curves = [
        {
            "label": label,
            "fpr": grid,
            "tpr": [x**power for x in grid],
            "thresholds": grid[::-1],
            "auc": 1 / (1 + power),
        }
        for label, power in (("cat", 0.1), ("dog", 0.2), ("a rather long name of a class", 0.4))
    ]
    recalls = [
        {"label": c["label"], "recall": grid, "precision": [1 - x * x / 2 for x in grid],
         "thresholds": grid, "average_precision": 0.83}
        for c in curves
    ]  # fmt: skip
    calibration = {
        "label": "cat",
        "predicted": grid[::4],
        "observed": [x**1.2 for x in grid[::4]],
        "counts": [9, 7, 4, 6, 8, 12],
    }
    labels = ["cat", "dog", "horse", "a rather long name of a class"]
    counts = [[40, 2, 0, 1], [3, 55, 4, 0], [0, 6, 31, 2], [1, 0, 2, 1200]]
    columns = [
        {"name": "name", "type": "string"},
        {"name": "weight", "type": "double"},
        {"name": "n", "type": "int64"},
    ]
    preview = [["Größe", 0.123456789, 1], ["x" * 60, 2.0, 2], [None, "NaN", 1000000]]
    figure = {"data": [{"type": "bar", "x": ["a", "b"], "y": [3, 1]}], "layout": {"title": {"text": "A bar"}}}
    heat = {"data": [{"type": "heatmap", "z": [[1, 2], [3, 4]]}], "layout": {}}
    html = b"<h1>Report</h1><script>parent.hacked = true</script>"

    def picture(size: int, shift: int) -> RichContent:
        return RichContent("image", png(size, shift), "image/png", {"width": size, "height": size})

    def histogram(step: int) -> RichContent:
        return data("histogram", {"counts": [1, 4, 9 + step, 6, 2], "edges": [-1, -0.5, 0, 0.5, 1, 1.5]})

    return [
        *(("sample", step, {}, picture(8, step)) for step in (0, 5, 10)),
        ("large", 0, {}, picture(500, 0)),
        ("confusion", 0, {"subset": "val"}, data("confusion_matrix", {"labels": labels, "counts": counts})),
        ("roc", 0, {}, data("roc", {"curves": curves})),
        ("pr", 0, {}, data("pr", {"curves": recalls})),
        ("calibration", 0, {}, data("calibration", {"curves": [calibration]})),
        *(("weights", step, {}, histogram(step)) for step in range(4)),
        ("embedding", 0, {}, data("vector", {"values": [math.sin(x / 5) for x in range(50)] + ["NaN", 1.0]})),
        ("predictions", 0, {}, RichContent("table", b"PAR1", "application/vnd.apache.parquet",
                                           {"rows": 1797, "columns": columns, "preview": preview})),
        ("answer", 0, {}, RichContent("text", "Größe: a line.\n".encode() * 3, "text/plain; charset=utf-8", {})),
        ("config", 0, {}, data("json", {"layers": [64, 64], "dropout": None})),
        ("report", 0, {}, RichContent("html", html, "text/html", {})),
        ("tone", 0, {}, RichContent("audio", wav(), "audio/wav", {})),
        ("bars", 0, {}, RichContent("figure", json.dumps(figure).encode(), PLOTLY, {})),
        ("heat", 0, {}, RichContent("figure", json.dumps(heat).encode(), PLOTLY, {})),
        ("broken", 0, {}, data("histogram", {"counts": [1, 2], "edges": [0]})),
    ]  # fmt: skip


def fill(folder: Path) -> None:
    """Write the run."""
    source = Source("notebook", path="train.ipynb")
    run = RunRecorder.start(locate_store(folder), experiment="churn", params={"lr": 0.1}, source=source)
    for count, (cell, reads, writes) in enumerate(
        [
            ("c-load", [], ["frame", "labels"]),
            ("c-train", ["frame", "labels"], ["model"]),
            ("c-plot", ["model"], []),
        ],
        1,
    ):
        order = run.cell_started(cell, count, f"# {cell}\nprint({count})")
        run.cell_finished(order, "ok", 0.2 * count, [], reads=reads, writes=writes)
    run.define_metric("acc", goal="max")
    for step in range(30):
        run.log({"acc": 1 - 1 / (step + 2)}, step=step)
    _log_system(run)
    for key, step, context, content in values():
        run.log_rich(key, content, step, context, "c-plot")
    _use_data(run)
    run.seed_set(42, ["random", "numpy"], "c-load")
    run.secret_masked("GitHub token", "source of cell c-load", 1)
    run.secret_masked("value of OPENAI_API_KEY", "output of cell c-train", 2)
    _capture_environment(run)
    _store_models(run)
    run.snapshot_taken("end", "document", store_notebook(run.blobs, notebook()))
    run.end()


def notebook() -> dict[str, Any]:
    """Return the notebook at the end: one cell was edited since it ran, another one never ran."""
    sources = {
        "c-load": "# c-load\nprint(1)",
        "c-train": "# c-train\nprint(2, 'edited')",
        "c-new": "scale = 0.5",
        "c-plot": "# c-plot\nprint(3)",
    }
    cells = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "execution_count": None,
            "source": source,
            "outputs": [],
        }
        for name, source in sources.items()
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _log_system(run: RunRecorder) -> None:
    units = {"cpu": "%", "process.cpu": "%", "memory": "B", "process.memory": "B", "disk.read": "B/s",
             "disk.write": "B/s", "network.sent": "B/s", "gpu.0.utilization": "%", "gpu.0.power": "W"}  # fmt: skip
    for name, unit in units.items():
        run.define_metric(f"system/{name}", unit=unit)
    for second in range(0, 300, 10):
        load = 40 + 30 * math.sin(second / 40)
        samples = {
            "cpu": load, "process.cpu": load / 2, "memory": 9.1 * GIB, "process.memory": (1 + second / 300) * GIB,
            "disk.read": 3e6 + 1e4 * second, "disk.write": 2e5, "network.sent": 1200.0,
            "gpu.0.utilization": load, "gpu.0.power": 300.0,
        }  # fmt: skip
        run.log({f"system/{name}": value for name, value in samples.items()}, step=second)


def _use_data(run: RunRecorder) -> None:
    columns = [Column(f"pixel_{place}", "float64") for place in range(40)] + [Column("label", "int64")]
    digest = "3d4c5e1a2f60718293a4b5c6d7e8f90112233445566778899aabbccddeeff001"
    train = DataInput(
        "digits.csv",
        "data/digits.csv",
        "file",
        "observed",
        digest,
        1_048_576,
        "train",
        "pandas",
        1797,
        columns,
    )
    changed = DataInput("events.parquet", "s3://bucket/a/rather/long/path/to/events.parquet", "file", "declared",
                        "a" * 64, 5 * 10**9, "test", None, 12_345_678, None, changed=True)  # fmt: skip
    refused = DataInput(
        "scans",
        "data/scans",
        "folder",
        "declared",
        files=1200,
        problem="It could not be read: Permission denied",
    )
    for data, cell in ((train, "c-load"), (changed, "c-load"), (refused, None)):
        run.data_used(data, cell)


def _capture_environment(run: RunRecorder) -> None:
    git = Git("9fceb02d0ae598e95dc970b74767f19372d61af8", "main", True, "https://example.org/team/digits.git",
              run.store_blob(DIFF.encode()), 2_000_000, True)  # fmt: skip
    lock = LockFile("uv.lock", run.store_blob(b"numpy==2.3.4\n") or "", 13)
    editable = {"shared-models": Editable("../models", "0123456789abcdef0123456789abcdef01234567", True)}
    packages = {"numpy": "2.3.4", "ipykernel": "7.4.0"}
    run.environment_captured(
        Environment(
            "3.11.9",
            "Linux-6.1",
            "/usr/bin/python3",
            packages,
            {"cores": 8, "memory": 32 * GIB},
            git,
            editable,
            lock,
            {"OMP_NUM_THREADS": "2"},
        )
    )


def _store_models(run: RunRecorder) -> None:
    signature = {
        "inputs": [{"name": f"pixel_{place}", "type": "float64"} for place in range(12)],
        "outputs": [{"name": "label", "type": "int64"}],
    }
    safe = {
        "flavor": "sklearn",
        "kind": "sklearn.svm._classes.SVC",
        "file": "model.skops",
        "unsafe": False,
        "signature": signature,
        "libraries": {"scikit-learn": "1.7.2"},
    }
    unsafe = {"flavor": "pickle", "file": "model.pkl", "unsafe": True, "kind": "churn.legacy.Model"}
    for name, info in (("classifier", safe), ("legacy", unsafe)):
        run.store_artifact(json.dumps(info).encode(), f"{name}/model.json", kind="model")
        run.store_artifact(b"\0" * 2000, f"{name}/{info['file']}", kind="model")


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
