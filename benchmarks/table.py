"""How long the server takes for the run table, and how that grows from 1,000 runs to 100,000. No browser is part of it.

    python benchmarks/table.py                                  1,000 and 100,000 runs
    python benchmarks/table.py --runs 1000 --folder FOLDER

Stores are filled as benchmarks/query.py does it; a folder given with --folder is kept, and shared with it. Each row is
a request of the table without HTTP: the first time in a process, which reads columns into memory, and the median of
further ones, none of which finds the answer of another.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "search"))

from trackbook_runs import open_filled  # noqa: E402  # found beside this file

from trackbook.domain.scope import RunScope  # noqa: E402
from trackbook.domain.table import GroupsRequest, TableRequest  # noqa: E402
from trackbook.services.context import Services  # noqa: E402

ROUNDS = 5
COLUMNS = [
    "name",
    "status",
    "started",
    "duration",
    "params.lr",
    "params.model",
    "params.batch",
    "metrics.acc",
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    found: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).absolute()
        for count in arguments.runs:
            project = folder / f"trackbook-{count}"
            project.mkdir(parents=True, exist_ok=True)
            services, _ = open_filled(project, count)
            times = _server(services)
            services.database.close()
            found.append(times)
    _print(arguments.runs, found)


def _server(services: Services) -> dict[str, float]:
    tables = services.run_tables
    tasks: dict[str, Callable[[int], Any]] = {
        "window of 1,000 rows": lambda n: tables.window(TableRequest(columns=COLUMNS, offset=n, limit=1000)),
        "sorted by a metric": lambda n: tables.window(
            TableRequest(RunScope(" " * n), "metrics.loss desc", COLUMNS)
        ),
        "filtered": lambda n: tables.window(TableRequest(RunScope(f"metrics.acc > 0.{n + 1}"), "", COLUMNS)),
        "grouped by a parameter": lambda n: tables.groups(
            GroupsRequest(["params.lr"], RunScope(" " * n), ["metrics.acc", "metrics.loss"], "count desc")
        ),
        "all columns listed": lambda n: tables.columns(),
    }
    times: dict[str, float] = {}
    for name, task in tasks.items():
        taken = []
        for number in range(ROUNDS + 1):
            began = time.perf_counter()
            task(number)
            taken.append((time.perf_counter() - began) * 1e3)
        times[f"{name}, first"] = taken[0]
        times[f"{name}"] = statistics.median(taken[1:])
    return times


def _print(counts: list[int], found: list[dict[str, float]]) -> None:
    print(f"{'milliseconds':44}" + "".join(f"{count:>12,}" for count in counts) + "      growth")
    for name in found[0]:
        values = [times.get(name, float("nan")) for times in found]
        growth = f"{values[-1] / values[0]:12.1f}" if len(values) > 1 and values[0] else ""
        print(f"{name:44}" + "".join(f"{value:12.1f}" for value in values) + growth)


if __name__ == "__main__":
    main()
