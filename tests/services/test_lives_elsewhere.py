"""Runs that are resumed, forked and deleted, in a store of each kind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trackbook.errors import NotFound
from trackbook.services.context import open_services
from trackbook.services.past import check_resumable, find_past, fork_at
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths


def test_a_run_goes_on_branches_off_and_is_deleted(
    new_store: Callable[[Path], StorePaths], tmp_path: Path
) -> None:
    store = new_store(tmp_path / ".trackbook")
    first = RunRecorder.start(store, experiment="e", group="cv")
    for step in range(5):
        first.log({"loss": float(step)})
    first.end("failed")
    past = check_resumable(store, find_past(store, first.run_id))
    again = RunRecorder.resume(store, first.run_id, experiment="e", name=past.name, after=past.last_at)
    again.steps.go_on_after(past.steps)
    again.log({"loss": 5.0})
    again.end()
    _, fork = fork_at(store, first.run_id, 3)
    second = RunRecorder.start(store, experiment="e", fork=fork)
    second.log({"loss": 9.0}, step=4)
    second.end()
    services = open_services(store)
    try:
        services.runs.refresh()
        assert [run.number for run in services.runs.search("group = 'cv' and attempt = 2").runs] == [1]
        assert services.series.read(first.run_id, "loss").steps == [0, 1, 2, 3, 4, 5]
        assert services.series.read(second.run_id, "loss").values == [0.0, 1.0, 2.0, 3.0, 9.0]
        assert services.runs.detail(second.run_id).series[0].count == 5
        services.deleting.delete([first.run_id, second.run_id], even_untrashed=True)
        assert services.runs.search().total == 0
        assert services.place.parts.size(first.run_id) == 0
        with pytest.raises(NotFound):
            services.runs.get(first.run_id)
    finally:
        services.place.close()
