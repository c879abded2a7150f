import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trackbook as tb
from trackbook.domain.data import DataInput
from trackbook.services.surroundings import wait_for_captures

Call = Callable[..., Any]


def test_json_is_the_run_with_what_belongs_to_it(project: Path, call: Call) -> None:
    listed = json.loads(call("runs", "--json").out)[-1]
    answer = call("show", "1", "--json")
    document = json.loads(answer.out)
    assert answer.code == 0
    assert {key: document[key] for key in listed} == listed
    (artifact,) = document["artifacts"]
    assert (artifact["path"], artifact["size"]) == ("data.bin", 1000)
    assert document["environment"]["python"]
    assert document["cells"] == []
    assert document["snapshot"] is None
    assert [(series["key"], series["count"]) for series in document["series"]] == [("acc", 50), ("loss", 50)]


def test_a_run_is_found_by_number_and_by_the_beginning_of_its_id(project: Path, call: Call) -> None:
    run_id = json.loads(call("show", "#2", "--json").out)["id"]
    assert json.loads(call("show", run_id, "--json").out)["number"] == 2
    assert json.loads(call("show", run_id[:-4], "--json").out)["number"] == 2
    assert call("show", "0123456789").code == 2


def test_the_text_tells_everything(project: Path, call: Call) -> None:
    out = call("show", "1").out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "✓ finished #1 churn / run-1"
    assert "lr 0.1" in lines
    assert "Tags team=vision" in lines
    assert "data.bin file 1.0 kB" in lines
    assert any(
        line.startswith("acc 0.9933 0.09516 0.9933 50 ▁") and line.endswith("higher") for line in lines
    )


LONG = [
    f"accuracy_score{{dataset={part},model={model}}}"
    for part in ("test", "train")
    for model in ("LogisticRegressionCV", "LogisticRegression", "RandomForestClassifier" * 2)
]


def start_with_long_names(value: float = 0.5) -> None:
    with tb.start_run("long", params={"preprocess__" * 8 + end: end * 200 for end in "ab"}) as run:
        for part in ("test", "train"):
            for model in ("LogisticRegressionCV", "LogisticRegression", "RandomForestClassifier" * 2):
                run.log({"accuracy_score": value}, context={"dataset": part, "model": model})


def test_nothing_is_cut_in_a_pipe(empty_folder: Path, call: Call) -> None:
    start_with_long_names()
    out = call("show", "1").out
    first = [line.split()[0] for line in out.splitlines() if line.split()]
    assert set(LONG) <= set(first)
    assert {"preprocess__" * 8 + end for end in "ab"} <= set(first)
    assert "b" * 200 in out
    start_with_long_names(0.75)
    compared = call("compare", "1", "2").out
    assert set(LONG) <= {line.split()[0] for line in compared.splitlines() if line.split()}


def test_long_names_go_on_in_further_lines_in_a_terminal(
    empty_folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_with_long_names()
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "80"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    out = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", call("show", "1").out)
    table = out.split("\nMetrics", 1)[1].split("\nSystem", 1)[0]
    joined = "".join(line.split()[0] for line in table.splitlines() if line.strip())
    assert all(name in joined for name in LONG)
    assert all(len(line) <= 80 for line in table.splitlines())


def test_an_error_is_shown_as_it_was(project: Path, call: Call) -> None:
    out = call("show", "3").out
    assert "ValueError: invalid literal for int() with base 10: '[bold]no number[/bold]'" in out
    assert "Traceback (most recent call last)" in out


def test_executed_cells_are_shown_with_their_source(project: Path, call: Call) -> None:
    run = tb.start_run("cells")
    order = run.recorder.cell_started("c-one", 1, "\nfirst = 1\nsecond = 2")
    run.recorder.cell_finished(order, "ok", 0.1, [])
    run.end()
    (cell,) = json.loads(call("show", "5", "--json").out)["cells"]
    assert cell["source"] == "\nfirst = 1\nsecond = 2"
    assert cell["cell_id"] == "c-one"
    assert "1  ✓ ok    100 ms  first = 1 …" in call("show", "5").out


def test_where_a_run_ran_and_what_was_masked(project: Path, call: Call) -> None:
    from trackbook.domain.environment import Editable, Environment, Git, LockFile

    run = tb.start_run("where", params={"api_key": "abcdefgh12345", "lr": 0.1}, tags={"a": "b"})
    git = Git("c" * 40, "main", True, "https://example.org/a.git", "d" * 64, 2_500_000, True)
    run.surroundings.wait(60)
    run.recorder.environment_captured(
        Environment(
            "3.12.1", "Linux", "/usr/bin/python", {"mine": "0.3"}, {}, git,
            {"mine": Editable("/src/mine", "e" * 40, True), "other": Editable("/src/other")},
            LockFile("uv.lock", "f" * 64, 1234), {"OMP_NUM_THREADS": "4"},
        )
    )  # fmt: skip
    run.end()
    lines = [" ".join(line.split()) for line in call("show", "5").out.splitlines()]
    assert (
        "Git cccccccccccc on main, with changes not committed (2.5 MB, of which the beginning is kept)"
        in lines
    )
    assert "Remote https://example.org/a.git" in lines
    assert "Lock file uv.lock, 1.2 kB, ffffffffffff" in lines
    assert "mine 0.3 eeeeeeeeeeee, with changes /src/mine" in lines
    assert "other /src/other" in lines
    assert "OMP_NUM_THREADS 4" in lines
    assert "value of api_key parameter api_key once" in lines
    document = json.loads(call("show", "5", "--json").out)
    assert document["secrets"] == [{"kind": "value of api_key", "place": "parameter api_key", "count": 1}]
    assert document["params"] == {"api_key": "•••", "lr": 0.1}


def test_values_are_listed_by_their_last_step(project: Path, call: Call) -> None:
    with tb.start_run("values") as run:
        for step in range(3):
            run.log({"note": f"step {step}", "loss": 0.5}, step)
        run.log({"vec": [1, 2, 3]}, context={"subset": "val"})
        run.log({"cm": tb.confusion_matrix(["cat", "dog"], ["cat", "cat"])})
        run.log({"rows": tb.Table([{"a": 1, "b": 2}])})
    lines = [" ".join(line.split()) for line in call("show", run.id).out.splitlines()]
    start = lines.index("Values")
    assert sorted(lines[start + 2 : start + 6]) == [
        "cm confusion_matrix 2 counted 0 1 47 B",
        next(line for line in lines if line.startswith("note text step 2 2 3 6 B")),
        next(line for line in lines if line.startswith("rows table 1 rows, 2 columns 0 1 ")),
        next(line for line in lines if line.startswith("vec")),
    ]
    document = json.loads(call("show", run.id, "--json").out)
    assert [one["value"]["kind"] for one in document["values"]] == [
        "confusion_matrix", "text", "text", "text", "table", "vector"
    ]  # fmt: skip


def test_the_data_that_a_run_used_is_listed(project: Path, call: Call) -> None:
    (project / "train.csv").write_text("a\n1\n2\n")
    (project / "images").mkdir()
    run = tb.start_run("data")
    run.data("train.csv")
    run.data("images", name="pictures", role="test")
    run.data("s3://bucket/more.csv")
    run.recorder.data_used(
        DataInput("old", "old.bin", "file", "observed", "f" * 64, 5, reader="open", changed=True)
    )
    run.recorder.data_used(DataInput("gone", "gone.bin", "file", "observed", problem="No such file"))
    run.end()
    wait_for_captures(60)
    document = json.loads(call("show", "5", "--json").out)
    by_place = {used["data"]["place"]: used["data"] for used in document["data"]}
    digest = hashlib.sha256(b"a\n1\n2\n").hexdigest()
    assert (by_place["train.csv"]["digest"], by_place["train.csv"]["rows"]) == (digest, 2)
    lines = [" ".join(line.split()) for line in call("show", "5").out.splitlines()]
    assert "Data Role Kind Size Rows Digest Read by" in lines
    assert f"train.csv train file 6 B 2 {digest[:12]} named" in lines
    assert any(line.startswith("pictures: images test folder 0 B 0 files ") for line in lines)
    assert "s3://bucket/more.csv other named" in lines
    assert "old: old.bin file 5 B ffffffffffff open changed while it was read" in lines
    assert "gone: gone.bin file No such file" in lines


def test_the_verdict_on_cells_and_the_seed(project: Path, call: Call) -> None:
    run = tb.start_run("cells")
    for cell_id, source in (("c-two", "b = a + 1"), ("c-one", "a = 1"), ("c-two", "b = a + 1")):
        order = run.recorder.cell_started(cell_id, 1, source)
        run.recorder.cell_finished(order, "ok", 0.1, [])
    run.seed(7)
    run.end()
    out = call("show", "5").out
    assert "7 for random" in out
    assert "Cells: 1 run more than once, without a notebook to hold them against." in out
    assert "3  c-two  repeated  It ran 2 times." in out
    verdict = json.loads(call("show", "5", "--json").out)["verdict"]
    assert (verdict["clean"], verdict["document"]) == (False, None)
    assert [cell["cell_id"] for cell in verdict["cells"]] == ["c-two"]
    assert "none was set" not in out
    plain = tb.start_run("cells")
    plain.recorder.cell_finished(plain.recorder.cell_started("c-one", 1, "a = 1"), "ok", 0.1, [])
    plain.end()
    assert "none was set: unseeded random numbers differ when this runs again" in call("show", "6").out
    assert "Cells: each ran once, without a notebook" in call("show", "6").out


def test_artifacts_name_the_execution_that_made_them(project: Path, call: Call) -> None:
    run = tb.start_run("cells")
    for name in ("a.bin", "b.bin"):
        order = run.recorder.cell_started("c-one", order_of(name), "save(x)")
        run.recorder.store_artifact(b"x", name, cell_id="c-one")
        run.recorder.cell_finished(order, "ok", 0.1, [])
    run.artifact(b"y", "c.bin")
    run.end()
    lines = [" ".join(line.split()) for line in call("show", "5").out.splitlines()]
    assert "a.bin file 1 B 1" in lines
    assert "b.bin file 1 B 2" in lines
    assert "c.bin file 1 B" in lines


def order_of(name: str) -> int:
    return 1 + "ab".index(name[0])
