"""`tb.chart`: what is drawn is what was recorded, and the cells that the board writes run."""

import json
import math
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import trackbook as tb
from trackbook.errors import QueryError, UsageError
from trackbook.services.context import open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store

CELLS = Path(__file__).parent.parent / "contract" / "chart-cells.json"
RUNS = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with runs of two optimizers; depth is missing in some, and loss NaN in one."""
    folder = tmp_path_factory.mktemp("figures")
    services = open_services(create_store(folder / ".trackbook"))
    for number in range(RUNS):
        lr = 10 ** (-3 + number / 8)
        params: dict[str, Any] = {"lr": lr, "optimizer": ["adam", "sgd"][number % 2]}
        if number % 6:
            params["depth"] = number % 5 + 1
        run = RunRecorder.start(services.store, experiment="churn", params=params)
        run.define_metric("acc", goal="max")
        run.log({"acc": 0.9 - abs(math.log10(lr) + 1.5) / 5, "loss": math.nan if number == 3 else 0.1 + lr})
        run.end()
    assert services.runs.refresh(timeout=120.0)
    services.close()
    return folder


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    return folder


@pytest.mark.usefixtures("project")
def test_a_scatter_plot_has_a_dot_a_run() -> None:
    figure = tb.chart("scatter", x="params.lr", y="metrics.acc", colour="metrics.loss", log_x=True)
    (dots,) = figure.data
    table = tb.runs()
    assert list(dots.x) == table["params.lr"].tolist()
    assert list(dots.y) == pytest.approx(table["metrics.acc"].tolist())
    assert figure.layout.xaxis.type == "log"
    assert list(dots.text) == [f"churn #{number}" for number in table["number"]]
    by_word = tb.chart("scatter", x="params.lr", y="metrics.acc", colour="params.optimizer")
    assert [(trace.name, len(trace.x)) for trace in by_word.data] == [("adam", RUNS // 2), ("sgd", RUNS // 2)]


@pytest.mark.usefixtures("project")
def test_axes_suit_their_values_unless_that_is_said() -> None:
    figure = tb.chart("scatter", x="params.lr", y="metrics.acc")
    assert [figure.layout.xaxis.type, figure.layout.yaxis.type] == ["log", None]
    plain = tb.chart("scatter", x="params.lr", y="params.optimizer", log_x=False)
    assert [plain.layout.xaxis.type, plain.layout.yaxis.type] == [None, None]
    sheet = tb.chart("contour", x="params.depth", y="params.lr", z="metrics.acc")
    assert [sheet.layout.xaxis.type, sheet.layout.yaxis.type] == [None, "log"]
    ordinary = tb.chart("scatter", x="number", y="metrics.acc")
    assert ordinary.layout.xaxis.type is None


@pytest.mark.usefixtures("project")
def test_runs_are_named_or_searched() -> None:
    named = tb.chart("bars", values="metrics.acc", runs=["#3", 1])
    assert sorted(named.data[0].x) == ["churn #1", "churn #3"]
    found = tb.chart("bars", values=["metrics.acc"], query="params.optimizer = 'sgd'", title="Of sgd")
    assert len(found.data[0].x) == RUNS // 2
    assert list(found.data[0].y) == sorted(found.data[0].y, reverse=True)
    assert found.layout.title.text == "Of sgd"


@pytest.mark.usefixtures("project")
def test_groups_are_means_with_their_spread() -> None:
    figure = tb.chart("bars", values=["metrics.acc"], group="params.optimizer")
    table = tb.runs()
    wanted = table.groupby("params.optimizer")["metrics.acc"].agg(["mean", "std"])
    assert list(figure.data[0].x) == wanted.index.tolist()
    assert list(figure.data[0].y) == pytest.approx(wanted["mean"].tolist())
    assert list(figure.data[0].error_y.array) == pytest.approx(wanted["std"].tolist())
    by_depth = tb.chart("box", value="metrics.acc", group="params.depth")
    assert [trace.name for trace in by_depth.data] == ["1", "2", "3", "4", "5", "–"]
    counted = tb.chart("histogram", value="metrics.loss", bins=7)
    assert sum(counted.data[0].y) == RUNS - 1  # NaN is no value


@pytest.mark.usefixtures("project")
def test_what_can_not_be_drawn_is_said() -> None:
    with pytest.raises(UsageError, match="there are bars, box"):
        tb.chart("pie")
    with pytest.raises(UsageError, match="'y'"):
        tb.chart("scatter", x="params.lr")
    with pytest.raises(UsageError, match="wobble"):
        tb.chart("scatter", x="params.lr", y="metrics.acc", wobble=1)
    with pytest.raises(QueryError):
        tb.chart("scatter", x="params.lr >", y="metrics.acc")
    with pytest.raises(UsageError, match="No parameter differs"):
        tb.chart("importance", target="metrics.acc", params=["kind"])


@pytest.mark.usefixtures("project")
def test_curves_go_over_what_is_asked_for_alone_or_in_groups() -> None:
    each = tb.chart("curves", metrics="acc", query="params.optimizer = 'sgd'")
    assert len(each.data) == RUNS // 2
    assert all(line.name.startswith("churn #") for line in each.data)
    groups = tb.chart("curves", metrics=["metrics.acc"], group_by="params.optimizer", x="relative")
    lines = [line for line in groups.data if line.name]
    assert [line.name for line in lines] == ["params.optimizer adam", "params.optimizer sgd"]
    assert len(groups.data) == 2 * len(lines)  # each with its band
    with pytest.raises(UsageError, match="deviation"):
        tb.chart("curves", metrics="acc", band="wide")


def test_the_cells_that_the_board_writes_run(folder: Path) -> None:
    cells = json.loads(CELLS.read_text(encoding="utf-8"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one["code"]) for one in cells])
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(folder)}}).execute()
    for cell, one in zip(notebook.cells, cells, strict=True):
        (output,) = [output for output in cell.outputs if output.output_type != "stream"]
        figure = output.data["application/vnd.plotly.v1+json"]
        assert figure["data"], one["kind"]
        if one["title"]:
            assert figure["layout"]["title"]["text"] == one["title"]
