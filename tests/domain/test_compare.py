"""What differs between runs."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.domain.artifact import Artifact
from trackbook.domain.cell import CellExecution, CellStatus
from trackbook.domain.clock import to_datetime
from trackbook.domain.compare import ColumnChange, ComparedMetric, Comparison, compare
from trackbook.domain.data import Column, DataInput, UsedData
from trackbook.domain.environment import Environment, Git, Module
from trackbook.domain.run import Run, RunDetail, Source
from trackbook.domain.seed import Seed

RUN = Run(
    id="a",
    number=1,
    experiment="e",
    name="run",
    status="finished",
    started=to_datetime(0),
    ended=None,
    duration=None,
    active=0.0,
    user="u",
    host="h",
    source=Source("script"),
    parent_id=None,
    notes="",
    tags={},
    params={},
    metrics={},
    sparks={},
    goals={},
    error=None,
    reason=None,
    trashed=False,
    revision=1,
)


def detail(
    cells: list[CellExecution] | None = None, environment: Environment | None = None, **fields: Any
) -> RunDetail:
    run = msgspec.structs.replace(RUN, **fields)
    return RunDetail(run, [], [], [], cells or [], environment, [], [], [])


def cell(order: int, cell_id: str | None, source: str, status: CellStatus = "ok") -> CellExecution:
    return CellExecution(
        order, cell_id, order, f"digest of {source}", to_datetime(order), 0.1, status, [], False
    )


def rows(details: list[RunDetail], part: str, everything: bool = False) -> dict[str, tuple[list[Any], bool]]:
    comparison = compare(details, {}, everything)
    return {row.key: (row.values, row.differs) for row in getattr(comparison, part)}


def cells(runs: list[list[CellExecution]], everything: bool = True) -> list[tuple[Any, ...]]:
    texts = {execution.source_digest: execution.source_digest[10:] for run in runs for execution in run}
    comparison = compare([detail(run) for run in runs], texts, everything)
    return [(row.cell_id, row.sources, row.orders, row.differs) for row in comparison.cells]


def test_only_what_differs_is_shown_unless_all_is_asked_for() -> None:
    details = [detail(params={"lr": 0.1, "depth": 3}), detail(params={"lr": 0.2, "depth": 3})]
    assert rows(details, "params") == {"lr": ([0.1, 0.2], True)}
    assert rows(details, "params", True) == {"depth": ([3, 3], False), "lr": ([0.1, 0.2], True)}


def test_a_value_that_a_run_lacks_differs_from_none() -> None:
    assert rows([detail(params={"a": None}), detail()], "params") == {"a": ([None, None], True)}
    assert rows([detail(params={"a": None}), detail(params={"a": None})], "params") == {}


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        (1, 1.0, False),
        (True, 1, True),
        (False, False, False),
        ([1, True], [1, 1], True),
        ({"a": [1]}, {"a": [1.0]}, False),
        ({"a": 1}, {"b": 1}, True),
        ([1], [1, 2], True),
        (math.nan, math.nan, False),
        ([math.nan], [math.nan], False),
        (math.nan, 0.0, True),
        ("1", 1, True),
    ],
)
def test_which_values_are_equal(one: Any, other: Any, differs: bool) -> None:
    assert bool(rows([detail(params={"a": one}), detail(params={"a": other})], "params")) == differs
    assert bool(rows([detail(params={"a": other}), detail(params={"a": one})], "params")) == differs


def test_metrics_with_goals() -> None:
    one = detail(
        metrics={"acc": 0.5, "loss{subset=val}": 1.0, "same": math.nan}, goals={"acc": "max", "loss": "min"}
    )
    other = detail(metrics={"acc": 0.6, "same": math.nan}, goals={"acc": "max"})
    comparison = compare([one, other], {})
    assert [(row.key, row.values, row.goal) for row in comparison.metrics] == [
        ("acc", [0.5, 0.6], "max"),
        ("loss{subset=val}", [1.0, None], "min"),
    ]
    disagreeing = compare([one, msgspec.structs.replace(other, run=detail(goals={"acc": "min"}).run)], {})
    assert disagreeing.metrics[0].goal is None


def test_relative_changes() -> None:
    def changes(*values: float | None) -> list[float | None]:
        return ComparedMetric("a", list(values), None, True).changes()

    assert changes(2.0, 3.0, 1.0, None) == [0.0, 0.5, -0.5, None]
    assert changes(-2.0, -1.0) == [0.0, 0.5]
    assert changes(0.0, 1.0) == changes(None, 1.0) == changes(math.nan, 1.0) == [None, None]
    assert changes(1.0, math.inf) == [0.0, None]


def test_environments() -> None:
    git = Git("abc", "main", False)
    one = Environment("3.11", "Linux", "/a/python", {"numpy": "2.0", "gone": "1"}, {"cores": 8}, git)
    other = Environment("3.12", "Linux", "/a/python", {"numpy": "2.1", "new": "1"}, {"cores": 4})
    details = [detail(environment=one), detail(environment=other)]
    assert rows(details, "environment") == {
        "git.branch": (["main", None], True),
        "git.commit": (["abc", None], True),
        "git.dirty": ([False, None], True),
        "hardware.cores": ([8, 4], True),
        "python": (["3.11", "3.12"], True),
    }
    assert rows(details, "packages") == {
        "gone": (["1", None], True),
        "new": ([None, "1"], True),
        "numpy": (["2.0", "2.1"], True),
    }
    assert rows([detail(environment=one), detail()], "packages")["numpy"] == (["2.0", None], True)


def test_cells_are_aligned_by_their_id() -> None:
    runs = [
        [cell(1, "a", "x"), cell(2, "b", "y"), cell(3, "a", "x2")],
        [cell(1, "b", "y"), cell(2, "a", "x2")],
    ]
    assert cells(runs) == [
        ("a", ["x2", "x2"], [3, 2], False),
        ("b", ["y", "y"], [2, 1], False),
    ]
    assert cells(runs, everything=False) == []


def test_cells_without_a_common_id_are_aligned_by_their_source() -> None:
    runs = [
        [cell(1, "a", "x"), cell(2, "b", "y")],
        [cell(1, None, "y"), cell(2, "other", "x")],
    ]
    assert cells(runs) == [("a", ["x", "x"], [1, 2], False), ("b", ["y", "y"], [2, 1], False)]


def test_an_id_outweighs_a_source() -> None:
    runs = [[cell(1, "a", "x"), cell(2, "b", "y")], [cell(1, "b", "x"), cell(2, "c", "y")]]
    assert cells(runs) == [
        ("a", ["x", None], [1, None], True),
        ("b", ["y", "x"], [2, 1], True),
        ("c", [None, "y"], [None, 2], True),
    ]


def test_a_cell_of_one_run_alone_stands_where_it_ran() -> None:
    runs = [
        [cell(1, "a", "x"), cell(2, "c", "z")],
        [cell(1, "a", "x"), cell(2, "b", "new"), cell(3, "c", "z")],
        [cell(1, "first", "f"), cell(2, "c", "z")],
    ]
    assert [row[0] for row in cells(runs)] == ["first", "a", "b", "c"]


def test_a_status_differs_too() -> None:
    assert cells([[cell(1, "a", "x")], [cell(1, "a", "x", "error")]], everything=False) == [
        ("a", ["x", "x"], [1, 1], True)
    ]


def test_a_source_whose_text_is_gone_is_empty() -> None:
    comparison = compare([detail([cell(1, "a", "x")]), detail()], {})
    assert comparison.cells[0].sources == ["", None]


executions = st.lists(
    st.builds(
        lambda cell_id, source: (cell_id, source),
        st.sampled_from([None, "a", "b", "c"]),
        st.sampled_from("xyz"),
    ),
    max_size=6,
).map(lambda pairs: [cell(order, *pair) for order, pair in enumerate(pairs, start=1)])


@given(st.lists(executions, min_size=1, max_size=4))
def test_every_cell_is_in_one_row(runs: list[list[CellExecution]]) -> None:
    found = compare([detail(run) for run in runs], {}, everything=True).cells
    for place, run in enumerate(runs):
        last = {(e.cell_id or e.source_digest): e.order for e in run}
        orders = [row.orders[place] for row in found if row.orders[place] is not None]
        assert sorted(map(int, filter(None, orders))) == sorted(last.values())
    for row in found:
        assert any(order is not None for order in row.orders)


values = st.dictionaries(
    st.sampled_from("abc"), st.none() | st.booleans() | st.integers(0, 2) | st.floats(), max_size=3
)


@given(st.lists(values, min_size=1, max_size=4))
def test_a_run_beside_itself_differs_nowhere(mappings: list[dict[str, Any]]) -> None:
    same = [detail(params=mappings[0]) for _ in mappings]
    assert compare(same, {}).params == []
    found: Comparison = compare([detail(params=params) for params in mappings], {}, everything=True)
    assert [row.key for row in found.params] == sorted({key for params in mappings for key in params})
    for row in found.params:
        assert len(row.values) == len(mappings)


def test_metrics_tell_how_they_changed_and_whether_that_is_better() -> None:
    runs = [detail(metrics={"loss": 0.5}, goals={"loss": "min"}), detail(metrics={"loss": 0.25}), detail()]
    (row,) = compare(runs, {}).metrics
    assert (row.absolute, row.relative, row.better) == (
        [0.0, -0.25, None],
        [0.0, -0.5, None],
        [None, True, None],
    )


def test_data_tells_its_versions_and_columns() -> None:
    def used(digest: str, rows: int, *columns: tuple[str, str]) -> list[UsedData]:
        data = DataInput("churn", "churn.csv", "file", "declared", digest, 10, "train", "pandas", rows)
        data = msgspec.structs.replace(data, columns=[Column(*column) for column in columns])
        return [UsedData(data, to_datetime(0))]

    runs = [detail(), detail(), detail()]
    inputs = [used("a", 5, ("x", "int"), ("y", "int")), used("b", 6, ("x", "float"), ("z", "str")), []]
    runs = [msgspec.structs.replace(run, data=data) for run, data in zip(runs, inputs, strict=True)]
    (row,) = compare(runs, {}).data
    assert row.key == "churn (train)"
    assert [version and version.rows for version in row.versions] == [5, 6, None]
    assert row.versions[1] is not None
    assert row.versions[1].columns == [
        ColumnChange("x", "int", "float"),
        ColumnChange("y", "int", None),
        ColumnChange("z", None, "str"),
    ]
    same = [runs[0], msgspec.structs.replace(runs[0])]
    assert compare(same, {}).data == []
    assert [row.differs for row in compare(same, {}, everything=True).data] == [False]


def test_artifacts_modules_seeds_and_variables() -> None:
    def rich(digest: str, seed: int, threads: str) -> RunDetail:
        environment = Environment("3.11", "Linux", "python", {}, {}, variables={"OMP_NUM_THREADS": threads})
        made = Artifact("model.pkl", digest, 3, "application/octet-stream", "model", to_datetime(0))
        return msgspec.structs.replace(
            detail(environment=environment),
            artifacts=[made],
            modules=[Module("features", "features.py", digest, 3), Module("same", "same.py", "s", 1)],
            seeds=[Seed(seed, ["numpy"], to_datetime(0))],
        )

    found = compare([rich("a", 1, "4"), rich("b", 2, "8")], {})
    assert [(row.key, [file and file.digest for file in row.files]) for row in found.artifacts] == [
        ("model.pkl", ["a", "b"])
    ]
    assert [row.key for row in found.modules] == ["features.py"]
    assert [(row.key, row.values) for row in found.seeds] == [("numpy", [1, 2])]
    assert [(row.key, row.values) for row in found.variables] == [("OMP_NUM_THREADS", ["4", "8"])]
    assert found.facts == []
