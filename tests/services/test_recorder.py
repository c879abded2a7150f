import math
import multiprocessing
import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

from trackbook.domain import records as r
from trackbook.errors import InvalidName, InvalidValue, UsageError
from trackbook.services.recorder import RunRecorder, StorageWarning
from trackbook.store.journal import read_records
from trackbook.store.paths import create_store


@pytest.fixture
def store(tmp_path):
    return create_store(tmp_path / ".trackbook")


@pytest.fixture
def recorder(store):
    recorder = RunRecorder.start(store, experiment="churn", params={"lr": 0.1})
    yield recorder
    recorder.end()


def written(store, kind):
    found = [record for _, path in store.list_journals() for record in read_records(path)]
    return [record for record in found if isinstance(record, kind)]


def test_a_run_is_written_from_its_start_to_its_end(store):
    recorder = RunRecorder.start(
        store,
        experiment="churn",
        name="first",
        params={"model": {"depth": 3, "kind": "tree"}},
        tags={"team": "a"},
    )
    recorder.log({"loss": 0.5})
    recorder.end()
    recorder.end("failed")  # a second end changes nothing
    kinds = [type(record).__name__ for _, path in store.list_journals() for record in read_records(path)]
    assert kinds == [
        "WriterOpened", "RunStarted", "ParamsSet", "TagsSet", "MetricsLogged", "RunEnded", "WriterClosed"
    ]  # fmt: skip
    (params,) = written(store, r.ParamsSet)
    assert params.values == {"model.depth": 3, "model.kind": "tree"}
    (end,) = written(store, r.RunEnded)
    assert end.status == "finished"
    assert not list(store.journals.rglob("*.lock"))


def test_steps_count_on_by_themselves(store, recorder):
    recorder.log({"loss": 1})
    recorder.log({"loss": 2, "acc": 3})
    recorder.log({"loss": 4}, step=10)
    recorder.log({"loss": 5})
    recorder.log({"loss": 6}, context={"subset": "val"})
    recorder.log({"acc": 7}, step=np.int64(3))
    recorder.log({"acc": 8}, step=4.0)
    assert [record.step for record in written(store, r.MetricsLogged)] == [0, 1, 10, 11, 0, 3, 4]


def test_numbers_are_unwrapped_and_odd_ones_kept(store, recorder):
    recorder.log(
        {"a": np.float32(0.5), "b": np.array([[2]]), "c": True, "d": 10**20, "e": math.nan, "f": -math.inf}
    )
    (record,) = written(store, r.MetricsLogged)
    assert record.values["a"] == 0.5
    assert record.values["b"] == 2.0
    assert record.values["c"] == 1.0
    assert record.values["d"] == 1e20
    assert math.isnan(record.values["e"])
    assert record.values["f"] == -math.inf


@pytest.mark.parametrize(
    ("values", "step", "error", "says"),
    [
        ({"loss": "high"}, None, InvalidValue, "a metric is a number, not str"),
        ({"loss": None}, None, InvalidValue, "not None"),
        ({"loss": np.zeros((2, 3))}, None, InvalidValue, r"shape \(2, 3\)"),
        ({"loss": 10**400}, None, InvalidValue, "too large"),
        ({"": 1}, None, InvalidName, "empty"),
        ({3: 1}, None, InvalidName, "must be text, not int"),
        ({"x" * 251: 1}, None, InvalidName, "251 characters"),
        ({"a\nb": 1}, None, InvalidName, "control characters"),
        ({"loss": 1}, 1.5, InvalidValue, "whole number"),
        ({"loss": 1}, "two", InvalidValue, "whole number"),
        ({"loss": 1}, 2**70, InvalidValue, "64 bits"),
    ],
)
def test_what_is_no_metric_is_refused_and_the_run_goes_on(store, recorder, values, step, error, says):
    with pytest.raises(error, match=says):
        recorder.log(values, step)
    recorder.log({"loss": 1})
    assert [record.values for record in written(store, r.MetricsLogged)] == [{"loss": 1.0}]


def test_parameters_become_json_values(store, recorder):
    recorder.set_params(
        {
            "n": np.int64(3),
            "a": np.arange(3),
            "t": (1, "b"),
            "big": 2**70,
            "path": store.root,
            "opt": {"lr": {"x": None}},
        }
    )
    assert written(store, r.ParamsSet)[-1].values == {
        "n": 3, "a": [0, 1, 2], "t": [1, "b"], "big": str(2**70), "path": str(store.root), "opt.lr.x": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "says"),
    [(object(), "not object"), ("x" * 70_000, "store it as an artifact"), (lambda: 0, "not function")],
)
def test_what_is_no_parameter_is_refused(recorder, value, says):
    with pytest.raises(InvalidValue, match=says):
        recorder.set_params({"p": value})


def test_a_value_that_holds_itself_is_refused(recorder):
    loop = []
    loop.append(loop)
    with pytest.raises(InvalidValue, match="holds itself"):
        recorder.set_params({"p": loop})


def test_an_artifact_is_stored_when_the_call_returns(store, recorder, tmp_path):
    source = tmp_path / "model.bin"
    source.write_bytes(b"weights")
    digest = recorder.store_artifact(source, "models/best.bin", kind="model")
    source.unlink()
    assert recorder.blobs.get(digest) == b"weights"
    (record,) = written(store, r.ArtifactStored)
    assert (record.path, record.size, record.media_type) == ("models/best.bin", 7, "application/octet-stream")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", "a/./b", "", "a\\b"])
def test_an_artifact_stays_inside_its_run(recorder, path):
    with pytest.raises(InvalidName):
        recorder.store_artifact(b"", path)


def test_an_artifact_that_is_not_there(recorder, tmp_path):
    with pytest.raises(UsageError, match="There is no file"):
        recorder.store_artifact(tmp_path / "none", "none")


def test_a_run_that_ended_takes_nothing_more(recorder):
    recorder.end()
    with pytest.raises(UsageError, match="has ended"):
        recorder.log({"loss": 1})


def test_many_threads_log_into_one_run(store, recorder):
    def work(thread):
        for step in range(200):
            recorder.log({f"t{thread}": step}, step=step)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [(key, rec.step) for rec in written(store, r.MetricsLogged) for key in rec.values]
    assert sorted(found) == sorted((f"t{n}", step) for n in range(16) for step in range(200))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_logs_to_the_same_run_as_a_writer_of_its_own(store, recorder):
    recorder.log({"loss": 1}, step=0)

    def work():
        recorder.log({"loss": 2}, step=1)
        recorder.end()  # ends the child's writer, not the run

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    assert child.exitcode == 0
    recorder.log({"loss": 3}, step=2)
    assert recorder.is_open
    assert len(list(store.list_journals())) == 2
    assert sorted(record.step for record in written(store, r.MetricsLogged)) == [0, 1, 2]
    assert [record.role for record in written(store, r.WriterOpened)] == ["owner", "child"]
    assert written(store, r.RunEnded) == []


FULL_DISK = """
import resource, signal, sys, warnings
from pathlib import Path
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store
recorder = RunRecorder.start(create_store(Path(sys.argv[1])), experiment="full")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for step in range(1000):
        recorder.log({"loss": step}, step=step)
    assert recorder.store_artifact(b"x" * 5000, "big.bin") == ""
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
recorder.log({"loss": -1}, step=1000)
recorder.end()
print(len(caught), recorder.failed_appends, caught[0].category.__name__, sep=",")
"""


def test_a_full_disk_costs_what_does_not_fit_and_nothing_else(store):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(store.root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    warned, lost, category = done.stdout.strip().split(",")
    assert (warned, category) == ("1", StorageWarning.__name__)
    steps = [record.step for record in written(store, r.MetricsLogged)]
    kept = len(steps) - 1
    assert steps == [*range(kept), 1000]
    assert kept + int(lost) == 1000
    assert kept > 50


def test_a_folder_that_vanished_does_not_raise(store, recorder):
    import shutil

    recorder.log({"loss": 1})
    shutil.rmtree(store.blobs)
    store.blobs.write_text("in the way")
    with pytest.warns(StorageWarning, match="could not store"):
        recorder.store_artifact(b"x", "x.bin")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recorder.store_artifact(b"y", "y.bin")  # warned once
        recorder.log({"loss": 2})
