"""Points of several journals as one series."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.services.context import open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store import metrics
from trackbook.store.folder_parts import FolderParts
from trackbook.store.metrics import PointReader, join, merge
from trackbook.store.paths import PartName, create_store
from trackbook.store.segments import Columns


def columns(times: list[int], writer: int) -> Columns:
    """Points whose step is their place in the writer's journal, and whose value is the writer."""
    return Columns(
        np.arange(len(times), dtype=np.int64), np.array(times, np.int64), np.full(len(times), float(writer))
    )


@given(st.lists(st.lists(st.integers(0, 50), max_size=20), max_size=4))
def test_writers_are_merged_by_time_and_keep_their_own_order(writers: list[list[int]]) -> None:
    merged = merge([columns(times, writer) for writer, times in enumerate(writers)])
    assert len(merged.values) == sum(map(len, writers))
    for writer, times in enumerate(writers):
        own = merged.values == writer
        assert merged.times[own].tolist() == times
        assert merged.steps[own].tolist() == list(range(len(times)))
    if all(times == sorted(times) for times in writers):
        assert merged.times.tolist() == sorted(merged.times.tolist())


def test_nothing_joined_is_an_empty_series() -> None:
    empty = join([])
    assert (len(empty.steps), len(empty.times), len(empty.values)) == (0, 0, 0)
    assert empty.steps.dtype == np.int64


def test_sealed_and_open_journals_are_read_alike(tmp_path: Path) -> None:
    store = create_store(tmp_path / ".trackbook")
    services = open_services(store)
    run = RunRecorder.start(store, experiment="e")
    for step in range(10):
        run.log({"loss": step / 2, "other": 0.0}, step=step)
        run.log({"loss": -1.0}, step=step, context={"subset": "val"})
    parts = [PartName(run.run_id, path.name.rpartition("-")[0], 0) for path in _journals(tmp_path)]
    assert len(parts) == 1
    before = PointReader(FolderParts(store)).read(parts, "loss", "{}")
    run.end()
    assert services.runs.refresh()
    assert store.segment(parts[0]).exists()
    after = PointReader(FolderParts(store)).read(parts, "loss", "{}")
    for one, other in (
        (before.steps, after.steps),
        (before.times, after.times),
        (before.values, after.values),
    ):
        assert one.tolist() == other.tolist()
    assert after.values.tolist() == [step / 2 for step in range(10)]
    assert PointReader(FolderParts(store)).read(parts, "nowhere", "{}").values.tolist() == []
    assert (
        PointReader(FolderParts(store)).read([parts[0]._replace(part=7)], "loss", "{}").values.tolist() == []
    )
    services.database.close()


def test_a_growing_journal_is_read_on_and_a_half_written_record_is_waited_for(tmp_path: Path) -> None:
    store = create_store(tmp_path / ".trackbook")
    run = RunRecorder.start(store, experiment="e")
    run.log({"loss": 1.0})
    (path,) = _journals(tmp_path)
    part = PartName(run.run_id, path.name.rpartition("-")[0], 0)
    reader = PointReader(FolderParts(store))
    assert reader.read([part], "loss", "{}").values.tolist() == [1.0]
    assert reader.read([part], "late", "{}").values.tolist() == []
    before = path.stat().st_size
    run.log({"loss": 2.0, "late": 7.0})
    whole = path.read_bytes()
    path.write_bytes(whole[: before + 9])
    assert reader.read([part], "loss", "{}").values.tolist() == [1.0]
    path.write_bytes(whole)
    assert reader.read([part], "loss", "{}").values.tolist() == [1.0, 2.0]
    assert reader.read([part], "late", "{}").values.tolist() == [7.0]
    run.log({"loss": 3.0})
    assert reader.read([part], "loss", "{}").values.tolist() == [1.0, 2.0, 3.0]
    run.end()


def test_what_was_read_of_a_growing_journal_stays_as_it_was(tmp_path: Path) -> None:
    store = create_store(tmp_path / ".trackbook")
    run = RunRecorder.start(store, experiment="e")
    reader, seen, step = PointReader(FolderParts(store)), [], 0
    for added in (1, 1, 3, 1, 20, 1, 300, 1):
        for _ in range(added):
            run.log({"loss": step / 2}, step=step)
            step += 1
        ((name, _),) = store.list_journals()
        seen.append(reader.read([name], "loss", "{}"))
    run.end()
    for points in seen:
        count = len(points.steps)
        assert points.steps.tolist() == list(range(count))
        assert points.values.tolist() == [step / 2 for step in range(count)]
        assert points.times.tolist() == seen[-1].times[:count].tolist()
    assert [len(points.steps) for points in seen] == [1, 2, 5, 6, 26, 27, 327, 328]


def test_many_open_journals_are_read_in_turn(tmp_path: Path) -> None:
    store = create_store(tmp_path / ".trackbook")
    runs = [RunRecorder.start(store, experiment="e") for _ in range(20)]
    reader = PointReader(FolderParts(store))
    for value in (1.0, 2.0):
        for run in runs:
            run.log({"loss": value})
        for path in _journals(tmp_path):
            part = PartName(path.parent.name, path.name.rpartition("-")[0], 0)
            assert reader.read([part], "loss", "{}").values.tolist() == [1.0, 2.0][: int(value)]
    for run in runs:
        run.end()


def test_journals_that_grow_by_single_points_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = create_store(tmp_path / ".trackbook")
    runs = [RunRecorder.start(store, experiment="e") for _ in range(2)]
    begun: list[PartName] = []

    class Watched(FolderParts):
        def read_journal(self, name: PartName, start: int = 0) -> bytes | None:
            if start == 0:
                begun.append(name)
            return super().read_journal(name, start)

    # Room for all of the points, and for what Python needs for a series; not for that once for each point.
    monkeypatch.setattr(metrics, "_MOST_OF_TAILS", 20_000)
    reader = PointReader(Watched(store))
    for run in runs:
        run.log({"loss": 0.0})
    parts = [PartName(path.parent.name, path.name.rpartition("-")[0], 0) for path in _journals(tmp_path)]
    for value in range(1, 100):
        for run in runs:
            run.log({"loss": float(value)})
        for part in parts:
            assert len(reader.read([part], "loss", "{}").values) == value + 1
    assert sorted(begun) == sorted(parts)
    for run in runs:
        run.end()


def _journals(project: Path) -> list[Path]:
    return sorted(project.glob(".trackbook/journals/*/*.journal"))
