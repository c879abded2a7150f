"""What a log call costs the training loop, what it keeps, and how soon it can be read: Trackbook beside its peers.

    python benchmarks/logging.py                             Trackbook and the floor
    python benchmarks/logging.py --install FOLDER            make a virtual environment for each peer in FOLDER
    python benchmarks/logging.py --peers FOLDER              measure the peers, too
    python benchmarks/logging.py --peers FOLDER --only dvclive aim --repeats 5

The floor is the least that can survive `kill -9`: one JSON line encoded with msgspec, one os.write. Each figure is
taken in a process and a folder of its own; repeats go round all tools in turn, and medians are quoted. Absolute
figures belong to the machine: what counts are ratios of one run.
"""

import sys

# A script's folder comes first where Python looks for modules, and this file has the name of one of them.
if not sys.flags.safe_path:
    del sys.path[0]
if __name__ == "logging":  # another script of this folder brought it in, by way of a library that logs
    del sys.modules["logging"]
    import logging  # noqa: F401

import argparse
import json
import os
import signal
import statistics
import subprocess
import tempfile
import time
import venv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

MEASURE = Path(__file__).with_name("trackers") / "measure.py"
PACKAGES = ("tensorboardX", "dvclive", "trackio", "neptune-scale", "aim", "wandb", "mlflow")


class Tool(NamedTuple):
    """A tracker, the environment that it needs ("" for this one), its module, and how many calls it is given."""

    name: str
    environment: str
    module: str
    calls: int


TOOLS = (
    Tool("floor", "", "msgspec", 20_000),
    Tool("trackbook", "", "trackbook", 20_000),
    Tool("tensorboardx", "tensorboardx", "tensorboardX", 5_000),
    Tool("dvclive", "dvclive", "dvclive", 5_000),
    Tool("trackio", "trackio", "trackio", 5_000),
    Tool("neptune-scale", "neptune-scale", "neptune_scale", 5_000),
    Tool("aim", "aim", "aim", 5_000),
    Tool("wandb", "wandb", "wandb", 5_000),
    Tool("mlflow-sqlite", "mlflow", "mlflow", 1_000),
    Tool("mlflow-file", "mlflow", "mlflow", 1_000),
)

# Key, label, factor, unit, and whether the floor is the measure of it.
ROWS = (
    ("one", "one metric, a call", 1e6, "µs", True),
    ("mean", "... the mean", 1e6, "µs", True),
    ("p99", "... its 99th percentile", 1e6, "µs", False),
    ("worst", "... the worst", 1e6, "µs", False),
    ("point", "100 metrics a call, a point", 1e6, "µs", True),
    ("empty", "start and end a run", 1e3, "ms", False),
    ("written", "a run of 10 + 10, written", 1e3, "ms", False),
    ("readable", "... readable elsewhere", 1e3, "ms", False),
    ("bytes", "bytes a point, noisy", 1, "B", False),
    ("run_bytes", "bytes a run of 10 + 10", 1, "B", False),
    ("kept_bytes", "... without the index", 1, "B", False),
    ("left", "left after kill -9", 100, "%", False),
    ("import", "import, over bare Python", 1e3, "ms", False),
)


class Bench:
    """Measures tools, each in the Python of its environment."""

    def __init__(self, peers: Path | None, runs: int) -> None:
        self.peers = peers
        self.runs = runs

    def has(self, tool: Tool) -> bool:
        return not tool.environment or (self.peers is not None and Path(self.python(tool)).exists())

    def python(self, tool: Tool) -> str:
        if not tool.environment or self.peers is None:
            return sys.executable
        return str(self.peers / tool.environment / "bin" / "python")

    def all(self, tool: Tool) -> dict[str, float]:
        found: dict[str, float] = {}
        calls = self.measure(tool, "calls", tool.calls)
        found |= {
            "one": calls["median"],
            "mean": calls["mean"],
            "p99": calls["p99"],
            "worst": calls["worst"],
            "bytes": calls["bytes"],
        }
        found["point"] = self.measure(tool, "hundred", max(tool.calls // 100, 20))["point"]
        found["left"] = self.left_after_kill(tool)
        if tool.name != "floor":
            found["empty"] = self.measure(tool, "empty", 21)["run"]
            found |= self.many_runs(tool)
            found["import"] = self.import_seconds(tool)
        return found

    def measure(self, tool: Tool, case: str, number: int) -> dict[str, float]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return self.answer(self.start(tool, case, number, folder))

    def many_runs(self, tool: Tool) -> dict[str, float]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            reader = self.start(tool, "read-runs", self.runs, folder)
            wait_for(Path(folder) / "ready", reader)
            written = self.answer(self.start(tool, "write-runs", self.runs, folder))
            (Path(folder) / "written").touch()
            read = self.answer(reader)
            return {
                "written": (written["ended"] - written["began"]) / self.runs,
                "readable": (read["read"] - written["began"]) / self.runs,
                "run_bytes": read["bytes"],
                **({"kept_bytes": read["without_index"]} if "without_index" in read else {}),
            }

    def left_after_kill(self, tool: Tool) -> float:
        """Which part of the acknowledged points is there after a kill, 0.3 seconds after the first one."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            writer = self.start(tool, "log-until-killed", 0, folder)
            acknowledged = Path(folder) / "acknowledged"
            wait_for(acknowledged, writer)
            time.sleep(0.3)
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
            promised = int(acknowledged.read_text() or 0)
            left = self.answer(self.start(tool, "count", 0, folder))["points"]
            return min(left / promised, 1.0) if promised else 1.0  # the last call may not have been noted

    def import_seconds(self, tool: Tool) -> float:
        taken: dict[str, list[float]] = {"pass": [], f"import {tool.module}": []}
        for _ in range(5):
            for code, times in taken.items():
                began = time.perf_counter()
                subprocess.run([self.python(tool), "-c", code], check=True, capture_output=True)
                times.append(time.perf_counter() - began)
        bare, imported = (statistics.median(times) for times in taken.values())
        return imported - bare

    def start(self, tool: Tool, case: str, number: int, folder: str) -> "subprocess.Popen[str]":
        environ = {key: value for key, value in os.environ.items() if not key.startswith("TRACKBOOK_")}
        if tool.environment:
            environ.pop("PYTHONPATH", None)
        return subprocess.Popen(
            [self.python(tool), str(MEASURE), tool.name, case, str(number)],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def answer(self, process: "subprocess.Popen[str]") -> dict[str, float]:
        output, errors = process.communicate()
        try:
            return dict(json.loads(output.splitlines()[-1]))
        except (IndexError, ValueError):
            raise SystemExit(f"{' '.join(map(str, process.args))}\n{output}{errors}") from None


def wait_for(file: Path, process: "subprocess.Popen[str]") -> None:
    while not file.exists():
        if process.poll() is not None:
            raise SystemExit(process.communicate()[1])
        time.sleep(0.002)


def install(folder: Path) -> None:
    for package in PACKAGES:
        environment = folder / package.lower()
        venv.create(environment, with_pip=True)
        subprocess.run([environment / "bin" / "python", "-m", "pip", "install", "-q", package], check=True)


def show(results: dict[str, dict[str, list[float]]]) -> None:
    medians = {
        name: {key: statistics.median(values) for key, values in found.items()}
        for name, found in results.items()
    }
    floor, ours = medians.get("floor", {}), medians.get("trackbook", {})
    print(f"{'':29}" + "".join(f"{name:>15}" for name in medians) + f"{'x floor':>9}{'best peer x':>13}")
    for key, label, factor, unit, over_floor in ROWS:
        cells = [f"{found[key] * factor:12,.2f} {unit}" if key in found else "" for found in medians.values()]
        peers = [
            found[key]
            for name, found in medians.items()
            if name not in ("floor", "trackbook") and key in found
        ]
        ratio = f"{ours[key] / floor[key]:.2f}" if over_floor and key in ours and key in floor else ""
        best = f"{min(peers) / ours[key]:.2f}" if peers and ours.get(key) and key != "left" else ""
        print(f"{label:29}" + "".join(f"{cell:>15}" for cell in cells) + f"{ratio:>9}{best:>13}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--peers", type=Path, help="a folder of virtual environments, named after their package"
    )
    parser.add_argument("--install", type=Path, metavar="FOLDER", help="make these environments, and end")
    parser.add_argument(
        "--only", nargs="+", metavar="TOOL", help="these peers, beside Trackbook and the floor"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--runs", type=int, default=1000)
    options = parser.parse_args()
    if options.install:
        install(options.install)
        return
    bench = Bench(options.peers and options.peers.absolute(), options.runs)
    wanted = options.only or [tool.name for tool in TOOLS]
    tools = [tool for tool in TOOLS if (not tool.environment or tool.name in wanted) and bench.has(tool)]
    results: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    try:
        for repeat in range(options.repeats):
            for tool in tools:
                print(f"{repeat + 1}/{options.repeats} {tool.name}", file=sys.stderr)
                for key, value in bench.all(tool).items():
                    results[tool.name][key].append(value)
    except KeyboardInterrupt:
        print("Interrupted: this is what was measured so far.", file=sys.stderr)
    show(results)


if __name__ == "__main__":
    main()
