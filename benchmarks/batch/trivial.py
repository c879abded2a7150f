"""Trackbook's jobs of one notebook that does next to nothing: `python trivial.py NOTEBOOK REPEATS`, in its project.

Each is timed from its submission to its outcome, with a worker that is there already, as that of a Jupyter server is.
Prints the seconds as JSON.
"""

import json
import sys
import time
from pathlib import Path

from trackbook.cli.project import open_notebook_project
from trackbook.domain.job import JOB_ENDED
from trackbook.services.processes import start_module


def main() -> None:
    notebook, repeats = Path(sys.argv[1]).absolute(), int(sys.argv[2])
    project = open_notebook_project(notebook)
    store = project.store
    worker = start_module("trackbook.jobs.worker", str(store.root), folder=store.root, log=store.jobs / "log")
    try:
        seconds = [run(project, notebook) for _ in range(repeats + 2)]
    finally:
        worker.terminate()
        worker.wait()
    print(json.dumps(seconds[2:]))


def run(project: object, notebook: Path) -> float:
    from trackbook.services.context import Services

    assert isinstance(project, Services)
    started = time.perf_counter()
    (job,) = project.jobs.submit(notebook)
    while (status := project.jobs.get(job.id).status) not in JOB_ENDED:
        time.sleep(0.005)
    assert status == "finished", status
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
