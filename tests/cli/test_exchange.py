import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trackbook.services.exchange.tables import TABLES

Call = Callable[..., Any]
PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def listed(call: Call) -> Any:
    runs = json.loads(call("runs", "--json").out)
    return [{**run, "revision": 0} for run in runs]


def test_runs_go_out_and_come_back(
    project: Path, call: Call, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    answer = call("export", str(other / "export"))
    assert answer.code == 0
    assert answer.out == ""
    assert "4 runs, 300 points and 2 pieces of content" in answer.err
    before, shown = listed(call), json.loads(call("show", "3", "--json").out)
    monkeypatch.chdir(other)
    answer = call("import", "export")
    assert (answer.code, answer.out) == (0, "")
    assert f"4 runs and 300 points came from {project.name}." in answer.err
    assert (other / ".trackbook" / "store.json").exists()
    assert listed(call) == before
    assert json.loads(call("show", "3", "--json").out)["environment"] == shown["environment"]
    again = json.loads(call("import", "export", "--json").out)
    assert (len(again["unchanged"]), again["added"]) == (4, [])
    assert "4 runs were here, and lacked nothing." in call("import", "export").err


def test_some_runs_without_artifacts_into_a_project_that_has_others(
    project: Path, call: Call, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    document = json.loads(
        call("export", str(other / "out"), "status = 'failed'", "--no-artifacts", "--json").out
    )
    assert (document["runs"], document["blobs"]) == (1, 1)  # the list of packages
    monkeypatch.setenv("TRACKBOOK_STORE", str(other / "store"))
    assert call("import", str(other / "out")).code == 0
    monkeypatch.delenv("TRACKBOOK_STORE")
    assert call("export", str(other / "all")).code == 0
    monkeypatch.setenv("TRACKBOOK_STORE", str(other / "store"))
    answer = call("import", str(other / "all"))
    assert "3 runs and 200 points came" in answer.err
    assert {run["number"] for run in listed(call)} == {1, 2, 3, 4}


def test_what_can_not_be_done_says_so(project: Path, call: Call) -> None:
    assert call("export", ".").code == 2
    assert "a new or an empty folder" in call("export", ".").err
    answer = call("export", "out", "metrics.acc >")
    assert answer.code == 2
    assert not (project / "out").exists()
    answer = call("import", "nowhere")
    assert answer.code == 2
    assert "export.json is missing" in answer.err


def test_numbers_that_are_taken_are_named(
    project: Path, call: Call, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    call("export", str(other / "out"), "name = 'run-1'")
    monkeypatch.setenv("TRACKBOOK_STORE", str(other / "store"))
    from trackbook.services.recorder import RunRecorder
    from trackbook.store.paths import create_store

    RunRecorder.start(create_store(other / "store"), experiment="own").end()
    call("runs")
    assert "#1 is #2 here: the number belongs to another run." in call("import", str(other / "out")).err


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_page_names_the_columns(table: Any) -> None:
    parts = re.split(r"^### (\S+)\.parquet$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = dict(zip(parts[1::2], parts[2::2], strict=True))[table.name]
    named = re.findall(r"`(\w+)`", section)
    assert [name for name in named if name != "In"] == [column.name for column in table.columns]
