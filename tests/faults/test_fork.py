"""Processes forked after a run was opened: what they log is the same run's."""

import concurrent.futures
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from crowd import rows, start, wait_until

import trackbook as tb
from trackbook.services.catchup import catch_up
from trackbook.services.recorder import RunRecorder
from trackbook.services.runs import Runs
from trackbook.services.series import SeriesReader
from trackbook.store import schema as t
from trackbook.store.paths import StorePaths

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


@pytest.fixture
def run(store):
    run = RunRecorder.start(store, experiment="fork")
    run.log({"parent": 0}, step=0)
    yield run
    run.end()


def steps(store, place, run, key):
    assert catch_up(place)
    return sorted(SeriesReader(place).read(run.run_id, key).steps)


def status(store, place, run):
    assert catch_up(place)
    return Runs(place).get(run.run_id).status


def fork(work):
    """Fork as a library does that knows nothing of Trackbook; returns the child's pid."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def test_processes_of_multiprocessing(store, place, run):
    def work(number):
        for step in range(50):
            run.log({"child": number}, step=number * 50 + step)

    children = [multiprocessing.get_context("fork").Process(target=work, args=(n,)) for n in range(4)]
    for child in children:
        child.start()
    for step in range(1, 50):
        run.log({"parent": step}, step=step)
    for child in children:
        child.join()
    assert steps(store, place, run, "child") == list(range(200))
    assert steps(store, place, run, "parent") == list(range(50))
    assert status(store, place, run) == "running"
    run.end()
    assert status(store, place, run) == "finished"


_shared = []


def _work_in_pool(number):
    _shared[-1].log({"pool": number}, step=number)
    return os.getpid()


def test_a_pool_of_processes(store, place, run):
    _shared.append(run)
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(3, mp_context=context) as pool:
        pids = set(pool.map(_work_in_pool, range(100)))
    assert os.getpid() not in pids
    assert steps(store, place, run, "pool") == list(range(100))


def test_joblib(store, place, run):
    joblib = pytest.importorskip("joblib")
    _shared.append(run)
    with joblib.parallel_config("multiprocessing", n_jobs=2):
        joblib.Parallel()(joblib.delayed(_work_in_pool)(number) for number in range(20))
    assert steps(store, place, run, "pool") == list(range(20))


def test_workers_of_a_data_loader(store, place, run):
    """A loop that forks workers anew for each epoch, which end by a signal while they could log."""
    for epoch in range(3):
        pipes = [os.pipe() for _ in range(2)]
        workers = []
        for number, (_, answer) in enumerate(pipes):

            def load(number=number, answer=answer, epoch=epoch):
                for batch in range(10):
                    run.log({"batch": batch}, step=epoch * 100 + number * 10 + batch)
                os.write(answer, b".")
                signal.pause()

            workers.append(fork(load))
        for wait, answer in pipes:
            os.read(wait, 1)
            os.close(wait), os.close(answer)
        run.log({"parent": epoch + 1}, step=epoch + 1)
        for worker in workers:
            os.kill(worker, signal.SIGTERM)
            os.waitpid(worker, 0)
    expected = [e * 100 + n * 10 + b for e in range(3) for n in range(2) for b in range(10)]
    assert steps(store, place, run, "batch") == expected
    assert status(store, place, run) == "running"


def test_children_of_children(store, place, run):
    def work(depth):
        run.log({"depth": depth}, step=depth)
        if depth < 4:
            os.waitpid(fork(lambda: work(depth + 1)), 0)
        run.log({"depth": depth}, step=10 + depth)

    os.waitpid(fork(lambda: work(1)), 0)
    assert steps(store, place, run, "depth") == [1, 2, 3, 4, 11, 12, 13, 14]
    assert len(rows(place, t.parts, where=t.parts.c.subject == run.run_id)) == 5


def test_a_child_that_was_forked_while_the_parent_logged(store, place, run):
    """The lock of the journal may be held by a thread that the child does not have."""
    stop = threading.Event()

    def log_on():
        step = 0
        while not stop.is_set():
            run.log({"thread": step}, step=step)
            step += 1

    thread = threading.Thread(target=log_on)
    thread.start()
    try:
        for number in range(30):
            child = fork(lambda number=number: run.log({"child": number}, step=number))
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        thread.join()
    assert steps(store, place, run, "child") == list(range(30))
    found = steps(store, place, run, "thread")
    assert found == list(range(len(found)))


def parent_of_an_orphan(root: str, notes: str) -> None:
    run = RunRecorder.start(StorePaths(Path(root)), experiment="fork")
    Path(notes).write_text(run.run_id)

    parent = os.getpid()

    def outlive():
        while os.getppid() == parent:
            time.sleep(0.001)
        for step in range(50):
            run.log({"orphan": step}, step=step)
        run.close()

    fork(outlive)
    run.end()


def test_a_child_that_outlives_its_parent(store, place, tmp_path):
    notes = tmp_path / "notes"
    assert start(parent_of_an_orphan, store.root, notes).wait() == 0
    run_id = notes.read_text()

    def has_all():
        assert catch_up(place)
        found = rows(place, t.series, t.series.c.key, t.series.c["count"])
        return found == [("orphan", 50)]

    wait_until(has_all)
    assert Runs(place).get(run_id).status == "finished"
    assert SeriesReader(place).read(run_id, "orphan").steps == list(range(50))


def test_what_fails_in_a_forked_child_does_not_end_the_parents_run(tmp_path, place, store, monkeypatch):
    monkeypatch.setenv("TRACKBOOK_STORE", str(store.root))
    with tb.start_run("fork") as run:
        child = os.fork()
        if child == 0:
            try:
                with run:
                    run.log({"child": 1})
                    raise ZeroDivisionError
            except ZeroDivisionError:
                tb.api.end_open_runs()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert status(store, place, run.recorder) == "running"
    assert status(store, place, run.recorder) == "finished"
    assert Runs(place).get(run.id).metrics == {"child": 1.0}
