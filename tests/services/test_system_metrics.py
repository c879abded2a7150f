"""System metrics of runs: one thread, samples from a second on, and no trace of them where results are shown."""

import math
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import trackbook as tb
from trackbook.capture import system as capture
from trackbook.cli.app import run as command
from trackbook.domain import records as r
from trackbook.services.capturing import captures, switches
from trackbook.services.capturing import system as module
from trackbook.services.capturing.system import SystemCapture
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder, StorageWarning
from trackbook.store.journal import read_records
from trackbook.store.paths import create_store, find_store

NAMES = {"cpu", "memory", "process.cpu", "process.memory", "disk.free"}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKBOOK_SYSTEM_INTERVAL", "0.2")
    create_store(tmp_path / ".trackbook")
    yield tmp_path
    while (run := tb.current_run()) is not None:
        run.end()
    switches._on.discard("system")
    switches._off.discard("system")


def written(run: tb.Run, kind: Any) -> list[Any]:
    store = run.recorder.store
    paths = [path for name, path in store.list_journals() if name.subject == run.id]
    return [record for path in paths for record in read_records(path) if isinstance(record, kind)]


def samples(run: tb.Run) -> list[r.MetricsLogged]:
    """The samples of a run that nobody has sealed: one that ended is read in time, or through the index."""
    return [record for record in written(run, r.MetricsLogged) if "system/memory" in record.values]


def sampling_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "trackbook-system"}


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found


@pytest.fixture
def no_ingester(monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals stay what they are."""
    monkeypatch.setattr("trackbook.api.starting.ensure_ingester", lambda store: False)


@pytest.fixture
def services(no_ingester: None) -> Iterator[Services]:
    store = find_store(Path.cwd())
    assert store is not None
    services = open_services(store)
    yield services
    services.database.close()


@pytest.mark.usefixtures("no_ingester")
def test_a_run_has_samples_with_units_from_its_beginning_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_END_SECONDS", 60.0)  # however busy the machine is
    with tb.start_run("e") as run:
        until(lambda: len(samples(run)) == 2)
        before = time.time()
        time.sleep(0.15)
    found = samples(run)
    assert set(found[-1].values) >= {f"system/{name}" for name in NAMES}
    assert [sample.step for sample in found] == sorted(sample.step for sample in found)
    assert found[0].step == 0
    assert found[-1].at / 1e6 > before  # taken when it ended
    units = {record.key: record.unit for record in written(run, r.MetricDefined)}
    assert units.keys() == {key for sample in found for key in sample.values}
    assert units["system/memory"] == "B"
    assert units["system/process.cpu"] == "%"
    kinds = [type(record).__name__ for record in written(run, object)]
    assert kinds.index("RunEnded") == len(kinds) - 2


@pytest.mark.usefixtures("no_ingester")
def test_steps_are_seconds() -> None:
    with tb.start_run("e") as run:
        until(lambda: samples(run) and samples(run)[-1].step >= 1)
    started = written(run, r.RunStarted)[0].at
    (first, *_) = [sample for sample in samples(run) if sample.step >= 1]
    assert first.step <= (first.at - started) / 1e6 < first.step + 6


@pytest.mark.usefixtures("no_ingester")
def test_short_runs_pay_for_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKBOOK_SYSTEM_INTERVAL", "10")
    monkeypatch.setattr(module, "_SOON", 60.0)  # however busy the machine is, these runs are short
    asked: list[str] = []
    monkeypatch.setattr(module, "SystemProbe", lambda: asked.append("probe"))
    monkeypatch.setattr(module, "_samplers", [])
    threads = sampling_threads()
    runs = []
    for _ in range(20):
        with tb.start_run("e") as run:
            runs.append(run)
    assert len(sampling_threads() - threads) <= 1
    assert asked == []
    assert [samples(run) for run in runs] == [[]] * 20


@pytest.mark.usefixtures("no_ingester")
def test_nested_runs_have_no_copies_and_one_thread_serves_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_samplers", [])
    switches.switch_on("system")  # by hand, which means the outermost run as well
    before = sampling_threads()
    with tb.start_run("outer") as outer, tb.start_run("inner") as inner:
        until(lambda: len(samples(outer)) == 2)
        assert samples(inner) == []
        assert len(sampling_threads() - before) == 1


def test_runs_of_several_threads_have_samples_each(project: Path) -> None:
    store = create_store(project / ".trackbook")
    recorders = [RunRecorder.start(store, experiment=name) for name in "ab"]
    sampled = [SystemCapture(recorder) for recorder in recorders]
    for capture_of_one in sampled:
        capture_of_one.begin()

    def found(recorder: RunRecorder) -> list[r.MetricsLogged]:
        paths = [path for name, path in store.list_journals() if name.subject == recorder.run_id]
        return [
            record for path in paths for record in read_records(path) if isinstance(record, r.MetricsLogged)
        ]

    until(lambda: all(len(found(recorder)) >= 3 for recorder in recorders))
    for capture_of_one, recorder in zip(sampled, recorders, strict=True):
        capture_of_one.finish(0.0)
        recorder.end()
    assert all(found(recorder)[0].step == 0 for recorder in recorders)


@pytest.mark.usefixtures("no_ingester")
def test_a_run_that_is_resumed_counts_on() -> None:
    with tb.start_run("e") as run:
        until(lambda: samples(run) and samples(run)[-1].step >= 1)
    last = samples(run)[-1].step
    resumed = tb.start_run(resume=run.id)
    count = len(samples(run))
    until(lambda: len(samples(run)) > count)
    assert last < samples(run)[count].step < last + 6
    resumed.end()


@pytest.mark.usefixtures("no_ingester")
def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKBOOK_CAPTURE", "-system")
    monkeypatch.setattr(module, "_samplers", [])
    with tb.start_run("e") as run:
        time.sleep(0.4)
    assert samples(run) == []
    assert module._samplers == []


def test_of_the_processes_of_a_job_one_samples(project: Path) -> None:
    store = create_store(project / ".trackbook")
    owner = RunRecorder.start(store, experiment="job")
    recorders = [RunRecorder.join(store, owner.run_id) for _ in range(2)]
    first, second = (SystemCapture(recorder) for recorder in recorders)
    first.begin()
    second.begin()
    assert first._watched is not None
    assert second._watched is None
    lock = first._watched.lock
    assert lock is not None
    assert lock.path.exists()
    first.finish(0.0)
    second.finish(0.0)
    assert not lock.path.exists()
    third = SystemCapture(recorders[1])
    third.begin()
    assert third._watched is not None
    third.finish(0.0)
    for recorder in (*recorders, owner):
        recorder.end()


# Faults


@pytest.mark.usefixtures("no_ingester")
def test_what_fails_says_so_once_and_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(capture.SystemProbe):
        def sample(self, without: Any = ()) -> dict[str, float]:
            raise ZeroDivisionError("no such luck")

    said: list[str] = []
    monkeypatch.setattr(captures, "warn", lambda text, stacklevel=2: said.append(text))
    monkeypatch.setattr(module, "SystemProbe", Broken)
    monkeypatch.setattr(module, "_samplers", [])
    with tb.start_run("e") as run:
        until(lambda: captures.is_off("system"))
        run.log({"loss": 1.0})
    with tb.start_run("e") as second:
        second.log({"loss": 1.0})
    (text,) = said
    assert text.startswith(
        "Trackbook stops recording system in this process (ZeroDivisionError: no such luck). "
    )
    assert [record.values for record in written(run, r.MetricsLogged)] == [{"loss": 1.0}]


@pytest.mark.usefixtures("no_ingester")
def test_a_driver_that_hangs_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, answers = threading.Event(), threading.Event()

    class Slow(capture.SystemProbe):
        def sample(self, without: Any = ()) -> dict[str, float]:
            if hangs.is_set():
                answers.wait(60)
            return super().sample(without)

    monkeypatch.setattr(module, "SystemProbe", Slow)
    monkeypatch.setattr(module, "_samplers", [])
    run = tb.start_run("e")
    until(lambda: samples(run))
    hangs.set()
    time.sleep(0.5)
    began = time.monotonic()
    run.end()
    assert time.monotonic() - began < 10
    count = len(samples(run))
    answers.set()
    time.sleep(0.1)
    assert len(samples(run)) == count
    kinds = [type(record).__name__ for record in written(run, object)]
    assert kinds[-2:] == ["RunEnded", "WriterClosed"]


@pytest.mark.usefixtures("no_ingester")
def test_a_machine_of_which_nothing_is_known_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_measurable", lambda: False)
    with pytest.warns(StorageWarning, match=r"recording system .*pip install \"trackbook\[lab\]\""):
        run = tb.start_run("e")
    run.end()


@pytest.mark.usefixtures("no_ingester")
def test_the_clock_may_be_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with tb.start_run("e") as run:
        until(lambda: samples(run))
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() - 1e6)
        count = len(samples(run))
        until(lambda: len(samples(run)) >= count + 2)
    assert [sample.step for sample in samples(run)] == sorted(sample.step for sample in samples(run))


def _in_child(folder: str, ids: Any) -> None:
    threads = len(sampling_threads())
    os.chdir(folder)
    run = tb.start_run("child")
    until(lambda: len(samples(run)) >= 2)
    ids.put((run.id, threads, samples(run)[-1].values["system/process.memory"]))
    run.end()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.usefixtures("no_ingester")
def test_a_forked_child_has_a_thread_of_its_own(project: Path) -> None:
    run = tb.start_run("parent")
    until(lambda: samples(run))
    context = multiprocessing.get_context("fork")
    ids = context.Queue()
    process = context.Process(target=_in_child, args=(str(project), ids))
    process.start()
    child, threads, memory = ids.get(timeout=60)
    process.join(60)
    assert process.exitcode == 0
    assert threads == 0
    assert memory > 1e6
    count = len(samples(run))
    until(lambda: len(samples(run)) > count)
    assert any("system/children.memory" in sample.values for sample in samples(run))
    run.end()
    assert child != run.id


def test_the_end_of_a_program_is_not_held_up() -> None:
    code = (
        "import time, trackbook as tb\nrun = tb.start_run('e')\n"
        "def said(): return b''.join(path.read_bytes() for _, path in run.recorder.store.list_journals())\n"
        "while b'system/cpu' not in said(): time.sleep(0.05)"
    )
    before = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert time.monotonic() - before < 60
    store = find_store(Path.cwd())
    assert store is not None
    services = open_services(store)
    assert services.runs.refresh(timeout=60)
    (run,) = services.runs.search().runs
    series = {one.key: one for one in services.runs.detail(run.id).series}
    services.database.close()
    assert run.status == "finished"
    assert series["system/cpu"].count >= 1


# What is not shown among results


@pytest.fixture
def sampled(services: Services) -> tb.Run:
    """A run with samples and a result of its own; another one has neither its machine nor its result."""
    with tb.start_run("e") as run:
        run.log({"loss": 0.5})
        run.metric("loss", goal="min")
        run.metric("system/memory", goal="min")
        run.log({"System/odd": 1.0})
        # Its share of the processor is known from the second sample on.
        until(lambda: any("system/cpu" in sample.values for sample in samples(run)))
    with tb.start_run("e") as other:
        other.log({"loss": 0.25})
        other.log({"system/memory": 5.0}, context={"host": "b"})
    assert services.runs.refresh(timeout=60)
    return run


def test_lists_and_comparisons_leave_them_out(
    sampled: tb.Run, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = services.runs.search(order_by="started").runs
    for run in runs:
        assert set(run.metrics) <= {"loss", "System/odd"}
        assert run.metrics.keys() == run.sparks.keys()
        assert set(run.goals) <= {"loss"}
    assert runs[0].goals == {"loss": "min"}
    frame = tb.runs()
    assert {name for name in frame.columns if name.startswith("metrics.")} == {
        "metrics.loss", "metrics.System/odd"
    }  # fmt: skip
    compared = services.compare.compare([run.id for run in runs], all=True)
    assert [row.key for row in compared.metrics] == ["System/odd", "loss"]
    assert [name for name in tb.compare(*(run.id for run in runs)).index if name.startswith("metrics.")] == [
        "metrics.System/odd", "metrics.loss"
    ]  # fmt: skip
    capsys.readouterr()
    assert command(["runs", "--json"]) == 0
    assert "system/" not in capsys.readouterr().out


def test_they_are_found_and_read_where_they_are_asked_for(sampled: tb.Run, services: Services) -> None:
    found = services.runs.search("metrics.`system/process.memory` > 1000000").runs
    assert [run.id for run in found] == [sampled.id]
    assert services.runs.search("metrics.`system/memory` is null").total == 1
    series = {one.key: one for one in services.runs.detail(sampled.id).series}
    assert series["system/memory"].unit == "B"
    points = services.series.read(sampled.id, "system/memory")
    assert points.total == series["system/memory"].count
    assert math.isfinite(points.values[0])


def test_show_has_a_section_for_them(sampled: tb.Run, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert command(["show", sampled.id]) == 0
    out = capsys.readouterr().out
    metrics, system = out.partition("\nMetrics\n")[2].split("\nSystem\n")
    assert "loss" in metrics
    assert "process.memory" not in metrics
    (line,) = [line.split() for line in system.splitlines() if line.split()[:1] == ["process.memory"]]
    assert line[2] in ("MB", "GB")
    assert any(line.split()[:1] == ["cpu"] and line.split()[2] == "%" for line in system.splitlines())
