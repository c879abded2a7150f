import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trackbook as tb

Call = Callable[..., Any]


def test_json_has_what_differs(project: Path, call: Call) -> None:
    answer = call("compare", "1", "#2", "--json")
    comparison = json.loads(answer.out)
    assert answer.code == 0
    assert [run["number"] for run in comparison["runs"]] == [1, 2]
    assert [(row["key"], row["values"]) for row in comparison["params"]] == [("lr", [0.1, 0.01])]
    assert [(row["key"], row["goal"]) for row in comparison["metrics"]] == [("acc", "max")]
    assert comparison["tags"] == []


def test_json_with_all_has_what_is_equal_too(project: Path, call: Call) -> None:
    comparison = json.loads(call("compare", "1", "2", "--all", "--json").out)
    assert [row["key"] for row in comparison["params"]] == ["depth", "lr"]
    assert [row["key"] for row in comparison["tags"]] == ["team"]


def test_a_table_has_a_column_a_run_and_marks_the_best(project: Path, call: Call) -> None:
    lines = call("compare", "1", "2", "3").out.splitlines()
    assert lines[0].split() == ["#1", "#2", "#3"]
    (accuracy,) = (line for line in lines if line.strip().startswith("acc"))
    change = ["0.9179", "(-7.6%", "worse)", "0.8111", "(-18.3%", "worse)"]
    assert accuracy.split() == ["acc", "★", "0.9933", *change]
    assert not any("depth" in line for line in lines)


def test_equal_runs_differ_in_nothing(project: Path, call: Call) -> None:
    for _ in range(2):
        tb.start_run("same", name="same", params={"lr": 1}).end()
    answer = call("compare", "5", "6")
    assert answer.code == 0
    assert "Nothing differs" in answer.err


def test_executed_cells_are_compared_by_their_source(project: Path, call: Call) -> None:
    for source in ("a = 1\nb = 1", "a = 1\nb = 2"):
        run = tb.start_run("cells")
        order = run.recorder.cell_started("c-one", 1, source)
        run.recorder.cell_finished(order, "ok", 0.1, [])
        run.end()
    out = call("compare", "5", "6").out
    assert "cell c-one: #5 ≠ #6" in out
    assert "    -b = 1\n    +b = 2\n" in out


def test_one_run_is_no_comparison(project: Path, call: Call) -> None:
    answer = call("compare", "1")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("Error: ")


def test_a_run_is_compared_with_the_best_or_the_previous_one(project: Path, call: Call) -> None:
    for acc in (0.9, 0.7):
        run = tb.start_run("best")
        run.metric("acc", goal="max")
        run.log({"acc": acc})
        run.end()
    best = json.loads(call("compare", "6", "--best", "--json").out)
    assert [run["number"] for run in best["runs"]] == [5, 6]
    assert best["metrics"][0]["better"] == [None, False]
    assert (best["notebook"]["cells"], best["code"]["added"]) == ([], [])
    assert "worse" in call("compare", "6", "--best").out
    without = call("compare", "6", "--best", "--previous", "5")
    assert without.code == 2
    tb.start_run("alone").end()
    alone = call("compare", "7", "--best")
    assert (alone.code, alone.out) == (2, "")
    assert "%track goal" in alone.err
