"""One of the other tools: `python peers.py TOOL NOTEBOOK TRIALS.json FOLDER PROCESSES`, in the peers' environment.

The executed notebooks come into the folder as 0.ipynb and so on.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Run = Callable[[str, str, dict[str, Any]], None]


def main() -> None:
    tool, notebook, trials, folder, processes = sys.argv[1:6]
    values = json.loads(Path(trials).read_text(encoding="utf-8"))
    Path(folder).mkdir(parents=True, exist_ok=True)
    work = [(notebook, f"{folder}/{number}.ipynb", one) for number, one in enumerate(values)]
    if tool == "trivial":
        print(json.dumps(trivial(notebook, folder, int(processes))))
    elif tool == "papermill-cli":
        with ThreadPoolExecutor(int(processes)) as pool:
            list(pool.map(lambda one: papermill_cli(*one), work))
    elif tool == "ploomber":
        in_forks(ploomber, work, int(processes))
    elif processes == "1":
        for one in work:
            TOOLS[tool](*one)
    else:
        with multiprocessing.get_context("fork").Pool(int(processes)) as pool:
            pool.starmap(TOOLS[tool], work, chunksize=1)


def papermill(notebook: str, output: str, values: dict[str, Any]) -> None:
    import papermill

    papermill.execute_notebook(notebook, output, values, progress_bar=False)


def papermill_cli(notebook: str, output: str, values: dict[str, Any]) -> None:
    given = [part for name, value in values.items() for part in ("-p", name, str(value))]
    command = [sys.executable, "-m", "papermill", notebook, output, "--no-progress-bar", *given]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def nbclient(notebook: str, output: str, values: dict[str, Any]) -> None:
    import nbformat
    from nbclient import NotebookClient
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    read = parameterize_notebook(load_notebook_node(notebook), values)
    NotebookClient(read, timeout=600).execute()
    nbformat.write(read, output)


def ploomber(notebook: str, output: str, values: dict[str, Any]) -> None:
    from ploomber_engine import execute_notebook

    execute_notebook(notebook, output, parameters=values, progress_bar=False, verbose=False)


def in_forks(run: Run, work: list[Any], processes: int) -> None:
    # By hand: it replaces sys.modules["__main__"], which multiprocessing's pools don't survive.
    children = []
    for number in range(processes):
        child = os.fork()
        if child == 0:
            try:
                for one in work[number::processes]:
                    run(*one)
            except BaseException:
                os._exit(1)
            os._exit(0)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert not any(codes), "ploomber-engine failed"


def trivial(notebook: str, folder: str, repeats: int) -> list[float]:
    """Return the seconds of so many executions with papermill, the import of papermill left out."""
    papermill(notebook, f"{folder}/warm.ipynb", {})
    seconds = []
    for number in range(repeats):
        started = time.perf_counter()
        papermill(notebook, f"{folder}/{number}.ipynb", {})
        seconds.append(time.perf_counter() - started)
    return seconds


TOOLS: dict[str, Run] = {"papermill": papermill, "nbclient": nbclient}

if __name__ == "__main__":
    main()
