"""Runs of another host that shares the folder: vouched for, lost, and found again."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trackbook.domain import records as r
from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.domain.run import Run, Source
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.heartbeat import Heartbeats, vouch_until, vouching_lock
from trackbook.services.ingester import ensure_ingester
from trackbook.services.ingestion import Ingester
from trackbook.services.recorder import RunRecorder
from trackbook.store.journal import JournalWriter, opening_record
from trackbook.store.locks import ProcessLock, boot_id, is_held, os_host
from trackbook.store.paths import StorePaths, create_store

REASON = "Nothing was heard of elsewhere for 45 seconds."


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Far:
    """A writer on another host, as its files look from here."""

    def __init__(self, store: StorePaths, run_id: str | None = None, host: str = "elsewhere") -> None:
        self.store, self.run_id = store, run_id or new_id()
        self.journal = JournalWriter(store, self.run_id, new_id())
        self.lock = store.lock(self.run_id, self.journal.writer)
        self.lock.write_text(json.dumps({"pid": 77, "host": host, "boot_id": "b"}))
        self.journal.append(opening_record("owner", "1", host, "b", 1.0))

    def start(self) -> "Far":
        self.journal.append(r.RunStarted(now(), "e", "far", "me", "elsewhere", Source("script")))
        return self

    def log(self, step: int) -> None:
        self.journal.append(r.MetricsLogged(now(), step, {"loss": 1.0}))

    def beat(self) -> None:
        status = self.lock.stat()
        os.utime(self.lock, ns=(status.st_atime_ns, status.st_mtime_ns + 15_000_000_000))


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = open_services(create_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ingester(services: Services, clock: Clock) -> Ingester:
    return Ingester(services.place, Heartbeats(services.store, clock=clock))


def run_of(services: Services, far: Far) -> Run:
    return services.runs.get(far.run_id)


def test_a_run_of_which_nothing_is_heard_is_lost_and_found_again(
    services: Services, ingester: Ingester, clock: Clock
) -> None:
    far = Far(services.store).start()
    ingester.run_pass()
    clock.now = 44.0
    ingester.run_pass()
    assert run_of(services, far).status == "running"
    assert ingester.has_living_writers()
    clock.now = 46.0
    ingester.run_pass()
    run = run_of(services, far)
    assert (run.status, run.reason) == ("lost", REASON)
    assert run.ended is not None
    assert not ingester.has_living_writers()  # so that the ingester may end
    far.log(1)
    ingester.run_pass()
    run = run_of(services, far)
    assert (run.status, run.ended, run.reason) == ("running", None, None)
    assert ingester.has_living_writers()
    clock.now = 200.0
    ingester.run_pass()
    assert run_of(services, far).status == "lost"
    far.journal.append(r.RunEnded(now(), "finished"))
    far.journal.append(r.WriterClosed(now()))
    far.lock.unlink()
    ingester.run_pass()
    assert run_of(services, far).status == "finished"
    assert len(services.runs.detail(far.run_id).attempts) == 1
    ingester.finish()
    rebuild(services.store).close()
    assert run_of(services, far).status == "finished"


def test_a_run_whose_host_vouches_for_it_is_not_lost(
    services: Services, ingester: Ingester, clock: Clock
) -> None:
    far = Far(services.store).start()
    for moment in range(0, 300, 15):
        clock.now = float(moment)
        far.beat()
        ingester.run_pass()
    assert run_of(services, far).status == "running"


def test_a_run_that_logs_is_not_lost(services: Services, ingester: Ingester, clock: Clock) -> None:
    far = Far(services.store).start()
    for moment in range(0, 300, 40):
        clock.now = float(moment)
        far.log(moment)
        ingester.run_pass()
    assert run_of(services, far).status == "running"


def test_a_run_that_another_process_goes_on_with_is_not_lost(
    services: Services, ingester: Ingester, clock: Clock
) -> None:
    far = Far(services.store).start()
    ingester.run_pass()
    here = RunRecorder.resume(services.store, far.run_id, experiment="e", name="far")
    ingester.run_pass()
    clock.now = 100.0
    ingester.run_pass()
    assert run_of(services, far).status == "running"
    here.end()
    ingester.finish()
    assert run_of(services, far).status == "finished"


@pytest.mark.parametrize("seed", range(4))
def test_a_verdict_is_void_whatever_is_read_first(services: Services, seed: int) -> None:
    far = Far(services.store).start()
    at = now()
    records: list[Callable[[], None]] = [
        lambda: _say(services.store, far.run_id, r.RunEnded(at + 10, "lost", None, "silent")),
        lambda: far.journal.append(r.MetricsLogged(at + 20, 1, {"loss": 1.0})),
        lambda: _say(services.store, far.run_id, r.RunEnded(at + 5, "lost", None, "silent")),
    ]
    random.Random(seed).shuffle(records)
    ingester = Ingester(services.place)
    for write in records:
        write()
        ingester.run_pass()
    assert run_of(services, far).status == "running"
    ingester.finish()


def _say(store: StorePaths, run_id: str, record: r.Record) -> None:
    writer = RunRecorder.join(store, run_id, role="editor")
    writer.append(record)
    writer.close()


def test_the_ingester_vouches_for_those_that_live_here(services: Services, clock: Clock) -> None:
    alive = RunRecorder.start(services.store, experiment="e")
    far = Far(services.store).start()
    (lock,) = (path for path in services.store.journals.glob("*/*.lock") if path != far.lock)
    for path in (lock, far.lock):
        os.utime(path, (1, 1))
    ingester = Ingester(services.place, Heartbeats(services.store, clock=clock))
    ingester.run_pass()
    assert time.time() - lock.stat().st_mtime < 3600
    assert far.lock.stat().st_mtime == 1
    os.utime(lock, (1, 1))
    clock.now = 14.0
    ingester.run_pass()
    assert lock.stat().st_mtime == 1
    clock.now = 15.0
    ingester.run_pass()
    assert lock.stat().st_mtime > 1
    assert is_held(lock)
    alive.end()


def test_after_a_reboot_nobody_holds_the_lock(services: Services, ingester: Ingester) -> None:
    far = Far(services.store, host=os_host()).start()
    assert json.loads(far.lock.read_text())["boot_id"] != boot_id()
    ingester.run_pass()
    assert run_of(services, far).status == "killed"


def test_while_another_host_has_the_ingester_this_one_vouches(services: Services) -> None:
    store = services.store
    elsewhere = {"pid": 77, "host": "elsewhere", "boot_id": "b"}
    # Another process stands for the other host: the lock can't be taken, and its file names that host.
    # (Opening the file once more there would give the lock back.)
    code = (
        "import os, sys, time; from pathlib import Path; from trackbook.store.locks import ProcessLock\n"
        "lock = ProcessLock(Path(sys.argv[1])); assert lock.acquire(); os.ftruncate(lock._fd, 0)\n"
        "os.pwrite(lock._fd, sys.argv[2].encode(), 0); print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(store.ingester_lock), json.dumps(elsewhere)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    run = RunRecorder.start(store, experiment="e")
    (lock,) = store.journals.glob(f"{run.run_id}/*.lock")
    try:
        os.utime(lock, (1, 1))
        assert ensure_ingester(store)
        _until(lambda: lock.stat().st_mtime > 1)
        _until(lambda: is_held(vouching_lock(store)))
        assert not vouch_until(store, ProcessLock(store.ingester_lock))  # one is enough
        run.end()
        _until(lambda: not vouching_lock(store).exists())
    finally:
        process.kill()
        process.communicate()
    taken = ProcessLock(store.ingester_lock)
    assert vouch_until(store, taken)
    taken.release()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
