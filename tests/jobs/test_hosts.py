"""Two machines at one queue in PostgreSQL: one that falls silent loses its job by lease, and finds that out."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import v4, write
from tests.jobs.conftest import wait_for

from trackbook.config import Settings
from trackbook.services.context import open_services
from trackbook.store.paths import create_store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stops processes for a while")

# A worker on a host of another name, with leases that are over soon. It holds its job until it is let go on.
WORKER = """
import os, sys, time
from pathlib import Path
import trackbook.store.locks as locks
host = sys.argv[1]
import trackbook.services.queue as queue
import trackbook.jobs.lease as lease
for module in (locks, queue):
    module.os_host = lambda: host
queue.LEASE = 5.0
lease.RENEW = 0.2
from trackbook.config import Settings
from trackbook.domain.execution import Outcome
from trackbook.jobs.worker import Worker
from trackbook.services.opening import open_place
from trackbook.store.paths import create_store

class Noting:
    cancelled = False

    def run(self, execution, observer):
        Path(f"began-{host}").touch()
        while not Path(f"go-{host}").exists() and not self.cancelled:
            time.sleep(0.02)
        Path(f"ended-{host}").write_text("cancelled" if self.cancelled else "finished")
        return Outcome("aborted" if self.cancelled else "finished")

    def cancel(self):
        self.cancelled = True

settings = Settings.load()
place = open_place(create_store(settings.folder, settings.remote), settings)
Worker(place.paths, queue.JobQueue(place), Noting()).run()
place.close()
"""


def start(host: str, url: str, folder: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "TRACKBOOK_STORE": url, "TRACKBOOK_SPOOL": str(folder / f"spool-{host}")}
    return subprocess.Popen([sys.executable, "-c", WORKER, host], cwd=folder, env=environment)


def test_a_machine_that_sleeps_loses_its_job_and_records_nothing_of_it(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_STORE", postgresql_url)
    write(v4.new_notebook(cells=[v4.new_code_cell("1")]), tmp_path / "a.ipynb")
    services = open_services(create_store(tmp_path / ".trackbook", Settings.load().remote))
    (job,) = services.jobs.submit(tmp_path / "a.ipynb")
    first = start("one", postgresql_url, tmp_path)
    workers = [first]
    try:
        wait_for(lambda: (tmp_path / "began-one").exists())
        first.send_signal(signal.SIGSTOP)
        workers.append(start("two", postgresql_url, tmp_path))
        wait_for(lambda: (tmp_path / "began-two").exists())
        first.send_signal(signal.SIGCONT)
        # It hears that it has lost the job, and stops.
        wait_for(lambda: (tmp_path / "ended-one").exists())
        assert (tmp_path / "ended-one").read_text() == "cancelled"
        present = services.jobs.get(job.id)
        assert (present.status, present.attempt) == ("running", 2)
        assert present.worker is not None
        assert present.worker.startswith("two:")
        (tmp_path / "go-two").touch()
        assert [worker.wait(120) for worker in workers] == [0, 0]
        services.runs.refresh(timeout=60)
        ended = services.jobs.get(job.id)
        assert (ended.status, ended.attempt, ended.error) == ("finished", 2, None)
        assert [attempt.outcome for attempt in ended.attempts] == ["lost", "finished"]
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.wait()
        services.place.close()
