"""How long it takes to export runs and to import them again, and how much memory and room that needs.

    python benchmarks/exchange.py
    python benchmarks/exchange.py --runs 1000 --points 1000000

First 1,000 runs of 10 parameters and 10 metrics with 100 points each, then one run with a series of 1,000,000 points;
each is exported, imported into an empty store, and imported a second time, which finds everything there. Every step is
a process of its own, so that its peak of memory is its own; a copy of the same bytes tells what the disk takes.
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
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        _step(*arguments.step)
        return
    print(f"{'':34}{'seconds':>9}{'peak MB':>9}{'MB':>9}")
    for what, size in (("runs", arguments.runs), ("points", arguments.points)):
        with tempfile.TemporaryDirectory() as temporary:
            _measure(Path(temporary), what, size)


def _measure(folder: Path, what: str, size: int) -> None:
    print(f"{size:,} {what}")
    (fill_runs if what == "runs" else fill_points)(folder / "there", size)
    for name, store, step in (
        ("export", "there", "export"),
        ("import", "here", "import"),
        ("import again", "here", "import"),
    ):
        found = _run(step, folder / store, folder / "export")
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


def _run(step: str, store: Path, export: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--step", step, str(store), str(export)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
