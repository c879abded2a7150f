"""What recording a notebook by itself costs: cells, system metrics, and the digest of a big file.

    python benchmarks/capture.py                     all parts
    python benchmarks/capture.py --only cells        or: system, data

Cells: real kernels execute the same cells, one after the other, in three ways: without Trackbook, with a run open and
all captures left out (TRACKBOOK_CAPTURE=none), and with all of them. A cell's time is the one that a front end sees,
from the request to the reply. System: processor time of a process that sleeps while a run is open, with system metrics
and without. Data: a cell that computes, alone and beside the digest of a big file, and the digest's speed beside bare
hashlib's. Repeats are interleaved, and medians are quoted; what counts is the difference within one run.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.manager import KernelManager

import trackbook as tb

OFF, NONE, ALL = "off", "none", "all"
CELL = "total = sum(number * number for number in range(20_000))\ntotal"
WAIT = "import trackbook as tb\ntb.current_run().surroundings.wait(60)"
OPEN = "%load_ext trackbook\n%track start bench"
DIGEST = "import hashlib, sys; hashlib.file_digest(open(sys.argv[1], 'rb', buffering=0), 'sha256')"
WAIT_FOR_DATA = """
import time
from trackbook.domain.records import DataUsed
from trackbook.store.journal import read_records
recorder = tb.current_run().recorder
while True:
    parts = [path for name, path in recorder.store.list_journals() if name.subject == recorder.run_id]
    used = [one.data for path in parts for one in read_records(path) if isinstance(one, DataUsed)]
    places = {data.place for data in used}
    if places and places == {data.place for data in used if data.digest}:
        break
    time.sleep(0.005)
"""
MEGABYTE = 1_000_000


class Kernel:
    """A kernel of its own folder, tracked in one of the three ways."""

    def __init__(self, folder: Path, way: str) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.kernel_spec.argv[0] = sys.executable
        capture = {} if way == ALL else {"TRACKBOOK_CAPTURE": "none"}
        variables = {**clean_environment(), **capture}
        self._manager.start_kernel(cwd=str(folder), env=variables, stderr=subprocess.DEVNULL)
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=120)

    def run(self, source: str) -> float:
        """Execute a cell, and return the seconds until its reply."""
        began = time.perf_counter()
        identity = self._client.execute(source)
        while (reply := self._client.get_shell_msg(timeout=600))["parent_header"].get("msg_id") != identity:
            pass
        took = time.perf_counter() - began
        assert reply["content"]["status"] == "ok", reply["content"]
        return took

    def stop(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel()
        self._manager.cleanup_resources()


def measure_cells(way: str, cells: int) -> dict[str, float]:
    """Execute a notebook of `cells` cells; milliseconds."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        kernel = Kernel(Path(folder), way)
        kernel.run("pass")
        loading = 0.0 if way == OFF else kernel.run("%load_ext trackbook")
        # The first cell opens the run: captures begin in it, and go on beside the cells that follow.
        first = kernel.run(CELL if way == OFF else f"%track start bench\n{CELL}")
        early = [kernel.run(CELL) for _ in range(10)]
        if way != OFF:
            kernel.run(WAIT)
        later = [kernel.run(CELL) for _ in range(cells - len(early) - 1)]
        kernel.stop()
    return {
        "loading the extension": loading * 1e3,
        "the first cell, which opens the run": first * 1e3,
        "each of the ten cells after it": statistics.median(early) * 1e3,
        "each later cell": statistics.median(later) * 1e3,
        "each later cell, mean": statistics.fmean(later) * 1e3,
    }


def show_cells(repeats: int, cells: int) -> None:
    found: dict[str, list[dict[str, float]]] = {OFF: [], NONE: [], ALL: []}
    for _ in range(repeats):
        for way, measured in found.items():
            measured.append(measure_cells(way, cells))
    print(f"{cells} cells, {repeats} repeats; milliseconds")
    print(f"{'':38}{'off':>9}{'a run':>9}{'captures':>9}{'added':>9}{'of which captures':>19}")
    for name in found[OFF][0]:
        off, none, everything = (
            statistics.median(measured[name] for measured in found[way]) for way in (OFF, NONE, ALL)
        )
        added = f"{everything - off:>9.2f}{everything - none:>19.2f}"
        print(f"{name:38}{off:>9.2f}{none:>9.2f}{everything:>9.2f}{added}")


SLEEPER = """
import json, sys, time
import trackbook as tb
run = tb.start_run("bench")
run.surroundings.wait(60)
time.sleep(2.0)  # the first sample looks for graphics cards, once
began, at = time.process_time(), time.perf_counter()
time.sleep(float(sys.argv[1]))
print(json.dumps({"processor": time.process_time() - began, "seconds": time.perf_counter() - at}))
run.end()
"""


def measure_system(capture: str, interval: float, seconds: float) -> float:
    """Return the processor time of a process that sleeps, as a share of one core."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        variables = {"TRACKBOOK_CAPTURE": capture, "TRACKBOOK_SYSTEM_INTERVAL": str(interval)}
        done = subprocess.run(
            [sys.executable, "-c", SLEEPER, str(seconds)],
            cwd=folder,
            env={**clean_environment(), **variables},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    said: dict[str, float] = json.loads(done.stdout)
    return said["processor"] / said["seconds"]


def show_system(repeats: int, seconds: float) -> None:
    # Often, so that a few seconds have many samples: what one of them takes does not depend on the interval.
    interval = 0.1
    found: dict[str, list[float]] = {"none": [], "system": []}
    for _ in range(repeats):
        for capture, shares in found.items():
            shares.append(measure_system(capture, interval, seconds))
    without, with_samples = (statistics.median(shares) for shares in found.values())
    sample = (with_samples - without) * interval
    print(f"a sample of machine and process: {sample * 1e3:.2f} ms of processor time")
    for every in (10.0, 1.0):
        print(f"one each {every:g} s: {sample / every:.4%} of a core")


def measure_data(kernel: Kernel, path: Path) -> dict[str, float]:
    """Time bare hashlib, and a cell that takes a little less: alone, beside the digest of the file, beside another
    process that does nothing but digest it, and alone again.
    """
    began = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        hashlib.file_digest(file, "sha256")
    bare = time.perf_counter() - began
    turns = 1_000_000
    work = "for number in range({}): number * number"
    a_turn = kernel.run(work.format(turns)) / turns
    # So that the digest goes on beside the whole of the cell.
    work = work.format(int(0.8 * bare / a_turn))
    before = kernel.run(work)
    kernel.run(f"tb.current_run().data({str(path)!r})")
    beside = kernel.run(work)
    kernel.run(WAIT_FOR_DATA)
    with subprocess.Popen([sys.executable, "-c", DIGEST, str(path)]) as digest:
        floor = kernel.run(work)
        digest.wait()
    return {"alone": (before + kernel.run(work)) / 2, "beside": beside, "floor": floor, "bare": bare}


def digest_seconds(path: Path) -> float:
    """Return how long a run's digest of a file takes, from the call until it is recorded, with nothing beside it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as elsewhere:
        kernel = Kernel(Path(elsewhere), ALL)
        kernel.run(OPEN)
        kernel.run(WAIT)
        kernel.run(f"tb.current_run().data({str(path)!r})")
        took = kernel.run(WAIT_FOR_DATA)
        kernel.stop()
    return took


def show_data(repeats: int, size: int) -> None:
    if not hasattr(tb.Run, "data"):
        print("data: this version records no data files; left out.")
        return
    found: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        kernel = Kernel(folder, ALL)
        kernel.run(OPEN)
        kernel.run(WAIT)
        for repeat in range(repeats):
            # Another content each time: a version that is known needs no second digest.
            path = folder / f"data-{repeat}.bin"
            with path.open("wb") as file:
                block = os.urandom(MEGABYTE)
                for _ in range(size // MEGABYTE):
                    file.write(block)
            measured = measure_data(kernel, path)
            measured["digest"] = digest_seconds(path)
            found.append(measured)
            path.unlink()
        kernel.stop()
    alone, bare, digest = (
        statistics.median(one[name] for one in found) for name in ("alone", "bare", "digest")
    )
    # Each beside its own neighbours in time: a machine drifts more within a minute than a digest costs.
    slower, floor = (
        statistics.median(one[name] / one["alone"] - 1 for one in found) for name in ("beside", "floor")
    )
    print(f"a cell of {alone:.2f} s beside the digest of {size / 1e9:g} GB: {slower:+.1%}")
    print(f"the same beside a process that only digests it: {floor:+.1%}")
    print(f"digest: {size / MEGABYTE / digest:.0f} MB/s, bare hashlib {size / MEGABYTE / bare:.0f} MB/s")


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("TRACKBOOK_", "JPY_"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=["cells", "system", "data"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="that each process sleeps, for system metrics"
    )
    parser.add_argument("--size", type=int, default=1000, help="of the file, in MB")
    options = parser.parse_args()
    parts = {
        "cells": lambda: show_cells(options.repeats, options.cells),
        "system": lambda: show_system(options.repeats, options.seconds),
        "data": lambda: show_data(options.repeats, options.size * MEGABYTE),
    }
    for name, show in parts.items():
        if options.only in (None, name):
            show()


if __name__ == "__main__":
    main()
