"""What executing a notebook of many tiny cells costs: bare nbclient, papermill, and Trackbook's engine, in turns.

Run by hand: `python benchmarks/engine.py [--cells 200] [--rounds 5] [--only tiny]`. Each round executes the
same notebook once with each of them, from the notebook's file to the output's, the kernel's start and end included and
the imports of Python left out; Trackbook's job from its submission to its outcome, with all that is recorded. The
figures are medians of the rounds; the machine's speed drifts, so look at the ratios.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat import v4

KINDS = ("tiny", "large", "lines")
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--skip", action="append", default=[], help="leave one of the runners out")
    options = parser.parse_args()
    for kind in [options.only] if options.only else KINDS:
        with tempfile.TemporaryDirectory() as folder:
            runners = {name: run for name, run in RUNNERS.items() if name not in options.skip}
            compare(kind, options.cells, options.rounds, Path(folder), runners)


def compare(
    kind: str, cells: int, rounds: int, folder: Path, runners: dict[str, Callable[[Path], float]]
) -> None:
    path = write_notebook(folder, kind, cells)
    times: dict[str, list[float]] = {name: [] for name in runners}
    for number in range(rounds + (rounds > 1)):
        for name, run in runners.items():
            place = folder / f"{number}-{name.replace(' ', '-')}"
            place.mkdir()
            shutil.copy(path, place / "in.ipynb")
            seconds = run(place)
            if number or rounds == 1:  # the first round warms the disk's cache
                times[name].append(seconds)
                print(f"    {name:28} {seconds:6.2f} s", file=sys.stderr, flush=True)
    base = statistics.median(times["nbclient"])
    print(f"\n{kind}: {cells} cells, medians of {rounds} rounds", flush=True)
    for name, values in times.items():
        median = statistics.median(values)
        print(
            f"  {name:28} {median:6.2f} s   {median / base:5.2f} x nbclient   ({min(values):.2f} to {max(values):.2f})"
        )


def write_notebook(folder: Path, kind: str, cells: int) -> Path:
    sources = list(tiny(cells))
    if kind == "large":
        sources[0] = (
            "from IPython.display import display\nfor n in range(20):\n"
            "    display({'text/plain': chr(65 + n) * 1_000_000}, raw=True)"
        )
    if kind == "lines":
        sources = [
            f"for n in range(500):\n    print({number}, n, flush=n % 10 == 0)" for number in range(cells // 4)
        ]
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(source) for source in sources], metadata={"kernelspec": KERNEL}
    )
    path = folder / "source.ipynb"
    nbformat.write(notebook, path)
    return path


def tiny(cells: int) -> Iterator[str]:
    for number in range(cells):
        yield f"print({number})\nx = {number}"


def run_nbclient(folder: Path) -> float:
    return in_process(folder, "nb")


def run_papermill(folder: Path) -> float:
    return in_process(folder, "pm")


def run_engine(folder: Path) -> float:
    return in_process(folder, "pm", "trackbook")


def run_job(folder: Path) -> float:
    return in_process(folder, "job")


RUNNERS = {
    "nbclient": run_nbclient,
    "papermill": run_papermill,
    "papermill --engine trackbook": run_engine,
    "trackbook job": run_job,
}


def in_process(folder: Path, *words: str) -> float:
    """Do it in a process of its own, as nothing is then left from the round before; returns its own seconds."""
    command = [sys.executable, __file__, "--child", *words]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def child(how: str, engine: str | None = None) -> None:
    prepare, work = {"nb": (import_nbclient, by_nbclient), "pm": (import_papermill, by_papermill)}.get(
        how, (import_trackbook, by_trackbook)
    )
    prepare()
    started = time.perf_counter()
    work(engine)
    print(time.perf_counter() - started)


def import_nbclient() -> None:
    import nbclient  # noqa: F401


def by_nbclient(engine: str | None) -> None:
    from nbclient import NotebookClient

    notebook = nbformat.read("in.ipynb", 4)
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": "."}}).execute()
    nbformat.write(notebook, "out.ipynb")


def import_papermill() -> None:
    import papermill  # noqa: F401

    import trackbook.jobs.client  # noqa: F401


def by_papermill(engine: str | None) -> None:
    import papermill

    papermill.execute_notebook("in.ipynb", "out.ipynb", engine_name=engine, progress_bar=False)


def import_trackbook() -> None:
    from trackbook.services.context import open_services
    from trackbook.store.paths import create_store

    import_papermill()
    open_services(create_store(Path(".trackbook").absolute())).database.close()


def by_trackbook(engine: str | None) -> None:
    from trackbook.jobs.executor import PapermillExecutor
    from trackbook.jobs.worker import Worker
    from trackbook.services.context import open_services
    from trackbook.services.queue import JobQueue
    from trackbook.store.paths import locate_store

    services = open_services(locate_store(Path.cwd()))
    (job,) = services.jobs.submit(Path("in.ipynb"))
    Worker(services.store, JobQueue(services.place, job_ids=[job.id]), PapermillExecutor()).run()
    ended = services.jobs.get(job.id)
    assert ended.status == "finished", ended.error
    services.database.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
        os._exit(0)
    main()
