import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.conftest import ROOT, Call

from trackbook.domain.run import Source
from trackbook.notebook.cleaning import plan
from trackbook.notebook.cleaning.draft import Draft
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store

PRINTED = {"output_type": "stream", "name": "stdout", "text": "7\n"}


def save(path: Path, *sources: str) -> Path:
    cells = [
        {
            "cell_type": "code",
            "execution_count": number,
            "id": f"c{number}",
            "metadata": {},
            "outputs": [PRINTED] if source.startswith("print") else [],
            "source": source,
        }
        for number, source in enumerate(sources, start=1)
    ]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def notebook(empty_folder: Path) -> Path:
    return save(empty_folder / "train.ipynb", "x = 3\nimport math", "unread = 1", "print(math.floor(x) + 4)")


def sources(path: Path) -> list[str]:
    return [cell["source"] for cell in json.loads(path.read_text())["cells"]]


def test_shows_the_difference_and_writes_nothing_unasked(notebook: Path, call: Call) -> None:
    before = notebook.read_bytes()
    answer = call("clean", "train.ipynb")
    assert answer.code == 0
    assert "dropped (cell 2): no cell reads `unread`" in answer.out
    assert "    -import math" in answer.out
    assert "    +import math" in answer.out
    assert "stripped: cell 3: 1 output" in answer.out
    assert "1 statement hoisted, 1 cell dropped, 1 cell added, 2 cells stripped" in answer.err
    assert "--write" in answer.err
    assert notebook.read_bytes() == before


def test_writes_when_told(notebook: Path, call: Call) -> None:
    answer = call("clean", "--write", "train.ipynb")
    assert answer.code == 0
    assert sources(notebook) == ["import math", "x = 3", "print(math.floor(x) + 4)"]
    assert ".trackbook/backup" in answer.err
    again = call("clean", "-w", "train.ipynb")
    assert (again.code, again.out) == (0, "")
    assert "nothing to clean" in again.err


def test_stdin_is_cleaned_to_stdout(notebook: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    before = notebook.read_bytes()
    call("clean", "-w", "train.ipynb")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(before)))
    answer = call("clean", "-")
    assert (answer.code, answer.out.encode()) == (0, notebook.read_bytes())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(before)))
    assert call("clean", "--check", "-").code == 1
    assert "stands alone" in call("clean", "-", "--write").err


def test_folders_are_walked(notebook: Path, call: Call) -> None:
    inner = notebook.parent / "work" / "deep"
    inner.mkdir(parents=True)
    save(inner / "a.ipynb", "print(1)")
    assert call("clean", "-w", ".").code == 0
    assert json.loads((inner / "a.ipynb").read_text())["cells"][0]["outputs"] == []
    assert sources(notebook)[0] == "import math"
    answer = call("clean", ".", "-o", "x.ipynb")
    assert (answer.code, "--output is for one notebook" in answer.err) == (2, True)


def test_the_hook_as_pre_commit_calls_it(notebook: Path, program: Any) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = (hook for hook in hooks if hook["id"] == "trackbook-clean")
    name, *arguments = shlex.split(hook["entry"])
    assert name == "trackbook"
    done = program(*arguments, "--only", "strip", "train.ipynb", folder=notebook.parent)
    assert done.returncode == 0, done.stderr
    assert json.loads(notebook.read_bytes())["cells"][2]["outputs"] == []


def test_checks(notebook: Path, call: Call) -> None:
    before = notebook.read_bytes()
    answer = call("clean", "--check", "train.ipynb")
    assert (answer.code, answer.out) == (1, "")
    assert "train.ipynb would be cleaned" in answer.err
    assert notebook.read_bytes() == before
    call("clean", "-w", "train.ipynb")
    assert call("clean", "--check", "train.ipynb").code == 0


def test_writes_elsewhere(notebook: Path, call: Call) -> None:
    before = notebook.read_bytes()
    assert call("clean", "train.ipynb", "-o", "clean.ipynb").code == 0
    answer = call("clean", "train.ipynb", "-o", "-")
    assert answer.out.encode() == Path("clean.ipynb").read_bytes()
    assert notebook.read_bytes() == before


def test_chooses_steps(notebook: Path, call: Call) -> None:
    answer = call("clean", "--only", "strip", "--keep-outputs", "--json", "train.ipynb")
    assert json.loads(answer.out)[0]["changed"] is False
    (report,) = json.loads(call("clean", "--skip", "strip, hoist", "--json", "train.ipynb").out)
    assert [change["kind"] for change in report["changes"]] == ["dropped"]
    assert report["changes"][0] | {"message": ""} == {
        "step": "drop",
        "kind": "dropped",
        "cell": 2,
        "cell_id": "c2",
        "message": "",
        "names": [],
        "source": "unread = 1",
    }
    assert report["written"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "tidy"], "'tidy', which is no step"),
        (["--only", ","], "no step"),
        (["--only", "strip", "--skip", "drop"], "not both"),
        (["--check", "--write"], "--check writes nothing"),
        (["--tolerance", "0.1"], "add --prove"),
        (["-o", "x.ipynb", "train.ipynb"], "--output is for one notebook"),
        (["--prove", "-p", "lr=1"], "lr"),
    ],
)
def test_wrong_usage_is_told(notebook: Path, call: Call, words: list[str], said: str) -> None:
    answer = call("clean", "train.ipynb", *words)
    assert answer.code == 2
    assert said in answer.err


def test_one_that_is_no_notebook_ends_none_of_the_others(notebook: Path, call: Call) -> None:
    Path("broken.ipynb").write_text("{")
    answer = call("clean", "-w", "--json", "broken.ipynb", "missing.ipynb", "train.ipynb")
    assert answer.code == 2
    reports: list[dict[str, Any]] = json.loads(answer.out)
    assert ["error" in report for report in reports] == [True, True, False]
    assert sources(notebook)[0] == "import math"


def test_a_rewrite_that_changes_a_result_is_refused(
    notebook: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(draft: Draft) -> None:
        draft.cells[0].source = "import math\nx = 4"
        draft.change("hoist", "hoisted", draft.cells[0], "wrongly")

    before = notebook.read_bytes()
    monkeypatch.setattr(plan, "hoist_imports", wrong)
    answer = call("clean", "--prove", "--write", "train.ipynb")
    assert answer.code == 1
    assert "cell 3 gives another result" in answer.out
    assert "Nothing was written" in answer.err
    assert notebook.read_bytes() == before
    assert not Path(".trackbook").exists()


def test_the_recorded_run_tells_the_order_where_the_file_does_not(empty_folder: Path, call: Call) -> None:
    path = save(empty_folder / "train.ipynb", "print(y)", "y = 1")
    document = json.loads(path.read_text())
    for cell in document["cells"]:
        cell |= {"execution_count": None, "outputs": []}
    path.write_text(json.dumps(document))
    assert "nothing to clean" in call("clean", "train.ipynb").err

    run = RunRecorder.start(
        create_store(empty_folder / ".trackbook"), experiment="x", source=Source("notebook", "train.ipynb")
    )
    for identity, source in (("c2", "y = 1"), ("c1", "print(y)")):
        run.cell_finished(run.cell_started(identity, None, source), "ok", 0.1, [])
    run.end()
    assert "moved (cell 2)" in call("clean", "train.ipynb").out
    call("clean", "-w", "train.ipynb")
    assert sources(path) == ["y = 1", "print(y)"]
    assert call("clean", "--check", "train.ipynb").code == 0


def test_a_proven_one_is_written(notebook: Path, call: Call) -> None:
    answer = call("clean", "--prove", "--write", "--json", "train.ipynb")
    assert answer.code == 0
    (report,) = json.loads(answer.out)
    assert report["proof"]["verdict"] == "equal"
    assert report["proof"]["compared"] == 2
    assert sources(notebook)[0] == "import math"
