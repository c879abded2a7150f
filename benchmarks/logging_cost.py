"""What a log call costs the training loop, beside the floor and beside MLflow.

    python benchmarks/logging_cost.py                      Trackbook and the floor
    python benchmarks/logging_cost.py --peer PYTHON        also MLflow, from an environment that has it

The floor is the least that can survive `kill -9`: one JSON line encoded with msgspec, one os.write. Repeats are
interleaved, and medians are quoted with their ratio; absolute figures belong to the machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store

POINTS = 20_000
PEER = """
import json, sys, time, os
os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///" + sys.argv[1]
import mlflow
mlflow.set_experiment("bench")
with mlflow.start_run():
    mlflow.log_metric("warm", 1.0, step=0)
    began = time.perf_counter()
    for step in range(200):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    one = (time.perf_counter() - began) / 200
    began = time.perf_counter()
    for step in range(20):
        mlflow.log_metrics({f"m{n}": n / (step + 1) for n in range(100)}, step=step)
    hundred = (time.perf_counter() - began) / 2000
began = time.perf_counter()
for _ in range(20):
    with mlflow.start_run():
        pass
empty = (time.perf_counter() - began) / 20
print(json.dumps({"one": one, "hundred": hundred, "empty": empty}))
"""


def measure_floor(folder: Path) -> dict[str, float]:
    encode = msgspec.json.Encoder().encode
    fd = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def one(step: int) -> None:
        os.write(fd, encode({"time": time.time(), "step": step, "values": {"loss": 1 / (step + 1)}}) + b"\n")

    def hundred(step: int) -> None:
        values = {f"m{n}": n / (step + 1) for n in range(100)}
        os.write(fd, encode({"time": time.time(), "step": step, "values": values}) + b"\n")

    result = {"one": per_call(one, POINTS), "hundred": per_call(hundred, POINTS // 100) / 100}
    os.close(fd)
    return result


def measure_trackbook(folder: Path) -> dict[str, float]:
    store = create_store(folder / ".trackbook")
    run = RunRecorder.start(store, experiment="bench")
    result = {
        "one": per_call(lambda step: run.log({"loss": 1 / (step + 1)}, step), POINTS),
        "hundred": per_call(
            lambda step: run.log({f"m{n}": n / (step + 1) for n in range(100)}, step), POINTS // 100
        )
        / 100,
    }
    run.end()
    result["empty"] = per_call(lambda _: RunRecorder.start(store, experiment="bench").end(), 100)
    return result


def measure_peer(python: str, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [python, "-c", PEER, str(folder / "mlflow.db")],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return {key: float(value) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


def per_call(call: Callable[[int], object], count: int) -> float:
    began = time.perf_counter()
    for step in range(count):
        call(step)
    return (time.perf_counter() - began) / count


def import_seconds() -> float:
    """What `import trackbook` adds to a bare interpreter, in seconds."""
    times = []
    for code in ("pass", "import trackbook"):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - began)
    return times[1] - times[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peer", help="the Python of an environment with MLflow")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    results: dict[str, list[dict[str, float]]] = {"floor": [], "trackbook": [], "mlflow": []}
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as name:
            results["floor"].append(measure_floor(Path(name)))
            results["trackbook"].append(measure_trackbook(Path(name)) | {"import": import_seconds()})
            if options.peer:
                results["mlflow"].append(measure_peer(options.peer, Path(name)))
    rows = {
        "one": ("one metric, a call", 1e6, "µs"),
        "hundred": ("100 metrics a call, a point", 1e6, "µs"),
        "empty": ("start and end a run", 1e3, "ms"),
        "import": ("import, over bare Python", 1e3, "ms"),
    }
    print(f"{'':30}" + "".join(f"{who:>14}" for who in results) + f"{'x floor':>10}{'MLflow x':>10}")
    for key, (label, scale, unit) in rows.items():
        medians = {
            who: statistics.median(found[key] for found in repeats)
            for who, repeats in results.items()
            if repeats and key in repeats[0]
        }
        cells = "".join(
            f"{medians[who] * scale:11.2f} {unit}" if who in medians else f"{'':14}" for who in results
        )
        floor = f"{medians['trackbook'] / medians['floor']:10.2f}" if "floor" in medians else " " * 10
        peer = f"{medians['mlflow'] / medians['trackbook']:10.0f}" if "mlflow" in medians else ""
        print(f"{label:30}{cells}{floor}{peer}")


if __name__ == "__main__":
    main()
