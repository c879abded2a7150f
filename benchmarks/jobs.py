"""What running notebooks costs beside their work: Trackbook, papermill, nbclient, ploomber-engine, and plain Python.

    python benchmarks/jobs.py                          Trackbook and plain Python
    python benchmarks/jobs.py --peers FOLDER           the others, too, in a virtual environment that is made there
    python benchmarks/jobs.py --peers FOLDER --quick   each slow peer once, and only with some of the trials
    python benchmarks/jobs.py --only trackbook plain --rounds 5

The work is 20 trials of a notebook of ten cells that imports pandas and scikit-learn, loads the digits and fits a small
model; each trial has other parameters. A figure is the time of a command from its start to its end, with all imports,
outputs and runs stored; beside it stands the processor time of all that it started, which says more where others work,
too. Rounds go through all of them in turn, and medians are quoted. All have the same cores and one BLAS thread a
process, but for the line that says so. The results are checked to be the same everywhere. Absolute figures belong to
the machine: what counts are ratios of one run.
"""

import sys

# A script's folder comes first where Python looks for modules, and here lies one with the name of Python's logging.
sys.path[0] += "/batch"

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import venv
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from notebooks import trials, write_notebooks
from processors import adopt_orphans, used_by_children, wait_for_all

BATCH = Path(__file__).resolve().parent / "batch"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PACKAGES = ("papermill", "nbclient", "ipykernel", "pandas", "scikit-learn", "numpy")
PLOOMBER = "ploomber-engine==0.0.33"
CORES = 2
QUICK_TRIALS = 5


class Setting(NamedTuple):
    """Where a figure is taken: a fresh folder, how many trials, the peers' Python, the environment."""

    folder: Path
    notebooks: Path
    count: int
    python: str
    environment: dict[str, str]

    def run(self, *command: str, folder: Path | None = None) -> str:
        """Run a command to its end and return what it prints."""
        done = subprocess.run(
            command,
            cwd=folder or self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(
                f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout


class Cost(NamedTuple):
    """What a command took: seconds by the clock, and of all processors together (0 where that is not known)."""

    seconds: float
    processors: float


class Line(NamedTuple):
    """A line of the table: its name, how it is measured, and whether it is one of the slow ones."""

    name: str
    measure: Callable[[Setting], Cost]
    slow: bool = False
    needs_peers: bool = True


class Differs(SystemExit):
    """Two of them came to different results."""


def main() -> None:
    options = parse()
    peers = str(make_peers(options.peers)) if options.peers else ""
    lines = [
        line
        for line in LINES
        if (peers or not line.needs_peers)
        and (not options.only or any(line.name.startswith(word) for word in options.only))
    ]
    costs: dict[str, list[Cost]] = defaultdict(list)
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="trackbook-jobs-") as folder:
        write_notebooks(Path(folder))
        for number in range(options.rounds):
            for line in lines:
                if options.quick and line.slow and number:
                    continue
                quick = options.quick and line.slow
                count = min(options.trials, QUICK_TRIALS) if quick else options.trials
                place = Path(folder) / f"{number}-{lines.index(line)}"
                place.mkdir()
                environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "JUPYTER_PATH": ""}
                # Compiled modules are kept, as they are for everybody.
                environment.pop("PYTHONDONTWRITEBYTECODE", None)
                cost = line.measure(Setting(place, Path(folder), count, peers, environment))
                if not line.name.startswith("trivial"):
                    cost = Cost(
                        cost.seconds * options.trials / count, cost.processors * options.trials / count
                    )
                costs[line.name].append(cost)
                said = f"{cost.seconds:7.2f} s by the clock, {cost.processors:7.2f} s of processors"
                print(f"  {line.name:54} {said}", file=sys.stderr, flush=True)
                shutil.rmtree(place, ignore_errors=True)
                wait_for_all()  # an ingester, say, ends with its store
    show(lines, {name: middle(found) for name, found in costs.items()}, costs, options)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--peers", type=Path, help="a virtual environment of the other tools; made if it is not there"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help=f"slow peers once, with {QUICK_TRIALS} trials")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="lines whose name begins so")
    return parser.parse_args()


def make_peers(folder: Path) -> Path:
    """Return the peers' Python; its packages have the versions that are installed here."""
    python = folder.absolute() / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        wanted = [f"{name}=={version(name)}" for name in PACKAGES]
        subprocess.run([python, "-m", "pip", "install", "-q", *wanted, PLOOMBER], check=True)
    return python


def peer(tool: str, processes: int, *, caps: bool = True) -> Callable[[Setting], Cost]:
    def measure(setting: Setting) -> Cost:
        environment = {**setting.environment, "PYTHONPATH": ""}
        if not caps:
            for name in THREADS:
                environment.pop(name)
        place = setting._replace(environment=environment)
        given, output = write_trials(setting), setting.folder / "out"
        command = (str(BATCH / "peers.py"), tool, str(setting.notebooks / "model.ipynb"))
        cost = timed(lambda: place.run(place.python, *command, str(given), str(output), str(processes)))
        check(setting, [said_in(output / f"{number}.ipynb") for number in range(setting.count)])
        return cost

    return measure


def plain(processes: int, *options: str) -> Callable[[Setting], Cost]:
    def measure(setting: Setting) -> Cost:
        given, results = write_trials(setting), setting.folder / "results.json"
        command = (
            str(BATCH / "plain.py"),
            str(setting.notebooks / "model.ipynb"),
            str(given),
            str(results),
        )
        cost = timed(lambda: setting.run(sys.executable, *command, str(processes), *options))
        check(setting, json.loads(results.read_text()))
        return cost

    return measure


def trackbook(notebook: str, *options: str, stands: bool = False) -> Callable[[Setting], Cost]:
    def measure(setting: Setting) -> Cost:
        (setting.folder / ".trackbook").mkdir()
        shutil.copy(setting.notebooks / notebook, setting.folder)
        wanted = trials(setting.count)

        def sweep(count: int) -> None:
            swept = f"C={','.join(str(one['C']) for one in wanted[:count])}"
            command = (sys.executable, "-m", "trackbook.cli", "sweep", notebook, "-s", swept)
            fixed = ("-p", f"max_iter={wanted[0]['max_iter']}", "--jobs", str(CORES), *options)
            setting.run(*command, *fixed)

        with standing_worker(setting, sweep) if stands else nullcontext():
            cost = timed(lambda: sweep(setting.count))
        check(setting, stored_results(setting))
        return cost

    return measure


@contextmanager
def standing_worker(setting: Setting, sweep: Callable[[int], None]) -> Iterator[None]:
    """Have a worker stand in a project in which somebody has worked before: `sweep` runs so many trials."""
    sweep(1)  # makes the project
    command = [sys.executable, "-m", "trackbook.cli", "worker"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    worker = subprocess.Popen(command, cwd=setting.folder, env=setting.environment, **quiet)
    while not (setting.folder / ".trackbook" / "templates").exists():
        time.sleep(0.05)
    sweep(1)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def trivial_trackbook(setting: Setting) -> Cost:
    (setting.folder / ".trackbook").mkdir()
    shutil.copy(setting.notebooks / "trivial.ipynb", setting.folder)
    return median_of(setting.run(sys.executable, str(BATCH / "trivial.py"), "trivial.ipynb", "10"))


def trivial_papermill(setting: Setting) -> Cost:
    given = write_trials(setting)
    command = (str(BATCH / "peers.py"), "trivial", str(setting.notebooks / "trivial.ipynb"))
    place = setting._replace(environment={**setting.environment, "PYTHONPATH": ""})
    return median_of(place.run(place.python, *command, str(given), str(setting.folder / "out"), "5"))


def median_of(told: str) -> Cost:
    return Cost(statistics.median(json.loads(told.strip().splitlines()[-1])), 0.0)


def write_trials(setting: Setting) -> Path:
    path = setting.folder / "trials.json"
    path.write_text(json.dumps(trials(setting.count)))
    return path


def stored_results(setting: Setting) -> list[str]:
    """Return what each trial of a project printed, from its runs, which must be there with cells and artifacts."""
    told = dict(json.loads(setting.run(sys.executable, str(BATCH / "stored.py"))))
    return [told.get(one["C"], "") for one in trials(setting.count)]


def said_in(path: Path) -> str:
    return "".join(json.loads(path.read_text())["cells"][-1]["outputs"][0]["text"])


_expected: list[str] = []


def check(setting: Setting, said: list[str]) -> None:
    """Stop if the results are not those of all the others."""
    if len(said) != setting.count or not all(said):
        raise Differs(f"There are {len([one for one in said if one])} results of {setting.count}.")
    if len(said) > len(_expected):
        if _expected != said[: len(_expected)]:
            raise Differs(f"Results differ:\n{''.join(_expected)}{''.join(said)}")
        _expected[:] = said
    if _expected[: len(said)] != said:
        raise Differs(f"Results differ:\n{''.join(_expected)}{''.join(said)}")


def timed(run: Callable[[], object]) -> Cost:
    used, started = used_by_children(), time.perf_counter()
    run()
    seconds = time.perf_counter() - started
    return Cost(seconds, used_by_children() - used)


def middle(costs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.processors for cost in costs),
    )


def show(
    lines: list[Line], medians: dict[str, Cost], costs: dict[str, list[Cost]], options: argparse.Namespace
) -> None:
    print(
        f"\n{options.trials} trials, medians of {options.rounds} rounds, seconds; ratios by the clock (by processors)"
    )
    print(f"{'':56}{'clock':>8}{'processors':>12}{'x plain':>15}{'x best plain':>15}{'papermill x':>15}")
    for line in lines:
        if line.name.startswith("trivial"):
            continue
        median = medians[line.name]
        ratios = [
            ratio(median, medians.get(PLAIN)),
            ratio(median, medians.get(PREPARED)),
            ratio(medians.get("papermill, API, 2 processes"), median),
        ]
        once = f"   ({QUICK_TRIALS} trials, once)" if options.quick and line.slow else ""
        print(f"{line.name:56}{median.seconds:8.2f}{median.processors:12.2f}{''.join(ratios)}{once}")
    ours, theirs = medians.get("trivial, Trackbook, warm kernel"), medians.get("trivial, papermill, API")
    for name in ("trivial, papermill, API", "trivial, Trackbook, warm kernel"):
        if name in medians:
            times = (
                f"   {theirs.seconds / ours.seconds:.1f} x" if ours and theirs and "Trackbook" in name else ""
            )
            print(f"{name:56}{medians[name].seconds:8.3f}{times}")
    for name, found in costs.items():
        if len(found) > 1:
            clock = sorted(cost.seconds for cost in found)
            print(f"spread of {name}: {clock[0]:.2f} to {clock[-1]:.2f}")


def ratio(cost: Cost | None, other: Cost | None) -> str:
    if cost is None or other is None:
        return f"{'':15}"
    by_processors = f"({cost.processors / other.processors:.2f})" if other.processors else ""
    return f"{cost.seconds / other.seconds:8.2f}{by_processors:>7}"


PLAIN = "plain Python, 2 processes"
PREPARED = "plain Python, 2 processes, data prepared once"
LINES = (
    Line("plain Python, 1 process", plain(1), needs_peers=False),
    Line(PLAIN, plain(CORES), needs_peers=False),
    Line(PREPARED, plain(CORES, "once"), needs_peers=False),
    Line("trackbook sweep --jobs 2", trackbook("model.ipynb"), needs_peers=False),
    Line(
        "trackbook sweep --jobs 2 --share-prefix",
        trackbook("model.ipynb", "--share-prefix"),
        needs_peers=False,
    ),
    Line("trackbook sweep --jobs 2, parameters at the top", trackbook("top.ipynb"), needs_peers=False),
    Line(
        "trackbook sweep --jobs 2, beside a worker that stands",
        trackbook("model.ipynb", stands=True),
        needs_peers=False,
    ),
    Line(
        "trackbook sweep --jobs 2 --share-prefix, beside one",
        trackbook("model.ipynb", "--share-prefix", stands=True),
        needs_peers=False,
    ),
    Line(
        "trackbook sweep --jobs 2, parameters at the top, beside one",
        trackbook("top.ipynb", stands=True),
        needs_peers=False,
    ),
    Line("ploomber-engine, 1 process, no isolation", peer("ploomber", 1)),
    Line("ploomber-engine, 2 processes, no isolation", peer("ploomber", CORES)),
    Line("papermill, API, 1 process", peer("papermill", 1), slow=True),
    Line("papermill, API, 2 processes", peer("papermill", CORES), slow=True),
    Line(
        "papermill, API, 2 processes, its own number of threads",
        peer("papermill", CORES, caps=False),
        slow=True,
    ),
    Line("papermill, CLI, 1 at a time", peer("papermill-cli", 1), slow=True),
    Line("papermill, CLI, 2 at a time", peer("papermill-cli", CORES), slow=True),
    Line("nbclient, 1 process", peer("nbclient", 1), slow=True),
    Line("nbclient, 2 processes", peer("nbclient", CORES), slow=True),
    Line("trivial, papermill, API", trivial_papermill),
    Line("trivial, Trackbook, warm kernel", trivial_trackbook, needs_peers=False),
)


if __name__ == "__main__":
    main()
