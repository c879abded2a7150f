"""`tb.table` and `tb.compare` from Python, without a notebook."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import trackbook as tb
from trackbook.errors import NotFound, UsageError


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    while (run := tb.current_run()) is not None:
        run.end()


def make(count: int = 3, **more: Any) -> None:
    for number in range(count):
        with tb.start_run(
            "churn", name=f"run-{number}", params={"lr": number / 10, "depth": 3, **more}
        ) as run:
            run.metric("acc", goal="max")
            run.log({"acc": 0.5 + number / 10, "loss": 1 - number / 10, "system/cpu": float(number)})


def head(table: Any) -> list[str]:
    return str(table.to_text()).splitlines()[0].split()


def test_runs_can_be_searched_listed_and_sorted() -> None:
    make()
    assert [run.name for run in tb.table().runs] == ["run-2", "run-1", "run-0"]
    assert [run.name for run in tb.table("params.lr > 0.05", order_by="metrics.acc").runs] == [
        "run-1",
        "run-2",
    ]
    limited = tb.table(limit=1)
    assert (len(limited), limited.total) == (1, 3)
    assert "1 of 3 runs · newest first" in limited.to_text()
    assert [run.number for run in tb.table([3, "#1"]).runs] == [3, 1]
    assert [run.number for run in tb.table(tb.runs(order_by="metrics.acc")).runs] == [1, 2, 3]
    assert [run.number for run in tb.table(tb.table(limit=2)).runs] == [3, 2]
    assert "There are no such runs." in tb.table("params.lr > 9").to_text()
    assert "There are no such runs." in tb.table("params.lr > 9", ["metrics.acc"]).to_text()


def test_what_differs_comes_as_columns_and_what_does_not_is_said_once() -> None:
    make()
    table = tb.table()
    assert head(table) == ["#", "Status", "Name", "acc", "loss", "lr", "Time", "Started"]
    assert "The same in all: depth 3" in table.to_text()
    assert head(tb.table(limit=1))[5:7] == ["depth", "lr"]


def test_columns_are_chosen_by_name_and_pattern() -> None:
    make()
    assert head(tb.table(columns=["number", "params.*", "acc"])) == ["#", "depth", "lr", "acc"]
    assert head(tb.table(columns="metrics.*")) == ["acc", "loss"]
    with pytest.raises(UsageError, match=r"no column 'metrics.akk'. Did you mean metrics.acc\?"):
        tb.table(columns=["metrics.akk"])
    with pytest.raises(UsageError, match="named by text"):
        tb.table(columns=[1])  # type: ignore[list-item]


def test_a_table_has_its_pandas_table() -> None:
    make(2)
    assert tb.table().frame["params.lr"].tolist() == [0.1, 0.0]
    assert tb.table(columns="name").frame["metrics.acc"].tolist() == [0.6, 0.5]


def test_the_best_value_is_marked_where_there_is_a_goal_and_within_an_experiment() -> None:
    make()
    with tb.start_run("other") as run:
        run.metric("acc", goal="max")
        run.log({"acc": 0.9, "loss": 0.1})
    lines = tb.table(columns=["experiment", "metrics.acc", "metrics.loss"]).to_text().splitlines()
    assert [line.split()[:3] for line in lines[1:5]] == [
        ["other", "0.9000", "0.1000"],
        ["churn", "★", "0.7000"],
        ["churn", "0.6000", "0.9000"],
        ["churn", "0.5000", "1.000"],
    ]


def test_long_values_are_shown_from_where_they_part() -> None:
    for number in range(2):
        with tb.start_run("churn", params={"path": "/data" * 30 + f"/part-{number}.csv"}):
            pass
    text = tb.table(columns="path").to_text()
    assert "part-0.csv" in text
    assert "part-1.csv" in text
    assert "part-0.csv" in repr(tb.compare(1, 2).view)


def test_runs_are_grouped_with_their_numbers() -> None:
    make(4)
    table = tb.table("params.lr >= 0.1", "acc", group_by="depth")
    assert head(table) == ["depth", "Runs", "acc", "±", "std", "min", "max", "count"]
    assert table.to_text().splitlines()[1].split() == [
        "3", "3", "0.7000", "0.1000", "0.6000", "0.8000", "3"
    ]  # fmt: skip
    assert "1 group of 3 runs · by their values" in table.to_text()
    assert "<table>" in table.to_html()
    assert 'title="mean of metrics.acc"' in table.to_html()
    several = tb.table(group_by=["lr, depth"], order_by="count desc, max of metrics.acc desc", limit=2)
    assert (len(several), several.total) == (2, 4)
    assert several.frame["max of metrics.acc"].tolist() == [0.8, 0.7]
    assert several.frame["params.lr"].tolist() == [0.3, 0.2]
    nothing = tb.table("params.lr > 9", group_by="params.lr")
    assert "There are no such runs." in nothing.to_text()
    assert list(nothing.frame.columns) == ["params.lr", "count"]
    with pytest.warns(UserWarning, match=r"Did you mean params.depth\?"):
        tb.table(group_by="params.dept")
    with pytest.raises(UsageError, match="not as a list"):
        tb.table([1], group_by="params.lr")  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="named by text"):
        tb.table(group_by=[1])  # type: ignore[list-item]


def test_bad_references_say_what_is_meant() -> None:
    make(1)
    for bad in (1.5, None, True, b"1"):
        with pytest.raises(UsageError, match="number"):
            tb.table([bad])
    with pytest.raises(NotFound):
        tb.table([99])
    with pytest.raises(UsageError, match="of 2 to 100 runs"):
        tb.compare(1)
    with pytest.raises(UsageError, match="order_by"):
        tb.table([1], order_by="name")
    for limit in (0, -1, True, "3", 10_001):
        with pytest.raises(UsageError, match="from 1 to"):
            tb.table(limit=limit)  # type: ignore[arg-type]


def test_changes_are_relative_to_the_first_run() -> None:
    for acc in (0.5, 0.4, 0.5):
        with tb.start_run("churn") as run:
            run.metric("acc", goal="max", unit="%")
            run.log({"acc": acc, "zero": acc - 0.5})
    two, three = tb.compare(1, 2).view, tb.compare(1, 2, 3).view
    row = next(line for line in repr(two).splitlines() if "acc" in line)
    assert row.split() == ["acc", "[%]", "★", "0.5000", "0.4000", "-20.0", "%"]
    row = next(line for line in three.to_text().splitlines() if "acc" in line)
    assert "0.4000 (-20.0 %)" in row
    assert row.count("★") == 2
    # A change of nothing is no number.
    assert "%" not in next(line for line in repr(two).splitlines() if "zero" in line)
    assert "Nothing differs" in tb.compare(1, 3).view.to_text()
    assert "acc" in tb.compare(1, 3, everything=True).view.to_text()
    assert tb.compare(1, 3).empty


def test_a_script_that_watches_prints_the_state(project: Path) -> None:
    script = (
        "import trackbook as tb\n"
        "with tb.start_run('churn', name='typed') as run:\n"
        "    for step in range(50): run.log({'loss': 1 / (step + 1)}, step=step)\n"
        "watch = tb.watch(run)\n"
        "figure = watch.figure().to_dict()\n"
        "import json; print(json.dumps([watch.live, figure['data'][0]['y'][-1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project, capture_output=True, text=True, check=True
    )
    first, *lines, last = done.stdout.splitlines()
    assert first.startswith("#1 typed · churn · ✓ finished")
    assert "0.02000" in "\n".join(lines)
    assert json.loads(last) == [False, 0.02]
