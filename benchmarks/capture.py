"""What recording a notebook by itself costs: cells, system metrics, and the digest of a big file.

    python benchmarks/capture.py                     all parts
    python benchmarks/capture.py --only cells        or: system, data

Cells: real kernels execute the same cells, one after the other, in three ways: without Trackbook, with a run open and
all captures left out (TRACKBOOK_CAPTURE=none), and with all of them. A cell's time is the one that a front end sees,
from the request to the reply. System: processor time of a process that sleeps while a run is open, with system metrics
and without. Data: a cell that computes, alone, beside the digest of a big file, and beside a process that does nothing
but digest it, which is what the machine takes for that in any case; and the digest's speed beside bare hashlib's.
Repeats are interleaved, and medians are quoted; what counts is the difference within one run.
"""

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from jupyter_client.manager import KernelManager

OFF, NONE, ALL = "off", "none", "all"
CELL = "total = sum(number * number for number in range(20_000))\ntotal"
WAIT = "import trackbook as tb\ntb.current_run().surroundings.wait(60)"
OPEN = "%load_ext trackbook\n%track start bench"
PIECES = """
_pieces = []
for _ in range({count}):
    _began = time.perf_counter()
    for number in range({turns}):
        number * number
    _pieces.append(time.perf_counter() - _began)
"""
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


class Beside(NamedTuple):
    """How much longer a cell took, each as a share: beside Trackbook's digest, beside a process that does nothing but
    digest (the floor), and beside nothing at all (what the machine's noise makes of this measure). Then seconds of
    Trackbook's digest and of bare hashlib's.
    """

    digest: float
    floor: float
    nothing: float
    digest_seconds: float
    bare_seconds: float


def measure_pieces(kernel: Kernel, turns: int, count: int) -> float:
    """Return the mean seconds by the clock of a cell's pieces of work."""
    kernel.run(PIECES.format(turns=turns, count=count))
    return statistics.fmean(json.loads(kernel.value("_pieces")))


def measure_data(kernel: Kernel, path: Path, turn: int) -> Beside | None:
    """Time one cell alone, beside a digest, alone, beside the other digest, alone; None if one was over too early."""
    bare = bare_seconds(path)
    turns = int(0.03 / measure_pieces(kernel, 100_000, 10) * 100_000)
    count = max(4, int(0.7 * bare / 0.03))
    lasted = True

    def beside() -> float:
        nonlocal lasted
        renew(path)
        kernel.run(f"tb.current_run().data({str(path)!r})")
        measured = measure_pieces(kernel, turns, count)
        lasted &= kernel.value("background.wait(0)") == "False"
        kernel.run(UNTIL_KNOWN)
        return measured

    def floor() -> float:
        nonlocal lasted
        with subprocess.Popen([sys.executable, "-c", DIGEST, str(path)]) as digest:
            time.sleep(0.05)  # until it has started
            measured = measure_pieces(kernel, turns, count)
            lasted &= digest.poll() is None
            digest.wait()
        return measured

    first, second = (beside, floor) if turn % 2 else (floor, beside)
    alone = [measure_pieces(kernel, turns, count)]
    found = [first()]
    alone.append(measure_pieces(kernel, turns, count))
    found.append(second())
    alone.append(measure_pieces(kernel, turns, count))
    # Each beside its own neighbours in time: a machine drifts more within a minute than a digest costs.
    slower = [one / statistics.fmean(alone[at : at + 2]) - 1 for at, one in enumerate(found)]
    ours, theirs = slower if turn % 2 else reversed(slower)
    renew(path)
    kernel.run(f"_began = time.perf_counter(); tb.current_run().data({str(path)!r}); {UNTIL_KNOWN}")
    seconds = float(kernel.value("time.perf_counter() - _began"))
    nothing = 2 * alone[1] / (alone[0] + alone[2]) - 1
    return Beside(ours, theirs, nothing, seconds, bare) if lasted else None


def show_data(rounds: int, size: int) -> None:
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
        kernel.run("import time\nfrom trackbook.services.background import background")
        busy, began = busy_seconds(), time.perf_counter()
        measured = [measure_data(kernel, path, turn) for turn in range(rounds)]
        used = (busy_seconds() - busy) / (time.perf_counter() - began)
        kernel.stop()
    found = [one for one in measured if one is not None]
    print(
        f"a cell beside the digest of {size / 1e9:g} GB, {len(found)} of {rounds} rounds in which it lasted;"
    )
    print(f"{used:.2f} of {os.cpu_count()} processors at work on average, this measure included")
    print(f"{'':44}{'median':>8}   95 % of it between")
    for title, values in (
        ("slower beside the digest", [one.digest for one in found]),
        ("beside a process that only digests", [one.floor for one in found]),
        ("the one more than the other", [one.digest - one.floor for one in found]),
        ("beside nothing: this measure's noise", [one.nothing for one in found]),
    ):
        low, high = interval(values)
        print(f"{title:44}{statistics.median(values):>+8.1%}   {low:+.1%} and {high:+.1%}")
    ours = statistics.median(one.digest_seconds for one in found)
    bare = statistics.median(one.bare_seconds for one in found)
    speed = statistics.median(one.bare_seconds / one.digest_seconds for one in found)
    print(
        f"digest: {size / MEGABYTE / ours:.0f} MB/s, bare hashlib {size / MEGABYTE / bare:.0f} MB/s; {speed:.2f} of it"
    )


def interval(values: list[float]) -> tuple[float, float]:
    """Return between what the median lies with 95 %, by resampling."""
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(2000))
    return medians[50], medians[1950]


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
    parser.add_argument("--rounds", type=int, default=40, help="of cells beside a digest")
    options = parser.parse_args()
    parts = {
        "cells": lambda: show_cells(options.repeats, options.cells),
        "system": lambda: show_system(options.repeats, options.seconds),
        "data": lambda: show_data(options.rounds, options.size * MEGABYTE),
    }
    for name, show in parts.items():
        if options.only in (None, name):
            show()


if __name__ == "__main__":
    main()
