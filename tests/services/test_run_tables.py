"""The run table: windows of columns, groups held against plain Python, and which columns there are."""

import math
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trackbook.domain.clock import now
from trackbook.domain.data import DataInput
from trackbook.domain.environment import Environment, Git
from trackbook.domain.records import DataUsed
from trackbook.domain.scope import RunScope
from trackbook.domain.table import CheckRequest, GroupsRequest, GroupValue, TableRequest
from trackbook.domain.values import to_wire
from trackbook.errors import ColumnError, QueryError
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.services.run_tables import check_texts
from trackbook.store.paths import StorePaths

# What the parameter `p` is in one run after the other; each value is there twice.
VALUES: list[Any] = [
    1, 1.0, 0.5, 0.5, "1", "1", True, True, "true", "true", [64, 0.5], [64.0, 0.5], [{"a": 1, "b": [None]}],
    [{"b": [None], "a": 1}], None, ..., math.nan, "NaN", math.inf, "Infinity", "ü", "ü", "", "",
]  # fmt: skip


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    services = open_services(new_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


@pytest.fixture
def filled(services: Services) -> list[str]:
    """A run for each of the values; returns their ids, in the order in which they began."""
    ids = []
    for number, value in enumerate(VALUES):
        run = RunRecorder.start(
            services.store,
            experiment=f"e{number % 3}",
            name=f"run {number}",
            params={"n": number} | ({} if value is ... else {"p": value}),
            tags={"team": "ab"[number % 2]} if number % 4 else {},
        )
        run.define_metric("acc", "max")
        if number != 3:
            run.log({"acc": 5.0})
            run.log({"acc": math.nan if number == 4 else number / 10, "size": number % 5})
            run.log({"acc": 0.25}, context={"subset": "val"})
        run.end()
        ids.append(run.run_id)
    services.runs.refresh(timeout=60.0)
    return ids


def test_a_window_has_typed_values_in_the_order_asked_for(services: Services, filled: list[str]) -> None:
    columns = ["p", "params.p", "name", "metrics.acc", "max(metrics.acc)", "min(metrics.acc)",
               "metrics.acc / metrics.size", "tags.team", "started", "number", "metrics.acc{subset=val}",
               "experiment", "params.nowhere", "duration"]  # fmt: skip
    with pytest.raises(ColumnError) as caught:
        services.run_tables.window(TableRequest(columns=columns))
    assert (caught.value.field, caught.value.place, caught.value.position) == ("columns", 0, 0)
    asked = TableRequest(
        order_by="params.n", columns=columns[1:], sparks=["acc", "acc{subset=val}"], limit=1000
    )
    page = services.run_tables.window(asked)
    assert (page.total, page.ids) == (len(filled), filled)
    shown = dict(zip(columns[1:], page.columns, strict=True))
    wire = [None if value is ... else to_wire(value) for value in VALUES]
    assert to_wire(shown["params.p"]) == wire
    assert [type(value) for value in shown["params.p"][6:10]] == [bool, bool, str, str]
    assert shown["name"] == [f"run {number}" for number in range(len(VALUES))]
    assert shown["metrics.acc"][:4] == [0.0, 0.1, 0.2, None]
    assert math.isnan(shown["metrics.acc"][4])
    assert shown["max(metrics.acc)"][2:5] == [5.0, None, 5.0]
    assert shown["min(metrics.acc)"][:5] == [0.0, 0.1, 0.2, None, 5.0]
    assert shown["metrics.acc / metrics.size"][:6] == [None, 0.1, 0.1, None, None, None]
    assert shown["tags.team"][:5] == [None, "b", "a", "b", None]
    assert [run.started for run in reversed(services.runs.search().runs)] == shown["started"]
    assert sorted(shown["number"]) == list(range(1, len(VALUES) + 1))
    assert shown["metrics.acc{subset=val}"][2:4] == [0.25, None]
    assert shown["params.nowhere"] == [None] * len(VALUES)
    assert all(value > 0 for value in shown["duration"])
    assert page.sparks[0][2] == [5.0, 0.2]
    assert (page.sparks[0][3], page.sparks[1][0]) == (None, [0.25])


def test_a_window_reads_the_same_of_columns_in_memory_and_of_others(
    services: Services, filled: list[str]
) -> None:
    columns = ["params.p", "metrics.acc", "min(metrics.size)", "tags.team", "started", "notes"]
    asked = TableRequest(order_by="params.n desc", columns=columns, offset=5, limit=2)
    cold = services.run_tables.window(asked)
    for column in columns:
        services.runs.search(order_by=column)  # reads the whole column
    warm = services.run_tables.window(asked)
    assert to_wire(msgspec.to_builtins(warm)) == to_wire(msgspec.to_builtins(cold))
    assert warm.ids == filled[::-1][5:7]


def test_scope_sort_and_window(services: Services, filled: list[str]) -> None:
    scope = RunScope("params.n >= 6", experiment="e0")
    page = services.run_tables.window(
        TableRequest(scope, "tags.team desc, metrics.acc", columns=["params.n", "tags.team"], limit=4)
    )
    assert page.total == 6
    assert page.columns == [[9, 15, 21, 6], ["b", "b", "b", "a"]]
    assert services.run_tables.window(TableRequest(limit=0)).ids == []
    services.edits.trash(filled[0])
    services.runs.refresh(timeout=60.0)
    trash = services.run_tables.window(TableRequest(RunScope(trashed=True), columns=["name"]))
    assert (trash.ids, trash.columns) == ([filled[0]], [["run 0"]])


GROUPINGS = [
    ["params.p"],
    ["tags.team"],
    ["experiment", "tags.team"],
    ["metrics.acc"],
    ["params.n", "params.p", "name"],
    ["started"],
    ["metrics.acc - metrics.acc"],
]


def test_groups_are_those_of_their_rows(services: Services, filled: list[str]) -> None:
    for group_by in GROUPINGS:
        check_groups(services, filled, group_by)


def check_groups(services: Services, filled: list[str], group_by: list[str]) -> None:
    page = services.run_tables.groups(GroupsRequest(group_by, columns=["metrics.acc"], limit=1000))
    assert (page.total, page.runs) == (len(page.groups), len(filled))
    whole = services.run_tables.window(TableRequest(columns=[*group_by, "metrics.acc"], limit=1000))
    rows = {run: values for run, *values in zip(whole.ids, *whole.columns, strict=True)}
    seen: list[str] = []
    for group in page.groups:
        # Through JSON, as a browser sends the values back.
        values = msgspec.json.decode(msgspec.json.encode(to_wire(msgspec.to_builtins(group.values))))
        wanted = [GroupValue(*pair) for pair in zip(group_by, values, strict=True)]
        found = services.run_tables.window(TableRequest(group=wanted, limit=1000))
        assert (found.total, len(found.ids)) == (group.count, group.count)
        assert len({spelled(rows[run][:-1]) for run in found.ids}) == 1
        check_aggregate(group, {run: rows[run][-1] for run in found.ids})
        seen += found.ids
    assert sorted(seen) == sorted(filled)


def spelled(values: list[Any]) -> str:
    plain = [float(v) if type(v) is int else v for v in values]
    plain = [[64.0, 0.5] if v == [64, 0.5] else v for v in plain]
    return msgspec.json.encode(to_wire(plain), order="deterministic").decode()


def check_aggregate(group: Any, values: dict[str, Any]) -> None:
    there = {run: value for run, value in values.items() if value is not None and not math.isnan(value)}
    (found,) = group.columns
    assert found.count == len(there)
    if not there:
        assert (found.mean, found.min, found.max, found.std, group.best) == (None,) * 5
        return
    numbers = list(there.values())
    assert found.mean == pytest.approx(statistics.fmean(numbers))
    assert (found.min, found.max) == (min(numbers), max(numbers))
    assert found.std == (pytest.approx(statistics.stdev(numbers)) if len(numbers) > 1 else None)
    assert there[group.best] == max(numbers)


def test_groups_in_order(services: Services, filled: list[str]) -> None:
    def first(order_by: str, **more: Any) -> list[Any]:
        asked = GroupsRequest(["experiment"], columns=["metrics.acc", "name"], order_by=order_by, **more)
        return [group.values[0] for group in services.run_tables.groups(asked).groups]

    assert first("") == ["e0", "e1", "e2"]
    assert first("experiment desc") == ["e2", "e1", "e0"]
    assert first("max of metrics.acc desc") == ["e2", "e1", "e0"]
    assert first("metrics.acc", offset=1) == first("mean of metrics.acc asc")[1:]
    assert first("count desc, min of metrics.acc desc") == ["e2", "e1", "e0"]
    assert first("count", scope=RunScope("params.n > 0"), limit=1) == ["e0"]
    for wrong, position in (("counts", 0), ("count, max of metrics.loss desc", 7), ("experiment desc,x", 16)):
        with pytest.raises(QueryError) as caught:
            first(wrong)
        assert caught.value.position == position
    missing = services.run_tables.groups(GroupsRequest(["tags.team"], order_by="tags.team desc"))
    assert [group.values for group in missing.groups] == [["b"], ["a"], [None]]


def test_columns_that_there_are(services: Services, filled: list[str]) -> None:
    found = {column.column: column for column in services.run_tables.columns().columns}
    assert (found["params.n"].type, found["params.n"].count) == ("number", len(filled))
    assert found["params.p"].count == len(filled) - 1
    assert (found["metrics.acc"].goal, found["metrics.acc"].kind) == ("max", "metric")
    assert found["metrics.acc{subset=val}"].count == len(filled) - 1
    assert (found["tags.team"].type, found["duration"].type, found["started"].type) == (
        "text",
        "duration",
        "time",
    )
    run = RunRecorder.start(services.store, experiment="e", params={"odd key": True}, tags={"a`b": "x"})
    run.environment_captured(Environment("3.12.1", "Linux", "py", {}, {}, Git("a" * 40, None, True)))
    run.append(DataUsed(now(), DataInput("train", "data/t.csv", "file", "declared", "c" * 64)))
    run.append(DataUsed(now(), DataInput("train", "data/t.csv", "file", "declared", "d" * 64)))
    run.end()
    services.runs.refresh(timeout=60.0)
    found = {column.column: column for column in services.run_tables.columns().columns}
    assert found["params.`odd key`"].type == "boolean"
    columns = ["params.`odd key`", "tags.`a``b`", "data.train", "data.`data/t.csv`", "git.commit", "git.branch",
               "git.dirty", "environment.python", "environment.platform"]  # fmt: skip
    assert all(column in found for column in columns if "csv" not in column)
    page = services.run_tables.window(TableRequest(columns=columns, limit=2))
    values = [True, "x", "d" * 64, "d" * 64, "a" * 40, None, "true", "3.12.1", "Linux"]
    assert page.columns == [[value, None] for value in values]
    for column, value in zip(columns[1:], values[1:], strict=True):
        query = f"{column} is null" if value is None else f"{column} = '{value}'"
        assert run.run_id in services.runs.ids(query)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (CheckRequest("metrics.acc >"), ("query", None, 13, 13)),
        (CheckRequest("metrics.acc > 1", "stared desc"), ("order_by", None, 0, 6)),
        (CheckRequest("a b c", "", ["name", "params.lr * name"]), ("columns", 1, 12, 16)),
        (CheckRequest(columns=["1"]), ("columns", 0, 0, 1)),
        (CheckRequest("params.lr = 'a", "name"), ("query", None, 12, 13)),
        (CheckRequest("", "name, max(params.lr)"), ("order_by", None, 9, 10)),
    ],
)
def test_where_a_text_can_not_be_read(asked: CheckRequest, where: tuple[str, int | None, int, int]) -> None:
    error = check_texts(asked).error
    assert error is not None
    assert (error.field, error.place, error.start, error.end) == where
    assert error.message
    assert check_texts(CheckRequest("min(metrics.a) < 1 b", "name, max(metrics.b) desc")).error is None


@pytest.mark.parametrize(
    "column", ["params.p", "metrics.loss", "tags.team", "git.commit", "duration / params.n"]
)
def test_a_column_that_was_read_ahead_is_all_that_sorting_and_grouping_need(
    services: Services, filled: list[str], monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    monkeypatch.setattr("trackbook.services.run_tables._WORTH_AHEAD", len(filled))
    tables, searcher = services.run_tables, services.runs.searcher
    tables.read_ahead(column)
    read = searcher.taken
    assert read > 0
    tables.window(TableRequest(order_by=f"{column} desc", columns=[column]))
    tables.groups(GroupsRequest(group_by=[column]))
    assert searcher.taken == read


def test_nothing_is_read_ahead_of_few_runs_or_where_memory_runs_short(
    services: Services, filled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables, searcher = services.run_tables, services.runs.searcher
    tables.read_ahead("params.p")
    assert searcher.taken == 0
    monkeypatch.setattr("trackbook.services.run_tables._WORTH_AHEAD", len(filled))
    monkeypatch.setattr("trackbook.store.search.Searcher.has_room", False)
    tables.read_ahead("params.p")
    assert searcher.taken == 0
    with pytest.raises(ColumnError):
        tables.read_ahead("params.p +")
