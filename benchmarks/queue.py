"""What the queue costs: a claim with few and with many jobs queued, and memory over many jobs.

Run as `python benchmarks/queue.py`. Prints medians of claims with 10, 1,000 and 10,000 jobs queued, of all and of one
sweep; and what a worker's process grows by while it runs hundreds of jobs without a kernel.
"""

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

import msgspec
import psutil
from nbformat import v4, write
from sqlalchemy import insert

from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.jobs.fake import FakeExecutor
from trackbook.jobs.worker import Worker
from trackbook.services.context import Services, open_services
from trackbook.services.queue import JobQueue
from trackbook.store import schema as t
from trackbook.store.paths import create_store

CLAIMS = 60


def make_services(folder: Path) -> Services:
    """Return a project with a notebook in it."""
    cell = v4.new_code_cell("n = 1", metadata={"tags": ["parameters"]})
    write(v4.new_notebook(cells=[cell]), folder / "a.ipynb")
    return open_services(create_store(folder / ".trackbook"))


def fill(services: Services, count: int, sweep_id: str) -> None:
    """Queue so many jobs of a sweep, straight in the index."""
    (job,) = services.jobs.submit(services.store.project / "a.ipynb")
    services.jobs.cancel(job.id)
    rows = []
    for _ in range(count):
        spec = msgspec.structs.replace(job.spec, run_id=new_id(), sweep_id=sweep_id)
        text = msgspec.json.encode(spec).decode()
        rows.append(
            {
                "id": new_id(),
                "run_id": spec.run_id,
                "sweep_id": sweep_id,
                "status": "queued",
                "spec": text,
                "submitted": now(),
            }
        )
    with services.database.write() as connection:
        connection.execute(insert(t.jobs), rows)


def time_claims(count: int, by_sweep: bool) -> float:
    """Return the median milliseconds of a claim, with `count` jobs queued at the beginning."""
    with tempfile.TemporaryDirectory() as folder:
        services = make_services(Path(folder))
        sweep_id = new_id()
        fill(services, count, sweep_id)
        queue = JobQueue(services.place, sweep_id=sweep_id if by_sweep else None)
        times = []
        for _ in range(min(CLAIMS, count)):
            started = time.perf_counter()
            assert queue.claim() is not None
            times.append(time.perf_counter() - started)
        services.place.close()
        return statistics.median(times) * 1000


def grow(jobs: int) -> tuple[float, float, float]:
    """Run so many jobs without kernels; return the MB after a fifth of them and at the end, and seconds a job."""
    with tempfile.TemporaryDirectory() as folder:
        services = make_services(Path(folder))
        path = services.store.project / "a.ipynb"
        services.jobs.submit(path, None, {"n": list(range(jobs))})
        process = psutil.Process()
        seen: list[float] = []

        def play(*_: object) -> object:
            seen.append(process.memory_info().rss / 1e6)
            return FakeExecutor()._play(None, None, threading.Event())  # type: ignore[arg-type]

        started = time.perf_counter()
        Worker(services.store, JobQueue(services.place), FakeExecutor(play)).run()  # type: ignore[arg-type]
        took = (time.perf_counter() - started) / jobs
        services.place.close()
        return seen[jobs // 5], seen[-1], took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", type=int, default=300, help="jobs whose memory is watched")
    options = parser.parse_args()
    for by_sweep in (False, True):
        few = None
        for count in (10, 1_000, 10_000):
            took = time_claims(count, by_sweep)
            few = few or took
            print(
                f"claim{' of a sweep' if by_sweep else '':11} {count:>6,} queued  {took:6.2f} ms  {took / few:4.2f} x"
            )
    before, after, took = grow(options.jobs)
    print(
        f"{options.jobs} jobs without kernels: {took * 1000:.1f} ms each; "
        f"{before:.1f} MB after {options.jobs // 5}, {after:.1f} MB at the end ({after - before:+.1f} MB)"
    )


if __name__ == "__main__":
    main()
