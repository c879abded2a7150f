"""What one `run.log` costs, as a multiple of the floor: encode the same point as a JSON line and write it to a file.

    python benchmarks/log_call.py

Both survive `kill -9`, since both leave the point with the operating system before they return. They take turns in
blocks, so that a machine that slows down slows both. In the end every logged point must be in the store.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

import trackbook
from trackbook.services.context import open_services
from trackbook.store.paths import create_store

BLOCKS = 40
CALLS = 500


def main() -> None:
    # The ingester may still be at work there for a moment when all is done.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = create_store(Path(folder) / ".trackbook")
        os.environ["TRACKBOOK_STORE"] = str(store.root)
        with trackbook.start_run("bench") as run:
            costs = _take_turns({"floor": _floor(Path(folder) / "floor.jsonl"), "run.log": _subject(run)})
        services = open_services(store)
        services.runs.refresh()
        stored = services.series.read(run.id, "loss").total
        assert stored == BLOCKS * CALLS, f"{stored} points are in the store"
    floor, cost = statistics.median(costs["floor"]), statistics.median(costs["run.log"])
    print(f"floor, a JSON line written   {floor * 1e6:8.2f} µs")
    print(f"run.log of one metric        {cost * 1e6:8.2f} µs   {cost / floor:.2f} × the floor")


def _floor(path: Path) -> Callable[[int], object]:
    encode = msgspec.json.Encoder().encode
    file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def write(step: int) -> object:
        return os.write(file, encode({"step": step, "loss": 1 / (step + 1), "time": time.time()}) + b"\n")

    return write


def _subject(run: trackbook.Run) -> Callable[[int], object]:
    return lambda step: run.log({"loss": 1 / (step + 1)}, step=step)


def _take_turns(functions: dict[str, Callable[[int], object]]) -> dict[str, list[float]]:
    """Call each in blocks, one block of each after the other; seconds a call, block by block."""
    costs: dict[str, list[float]] = {name: [] for name in functions}
    for block in range(BLOCKS):
        for name, function in functions.items():
            begin = time.perf_counter()
            for step in range(block * CALLS, (block + 1) * CALLS):
                function(step)
            costs[name].append((time.perf_counter() - begin) / CALLS)
    return costs


if __name__ == "__main__":
    main()
