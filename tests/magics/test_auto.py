"""`%track auto` and `%track ignore` in real kernels."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from trackbook.domain import records as r


def save(project: Any, *cells: tuple[str, str, list[str]]) -> None:
    """Save a notebook of cells: id, source and tags."""
    content = [
        {
            "cell_type": "code",
            "id": cell_id,
            "metadata": {"tags": tags},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for cell_id, source, tags in cells
    ]
    document = {"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (project.folder / "train.ipynb").write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture
def notebook(project: Any) -> Any:
    """A notebook with a parameters cell; what the others find is the plain one again."""
    saved = (project.folder / "train.ipynb").read_text(encoding="utf-8")
    save(project, ("auto", "%track auto churn", []), ("params", "lr = 0.1\ndepth = 3", ["parameters"]))
    yield project
    (project.folder / "train.ipynb").write_text(saved, encoding="utf-8")


def test_a_whole_notebook_from_its_parameters_on(kernel: Any, notebook: Any) -> None:
    project, before = notebook, len(notebook.runs)
    assert kernel.run("%track auto churn --name whole", "auto").line == (
        "The notebook is recorded from its parameters cell on."
    )
    assert "auto: waits for the cell tagged parameters" in kernel.run("%track status").line
    assert kernel.run("setup = 5", "setup").lines == []
    assert len(project.runs) == before
    reply = kernel.run("lr = 0.1\ndepth = 3\nlayers = [64, 64]\nname = None", "params")
    assert reply.line == ("churn · whole · parameters lr 0.1, depth 3, layers [64, 64], name None → recorded")
    assert project.last.start.source.cell_id == "params"
    assert kernel.run("acc = lr * setup\nfor i in range(2): pass\n_hidden = acc", "c1").line == (
        "churn · whole · parameters setup 5 · metrics acc 0.5 → recorded"
    )
    assert kernel.run("acc = lr * setup", "c1").lines == []  # nothing new
    assert kernel.run("acc = 2 * lr * setup", "c1").line.endswith("metrics acc 1 → recorded")
    assert kernel.run("loss = acc / 0", "c2").status == "error"
    assert kernel.run("%%track\nscore = acc + 1", "c3").line == (
        "churn · whole · parameters acc 1 · metrics score 2 → recorded"
    )
    assert "auto: the notebook is recorded in churn · whole" in kernel.run("%track").line
    kernel.run("%track end")
    assert kernel.run("late = acc + 1").lines == []
    assert "auto" not in kernel.run("%track").line
    run = project.last
    assert run.params == {
        "lr": 0.1, "depth": 3, "layers": [64, 64], "name": None, "setup": 5, "acc": 1.0
    }  # fmt: skip
    assert run.metrics == {"acc": [(0, 0.5), (1, 1.0)], "score": [(0, 2.0)]}
    assert run.end.status == "finished"


def test_behind_the_parameters_and_off_again(kernel: Any, notebook: Any) -> None:
    kernel.run("lr = 0.1\ndepth = 3", "params")
    reply = kernel.run("%track auto churn --name late\nunseen = 1 + 1", "auto")
    assert reply.line == (
        "churn · late started · the notebook is recorded from here on · parameters lr 0.1, depth 3"
    )
    assert kernel.run("acc = lr * 2", "c1").line.endswith("late · metrics acc 0.2 → recorded")
    assert kernel.run("%track auto --off").line == (
        "The notebook is no longer recorded by itself. churn · late stays open: %track end ends it."
    )
    assert kernel.run("acc = lr * 3", "c1").lines == []
    assert "off already" in kernel.run("%track auto --off").line
    assert "unseen" not in notebook.last.metrics


def test_without_a_parameters_cell_it_begins_at_once(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn --name open")
    assert kernel.run("%track auto").line == "churn · open · the notebook is recorded from here on"
    assert kernel.run("acc = 1 + 1").line == "churn · open · metrics acc 2 → recorded"
    assert "Did you mean --name?" in kernel.run("%track auto x --nmae y").line


def test_the_front_end_says_which_cell_it_is(start_kernel: Callable[..., Any], fresh: Any) -> None:
    save(fresh, ("params", "x = 1", ["parameters"]))
    kernel = start_kernel(variables={"TRACKBOOK_AUTO": "1"})
    kernel.run("%load_ext trackbook")
    assert kernel.run("y = 1 + 1").lines == []
    assert kernel.run("x = 2", "params").line.endswith(" · parameters x 2 → recorded")
    assert fresh.last.start.experiment == "train"
    kernel.stop()
    assert (fresh.last.end.status, fresh.last.params) == ("finished", {"x": 2})


def test_a_tag_that_comes_with_the_execution(kernel: Any, project: Any) -> None:
    kernel.run("%track auto churn --name tagged")
    metadata = {"cellId": "unsaved", "tags": ["parameters"]}
    content = {
        "code": "width = 2 * 8", "silent": False, "store_history": True,
        "user_expressions": {}, "allow_stdin": False, "stop_on_error": True,
    }  # fmt: skip
    message = kernel.client.session.msg("execute_request", content, metadata=metadata)
    kernel.client.shell_channel.send(message)
    reply = kernel.wait(message["header"]["msg_id"])
    assert reply.line == "churn · tagged · parameters width 16 → recorded"


def test_a_named_experiment_takes_the_place_of_an_open_run(kernel: Any, notebook: Any) -> None:
    kernel.run("%track start other")
    kernel.run("%track auto churn --name named", "auto")
    assert kernel.run("lr = 0.1", "params").line.startswith("churn · named · parameters")
    assert [run.end.status for run in notebook.runs[-2:-1]] == ["finished"]
    assert "%track: One EXPERIMENT" in kernel.run("%track auto a b", "x").line


def test_a_bad_value_keeps_no_other_away(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn --name bad\nimport math\nrow = {'x\\n': 1}")
    kernel.run("%track auto")
    line = kernel.run("big = math.factorial(200)\nacc = len(row) + 1").line
    assert line.startswith("churn · bad · metrics acc 2 · not stored: row (it holds control characters")
    assert line.endswith("big (the integer is too large for a 64-bit float) → recorded")
    assert kernel.run("big = math.factorial(200)\nacc = len(row) + 2").line == (
        "churn · bad · metrics acc 3 → recorded"  # what is not stored is said once
    )
    assert project.last.metrics == {"acc": [(0, 2.0), (1, 3.0)]}


def test_a_run_that_is_resumed_while_auto_waits_is_kept(start_kernel: Callable[..., Any], fresh: Any) -> None:
    save(fresh, ("params", "rate = 0.25", ["parameters"]))  # which has not run in this kernel
    fresh.allow_ingesters()  # what is resumed is looked up in the index
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn --name first\n%track end")
    kernel.run("%track auto churn", "auto")
    assert kernel.run("%track resume").line.endswith(
        "first resumed · the notebook is recorded in it from its parameters cell on"
    )
    assert kernel.run("rate = 0.5", "params").line == "churn · first · parameters rate 0.5 → recorded"
    with fresh.services() as services:
        assert services.runs.search().total == 1
    kernel.run("%track end")
    assert kernel.run("acc = 1 + 1").lines == []
    assert kernel.run("%track resume").line.endswith("resumed · the notebook is recorded from here on")
    assert kernel.run("acc = 2 + 1").line == "churn · first · metrics acc 3 → recorded"
    assert "off" not in kernel.run("%track auto --off").line
    kernel.run("%track end")
    assert kernel.run("%track resume").line.endswith("auto is off: %track auto records the notebook in it")


def test_ignored_names(kernel: Any, project: Any) -> None:
    kernel.run("lr, tmp_path, seed = 0.1, 'x', 3")
    try:
        assert kernel.run("%track ignore tmp_* seed").line == "Left out from now on: tmp_*, seed"
        reply = kernel.run("%%track churn --name few --ignore b\na = lr + seed + len(tmp_path)\nb = a + 1")
        assert reply.line == "churn · few · parameters lr 0.1 · metrics a 4.1 → finished"
        assert "Left out: tmp_*, seed" in kernel.run("%track").line
        assert "is no name of a variable" in kernel.run("%track ignore 'a b'").line
        assert kernel.run("%track ignore seed --none").line == "Left out from now on: tmp_*"
    finally:
        assert kernel.run("%track ignore --none").line == "No name is left out."
    assert "b 5.1" in kernel.run("%%track churn\nb = lr + seed + 2").line


def test_figures_are_artifacts_of_the_cell_that_shows_them(kernel: Any, project: Any) -> None:
    source = (
        "%%track churn --name drawn\n"
        "import matplotlib.pyplot as plt\n"
        "import plotly.graph_objects as go\n"
        "plt.plot([1, 2])\n"
        "plt.show()\n"
        "figure = go.Figure(go.Scatter(y=[1, 2]))\n"
        "figure.show('plotly_mimetype')"
    )
    kernel.run("%matplotlib inline")
    reply = kernel.run(source, "c1")
    assert reply.status == "ok", reply.traceback
    assert reply.outputs[-1]["data"]["text/plain"] == "churn · drawn · 2 figures → finished"
    run = project.last
    png, plotly = run.all(r.ArtifactStored)
    assert (png.path, png.kind, png.media_type, png.cell_id) == (
        "figures/cell-1-1.png", "figure", "image/png", "c1"
    )  # fmt: skip
    assert run.blobs.get(png.digest).startswith(b"\x89PNG")
    assert plotly.path == "figures/cell-1-2.plotly.json"
    assert json.loads(run.blobs.get(plotly.digest))["data"][0]["y"] == [1, 2]
