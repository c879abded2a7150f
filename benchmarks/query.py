"""How long searches and histories take: over the published set of searches, and beside MLflow.

    python benchmarks/query.py                                     1,000, 10,000 and 100,000 runs
    python benchmarks/query.py --runs 10000 --peer PYTHON          also MLflow, from an environment that has it
    TRACKBOOK_STORE=postgresql://... python benchmarks/query.py --runs 100000 --folder FOLDER      in PostgreSQL

Each run has 10 parameters and 10 metrics (search/made_runs.py); one more has a series of 100,000 points. A search
counts with all that a user waits for: reading its text, the total, and a page of 100 runs with parameters, metrics
and tags. The published set (search/queries.txt) is asked in several rounds, each search for its first page, for one in
the middle and for one at the end; no round finds the answers of another. Beside MLflow repeats are interleaved, the
same in both with a slightly other value each time, and medians are quoted. A folder given with --folder is kept.
"""

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "search"
sys.path.insert(0, str(HERE))

from trackbook_runs import change_a_run, open_filled  # noqa: E402  # found beside this file

from trackbook.services.context import Services  # noqa: E402

PAGE = 100
Task = Callable[[float], Sequence[Any]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--peer", help="a Python that has MLflow")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).absolute()
        for count in arguments.runs:
            print(f"\n{count:,} runs")
            services, long_id = open_filled(_made(folder / f"trackbook-{count}"), count)
            _published_set(services, arguments.rounds)
            tasks = _tasks(services, long_id)
            if arguments.peer:
                with Peer(arguments.peer, _made(folder / f"mlflow-{count}"), count) as peer:
                    _side_by_side(tasks, peer, arguments.rounds)
            else:
                _alone(tasks, arguments.rounds)
            services.database.close()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# The published set


def _published_set(services: Services, rounds: int) -> None:
    queries = [
        line for line in (HERE / "queries.txt").read_text().splitlines() if line and not line.startswith("#")
    ]
    cold = [_timed(lambda query=query: services.runs.search(query))[0] for query in queries]
    first, windows, changed = [], [], []
    slowest: dict[str, float] = {}
    for number in range(1, rounds + 1):
        for query in queries:
            asked = query + " " * number  # another text, so that nothing is remembered of it
            took, page = _timed(lambda asked=asked: services.runs.search(asked))
            first.append(took)
            slowest[query] = max(slowest.get(query, 0.0), took)
            for offset in (page.total // 2, max(0, page.total - PAGE)):
                windows.append(
                    _timed(lambda asked=asked, offset=offset: services.runs.search(asked, offset=offset))[0]
                )
    run_id = services.runs.search().runs[0].id
    for query in queries:
        change_a_run(services, run_id, random.random())
        changed.append(_timed(lambda query=query: services.runs.search(query))[0])
    print(f"  {len(queries)} searches, {rounds} rounds        median      p95      max  (ms)")
    for name, times in (
        ("the first page", first),
        ("pages further on", windows),
        ("both together", first + windows),
        ("after a run logged", changed),
        ("a process's first time", cold),
    ):
        print(f"  {name:26}{_row(times)}")
    for query in sorted(slowest, key=slowest.__getitem__)[-3:]:
        print(f"    slowest {slowest[query]:6.1f}   {query}")


def _row(times: list[float]) -> str:
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(times):9.2f}{p95:9.2f}{ordered[-1]:9.2f}"


def _timed(task: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = task()
    return (time.perf_counter() - began) * 1e3, result


# Beside MLflow


def _tasks(services: Services, long_id: str) -> dict[str, tuple[str, Task]]:
    search, read = services.runs.search, services.series.read
    newest = "order by started desc"
    return {
        "first_page": ("first page", lambda at: search(f"{newest}{_blanks(at)}").runs),
        "filter": ("filter on a metric", lambda at: search(f"metrics.acc > {at} {newest}").runs),
        "filter_sort": (
            "filter, sorted by another",
            lambda at: search(f"metrics.acc > {at} order by metrics.f1 desc").runs,
        ),
        "filter_param": (
            "filter and a parameter, sorted",
            lambda at: search(f"metrics.acc > {at} and params.model = 'vit' order by metrics.f1 desc").runs,
        ),
        "sort": ("sort by a metric", lambda at: search(f"order by metrics.loss{_blanks(at)}").runs),
        "sort_param": (
            "sort by a parameter",
            lambda at: search(f"order by params.dropout desc{_blanks(at)}").runs,
        ),
        "history": ("history of 100,000 points", lambda _: read(long_id, "hist").values),
        "thinned": ("thinned to 1,000", lambda _: read(long_id, "hist", max_points=1_000).values),
    }


def _blanks(at: float) -> str:
    return " " * int(at * 1e4 % 1e3)


class Peer:
    """MLflow in a process of its own, asked line by line."""

    def __init__(self, python: str, folder: Path, count: int) -> None:
        command = [python, str(HERE / "mlflow_runs.py"), str(folder), str(count)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        while self._read() != "ready":
            pass

    def ask(self, name: str, variation: float) -> float:
        assert self._process.stdin is not None
        print(name, variation, file=self._process.stdin, flush=True)
        took, found = self._read().split()
        assert int(found) > 0, name
        return float(took)

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("MLflow ended; is it installed there?")
        return line.strip()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def _side_by_side(tasks: dict[str, tuple[str, Task]], peer: Peer, rounds: int) -> None:
    ours: dict[str, list[float]] = {name: [] for name in tasks}
    theirs: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(rounds + 1):
        at = round(0.9 + number / 1e4, 6)
        for name, (_, task) in tasks.items():
            took, found = _timed(lambda task=task, at=at: task(at))
            assert len(found) > 0, name
            other = peer.ask(name, at) if name != "thinned" else 0.0  # MLflow's client has no such thing
            if number:  # the first round warms both
                ours[name].append(took)
                theirs[name].append(other)
    print("  beside MLflow, SQLite              Trackbook     MLflow    ratio  (ms)")
    for name, (title, _) in tasks.items():
        mine = statistics.median(ours[name])
        other = statistics.median(theirs["history" if name == "thinned" else name])
        print(f"  {title:32}{mine:12.2f}{other:11.1f}{other / mine:9.0f}")


def _alone(tasks: dict[str, tuple[str, Task]], rounds: int) -> None:
    for name, (title, task) in tasks.items():
        times = []
        for number in range(rounds + 1):
            at = round(0.9 + number / 1e4, 6)
            took, found = _timed(lambda task=task, at=at: task(at))
            assert len(found) > 0, name
            times.append(took)
        print(f"  {title:32}{statistics.median(times[1:]):10.2f} ms")


if __name__ == "__main__":
    main()
