"""`trackbook resume` and `trackbook debug`: what they say, and with which exit codes."""

import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

import trackbook as tb

Call = Callable[..., Any]
CELLS = ("base = 2", "slow = 40 + base\nslow", "print(slow)\nlast = slow / nothing")


def write(folder: Path, *cells: str) -> None:
    made = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(cells, start=1)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    text = json.dumps({"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
    (folder / "trial.ipynb").write_text(text)


@contextlib.contextmanager
def debugged(run: str, environment: dict[str, str], folder: Path) -> Iterator[dict[str, Any]]:
    """Have a kernel in the state in which a run failed, as `trackbook debug --json` tells of it, until Ctrl-C."""
    command = [sys.executable, "-m", "trackbook.cli", "debug", run, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=folder) as debug:
        assert debug.stdout is not None
        try:
            yield json.loads(debug.stdout.readline())
        finally:
            debug.send_signal(signal.SIGINT)
            code = debug.wait(60)
    assert code == 0


def test_a_run_is_looked_into_and_goes_on(
    empty_folder: Path, call: Call, environment: dict[str, str]
) -> None:
    write(empty_folder, *CELLS)
    assert call("run", "trial.ipynb").code == 1
    with debugged("1", environment, empty_folder) as found:
        assert (found["cell"]["number"], found["ran"]) == (3, 2)
        assert value_of(found["connection_file"], "slow") == "42"
    assert not Path(found["connection_file"]).exists()
    write(empty_folder, *CELLS[:2], "last = slow / 2")
    plan = json.loads(call("resume", "1", "--dry-run", "--json").out)
    assert [cell["again"] for cell in plan["cells"]] == [True, True, True]
    told = call("resume", "1", "--dry-run").out
    assert "#1 goes on from cell 3: last = slow / 2" in told
    assert "cell 2 needs base" in told
    done = call("resume", "1", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["tags"]["resumes"] == plan["run_id"]
    assert "goes on from cell 3" in done.err
    shown = call("show", "1").out
    assert "Resumed" in shown
    assert "#2" in shown
    assert "Goes on from" in call("show", "2").out
    document = json.loads(call("show", "1", "--json").out)
    assert document["resumption"] == {"runs": [json.loads(done.out)["id"]], "snapshots": []}
    finished = call("resume", "2")
    assert finished.code == 2
    assert "trackbook reproduce 2" in finished.err


@pytest.mark.parametrize("options", [[], ["--snapshots"]])
def test_what_cells_track_while_they_are_looked_into_is_nobodys(
    empty_folder: Path,
    call: Call,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
) -> None:
    if options and sys.platform != "linux":
        pytest.skip("snapshots need Linux")
    tracks = "import trackbook as tb\nbase = 2\ntb.log({'base': base})"
    write(empty_folder, tracks, "tb.log({'base': base + 1})\nbase / 0")
    temporary = empty_folder / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    assert call("run", "trial.ipynb", *options).code == 1
    with debugged("1", environment | {"TMPDIR": str(temporary)}, empty_folder) as found:
        assert found["cell"]["number"] == 2
        # The failed cell can be tried again, as in the job.
        again = "(tb.log({'base': base + 1}), (tb.current_run().output_dir / 'x').write_text('made'))[1]"
        assert value_of(found["connection_file"], again) == "4"
    assert list(temporary.glob("trackbook-debug-*")) == []
    (run,) = json.loads(call("runs", "--json").out)
    assert run["metrics"]["base"] == 3
    assert "outputs/x" not in call("show", "1").out


@pytest.mark.parametrize(
    ("third", "kept"),
    [("factor * 2", "2 cells kept .*: 2–3[.]"), ("1", "3 cells kept .*: 1–3[.]")],
)
def test_the_cell_with_given_values_is_no_further_one(
    empty_folder: Path, call: Call, third: str, kept: str
) -> None:
    """It has no number of its own: it is counted with the cell that declares the parameters."""
    write(empty_folder, "factor = 1", "first = 1", "print(first)", "1 / 0")
    path = empty_folder / "trial.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["metadata"] = {"tags": ["parameters"]}
    path.write_text(json.dumps(notebook))
    assert call("run", "trial.ipynb", "-p", "factor=3").code == 1
    notebook["cells"][3]["source"] = third
    path.write_text(json.dumps(notebook))
    assert re.search(kept, call("resume", "1", "--dry-run").out)


def test_what_is_wrong_with_a_call_is_said(
    empty_folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    tb.start_run("trial", folder=empty_folder).end("failed")
    assert "%track start --resume 1" in call("resume", "1").err
    assert call("debug", "1").code == 2
    assert call("resume").code == 2
    assert call("resume", "7").code == 2
    both = call("resume", "1", "--all", "--from", "2")
    assert both.code == 2
    assert "name one of them" in both.err
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install jupyter-console" in call("debug", "1", "--console").err
    assert json.loads(call("resume", "--list", "--json").out) == []
    assert "No snapshots" in call("resume", "--list").err
    assert "0 snapshots ended" in call("resume", "--drop").err


def value_of(connection_file: str, name: str) -> str:
    client = BlockingKernelClient(connection_file=connection_file)
    client.load_connection_file()
    client.start_channels(hb=False)
    try:
        request = client.execute("", silent=True, user_expressions={"found": name})
        while (reply := client.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != request:
            pass
        return str(reply["content"]["user_expressions"]["found"]["data"]["text/plain"])
    finally:
        client.stop_channels()
