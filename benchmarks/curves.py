"""How long curves take on the server: runs with long series, read from segments, thinned and encoded.

    python benchmarks/curves.py                      50 runs of 1,000 and of 100,000 points
    python benchmarks/curves.py --runs 200 --points 10000
    python benchmarks/curves.py --fill FOLDER        make a project for looking at it in JupyterLab, and stop

Times are of the processor, so that other work on the machine does not count; the median of several.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from trackbook.domain import records as r
from trackbook.domain.curve import CurveQuery
from trackbook.domain.ids import new_id
from trackbook.domain.run import Source
from trackbook.server.wire import encode
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.batch import Reading
from trackbook.store.paths import PartName, create_store
from trackbook.store.projector import project
from trackbook.store.segments import Columns, PartContent, write_segment

BEGAN = 1_760_000_000_000_000
REPEATS = 7
PIXELS = 600
QUESTIONS: dict[str, dict[str, Any]] = {
    "all of it": {},
    "a tenth": {"start": 0.4, "end": 0.5},
    "a thousandth": {"start": 0.4, "end": 0.401},
    "over time": {"x": "relative"},
    "log axis": {"scale": "log"},
    "mean of groups": {"group_by": "params.lr"},
    "over a metric": {"x": "metrics.tokens"},
}


def main() -> None:
    """Print a row for each question: the time for short and long series, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--fill", type=Path)
    asked = parser.parse_args()
    if asked.fill:
        _, ids = fill(asked.fill, asked.runs, asked.points)
        print(f"{len(ids)} runs of {asked.points:,} points in {asked.fill}")
        return
    few = max(1_000, asked.points // 100)
    with tempfile.TemporaryDirectory() as folder:
        measured = [measure(Path(folder) / str(count), asked.runs, count) for count in (few, asked.points)]
        live, sent = measure_live(Path(folder) / "live", 100, 2_000)
    print(f"{asked.runs} runs, {PIXELS} buckets; ms of processor time, median of {REPEATS}")
    print(f"{'':16}{f'{few:,} points':>18}{f'{asked.points:,} points':>18}{'growth':>10}{'MB sent':>10}")
    for question in measured[0]:
        (short, _), (long, size) = (times[question] for times in measured)
        print(f"{question:16}{short:18.1f}{long:18.1f}{long / short:9.1f}x{size / 1e6:10.2f}")
    print(f"100 running runs of 2,000 points, one more each: {live:.1f} ms, {sent / 1e3:.0f} kB")


def measure(folder: Path, runs: int, points: int) -> dict[str, tuple[float, int]]:
    """Return the time in ms and the bytes of the answer for each question; the first has nothing in memory yet."""
    services, ids = fill(folder, runs, points)
    found = {}
    try:
        base = CurveQuery(["loss"], ids, max_points=PIXELS)
        services.curves.read(CurveQuery(["nothing"], ids))  # what is imported late
        found["first look"] = (_time(lambda: answer(services, base), 1), len(answer(services, base)))
        for question, more in QUESTIONS.items():
            ends = {name: more[name] * points for name in ("start", "end") if name in more}
            query = CurveQuery(["loss"], ids, max_points=PIXELS, **{**more, **ends})
            found[question] = (
                _time(lambda query=query: answer(services, query)),
                len(answer(services, query)),
            )
    finally:
        services.close()
    return found


def measure_live(folder: Path, runs: int, points: int) -> tuple[float, int]:
    """Return the time in ms and the bytes of an update: running runs that each got one more point."""
    services = open_services(create_store(folder / ".trackbook"))
    writers = [RunRecorder.start(services.store, experiment="live") for _ in range(runs)]
    try:
        for step in range(points):
            for writer in writers:
                writer.log({"loss": 1 / (step + 1)}, step=step)
        services.runs.refresh(timeout=600)
        query = CurveQuery(["loss"], [writer.run_id for writer in writers], max_points=PIXELS)
        answer(services, query)
        times = []
        for step in range(points, points + REPEATS):
            for writer in writers:
                writer.log({"loss": 1 / (step + 1)}, step=step)
            news = msgspec.structs.replace(query, start=float(step - 1))
            times.append(_time(lambda news=news: answer(services, news), 1))
        return statistics.median(times), len(answer(services, news))
    finally:
        for writer in writers:
            writer.end()
        services.close()


def answer(services: Services, query: CurveQuery) -> bytes:
    """Return what the server would send."""
    return encode(services.curves.read(query))


def fill(folder: Path, runs: int, points: int) -> tuple[Services, list[str]]:
    """Return the services over a new store of runs with two metrics, and the ids of the runs."""
    services = open_services(create_store(folder / ".trackbook"))
    chance = np.random.default_rng(0)
    steps = np.arange(points, dtype=np.int64)
    ids, given = [], []
    for number in range(1, runs + 1):
        name = PartName(run_id := new_id(), run_id, 0)
        rate = [0.01, 0.03, 0.1, 0.3, 1.0][number % 5]
        times = BEGAN + number * 10_000_000 + steps * 10_000 + chance.integers(0, 5_000, points)
        loss = np.exp(-steps / points * (3 + rate)) + chance.normal(0, 0.03, points) + rate / 5
        loss[chance.integers(0, points)] = 3.0  # a spike that a chart must not lose
        tokens = np.cumsum(chance.integers(100, 1_000, points)).astype(np.float64)
        source = Source("notebook", "train.ipynb")
        records = [
            r.RunStarted(int(times[0]), "churn", f"run {number}", "ann", "host", source),
            r.ParamsSet(int(times[0]), {"lr": rate, "seed": number}),
            r.RunEnded(int(times[-1]), "finished"),
        ]
        columns = {
            ("loss", "{}"): Columns(steps, times, loss),
            ("tokens", "{}"): Columns(steps, times, tokens),
        }
        content = PartContent(records, columns)
        write_segment(services.store.segment(name), content)
        with services.database.write() as connection:
            project(connection, [Reading(name, content, 0, "owner", True, True)])
        ids.append(run_id)
        given.append(r.RunNumbered(int(times[0]), run_id, number))
    numbers = PartName("project", "0", 0)
    with services.database.write() as connection:
        project(connection, [Reading(numbers, PartContent(given), 0, "editor", True, True)])
    return services, ids


def _time(call: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        began = time.process_time()
        call()
        times.append((time.process_time() - began) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    main()
