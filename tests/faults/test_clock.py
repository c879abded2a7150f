"""Clocks that are set back, and computers that slept for a night."""

import os
import signal
import time

import pytest
from crowd import Writer, check_points, rows, start, wait_until, write

from trackbook.domain import clock
from trackbook.services.catchup import catch_up, rebuild
from trackbook.services.recorder import RunRecorder
from trackbook.services.runs import Runs
from trackbook.services.series import SeriesReader
from trackbook.store import schema as t

HOUR = 3600 * 10**9


@pytest.fixture
def shift(monkeypatch):
    """Set the clock of this process to another time: `shift(-HOUR)`."""
    now, offset = time.time_ns, [0]
    monkeypatch.setattr(time, "time_ns", lambda: now() + offset[0])
    monkeypatch.setattr(clock, "_latest", 0)
    monkeypatch.setattr(clock, "_ahead", 0)

    def set_clock(nanoseconds: int) -> None:
        offset[0] = nanoseconds

    return set_clock


def test_a_clock_that_is_set_back_changes_neither_order_nor_what_counts(store, place, shift):
    run = RunRecorder.start(store, experiment="e", name="first", params={"lr": 0.1}, tags={"k": "old"})
    for step in range(10):
        run.log({"loss": step}, step=step)
    shift(-HOUR)
    for step in range(10, 20):
        run.log({"loss": step}, step=step)
    run.set_params({"lr": 0.2})
    run.set_tags({"k": "new"})
    shift(-24 * HOUR)
    run.log({"loss": 20}, step=20)
    run.end()
    assert catch_up(place)
    for _ in range(2):
        found = Runs(place).get(run.run_id)
        assert (found.status, found.params, found.tags) == ("finished", {"lr": 0.2}, {"k": "new"})
        assert found.ended >= found.started
        assert 0 <= found.duration < 600
        series = SeriesReader(place).read(run.run_id, "loss")
        assert series.steps == list(range(21))
        assert series.times == sorted(series.times)
        assert found.metrics == {"loss": 20.0}
        rebuild(store).close()


def test_time_goes_on_at_its_pace_after_the_clock_was_set_back(shift):
    before = clock.now()
    shift(-HOUR)
    after = clock.now()
    assert 0 <= after - before < 60_000_000
    shift(-HOUR + 5 * 10**9)  # five seconds later
    assert 5_000_000 <= clock.now() - after < 60_000_000
    shift(10 * HOUR)  # and right again: the clock is believed
    assert clock.now() - after > 9 * HOUR // 1000


def test_two_threads_that_meet_at_one_moment_move_no_clock(shift):
    before = clock.now()
    shift(-1_000_000)  # a millisecond: what a thread sees that was held up
    assert 0 <= clock.now() - before < 60_000_000
    shift(0)
    assert clock._ahead == 0


def test_an_end_in_a_forked_child_of_another_time_stays_behind_the_start(store, place, shift):
    run = RunRecorder.start(store, experiment="e")
    run.log({"loss": 0}, step=0)
    shift(-HOUR)
    child = os.fork()
    if child == 0:
        run.log({"loss": 1}, step=1)
        run.end()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    run.log({"loss": 2}, step=2)
    run.end()
    assert catch_up(place)
    assert Runs(place).get(run.run_id).status == "finished"
    assert sorted(SeriesReader(place).read(run.run_id, "loss").steps) == [0, 1, 2]


def test_a_process_that_stood_still_for_a_night_goes_on(store, place, tmp_path):
    writer = Writer(store, tmp_path, rest=0.01).begin()
    wait_until(lambda: writer.acknowledged > 50)
    os.kill(writer.process.pid, signal.SIGSTOP)
    for _ in range(3):
        assert catch_up(place)
        assert rows(place, t.runs, t.runs.c.status) == [("running",)]
    before = writer.acknowledged
    os.kill(writer.process.pid, signal.SIGCONT)
    wait_until(lambda: writer.acknowledged > before + 50)
    writer.kill()
    assert catch_up(place)
    assert rows(place, t.runs, t.runs.c.status) == [("killed",)]
    assert check_points(place, writer) > before + 50


def test_a_night_that_passes_between_two_points_ends_no_run(store, place, tmp_path):
    writer = Writer(store, tmp_path)
    process = start(write_over_night, store.root, writer.run_id, writer.notes)
    wait_until(lambda: writer.acknowledged > 200)
    assert catch_up(place)
    run = Runs(place).get(writer.run_id)
    assert run.status == "running"
    process.kill()
    assert catch_up(place)
    run = Runs(place).get(writer.run_id)
    assert run.status == "killed"
    assert run.duration > 9 * 3600
    check_points(place, writer)


def write_over_night(root: str, run_id: str, notes: str) -> None:
    now, size = time.time_ns, os.path.getsize
    # The night passes when a hundred points are there.
    time.time_ns = lambda: now() + (10 * HOUR if os.access(notes, os.F_OK) and size(notes) > 100 else 0)
    write(root, run_id, notes, 0.01)
