"""Measure one tracker in one respect, in a process and a folder of its own; the answer is one JSON line.

    python benchmarks/trackers/measure.py TRACKER CASE NUMBER

Started by benchmarks/logging.py, in the environment that has the tracker.
"""

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from adapters import TRACKERS

clock = time.monotonic  # the same for all processes of a machine


def calls(tracker: Any, count: int) -> dict[str, float]:
    """One metric a call: what a call takes, and what a point takes on the disk."""
    chance = random.Random(0)
    values = [chance.gauss(0, 1) for _ in range(count)]
    tracker.start("first")  # what a tool makes once is no matter of points
    tracker.log({"loss": 1.0}, step=0)
    tracker.end()
    settle(tracker)
    tracker.start("calls")
    for step in range(3):
        tracker.log({"loss": 1.0}, step=step)
    before = disk_usage()
    taken = []
    for step, value in enumerate(values):
        began = time.perf_counter()
        tracker.log({"loss": value}, step=step + 3)
        taken.append(time.perf_counter() - began)
    tracker.end()
    settle(tracker)
    taken.sort()
    return {
        "mean": sum(taken) / count,
        "median": taken[count // 2],
        "p99": taken[count * 99 // 100],
        "worst": taken[-1],
        "bytes": (disk_usage() - before) / count,
    }


def hundred(tracker: Any, count: int) -> dict[str, float]:
    """A hundred metrics a call: what a point takes."""
    tracker.start("hundred")
    tracker.log({f"m{n}": 1.0 for n in range(100)}, step=0)
    began = time.perf_counter()
    for step in range(1, count + 1):
        tracker.log({f"m{n}": n / (step + 1) for n in range(100)}, step=step)
    result = {"point": (time.perf_counter() - began) / count / 100}
    tracker.end()
    return result


def empty(tracker: Any, count: int) -> dict[str, float]:
    """Start and end a run that logs nothing, the first one left out."""
    taken = []
    for number in range(count + 1):
        began = time.perf_counter()
        tracker.start(f"empty{number}")
        tracker.end()
        taken.append(time.perf_counter() - began)
    return {"run": sorted(taken[1:])[count // 2], "first": taken[0]}


def write_runs(tracker: Any, count: int) -> dict[str, float]:
    """Runs of ten parameters and ten metrics; says when it began and ended."""
    params = {f"p{n}": n / 10 if n % 2 else f"value {n}" for n in range(10)}
    began = clock()
    for number in range(count):
        tracker.start(f"run{number}", params)
        tracker.log({f"m{n}": n / (number + 1) for n in range(10)}, step=0)
        tracker.end()
    return {"began": began, "ended": clock()}


def read_runs(tracker: Any, count: int) -> dict[str, float]:
    """Wait for the file `written`, then until all runs can be read; says when they could."""
    Path("ready").touch()
    while not Path("written").exists():
        time.sleep(0.002)
    while (found := tracker.count_runs()) < count:
        time.sleep(0.01)
    done = clock()
    settle(tracker)
    answer = {"read": done, "found": found, "bytes": disk_usage() / count}
    if hasattr(tracker, "index_size"):
        answer["without_index"] = (disk_usage() - tracker.index_size()) / count
    return answer


def log_until_killed(tracker: Any, _: int) -> dict[str, float]:
    """Log without end, noting in the file `acknowledged` which call has returned."""
    tracker.start("killed")
    acknowledged = os.open("acknowledged", os.O_CREAT | os.O_WRONLY)
    for step in range(10**9):
        tracker.log({"loss": step / 7}, step=step)
        os.pwrite(acknowledged, f"{step + 1:12}".encode(), 0)
    return {}


def count_what_is_left(tracker: Any, _: int) -> dict[str, float]:
    return {"points": tracker.count_points()}


CASES = {
    "calls": calls,
    "hundred": hundred,
    "empty": empty,
    "write-runs": write_runs,
    "read-runs": read_runs,
    "log-until-killed": log_until_killed,
    "count": count_what_is_left,
}


def settle(tracker: Any) -> None:
    if hasattr(tracker, "settle"):
        tracker.settle()


def disk_usage() -> int:
    files = (Path(folder) / name for folder, _, names in os.walk(".") for name in names)
    return sum(file.lstat().st_size for file in files)


if __name__ == "__main__":
    name, case, number = sys.argv[1:]
    answer = CASES[case](TRACKERS[name][2](), int(number))
    print("\n" + json.dumps(answer), flush=True)
    os._exit(0)  # some keep threads that would not end
