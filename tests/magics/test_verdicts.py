"""Verdicts on what real kernels ran, in whatever order."""

import json
from collections.abc import Callable
from typing import Any

CELLS = {
    "load": "%load_ext trackbook",
    "start": "%track start churn --name judged",
    "lr": "lr = 0.1",
    "model": "model = lr * 2",
    "acc": "acc = model + 1",
    "show": "acc",
}


def save(project: Any, cells: dict[str, str]) -> None:
    content = [
        {
            "cell_type": "code",
            "id": cell_id,
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for cell_id, source in cells.items()
    ]
    document = {"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (project.folder / "train.ipynb").write_text(json.dumps(document), encoding="utf-8")


def findings(verdict: Any) -> list[tuple[str | None, str, list[str]]]:
    return [
        (cell.cell_id, finding.code, finding.names) for cell in verdict.cells for finding in cell.findings
    ]


def run(kernel: Any, *cell_ids: str) -> None:
    for cell_id in cell_ids:
        kernel.run(CELLS[cell_id], cell_id)


def test_out_of_order_edited_deleted_repeated(start_kernel: Callable[..., Any], fresh: Any) -> None:
    save(fresh, CELLS)
    kernel = start_kernel()
    run(kernel, *CELLS)
    assert kernel.run("%track status", "status").line.endswith(" · cells: each ran once, in order")
    run(kernel, "model", "model")
    assert kernel.run("%track status", "status").line.endswith(
        " · cells: 1 run out of order, 1 run more than once"
    )
    kernel.run("%track end", "end")
    left = {**CELLS, "skipped": "extra = 1", "end": "%track end"}
    del left["lr"]
    left["acc"] = "acc = model + 2"
    save(fresh, left)
    with fresh.services() as services:
        verdict = services.verdicts.of("1")
        found = findings(verdict)
    assert verdict.document == "file"
    assert found == [
        ("model", "out_of_order", ["model"]),
        ("model", "repeated", []),
        ("acc", "edited", []),
        ("skipped", "never_run", []),
        ("lr", "deleted_but_used", ["lr"]),
    ]


def test_the_document_at_the_end_of_the_run_counts(start_kernel: Callable[..., Any], fresh: Any) -> None:
    save(fresh, CELLS)
    kernel = start_kernel()
    run(kernel, *CELLS)
    kernel.run("%track end")
    document = json.loads((fresh.folder / "train.ipynb").read_text(encoding="utf-8"))
    save(fresh, {"lr": "lr = 5"})  # what became of the file later
    with fresh.services() as services:
        (found,) = services.runs.search().runs
        services.snapshots.take(found.id, "end", "document", document)
        services.runs.refresh()
        assert services.verdicts.of(found.id).clean
        assert services.verdicts.of(found.id).document == "end"


def test_a_restart_splits_attempts_and_keeps_the_run(start_kernel: Callable[..., Any], fresh: Any) -> None:
    save(fresh, CELLS)
    kernel = start_kernel()
    run(kernel, *CELLS)
    kernel.run("%track metric loss=0.5\n%track param depth=3")
    run_id = fresh.last.id
    kernel.restart()
    with fresh.services():
        pass  # an ingester may do its work from now on
    kernel.run("%load_ext trackbook", "load")
    assert kernel.run("%track resume", "start").line == "churn · judged resumed"
    assert kernel.run("%track resume", "start").line == "churn · judged is open already"
    run(kernel, "lr", "model", "acc", "show")
    kernel.run("%track metric loss=0.25")
    assert kernel.run("%track start --resume last").line == "churn · judged is open already"
    kernel.run("%track end")
    with fresh.services() as services:
        detail = services.runs.detail(run_id)
        assert [(a.status, a.reason) for a in detail.attempts] == [
            ("killed", "The kernel was restarted."),
            ("finished", None),
        ]
        assert detail.run.params == {"depth": 3}
        assert services.series.read(run_id, "loss").values == [0.5, 0.25]
        # Each cell ran once in each kernel, in order.
        assert services.verdicts.of(run_id).clean
        assert services.runs.search().total == 1


def test_a_crash_keeps_what_was_recorded(start_kernel: Callable[..., Any], fresh: Any) -> None:
    save(fresh, CELLS)
    kernel = start_kernel()
    run(kernel, "load", "start", "lr")
    kernel.send("import os\nlr = 5\nos.kill(os.getpid(), 9)", "model")
    fresh.until(lambda project: not kernel.manager.is_alive())
    kernel.restart()
    with fresh.services():
        pass
    assert kernel.run("%load_ext trackbook\n%track resume", "start").lines == ["churn · judged resumed"]
    kernel.run("%track end")
    with fresh.services() as services:
        detail = services.runs.detail("1")
        assert [a.status for a in detail.attempts] == ["killed", "finished"]
        started = [(cell.cell_id, cell.status) for cell in detail.cells[:3]]
        assert started == [("start", "ok"), ("lr", "ok"), ("model", "aborted")]
        assert detail.cells[1].writes == ["lr"]


def test_resume_without_a_run_says_so(start_kernel: Callable[..., Any], fresh: Any) -> None:
    save(fresh, CELLS)
    kernel = start_kernel()
    kernel.run("%load_ext trackbook")
    assert kernel.run("%track resume").line == "%track: There is no earlier run of 'train.ipynb'."
    assert "One run is resumed" in kernel.run("%track resume 1 2").line
