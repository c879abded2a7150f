"""Comparing recorded runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from trackbook.domain.compare import compare
from trackbook.domain.environment import Environment, Git
from trackbook.domain.ids import new_id
from trackbook.domain.run import RunDetail
from trackbook.errors import NotFound, UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    services = open_services(new_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def record(services: Services, lr: float, source: str, numpy: str) -> str:
    run = RunRecorder.start(services.store, experiment="e", params={"lr": lr, "same": 1})
    run.log({"acc": lr * 2})
    run.define_metric("acc", goal="max")
    for cell_id, text in (("c1", "import numpy"), ("c2", source)):
        order = run.cell_started(cell_id, None, text)
        run.cell_finished(order, "ok", 0.1, [])
    git = Git("0" * 40, "main", False)
    run.environment_captured(
        Environment("3.11", "Linux", "python", {"numpy": numpy, "pip": "26"}, {"cores": 8}, git)
    )
    run.end()
    return run.run_id


def test_two_recorded_runs(services: Services) -> None:
    first = record(services, 0.1, "fit()", "2.0")
    second = record(services, 0.2, "fit(\ud800)", "2.1")
    assert services.runs.refresh()
    comparison = services.compare.compare([second, "#1"])
    assert [(run.id, run.number) for run in comparison.runs] == [(second, 2), (first, 1)]
    assert [(row.key, row.values) for row in comparison.params] == [("lr", [0.2, 0.1])]
    assert [(row.key, row.values, row.goal) for row in comparison.metrics] == [("acc", [0.4, 0.2], "max")]
    assert [(row.key, row.values) for row in comparison.packages] == [("numpy", ["2.1", "2.0"])]
    assert comparison.environment == []
    (cell,) = comparison.cells
    assert (cell.cell_id, cell.sources, cell.orders) == ("c2", ["fit(\ud800)", "fit()"], [2, 2])
    whole = services.compare.compare([second, first], all=True)
    assert [row.key for row in whole.params] == ["lr", "same"]
    assert [row.key for row in whole.packages] == ["numpy", "pip"]
    assert len(whole.cells) == 2
    assert {row.key for row in whole.environment} >= {"python", "git.commit", "hardware.cores"}


def test_runs_that_can_not_be_compared(services: Services) -> None:
    run_id = record(services, 0.1, "fit()", "2.0")
    assert services.runs.refresh()
    for runs in ([], [run_id], [run_id] * 101):
        with pytest.raises(UsageError, match="2 to 100 runs"):
            services.compare.compare(runs)
    with pytest.raises(NotFound):
        services.compare.compare([run_id, new_id()])
    assert services.compare.compare([run_id, run_id]).params == []


def test_many_runs_are_compared_by_few_statements(services: Services) -> None:
    runs = [record(services, 0.1, "fit()", "2.0"), record(services, 0.2, "fit(2)", "2.1")]
    for number in range(30):
        plain = RunRecorder.start(services.store, experiment="e", params={"lr": number})
        plain.end()
        runs.append(plain.run_id)
    assert services.runs.refresh(timeout=60)
    statements: list[str] = []

    @event.listens_for(Engine, "before_cursor_execute")
    def count(*execution: Any) -> None:
        statements.append(execution[2])

    try:
        found = services.compare.compare(runs, all=True)
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert len(statements) < len(runs)
    details = [services.runs.detail(run) for run in runs]
    assert found == compare(details, dict(sources_of(services, details)), everything=True)


def sources_of(services: Services, details: list[RunDetail]) -> Iterator[tuple[str, str]]:
    for digest in {cell.source_digest for detail in details for cell in detail.cells}:
        yield digest, services.place.blobs.get(digest).decode()
