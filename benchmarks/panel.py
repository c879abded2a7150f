"""How long the panel takes in a browser, what it costs while runs go on, and how that grows with the store.

    python benchmarks/panel.py                              all parts: about eight minutes, of which two fill stores
    python benchmarks/panel.py --folder FOLDER              keeps the stores there, for the next time
    python benchmarks/panel.py --only table start --quick   some parts, with fewer rounds

table    the run table of 1,000 and of 100,000 runs: opened, sorted, filtered, grouped, scrolled
curves   50 runs of 1,000 and of 100,000 points: painted, zoomed
live     100 running runs that update once a second: processor time of browser and server
start    JupyterLab with Trackbook and without, in turns; what is loaded when
memory   thousands of updates, faster than in life: what browser and server keep of them

Each part drives Chromium (CHROMIUM names another) over a JupyterLab of its own. Times are those between the browser's
own performance marks, from what the hand does to the frame that shows it. Stores are filled as benchmarks/query.py and
benchmarks/curves.py do it, and shared with benchmarks/table.py. Needs `make install`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE / "search"), str(HERE / "panel")]

from curves import fill  # noqa: E402  # found beside this file
from lab import jupyterlab  # noqa: E402
from trackbook_runs import open_filled  # noqa: E402

Found = dict[str, float]

RUNS = (1_000, 100_000)
CURVES = 50
POINTS = (1_000, 100_000)
LIVE_RUNS = 100
MEMORY_RUNS = 20


class Sizes(NamedTuple):
    """How much is done; of `--quick`, less."""

    starts: int = 12
    live_seconds: int = 15
    memory_seconds: int = 150


QUICK = Sizes(starts=4, live_seconds=8, memory_seconds=36)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--folder", type=Path, help="keeps the stores")
    parser.add_argument("--runs", type=int, nargs="+", default=RUNS, help="of the stores, smallest first")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = (arguments.folder or Path(temporary)).absolute()
        for part in arguments.only:
            PARTS[part](folder, arguments.runs, QUICK if arguments.quick else Sizes())


def table(folder: Path, runs: list[int], sizes: Sizes) -> None:
    found = []
    for count in runs:
        with jupyterlab(_filled(folder, count)) as lab:
            found.append(_driven("table.mjs", lab.url))
    _print("table, ms", [f"{count:,} runs" for count in runs], found)


def curves(folder: Path, runs: list[int], sizes: Sizes) -> None:
    found = []
    for count in POINTS:
        project = folder / f"curves-{count}"
        if not (project / "filled").exists():
            services, _ = fill(project, CURVES, count)
            services.close()
            (project / "filled").touch()
        with jupyterlab(project) as lab:
            found.append(_driven("curves.mjs", lab.url, CURVES))
    _print(f"{CURVES} curves, ms", [f"{count:,} points" for count in POINTS], found)


def live(folder: Path, runs: list[int], sizes: Sizes) -> None:
    found = [
        _while_running("cost", _filled(folder, count), LIVE_RUNS, 1.0, sizes.live_seconds) for count in runs
    ]
    _print("while runs go on", [f"{count:,} runs" for count in runs], found)


def start(folder: Path, runs: list[int], sizes: Sizes) -> None:
    project = _filled(folder, runs[0])
    with jupyterlab(project) as lab, jupyterlab(project, has_trackbook=False) as other:
        found = _driven("start.mjs", lab.url, other.url, sizes.starts)
    _print("start, ms", [f"{runs[0]:,} runs"], [found])


def memory(folder: Path, runs: list[int], sizes: Sizes) -> None:
    project = _filled(folder, runs[0])
    found = _while_running("memory", project, MEMORY_RUNS, 0.05, sizes.memory_seconds, speed=20)
    _print("memory", [f"{runs[0]:,} runs"], [found])


PARTS: dict[str, Callable[[Path, list[int], Sizes], None]] = {
    "table": table,
    "curves": curves,
    "live": live,
    "start": start,
    "memory": memory,
}


def _filled(folder: Path, count: int) -> Path:
    project = folder / f"trackbook-{count}"
    project.mkdir(parents=True, exist_ok=True)
    services, _ = open_filled(project, count)
    services.close()
    return project


def _while_running(
    kind: str, project: Path, runs: int, pace: float, seconds: int, speed: float | None = None
) -> Found:
    """Drive a copy of a project, in which runs go on from when the browser is ready."""
    with _copied(project) as copy, jupyterlab(copy, speed=speed) as lab:
        command = _command("live.mjs", kind, lab.url, lab.pid, seconds)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE
        ) as driver:
            assert driver.stdin is not None
            assert driver.stdout is not None
            driver.stdout.readline()
            with _running(copy, runs, pace):
                driver.stdin.close()
                answer = driver.stdout.read()
        return _read(answer)


@contextmanager
def _copied(project: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True, dir=project.parent) as folder:
        yield Path(shutil.copytree(project, Path(folder) / "project"))


@contextmanager
def _running(project: Path, count: int, pace: float) -> Iterator[None]:
    command = [sys.executable, str(HERE / "panel/running_runs.py"), str(project), str(count), str(pace)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            yield
        finally:
            writer.stdin.close()
            writer.wait()


def _driven(script: str, *arguments: object) -> Found:
    command = _command(script, *arguments)
    return _read(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def _command(script: str, *arguments: object) -> list[str]:
    return ["node", str(HERE / "panel" / script), *map(str, arguments)]


def _read(answer: str) -> Found:
    if not answer.strip():
        sys.exit("The browser's script ended without an answer; what it said stands above.")
    found: Found = json.loads(answer)
    return found


def _print(title: str, heads: list[str], found: list[Found]) -> None:
    has_growth = len(found) > 1
    print(f"\n| {title} | " + " | ".join(heads) + (" | growth |" if has_growth else " |"))
    print("| --- |" + " ---: |" * (len(heads) + has_growth))
    for name in found[0]:
        values = [of_size.get(name, float("nan")) for of_size in found]
        cells = [name, *(f"{value:,.1f}" for value in values)]
        if has_growth:
            cells.append(f"{values[-1] / values[0]:.1f}" if values[0] > 0 else "")
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
