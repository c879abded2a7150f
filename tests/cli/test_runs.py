import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trackbook as tb
from trackbook.cli.display.runs import metric_cells
from trackbook.cli.display.tables import fit, to_column

Call = Callable[..., Any]
FIELDS = {"id", "experiment", "name", "status", "started", "ended", "params", "metrics", "tags", "source"}


def test_json_is_the_contract(project: Path, call: Call) -> None:
    answer = call("runs", "--json")
    runs = json.loads(answer.out)
    assert answer.code == 0
    assert answer.err == ""
    assert [run["number"] for run in runs] == [4, 3, 2, 1]
    assert all(run.keys() >= FIELDS for run in runs)
    first = runs[-1]
    assert first["experiment"] == "churn"
    assert first["status"] == "finished"
    assert first["params"] == {"depth": 8, "lr": 0.1}
    assert first["metrics"]["loss"] == 0.02
    assert first["tags"] == {"team": "vision"}
    assert first["source"]["kind"] == "script"
    assert first["started"] < first["ended"]
    assert first["started"].endswith("Z")
    assert runs[0]["params"] == {"missing": "NaN", "text": "two\nlines"}


def test_query_order_and_limit(project: Path, call: Call) -> None:
    found = json.loads(
        call("runs", "params.lr < 0.5", "--order-by", "params.lr", "--limit", "2", "--json").out
    )
    assert [run["number"] for run in found] == [3, 2]


def test_more_runs_than_a_page_are_all_listed(
    project: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trackbook.cli.commands.runs._PAGE", 3)
    assert [run["number"] for run in json.loads(call("runs", "--json").out)] == [4, 3, 2, 1]


def test_a_table_is_plain_and_whole_in_a_pipe(project: Path, call: Call) -> None:
    answer = call("runs", "experiment = 'churn'")
    head, *rows = answer.out.splitlines()
    assert head.split() == ["#", "Status", "Name", "acc", "loss", "lr", "Error", "Time", "Started"]
    assert [row.split()[0] for row in rows] == ["3", "2", "1"]
    assert "✗ failed" in rows[0]
    assert "ValueError" in rows[0]
    assert "★ 0.9933" in rows[2]
    assert "★" not in rows[0] + rows[1]
    assert "\x1b" not in answer.out
    assert all(line == line.rstrip() for line in answer.out.splitlines())
    # Numbers end below the end of their heading.
    end = head.index("lr") + len("lr")
    assert [row[:end].split()[-1] for row in rows] == ["0.001", "0.01", "0.1"]


def test_columns_are_chosen_by_name_and_pattern(project: Path, call: Call) -> None:
    def head(*arguments: str) -> list[str]:
        return list(call("runs", *arguments).out.splitlines()[0].split())

    assert head("--columns", "number", "lr", "--limit", "2") == ["#", "lr"]
    assert head("experiment = 'churn'", "--columns", "name", "metrics.*", "team") == [
        "Name", "acc", "loss", "team"
    ]  # fmt: skip
    assert head("--columns", "status", "--columns", "params.lr", "--limit", "3") == ["Status", "lr"]
    wrong = call("runs", "--columns", "metrics.akk")
    assert (wrong.code, wrong.out) == (2, "")
    assert "Did you mean metrics.acc?" in wrong.err
    both = call("runs", "--columns", "name", "--json")
    assert both.code == 2
    assert "Say one of the two" in both.err


def test_a_metric_and_a_parameter_of_one_name_are_told_apart(empty_folder: Path, call: Call) -> None:
    for number in (1, 2):
        with tb.start_run("names", params={"depth": number, "lr": number}) as run:
            run.log({"depth": 3.5})
    head = call("runs").out.splitlines()[0].split()
    assert {"metrics.depth", "params.depth", "lr"} <= set(head)
    assert "depth" not in head
    titles = tb.table().to_text().splitlines()[0].split()
    assert {"metrics.depth", "params.depth", "lr"} <= set(titles)


def test_experiments_are_a_column_only_where_they_differ(project: Path, call: Call) -> None:
    assert "Experiment" in call("runs").out
    assert "Experiment" not in call("runs", "experiment = 'churn'").out


def test_a_search_that_cannot_be_read_points_at_the_place(project: Path, call: Call) -> None:
    answer = call("runs", "metrics.acc >")
    assert answer.code == 2
    assert answer.out == ""
    assert "^" in answer.err
    assert "Traceback" not in answer.err


def test_nothing_found_is_said_and_is_no_error(project: Path, call: Call) -> None:
    answer = call("runs", "experiment = 'none'")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "No run matches.\n"
    assert json.loads(call("runs", "experiment = 'none'", "--json").out) == []


def test_a_folder_without_a_project(empty_folder: Path, call: Call) -> None:
    answer = call("runs")
    assert answer.code == 2
    assert "trackbook run NOTEBOOK" in answer.err
    assert list(empty_folder.iterdir()) == []


def test_trash_and_restore(project: Path, call: Call) -> None:
    assert call("trash", "1", "#3").code == 0
    assert [run["number"] for run in json.loads(call("runs", "--json").out)] == [4, 2]
    assert [run["number"] for run in json.loads(call("runs", "--trashed", "--json").out)] == [3, 1]
    assert call("restore", "3").code == 0
    assert [run["number"] for run in json.loads(call("runs", "--json").out)] == [4, 3, 2]
    assert call("trash", "77").code == 2


def test_columns_that_do_not_fit_go_by_rank() -> None:
    columns = [
        to_column("a", ["12345"]),
        to_column("b", ["12345"], rank=2),
        to_column("c", ["12345"], rank=1),
        to_column("d", ["12345"], rank=3),
    ]
    shown, hidden = fit(columns, 12)
    assert [column.header for column in shown] == ["a", "c"]
    assert [column.header for column in hidden] == ["b", "d"]
    shown, _ = fit(columns, 2)
    assert [column.header for column in shown] == ["a"]


def test_the_best_is_marked_where_there_is_one() -> None:
    def texts(*arguments: Any) -> list[str]:
        return [cell.plain for cell in metric_cells(*arguments)]

    nan = float("nan")
    assert texts([0.5, None, 2.0, nan], "max") == ["0.5000", "", "★ 2.000", "NaN"]
    assert texts([0.5, None, 2.0, nan], "min") == ["★ 0.5000", "", "2.000", "NaN"]
    assert texts([0.5, 2.0], None) == ["0.5000", "2.000"]
    assert texts([1.0, 1.0], "max") == ["1", "1"]
    assert texts([1.0], "max") == ["1"]
    assert texts([1.0, 2.0, 8.0], "max", ["a", "a", "b"]) == ["1", "★ 2", "8"]


def test_keys_that_no_run_has_are_said_beside_the_answer(project: Path, call: Call) -> None:
    answer = call("runs", "metrics.no_such > 1", "--json")
    assert (answer.code, json.loads(answer.out)) == (0, [])
    assert "No run has a metric no_such." in answer.err


def make_groups(folder: Path) -> None:
    for number, (lr, opt) in enumerate([(0.1, "adam"), (0.1, "sgd"), (0.2, "adam"), (0.2, "adam")]):
        with tb.start_run("groups", params={"lr": lr, "opt": opt}) as run:
            run.metric("acc", goal="max")
            run.log({"acc": number / 8, "system/cpu": 50.0})
    with tb.start_run("groups", params={"opt": "adam"}):
        pass


def test_groups_have_the_numbers_of_their_runs(empty_folder: Path, call: Call) -> None:
    make_groups(empty_folder)
    answer = call("runs", "--group-by", "lr", "--json")
    assert (answer.code, answer.err) == (0, "")
    first, second, last = json.loads(answer.out)
    assert (first["values"], first["count"]) == ({"params.lr": 0.1}, 2)
    assert first["columns"] == {
        "metrics.acc": {
            "count": 2,
            "mean": 0.0625,
            "min": 0.0,
            "max": 0.125,
            "std": pytest.approx(0.125 / 2**0.5),
        }
    }
    assert (second["values"]["params.lr"], second["columns"]["metrics.acc"]["max"]) == (0.2, 0.375)
    best = json.loads(call("runs", "--order-by", "metrics.acc desc", "--limit", "1", "--json").out)
    assert second["best"] == best[0]["id"]
    assert (last["values"], last["count"]) == ({"params.lr": None}, 1)
    assert last["columns"]["metrics.acc"]["mean"] is None

    table = call("runs", "--group-by", "params.opt,params.lr", "--order-by", "mean of metrics.acc desc")
    head, *rows = table.out.splitlines()
    assert head.split() == ["opt", "lr", "Runs", "acc", "±", "std", "min", "max", "count"]
    assert rows[0].split() == ["adam", "0.2", "2", "0.3125", "0.08839", "0.2500", "0.3750", "2"]
    assert rows[-1].split() == ["adam", "none", "1", "0"]

    chosen = call(
        "runs", "params.opt = 'adam'", "--group-by", "opt", "--columns", "metrics.acc * 2", "duration"
    )
    assert chosen.out.splitlines()[0].startswith("opt   Runs  metrics.acc * 2")
    assert chosen.out.splitlines()[0].split().count("count") == 2
    short = call("runs", "--group-by", "lr", "--limit", "1")
    assert len(short.out.splitlines()) == 2
    assert short.err == "1 of 3 groups; --limit shows more.\n"


def test_what_groups_cannot_be_made_of_is_said(project: Path, call: Call) -> None:
    unknown = call("runs", "--group-by", "params.lrr")
    assert "Did you mean params.lr?" in unknown.err
    broken = call("runs", "--group-by", "params.lr *")
    assert (broken.code, broken.out) == (2, "")
    assert "^" in broken.err
    order = call("runs", "--group-by", "params.lr", "--order-by", "name")
    assert order.code == 2
    assert "Groups are sorted by their count, or by a column that is asked for" in order.err
    many = call("runs", "--group-by", "name,status,experiment,host")
    assert many.code == 2
    assert "by 1 to 3 columns, not by 4" in many.err
    assert call("runs", "experiment = 'none'", "--group-by", "name").err == "No run matches.\n"
    assert json.loads(call("runs", "experiment = 'none'", "--group-by", "name", "--json").out) == []
