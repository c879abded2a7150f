"""What running a notebook costs beside its work: papermill's own engine and Trackbook's jobs, two at a time.

Run by hand: `python benchmarks/job_overhead.py [JOBS]`. Both run the same notebook of five short cells as often, in
turns; the figures are medians of the rounds. The machine's speed drifts, so look at the ratio.
"""

import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat import v4

PARALLEL = 2
ROUNDS = 3


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    with tempfile.TemporaryDirectory() as folder:
        path = write_notebook(Path(folder))
        times: dict[str, list[float]] = {"papermill": [], "trackbook": []}
        for _ in range(ROUNDS):
            times["papermill"].append(timed(run_papermill, path, jobs))
            times["trackbook"].append(timed(run_trackbook, path, jobs))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in medians.items():
        print(f"{name:10} {seconds:6.2f} s for {jobs} jobs, {seconds * PARALLEL / jobs:.2f} s a job")
    print(f"ratio      {medians['papermill'] / medians['trackbook']:6.2f}")


def write_notebook(folder: Path) -> Path:
    cells = [v4.new_code_cell("n = 1", metadata={"tags": ["parameters"]})]
    cells += [v4.new_code_cell(f"print('cell {number}', n)") for number in range(4)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "short.ipynb"
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def timed(run: object, path: Path, jobs: int) -> float:
    assert callable(run)
    started = time.perf_counter()
    run(path, jobs)
    return time.perf_counter() - started


def run_papermill(path: Path, jobs: int) -> None:
    with multiprocessing.get_context("spawn").Pool(PARALLEL) as pool:
        pool.starmap(execute, [(str(path), number) for number in range(jobs)], chunksize=1)


def execute(path: str, number: int) -> None:
    import papermill

    papermill.execute_notebook(path, f"{path}.{number}.ipynb", {"n": number}, progress_bar=False)


def run_trackbook(path: Path, jobs: int) -> None:
    from trackbook.jobs.pool import run_jobs
    from trackbook.services.context import open_services
    from trackbook.store.paths import locate_store

    services = open_services(locate_store(path.parent))
    submitted = services.jobs.submit(path, None, {"n": list(range(jobs))})
    outcomes = run_jobs(services.store, submitted, parallel=PARALLEL)
    assert outcomes.exit_code == 0
    services.database.close()


if __name__ == "__main__":
    main()
