"""`--executor dask` without a scheduler: a cluster of this machine's own, over a store in a folder."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

ROOT = Path(__file__).parents[3]
CODE = """\
import os, pathlib, time, trackbook as tb
tb.log({"y": x * 2.0})
pathlib.Path(f"begun-{x}").touch()
print(os.environ.get("OMP_NUM_THREADS"))
while waits:
    time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a notebook."""
    folder = tmp_path_factory.mktemp("project")
    parameters = v4.new_code_cell("x = 1\nwaits = False", id="p", metadata={"tags": ["parameters"]})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [parameters, v4.new_code_cell(CODE, id="c")]
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "n.ipynb")
    return folder


def start(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TRACKBOOK_", "OMP_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "trackbook.cli", *arguments],
        env=kept | {"PYTHONPATH": str(ROOT / "python")},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_a_sweep_and_ctrl_c(folder: Path) -> None:
    with start(
        folder, "sweep", "n.ipynb", "-s", "x=1,2,3", "--jobs", "2", "--executor", "dask", "--json"
    ) as process:
        out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    assert sorted(run["metrics"]["y"] for run in json.loads(out)) == [2.0, 4.0, 6.0]

    with start(
        folder, "sweep", "n.ipynb", "-s", "x=11,12,13", "--waits", "--jobs", "2", "--executor", "dask"
    ) as process:
        deadline = time.monotonic() + 120
        while len(list(folder.glob("begun-1?"))) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # As a terminal does: to all processes of the group.
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    assert b"0 of 3 trials have ended" in err
    with start(folder, "jobs", "--json") as process:
        out, _ = process.communicate(timeout=60)
    assert sorted(job["status"] for job in json.loads(out)) == ["cancelled"] * 3 + ["finished"] * 3
    # The proof of sight is not left behind.
    assert not list((folder / ".trackbook").glob("seen-by-dask-*"))


def test_a_scheduler_is_one_of_dask(folder: Path) -> None:
    with start(
        folder, "run", "n.ipynb", "--executor", "local", "--scheduler", "tcp://127.0.0.1:9"
    ) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"leave out --executor local" in err
