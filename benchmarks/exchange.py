"""How long it takes to export runs and to import them again, and how much memory and room that needs.

    python benchmarks/exchange.py
    python benchmarks/exchange.py --runs 1000 --points 1000000
    python benchmarks/exchange.py --peer /path/to/peer/bin/python      (where mlflow and mlflow-export-import are)

First 1,000 runs of 10 parameters and 10 metrics with 100 points each, then one run with a series of 1,000,000 points;
each is exported, imported into an empty store, and imported a second time, which finds everything there. Every step is
a process of its own, so that its peak of memory is its own; a copy of the same bytes tells what the disk takes. The
peer exports runs like the first ones, but a tenth as many, from MLflow on SQLite. Starting Python is not counted.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

METRICS = ("acc", "f1", "loss", "auc", "precision", "recall", "mae", "rmse", "t_fit", "t_predict")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--points", type=int, default=1_000_000, help="of the one long series")
    parser.add_argument("--peer", help="the Python that has mlflow and mlflow-export-import")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        step, *rest = arguments.step
        _mlflow(*rest) if step == "mlflow" else _step(step, *rest)
        return
    print(f"{'':34}{'seconds':>9}{'peak MB':>9}{'MB':>9}")
    for what, size in (("runs", arguments.runs), ("points", arguments.points)):
        with tempfile.TemporaryDirectory() as temporary:
            _measure(Path(temporary), what, size)
    if arguments.peer:
        with tempfile.TemporaryDirectory() as temporary:
            count = arguments.runs // 10
            found = _run("mlflow", temporary, str(count), python=arguments.peer)
            print(f"{count:,} runs, MLflow on SQLite, mlflow-export-import")
            print(f"  {'export':32}{found['seconds']:9.2f}{found['peak']:9.0f}{found['size']:9.1f}")


def _measure(folder: Path, what: str, size: int) -> None:
    print(f"{size:,} {what}")
    (fill_runs if what == "runs" else fill_points)(folder / "there", size)
    for name, store, step in (
        ("export", "there", "export"),
        ("import", "here", "import"),
        ("import again", "here", "import"),
    ):
        found = _run(step, str(folder / store), str(folder / "export"))
        print(f"  {name:32}{found['seconds']:9.2f}{found['peak']:9.0f}{_size(folder / 'export'):9.1f}")
    begin = time.perf_counter()
    shutil.copytree(folder / "there", folder / "copy")
    print(f"  {'copy of the store':32}{time.perf_counter() - begin:9.2f}{'':9}{_size(folder / 'copy'):9.1f}")


def fill_runs(root: Path, count: int) -> None:
    """Make runs whose values are noise."""
    from trackbook.services.recorder import RunRecorder
    from trackbook.store.paths import create_store

    store, source = create_store(root / ".trackbook"), random.Random(1)
    for _ in range(count):
        params = {
            f"p{i}": round(source.random(), 6) if i % 2 else f"v{source.randrange(8)}" for i in range(10)
        }
        run = RunRecorder.start(store, experiment="churn", params=params, tags={"team": "vision"})
        for step in range(100):
            run.log({key: source.random() for key in METRICS}, step)
        run.end()
    _index(root)


def fill_points(root: Path, count: int) -> None:
    """Make one run with a long series."""
    from trackbook.services.recorder import RunRecorder
    from trackbook.store.paths import create_store

    source = random.Random(1)
    run = RunRecorder.start(create_store(root / ".trackbook"), experiment="long")
    for step in range(count):
        run.log({"loss": source.random()}, step)
    run.end()
    _index(root)


def _index(root: Path) -> None:
    from trackbook.services.context import open_services
    from trackbook.store.paths import create_store

    services = open_services(create_store(root / ".trackbook"))
    services.runs.refresh(600)
    services.database.close()


def _run(*step: str, python: str = sys.executable) -> dict[str, float]:
    done = subprocess.run([python, __file__, "--step", *step], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def _step(step: str, store: str, export: str) -> None:
    from trackbook.services.context import open_services
    from trackbook.store.paths import create_store

    services = open_services(create_store(Path(store) / ".trackbook"))
    begin = time.perf_counter()
    if step == "export":
        services.exports.write(Path(export))
    else:
        services.imports.read(Path(export))
    seconds = time.perf_counter() - begin
    services.database.close()
    print(json.dumps({"seconds": seconds, "peak": _peak()}))


def _mlflow(folder: str, count: str) -> None:
    import mlflow
    from mlflow.entities import Metric, Param
    from mlflow_export_import.experiment.export_experiment import ExperimentExporter

    mlflow.set_tracking_uri(f"sqlite:///{folder}/there.db")
    client, source = mlflow.MlflowClient(), random.Random(1)
    experiment = client.create_experiment("churn", f"{folder}/artifacts")
    for _ in range(int(count)):
        run = client.create_run(experiment)
        metrics = [Metric(key, source.random(), step, step) for step in range(100) for key in METRICS]
        client.log_batch(run.info.run_id, metrics, [Param(f"p{i}", str(source.random())) for i in range(10)])
        client.set_terminated(run.info.run_id)
    begin = time.perf_counter()
    ExperimentExporter(client).export_experiment("churn", f"{folder}/export")
    seconds = time.perf_counter() - begin
    print(json.dumps({"seconds": seconds, "peak": _peak(), "size": _size(Path(folder) / "export")}))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
