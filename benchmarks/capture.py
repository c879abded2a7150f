"""What recording a notebook by itself costs: cells, system metrics, and the digest of a big file.

    python benchmarks/capture.py                     all parts
    python benchmarks/capture.py --only cells        or: system, data

Cells: real kernels execute the same cells, one after the other, in three ways: without Trackbook, with a run open and
all captures left out (TRACKBOOK_CAPTURE=none), and with all of them. A cell's time is the one that a front end sees,
from the request to the reply. System: processor time of a process that sleeps while a run is open, with system metrics
and without. Data: a cell that computes, alone, beside the digest of a big file, and beside a process that does nothing
but digest it, which is what the machine takes for that in any case; and the digest's speed beside bare hashlib's. By
the clock, and in processor time of the cell's thread, which other work on the machine reaches less. Repeats are
interleaved, and medians are quoted; what counts is the difference within one run.
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

OFF, NONE, ALL = "off", "none", "all"
CELL = "total = sum(number * number for number in range(20_000))\ntotal"
WAIT = "import trackbook as tb\ntb.current_run().surroundings.wait(60)"
OPEN = "%load_ext trackbook\n%track start bench"
DIGEST = "import hashlib, sys; hashlib.file_digest(open(sys.argv[1], 'rb', buffering=0), 'sha256')"
UNTIL_KNOWN = "from trackbook.services.background import background; assert background.wait(600)"
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

    def value(self, expression: str) -> str:
        """Return what an expression comes to, as text."""
        identity = self._client.execute("", user_expressions={"value": expression})
        while (reply := self._client.get_shell_msg(timeout=600))["parent_header"].get("msg_id") != identity:
            pass
        return str(reply["content"]["user_expressions"]["value"]["data"]["text/plain"])

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


def renew(path: Path) -> None:
    """Make another version of a big file, without writing all of it."""
    with path.open("r+b") as file:
        file.write(os.urandom(32))


def bare_seconds(path: Path) -> float:
    """Return how long hashlib takes for a file, with nothing beside it."""
    began = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        hashlib.file_digest(file, "sha256")
    return time.perf_counter() - began


def busy_seconds() -> float:
    """Return the time that all processors of this machine have worked; 0 where nobody says."""
    try:
        with Path("/proc/stat").open(encoding="ascii") as file:
            user, nice, system, _idle, _wait, *interrupts = map(int, file.readline().split()[1:8])
    except OSError:
        return 0.0
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def measure_cell(kernel: Kernel, work: str) -> tuple[float, float]:
    """Return the seconds that a cell takes by the clock, and those of its thread's processor time."""
    took = kernel.run(
        f"import time; _began = time.thread_time()\n{work}\n_used = time.thread_time() - _began"
    )
    return took, float(kernel.value("_used"))


def measure_data(kernel: Kernel, path: Path, turn: int) -> dict[str, tuple[float, float]]:
    """Time a cell that takes a little less than the digest of the file: alone, beside the digest, beside another
    process that does nothing but digest it, and alone again.
    """
    bare = bare_seconds(path)
    turns = 1_000_000
    work = "for number in range({}): number * number"
    # So that the digest goes on beside the whole of the cell.
    work = work.format(int(0.8 * bare / kernel.run(work.format(turns)) * turns))

    def beside() -> tuple[float, float]:
        renew(path)
        kernel.run(f"tb.current_run().data({str(path)!r})")
        measured = measure_cell(kernel, work)
        kernel.run(UNTIL_KNOWN)
        return measured

    def floor() -> tuple[float, float]:
        with subprocess.Popen([sys.executable, "-c", DIGEST, str(path)]) as digest:
            measured = measure_cell(kernel, work)
            digest.wait()
        return measured

    busy = busy_seconds()
    before, processor = measure_cell(kernel, work)
    others = max(0.0, busy_seconds() - busy - processor) / before
    ways = {"beside": beside, "floor": floor}
    found = {name: ways[name]() for name in (list(ways) if turn % 2 else reversed(ways))}
    after = measure_cell(kernel, work)
    renew(path)
    kernel.run(f"_began = time.perf_counter(); tb.current_run().data({str(path)!r}); {UNTIL_KNOWN}")
    digest = kernel.value("time.perf_counter() - _began")
    return {
        **found,
        "alone": ((before + after[0]) / 2, (processor + after[1]) / 2),
        "digest": (float(digest), bare),
        "others": (others, others),
    }


def show_data(repeats: int, size: int) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # Written once: what a machine has to bring to its disk goes on beside the cells that are measured.
        path = folder / "data.bin"
        block = os.urandom(MEGABYTE)
        with path.open("wb") as file:
            for _ in range(size // MEGABYTE):
                file.write(block)
            os.fsync(file.fileno())
        kernel = Kernel(folder, ALL)
        kernel.run(OPEN)
        kernel.run(WAIT)
        found = [measure_data(kernel, path, turn) for turn in range(repeats)]
        kernel.stop()
    alone = statistics.median(one["alone"][0] for one in found)
    others = statistics.median(one["others"][0] for one in found)
    print(f"others had {others:.2f} of this machine's {os.cpu_count()} processors meanwhile")
    print(f"a cell of {alone:.2f} s beside the digest of {size / 1e9:g} GB; medians of {repeats}")
    print(f"{'':44}{'by the clock':>14}{'processor time':>16}")
    # Each beside its own neighbours in time: a machine drifts more within a minute than a digest costs.
    slower = {
        way: [statistics.median(one[way][kind] / one["alone"][kind] - 1 for one in found) for kind in (0, 1)]
        for way in ("beside", "floor")
    }
    for title, way in (
        ("slower beside the digest", "beside"),
        ("beside a process that only digests", "floor"),
    ):
        print(f"{title:44}{slower[way][0]:>+14.1%}{slower[way][1]:>+16.1%}")
    ours, bare = (statistics.median(one["digest"][kind] for one in found) for kind in (0, 1))
    speed = statistics.median(one["digest"][1] / one["digest"][0] for one in found)
    print(
        f"digest: {size / MEGABYTE / ours:.0f} MB/s, bare hashlib {size / MEGABYTE / bare:.0f} MB/s; {speed:.2f} of it"
    )


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
