"""Logging into a served store, beside a store in a folder and beside `mlflow server`.

    python benchmarks/remote.py                      a `trackbook serve`, and a folder
    python benchmarks/remote.py --peer PYTHON        also `mlflow server`, from an environment that has it

Client and server share this machine. A call is what the training loop sees; "readable" is the time from the first call
until the server answers with all points. Repeats are interleaved, and medians are quoted.
"""

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from trackbook.services.remote.connection import Connection
from trackbook.services.remote.series import RemoteSeries
from trackbook.services.tokens import Tokens
from trackbook.store.paths import create_store

POINTS = 1000
CLIENT = f"""
import json, sys, time
import trackbook as tb
run = tb.start_run("bench")
run.log({{"warm": 1.0}}, step=0)
calls = []
began = time.time()
for step in range({POINTS}):
    before = time.perf_counter()
    run.log({{"loss": 1 / (step + 1)}}, step=step)
    calls.append(time.perf_counter() - before)
print(json.dumps({{"run": run.id, "began": began, "call": sorted(calls)[len(calls) // 2]}}), flush=True)
sys.stdin.read()
"""
PEER = f"""
import json, os, time
import mlflow
mlflow.set_experiment("bench")
with mlflow.start_run() as run:
    mlflow.log_metric("warm", 1.0, step=0)
    calls = []
    began = time.time()
    for step in range({POINTS}):
        before = time.perf_counter()
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
        calls.append(time.perf_counter() - before)
    while len(mlflow.tracking.MlflowClient().get_metric_history(run.info.run_id, "loss")) < {POINTS}:
        pass
print(json.dumps({{"readable": time.time() - began, "call": sorted(calls)[len(calls) // 2]}}))
"""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Serve a new store; gives the environment of its clients."""
    store = create_store(folder / "server" / ".trackbook")
    command = [sys.executable, "-m", "trackbook.server.serve", "--store", str(store.root), "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    url = server.stderr.readline().strip().split(" at ")[1]
    token = Tokens(store).create("bench", "write")
    spool = str(folder / "spool")
    yield os.environ | {"TRACKBOOK_STORE": url, "TRACKBOOK_TOKEN": token, "TRACKBOOK_SPOOL": spool}
    server.terminate()
    server.wait()
    server.stderr.close()


def measure_served(folder: Path) -> dict[str, float]:
    """Log into a served store, and ask the server until it has everything."""
    with served(folder) as environment:
        client = start(environment)
        connection = Connection(environment["TRACKBOOK_STORE"], environment["TRACKBOOK_TOKEN"])
        series = RemoteSeries(connection)
        said = listen(client)
        while True:
            with contextlib.suppress(Exception):  # the run is not known yet
                if series.read(str(said["run"]), "loss", max_points=2).total == POINTS:
                    break
            time.sleep(0.005)
        readable = time.time() - float(said["began"])
        client.communicate()
        connection.close()
    return {"call": float(said["call"]), "readable": readable}


def measure_folder(folder: Path) -> dict[str, float]:
    """Log into a store in a folder."""
    client = start(os.environ | {"TRACKBOOK_STORE": str(folder / ".trackbook")})
    said = listen(client)
    client.communicate()
    return {"call": float(said["call"])}


def measure_peer(python: str, folder: Path) -> dict[str, float]:
    """Log into an `mlflow server` on SQLite."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(
        [python, "-m", "mlflow", "server", *options],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health"):
            break
        time.sleep(0.1)
    environment = os.environ | {"MLFLOW_TRACKING_URI": url}
    done = subprocess.run(
        [python, "-c", PEER], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    server.terminate()
    server.wait()
    return {key: float(value) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


def start(environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def listen(client: "subprocess.Popen[str]") -> dict[str, float | str]:
    assert client.stdout is not None
    said: dict[str, float | str] = json.loads(client.stdout.readline())
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peer", help="the Python of an environment with MLflow")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    results: dict[str, list[dict[str, float]]] = {"folder": [], "served": [], "mlflow": []}
    for _ in range(options.repeats):
        for who, measure in (("folder", measure_folder), ("served", measure_served)):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
                results[who].append(measure(Path(name)))
        if options.peer:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
                results["mlflow"].append(measure_peer(options.peer, Path(name)))
    for key, label, scale, unit in (
        ("call", "one metric, a call", 1e6, "µs"),
        ("readable", f"{POINTS:,} points readable after", 1e3, "ms"),
    ):
        medians = {
            who: statistics.median(found[key] for found in repeats)
            for who, repeats in results.items()
            if repeats and key in repeats[0]
        }
        print(
            f"{label:32}" + "".join(f"{who:>9} {value * scale:,.1f} {unit}" for who, value in medians.items())
        )


if __name__ == "__main__":
    main()
