"""Searching an index that the real recorder and ingester filled: scopes, time limits, statements."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from trackbook.domain.ids import new_id
from trackbook.domain.run import Source
from trackbook.errors import QueryError, UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store
from trackbook.store.search import Scope, Searcher


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    store = create_store(tmp_path_factory.mktemp("project") / ".trackbook")
    for number in range(150):
        run = RunRecorder.start(
            store,
            experiment="even" if number % 2 == 0 else "odd",
            name=f"run-{number}",
            params={f"p{key}": number * key for key in range(10)},
            tags={"third": str(number % 3)},
            source=Source("notebook", f"n{number % 5}.ipynb"),
        )
        run.log({f"m{key}": number / (key + 1) for key in range(10)})
        run.end()
    services = open_services(store)
    assert services.runs.refresh(timeout=60.0)
    services.edits.trash(services.runs.get("#7").id)
    assert services.runs.refresh(timeout=60.0)
    yield services
    services.database.close()


def test_scopes(services: Services) -> None:
    assert services.runs.search().total == 149
    assert services.runs.search(experiment="even").total == 74  # #7 is number 6, and even
    assert services.runs.search(experiment="none").total == 0
    page = services.runs.search("metrics.m0 < 50", notebook="n1.ipynb")
    assert {run.source.path for run in page.runs} == {"n1.ipynb"}
    assert page.total == 9
    trashed = services.runs.search(trashed=True)
    assert [(run.number, run.trashed) for run in trashed.runs] == [(7, True)]


def test_an_order_given_beside_the_search_wins(services: Services) -> None:
    text = "metrics.m0 >= 100 order by metrics.m0"
    assert services.runs.search(text, limit=1).runs[0].metrics["m0"] == 100
    assert services.runs.search(text, order_by="metrics.m0 desc", limit=1).runs[0].metrics["m0"] == 149


@pytest.mark.parametrize(("offset", "limit"), [(-1, 10), (0, -1), (0, 10_001), (2**63, 1), (2**70, 1)])
def test_windows_that_can_not_be(services: Services, offset: int, limit: int) -> None:
    with pytest.raises(UsageError, match="window"):
        services.runs.search(offset=offset, limit=limit)


def test_a_window_behind_the_end_still_has_the_total(services: Services) -> None:
    for text in ("", "metrics.m0 >= 100"):
        page = services.runs.search(text, offset=5_000)
        assert page.runs == []
        assert page.total == services.runs.search(text).total > 0
        assert services.runs.search(text, limit=0).total == page.total


def test_a_page_takes_few_statements_however_many_runs_it_has(services: Services) -> None:
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    services.runs.search("metrics.m1 > 5 and params.p1 < 140", order_by="metrics.m2 desc", limit=100)
    event.listen(services.database.engine, "before_cursor_execute", note)
    try:
        page = services.runs.search(
            "metrics.m1 > 6 and params.p1 < 140", order_by="metrics.m2 desc", limit=100
        )
        many = len(statements)
        statements.clear()
        services.runs.search("metrics.m1 > 6 and params.p1 < 140", order_by="metrics.m2 desc", limit=3)
    finally:
        event.remove(services.database.engine, "before_cursor_execute", note)
    assert len(page.runs) == 100
    assert all(len(run.params) == len(run.metrics) == 10 for run in page.runs)
    assert many == len(statements) <= 9  # the transaction's BEGIN is one of them


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("metrics.m3 > 5", "COVERING INDEX series_by_key"),
        ("params.p3 = 14", "COVERING INDEX params_by_key"),
        ("params.p4 = 'x'", "INDEX params_by_key"),
        ("tags.third = '1'", "INDEX tags_by_key"),
        ("", "COVERING INDEX runs_by_start"),
        ("status = 'failed'", "COVERING INDEX runs_by_start"),
    ],
)
def test_a_column_is_read_along_an_index(services: Services, query: str, index: str) -> None:
    statements: list[tuple[str, object]] = []

    def note(*arguments: object) -> None:
        statements.append((str(arguments[2]), arguments[3]))

    with services.database.read() as connection:
        event.listen(services.database.engine, "before_cursor_execute", note)
        try:
            Searcher().search(connection, query)
        finally:
            event.remove(services.database.engine, "before_cursor_execute", note)
        steps = [
            str(row[3])
            for statement, values in statements
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()  # type: ignore[arg-type]  # as it was bound
        ]
    assert any(index in step for step in steps), steps


def test_values_never_become_part_of_the_statement(services: Services) -> None:
    poison = "x'; DROP TABLE runs; --"
    quoted = poison.replace("'", "''")
    for field in ("name", "tags.third", "params.`a``b`", f"tags.`{poison}`", "notes"):
        assert services.runs.search(f"{field} = '{quoted}'").total == 0
        assert services.runs.search(f"{field} like '{quoted}'").total == 0
    assert services.runs.search(order_by=f"metrics.`{poison}`").total == 149


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$"])
def test_a_regular_expression_that_would_run_for_ever_is_ended(tmp_path: Path, pattern: str) -> None:
    store = create_store(tmp_path / ".trackbook")
    run = RunRecorder.start(store, experiment="e", tags={"long": "a" * 4_000 + "!"})
    run.end()
    services = open_services(store)
    assert services.runs.refresh()
    text = f"name ~ 'x' or tags.long ~ '{pattern}'"
    try:
        with pytest.raises(QueryError, match="longer than 2 seconds") as caught:
            services.runs.search(text)
        assert caught.value.position == text.index(f"'{pattern}")
        assert services.runs.search("tags.long ~ 'a!$'").total == 1
    finally:
        services.database.close()


def test_words_find_a_run_by_its_id(services: Services) -> None:
    run = services.runs.get("#20")
    assert [found.number for found in services.runs.search(run.id).runs] == [20]
    assert services.runs.search(new_id()).total == 0


def test_a_series_whose_name_has_braces(tmp_path: Path) -> None:
    store = create_store(tmp_path / ".trackbook")
    plain = RunRecorder.start(store, experiment="e", name="plain")
    plain.log({"loss{subset=val}": 1.0})
    plain.end()
    context = RunRecorder.start(store, experiment="e", name="context")
    context.log({"loss": 2.0}, context={"subset": "val"})
    context.end()
    services = open_services(store)
    assert services.runs.refresh()
    found = services.runs.search("metrics.loss{subset=val} > 0", order_by="metrics.`loss{subset=val}`")
    assert [run.name for run in found.runs] == ["plain", "context"]
    services.database.close()


def test_runs_of_which_only_edits_are_known_are_left_out(tmp_path: Path) -> None:
    store = create_store(tmp_path / ".trackbook")
    services = open_services(store)
    services.edits.rename(new_id(), "a run that was never seen")
    assert services.runs.refresh()
    with services.database.read() as connection:
        assert Searcher().search(connection)[:2] == (0, [])
        assert Searcher().search(connection, scope=Scope(trashed=True))[:2] == (0, [])
    assert services.runs.changed_since(0) == []
    services.database.close()
