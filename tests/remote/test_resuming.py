"""Runs of jobs on a served store that go on where they failed: from the machine that ran them, and from another one."""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from nbformat import v4

from trackbook.jobs.forking.wire import can_fork

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")

FIRST = """\
import os, trackbook as tb
from pathlib import Path
with open("ran.txt", "a") as file:
    file.write("1")
values = [x, 2, 3]"""
SLOW = """\
with open("ran.txt", "a") as file:
    file.write("2")
tb.log({"total": sum(values)}, step=7)
Path(os.environ["TRACKBOOK_OUTPUT_DIR"], "total.txt").write_text(str(sum(values)))
print("the total is made")"""
WRONG = "last = values[10]"
RIGHT = """\
last = values[-1]
tb.log({"last": last})
Path(os.environ["TRACKBOOK_OUTPUT_DIR"], "total.txt").read_text()"""


def write(folder: Path, *sources: str) -> Path:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [
        v4.new_code_cell(source, id=f"cell{number}")
        for number, source in enumerate(["x = 1", *sources], start=1)
    ]
    cells[0].metadata["tags"] = ["parameters"]
    path = folder / "train.ipynb"
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def answer(client: Any, *arguments: str, code: int = 0) -> Any:
    """What a command prints as JSON."""
    done = client.call(*arguments, "--json")
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout)


def ask(process: "subprocess.Popen[bytes]", code: str) -> str:
    """Have the kernel of a `trackbook debug` execute code; returns what it printed. The command is ended."""
    assert process.stdout is not None
    assert process.stderr is not None
    said = b""
    try:
        # One document over several lines; it ends where it is whole.
        while True:
            line = process.stdout.readline()
            assert line, process.stderr.read().decode()
            said += line
            with contextlib.suppress(ValueError):
                connection = json.loads(said)["connection_file"]
                break
        client = BlockingKernelClient(connection_file=connection)
        client.load_connection_file()
        client.start_channels(stdin=False, hb=False)
        try:
            client.wait_for_ready(timeout=120)
            texts: list[str] = []

            def hear(message: dict[str, Any]) -> None:
                if message["msg_type"] == "stream":
                    texts.append(message["content"]["text"])

            reply = client.execute_interactive(code, output_hook=hear, timeout=120)
            assert reply["content"]["status"] == "ok", reply
            return "".join(texts).strip()
        finally:
            client.stop_channels()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)


def debug(client: Any, reference: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "trackbook.cli", "debug", reference, "--json"],
        env=client.environment,
        cwd=client.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_failed_job_goes_on_from_either_machine(server: Any, client_of: Callable[..., Any]) -> None:
    here, there = (client_of(server, token=server.token("execute")) for _ in range(2))
    write(here.folder, FIRST, SLOW, WRONG)
    failed = here.call("run", "train.ipynb", "-p", "x=5", "--json")
    assert failed.returncode == 1, failed.stderr.decode()
    with server.services() as services:
        (run,) = services.runs.search().runs
    assert (run.status, (here.folder / "ran.txt").read_text()) == ("failed", "12")

    # On the other machine the folder is there, too: a home that both have. Nothing is run for a look at the plan.
    corrected = write(there.folder, FIRST, SLOW, RIGHT)
    plan = answer(there, "resume", run.id, "--notebook", str(corrected), "--dry-run")
    assert (plan["possible"], plan["how"]) == (True, "repeat")
    assert [cell["number"] for cell in plan["cells"] if not cell["again"]] == [1, 3]
    # The kernel stands before the failed cell, with what it needs run again.
    assert ask(debug(there, run.id), "print(values)") == "[5, 2, 3]"
    (here.folder / "ran.txt").write_text("")

    resumed = answer(there, "resume", run.id, "--notebook", str(corrected))
    assert resumed["status"] == "finished"
    # What was kept is that of the first run; what its result needs ran again.
    assert (here.folder / "ran.txt").read_text() == "1"
    with server.services() as services:
        detail = services.runs.detail(resumed["id"])
        assert {key: value for key, value in detail.run.metrics.items() if "/" not in key} == {
            "total": 10,
            "last": 3,
        }
        assert detail.run.tags["resumes"] == run.id
        _, path = services.artifacts.open(resumed["id"], "output.ipynb")
        shown = [cell.outputs for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        assert "the total is made" in str(shown[-2])
        assert "'10'" in str(shown[-1])


@pytest.mark.skipif(not can_fork(), reason="no processes are copied there")
def test_a_snapshot_is_taken_up_where_it_is_and_named_elsewhere(
    server: Any, client_of: Callable[..., Any]
) -> None:
    here, there = (client_of(server, token=server.token("execute")) for _ in range(2))
    write(here.folder, FIRST, SLOW, WRONG)
    failed = here.call("run", "train.ipynb", "-p", "x=5", "--snapshots", "--json")
    assert failed.returncode == 1, failed.stderr.decode()
    with server.services() as services:
        (run,) = services.runs.search().runs
    try:
        corrected = write(here.folder, FIRST, SLOW, RIGHT)
        elsewhere = answer(there, "resume", run.id, "--notebook", str(corrected), "--dry-run")
        assert (elsewhere["how"], elsewhere["reason"]) == (
            "repeat",
            f"Snapshots stay where a run ran, on {run.host}; none of this one is known here.",
        )
        assert answer(here, "resume", run.id, "--dry-run")["how"] == "snapshot"
        (here.folder / "ran.txt").write_text("")
        resumed = answer(here, "resume", run.id)
        assert (resumed["status"], resumed["metrics"]["last"]) == ("finished", 3)
        assert (here.folder / "ran.txt").read_text() == ""
    finally:
        here.call("resume", "--drop")
