"""A kernel as VS Code drives it: no server, addresses in place of cell ids, the notebook's path in a variable."""

import json
from typing import Any

import pytest

from trackbook.magics.cellids import CellIds

WORK = """import trackbook as tb
for step in tb.progress(range(3), desc="train"):
    tb.log({"loss": 1 / (step + 1)}, step=step)"""
SOURCES = {
    "load": "%load_ext trackbook",
    "start": "lr = 0.1\n%track start churn --params lr",
    "work": WORK,
    "double": "width = lr * 2",
    "metric": "acc = 84.5\n%track metric acc",
    "status": "%track status",
    "end": "%track end",
}


def address_of(path: Any, number: int) -> str:
    """What VS Code calls a cell: the notebook, and a number that is the cell's only as long as it is open."""
    return f"vscode-notebook-cell:{path}#W{number}sZmlsZQ%3D%3D"


def save(path: Any, sources: dict[str, str]) -> None:
    cells = [
        {
            "cell_type": "code",
            "id": one,
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": text,
        }
        for one, text in sources.items()
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture
def vscode(start_kernel: Any) -> Any:
    """A kernel without a server, told its notebook as VS Code does."""
    kernel = start_kernel(variables={"JPY_SESSION_NAME": ""})
    save(kernel.notebook, SOURCES)
    kernel.run(f"__vsc_ipynb_file__ = {str(kernel.notebook)!r}", silent=True)
    return kernel


def test_a_notebook_in_vs_code(vscode: Any, fresh: Any) -> None:
    shown = {}
    for number, (name, source) in enumerate(SOURCES.items()):
        shown[name] = vscode.run(source, address_of(vscode.notebook, number))
        assert shown[name].status == "ok", shown[name].traceback
    run = fresh.last
    assert (run.start.source.kind, run.start.source.path) == ("notebook", "train.ipynb")
    assert [cell.started.cell_id for cell in run.cells] == [
        "start",
        "work",
        "double",
        "metric",
        "status",
        "end",
    ]
    assert run.start.source.cell_id == "start"
    assert run.params == {"lr": 0.1}
    assert run.metrics["acc"][0][1] == 84.5
    assert "each ran once, in order" in shown["status"].line
    for reply in shown.values():
        for output in reply.outputs:
            # Neither a widget, which is there only once the user allows it, nor what only JupyterLab shows.
            assert set(output["data"]) == {"text/plain", "text/html"}
            assert "var(--vscode-font-family" in output["data"]["text/html"]
    assert "3/3" in shown["work"].outputs[0]["data"]["text/html"]


def test_the_views_in_vs_code(vscode: Any, fresh: Any) -> None:
    fresh.allow_ingesters()
    for number, (name, source) in enumerate(SOURCES.items()):
        assert vscode.run(source, address_of(vscode.notebook, number)).status == "ok", name
    views = {
        "tb.table()": "newest first",
        "tb.compare(1, 1)": "Nothing differs",
        "tb.watch(1)": "<svg",
        "%track runs": "newest first",
    }
    for number, (source, expected) in enumerate(views.items(), start=10):
        reply = vscode.run(source, address_of(vscode.notebook, number))
        assert reply.status == "ok", reply.traceback
        (output,) = reply.outputs
        assert set(output["data"]) == {"text/plain", "text/html"}
        assert expected in output["data"]["text/html"]


def test_a_cell_stays_the_same_when_its_text_changes(tmp_path: Any) -> None:
    path = tmp_path / "a.ipynb"
    ids = CellIds(lambda: path)
    first, second = address_of(path, 0), address_of(path, 1)
    assert ids.find(first, "a = 1") is None  # it is not saved yet
    save(path, {"one": "a = 1", "two": "a = 1", "three": "b = 2"})
    assert ids.find(first, "a = 1") is None  # it may be either of them
    assert ids.find(second, "b = 2") == "three"
    assert ids.find(second, "b = 3") == "three"
    assert ids.find("another address", "b = 2") == "another address"
    save(path, {"one": "a = 1", "three": "b = 3"})
    assert ids.find(first, "a = 1  ") == "one"
    path.write_text("{}")
    assert ids.find(address_of(path, 5), "c = 1") is None
    assert (ids.find(first, "x"), ids.find(None, "x")) == ("one", None)
    assert CellIds(lambda: None).find(first, "a = 1") is None


def test_the_parameters_cell_is_known_by_its_tag(vscode: Any, fresh: Any) -> None:
    vscode.run("%load_ext trackbook")
    content = {"code": "depth = 3", "silent": False, "store_history": True, "stop_on_error": False}
    vscode.run("%track auto churn")
    # VS Code sends a cell's own metadata beside its address.
    metadata = {"cellId": address_of(vscode.notebook, 7), "tags": ["parameters"]}
    message = vscode.client.session.msg("execute_request", content, metadata=metadata)
    vscode.client.shell_channel.send(message)
    assert vscode.wait(str(message["header"]["msg_id"])).status == "ok"
    vscode.run("%track end")
    assert fresh.last.params == {"depth": 3}
