"""How long searches take: Trackbook, and MLflow beside it.

    python benchmarks/query.py --runs 5000
    python benchmarks/query.py --runs 5000 --peer mlflow      (where mlflow is installed; its own venv is best)

Each run has 10 parameters and 10 metrics; one more has a series of 100,000 points. Trackbook's store is filled by its
recorder and ingester, MLflow's by rows like those its own client writes (through the client it would take hours).
Prints medians of interleaved repeats, in milliseconds. A folder given with --folder is kept and used again.
"""

import argparse
import importlib.util
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

METRICS = ("acc", "f1", "loss", "auc", "precision", "recall", "mae", "rmse", "t_fit", "t_predict")
POINTS = 100_000
Timed = dict[str, Callable[[], Sequence[Any]]]


def main() -> None:
    arguments = _arguments()
    if arguments.peer == "mlflow" and importlib.util.find_spec("mlflow") is None:
        sys.exit(
            "MLflow is not installed here: pip install mlflow, best in a virtual environment of its own."
        )
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)) / f"{arguments.peer}-{arguments.runs}"
        folder.mkdir(parents=True, exist_ok=True)
        prepare = _mlflow if arguments.peer == "mlflow" else _trackbook
        tasks = prepare(folder.absolute(), arguments.runs)
        for name, times in _measure(tasks, arguments.repeats).items():
            print(f"{name:32}{statistics.median(times):10.1f} ms   {min(times):8.1f} to {max(times):.1f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--peer", choices=["trackbook", "mlflow"], default="trackbook")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--repeats", type=int, default=15)
    return parser.parse_args()


def _measure(tasks: Timed, repeats: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for name, task in tasks.items():
        assert len(task()), f"{name} finds nothing"
    for _ in range(repeats):
        for name, task in tasks.items():
            begin = time.perf_counter()
            task()
            times[name].append((time.perf_counter() - begin) * 1e3)
    return times


def _params(source: random.Random) -> dict[str, object]:
    return {f"p{i}": round(source.random(), 6) if i % 2 else f"v{source.randrange(8)}" for i in range(10)}


def _metrics(source: random.Random) -> dict[str, float]:
    return {key: source.random() for key in METRICS}


# Trackbook


def _trackbook(folder: Path, runs: int) -> Timed:
    from trackbook.services.context import open_services
    from trackbook.store.paths import create_store

    is_filled = (folder / "filled").exists()
    store = create_store(folder / ".trackbook")
    services = open_services(store)
    if not is_filled:
        begin = time.perf_counter()
        long_id = _fill_trackbook(store, runs)
        written = time.perf_counter()
        assert services.runs.refresh(timeout=600)
        print(
            f"{runs} runs written in {written - begin:.1f} s, indexed in {time.perf_counter() - written:.1f} s"
        )
        (folder / "filled").write_text(long_id)
    long_id = (folder / "filled").read_text()
    search = services.runs.search
    return {
        "first page": lambda: search().runs,
        "page 40 of the newest": lambda: search(offset=min(4000, runs - 100)).runs,
        "filter, top 100": lambda: search("metrics.acc > 0.9 order by metrics.acc desc").runs,
        "filter and parameter, top 100": lambda: (
            search("metrics.acc > 0.5 and params.p0 = 'v3' order by metrics.f1 desc").runs
        ),
        "sort by a metric": lambda: search(order_by="metrics.loss").runs,
        "sort by a parameter": lambda: search(order_by="params.p1 desc").runs,
        "arithmetic": lambda: search("metrics.acc - metrics.f1 > 0.5").runs,
        "or, not": lambda: search("not (params.p0 = 'v1' or metrics.acc < 0.3)").runs,
        "regular expression": lambda: search("name ~ '-1[0-9]+$'").runs,
        "words": lambda: search("run-11").runs,
        f"history of {POINTS:,} points": lambda: services.series.read(long_id, "hist").values,
        "history thinned to 1,000": lambda: services.series.read(long_id, "hist", max_points=1000).values,
    }


def _fill_trackbook(store: Any, runs: int) -> str:
    from trackbook.services.recorder import RunRecorder

    source = random.Random(5)
    for number in range(runs):
        run = RunRecorder.start(store, experiment="bench", name=f"run-{number}", params=_params(source))
        run.log(_metrics(source), step=0)
        run.end()
    run = RunRecorder.start(store, experiment="bench", name="long", params=_params(source))
    for step in range(POINTS):
        run.log({"hist": source.random()}, step=step)
    run.end()
    return run.run_id


# MLflow


def _mlflow(folder: Path, runs: int) -> Timed:
    import mlflow

    database = folder / "mlflow.db"
    mlflow.set_tracking_uri(f"sqlite:///{database}")
    client = mlflow.MlflowClient()
    if not (folder / "filled").exists():
        mlflow.set_experiment("bench")
        with mlflow.start_run() as first:
            source = random.Random(5)
            mlflow.log_params(_params(source))
            mlflow.log_metrics(_metrics(source), step=0)
        _fill_mlflow(database, first.info.run_id, runs, source)
        (folder / "filled").write_text(json.dumps([first.info.experiment_id, first.info.run_id]))
    experiment, long_id = json.loads((folder / "filled").read_text())

    def search(text: str = "", order: str = "attributes.start_time DESC") -> Sequence[Any]:
        return client.search_runs([experiment], text, order_by=[order], max_results=100)

    return {
        "first page": search,
        "filter, top 100": lambda: search("metrics.acc > 0.9", "metrics.acc DESC"),
        "filter and parameter, top 100": lambda: search(
            "metrics.acc > 0.5 and params.p0 = 'v3'", "metrics.f1 DESC"
        ),
        "sort by a metric": lambda: search("", "metrics.loss"),
        "sort by a parameter": lambda: search("", "params.p1 DESC"),
        f"history of {POINTS:,} points": lambda: client.get_metric_history(long_id, "hist"),
    }


def _fill_mlflow(database: Path, model: str, runs: int, source: random.Random) -> None:
    """Write rows like those of the run `model`, which MLflow's own client wrote."""
    connection = sqlite3.connect(database)
    cursor = connection.execute("select * from runs where run_uuid = ?", [model])
    names = [column[0] for column in cursor.description]
    template = dict(zip(names, cursor.fetchone(), strict=True))
    tags = connection.execute("select key, value from tags where run_uuid = ?", [model]).fetchall()
    rows: dict[str, list[Sequence[object]]] = {"runs": [], "params": [], "tags": []}
    points: list[Sequence[object]] = []
    for number in range(runs):
        run, at = uuid.uuid4().hex, template["start_time"] + number
        changed = {"run_uuid": run, "name": f"run-{number}", "start_time": at, "end_time": at + 5}
        changed["artifact_uri"] = template["artifact_uri"].replace(model, run)
        rows["runs"].append(list((template | changed).values()))
        rows["params"] += [(key, str(value), run) for key, value in _params(source).items()]
        rows["tags"] += [(key, value, run) for key, value in tags]
        points += [(key, value, at, 0, 0, run) for key, value in _metrics(source).items()]
    connection.executemany(f"insert into runs values ({','.join('?' * len(names))})", rows["runs"])
    for table in ("params", "tags"):
        connection.executemany(f"insert into {table} (key, value, run_uuid) values (?, ?, ?)", rows[table])
    at = template["start_time"]
    history = [("hist", source.random(), at + step, step, 0, model) for step in range(POINTS)]
    columns = "(key, value, timestamp, step, is_nan, run_uuid) values (?, ?, ?, ?, ?, ?)"
    connection.executemany(f"insert into metrics {columns}", points + history)
    connection.executemany(f"insert into latest_metrics {columns}", [*points, history[-1]])
    connection.commit()
    connection.close()


if __name__ == "__main__":
    main()
