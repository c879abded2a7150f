import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from nbformat import v4
from tests.jobs.conftest import Bench, wait_for

from trackbook.domain.execution import Outcome
from trackbook.errors import KernelError


def test_a_notebook_is_executed_where_and_as_asked(bench: Bench) -> None:
    outcome = bench.run(
        "import os; print(os.getcwd())",
        v4.new_markdown_cell("# Title", id="m"),
        "print(os.environ['MINE'])\n6 * 7",
        environment={"MINE": "my value"},
    )
    assert (outcome.status, outcome.error, outcome.not_run, outcome.problems) == ("finished", None, [], [])
    notebook = bench.output()
    assert notebook.cells[0].outputs[0].text == f"{bench.folder}\n"
    assert notebook.cells[2].outputs[0].text == "my value\n"
    assert notebook.cells[2].outputs[1].data["text/plain"] == "42"
    assert [cell.get("execution_count") for cell in notebook.cells] == [1, None, 2]
    assert notebook.metadata.language_info.name == "python"
    times = notebook.cells[0].metadata.execution
    assert sorted(times) == [
        "iopub.execute_input",
        "iopub.status.busy",
        "iopub.status.idle",
        "shell.execute_reply",
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", moment) for moment in times.values())
    assert times["iopub.status.busy"] <= times["iopub.execute_input"] <= times["iopub.status.idle"]
    assert bench.states() == [("completed", False)] * 3
    assert bench.seen.started == [(1, 3, "c1"), (2, 3, "m"), (3, 3, "c3")]
    assert bench.seen.finished == [("c1", "ok"), ("c3", "ok")]


def test_the_kernel_knows_cell_ids_and_metadata_and_has_trackbook(bench: Bench) -> None:
    tagged = v4.new_code_cell("pass", id="tagged", metadata={"tags": ["a", "b"], "mine": {"deep": 1}})
    outcome = bench.run(
        "heard = []\n"
        "note = lambda info: heard.append((info.cell_id, info.cell_meta))\n"
        "get_ipython().events.register('pre_run_cell', note)",
        tagged,
        "import json\nprint(json.dumps(heard))\nprint('track' in get_ipython().magics_manager.magics['line'])",
    )
    assert outcome.status == "finished"
    heard, loaded = bench.texts()[2].splitlines()
    (first, meta), (second, _) = json.loads(heard)
    assert (first, second, loaded) == ("tagged", "c3", "True")
    assert meta == {
        "tags": ["a", "b"],
        "mine": {"deep": 1},
        "cellId": "tagged",
        "deletedCells": [],
        "recordTiming": False,
    }
    assert bench.seen.tracks is True


def test_a_notebook_may_load_trackbook_itself(bench: Bench) -> None:
    assert bench.run("%load_ext trackbook\n%reload_ext trackbook").status == "finished"
    assert bench.output().cells[0].outputs == []


def test_a_failing_cell_ends_the_execution(bench: Bench) -> None:
    outcome = bench.run("x = 1", "def f():\n    raise KeyError('gone')\nf()", "print('never')")
    assert outcome.status == "failed"
    error = outcome.error
    assert error is not None
    assert (error.ename, error.evalue, error.cell, error.cell_id) == ("KeyError", "'gone'", 2, "c2")
    assert "raise KeyError('gone')" in re.sub(r"\x1b\[[0-9;]*m", "", "".join(error.traceback))
    assert bench.states() == [("completed", False), ("failed", True), ("pending", None)]
    assert bench.seen.finished == [("c1", "ok"), ("c2", "error")]


def test_cells_are_counted_as_the_user_sees_them(bench: Bench) -> None:
    injected = v4.new_code_cell("x = 2", id="i", metadata={"tags": ["injected-parameters"]})
    outcome = bench.run("x = 1", injected, "1 / 0")
    assert outcome.error is not None
    assert outcome.error.cell == 2


def test_an_error_that_is_expected_does_not_end_it(bench: Bench) -> None:
    expected = v4.new_code_cell("1 / 0", id="e", metadata={"tags": ["raises-exception"]})
    assert bench.run(expected, "print('on')").status == "finished"
    assert bench.texts()[1] == "on\n"


@pytest.mark.parametrize(
    ("end", "status"), [("raise SystemExit", "finished"), ("import sys; sys.exit(3)", "failed")]
)
def test_a_notebook_may_end_itself(bench: Bench, end: str, status: str) -> None:
    assert bench.run(end, "print('never')").status == status
    assert bench.texts()[1] == ""
    assert bench.states()[1] == ("pending", None)


@pytest.mark.parametrize(
    ("death", "reason"),
    [
        ("os._exit(7)", "exit code 7"),
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
    ],
)
def test_a_kernel_that_dies_is_never_a_success(bench: Bench, death: str, reason: str) -> None:
    outcome = bench.run("print('before')", f"import os\n{death}", "print('never')")
    assert outcome.status == "died"
    assert outcome.error is not None
    assert (outcome.error.ename, outcome.error.cell) == ("KernelDied", 2)
    assert reason in outcome.error.evalue
    assert bench.states() == [("completed", False), ("failed", True), ("pending", None)]
    assert bench.texts()[0] == "before\n"
    assert bench.seen.finished == [("c1", "ok"), ("c2", "died")]


def test_a_time_limit_says_where_the_notebook_was(bench: Bench) -> None:
    outcome = bench.run("print('on')", "import time\nwhile True:\n    time.sleep(600)", "1", timeout=10)
    assert outcome.status == "timed_out"
    assert outcome.error is not None
    assert (outcome.error.ename, outcome.error.cell) == ("TimeLimit", 2)
    assert "10 seconds" in outcome.error.evalue
    assert any("KeyboardInterrupt" in line for line in outcome.error.traceback)
    assert bench.states() == [("completed", False), ("failed", True), ("pending", None)]


def test_a_notebook_that_ignores_interrupts_is_killed(bench: Bench) -> None:
    stubborn = (
        "import os, signal, time\nopen('pid', 'w').write(str(os.getpid()))\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(600)"
    )
    outcome = bench.run(stubborn, timeout=10)
    assert outcome.status == "timed_out"
    assert bench.states() == [("failed", True)]
    with pytest.raises(ProcessLookupError):
        os.kill(int((bench.folder / "pid").read_text()), 0)


@pytest.mark.parametrize(
    "source",
    [
        "time.sleep(600)",
        "try:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    raise RuntimeError('mine')",
        "try:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('so what')",
    ],
)
def test_it_can_be_cancelled_from_another_thread(bench: Bench, source: str) -> None:
    def cancel() -> None:
        wait_for((bench.folder / "begun").exists)
        bench.executor.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    outcome = bench.run(f"import time; open('begun', 'w').close()\n{source}")
    canceller.join()
    assert outcome.status == "aborted"
    assert bench.run("print('again')").status == "finished"


def test_where_local_sockets_cannot_be_others_are_used(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    far = bench.folder / ("deep" * 20)
    far.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(far))
    assert bench.run("print('on')").status == "finished"
    assert bench.texts() == ["on\n"]
    assert list(far.iterdir()) == []


def test_a_kernel_that_is_not_there_is_an_error(bench: Bench) -> None:
    with pytest.raises(KernelError, match="nonesuch"):
        bench.run("1", kernel="nonesuch")


def test_a_kernel_that_does_not_start_is_an_error(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "kernels" / "broken"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-c", "import sys; sys.exit(5)", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "b", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with pytest.raises(KernelError, match="exit code 5"):
        bench.run("1", kernel="broken")


def test_the_output_is_a_whole_notebook_at_any_moment(bench: Bench) -> None:
    path = bench.folder / "out.ipynb"
    done = threading.Event()
    readings: list[int] = []

    def read() -> None:
        while not done.is_set():
            if path.exists():
                readings.append(len(json.loads(path.read_bytes())["cells"]))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert bench.run(*["print('x' * 100_000)"] * 30).status == "finished"
    finally:
        done.set()
        reader.join()
    assert set(readings) == {30}
    assert sorted(p.name for p in bench.folder.iterdir()) == ["in.ipynb", "log.txt", "out.ipynb"]


def test_long_cells_are_saved_while_they_run(bench: Bench) -> None:
    """The cell waits until what it printed before is in the file, which is not written at each message."""
    source = (
        "import time\nprint('begun', flush=True)\ndeadline = time.monotonic() + 100\n"
        "while 'begun\\\\n' not in open('out.ipynb').read() and time.monotonic() < deadline:\n"
        "    print('.', end='', flush=True); time.sleep(0.1)\nassert time.monotonic() < deadline"
    )
    assert bench.run(source).status == "finished"


def test_it_works_inside_a_running_event_loop(bench: Bench) -> None:
    async def main() -> Outcome:
        return bench.run("print('in')")

    assert asyncio.run(main()).status == "finished"


def papermill(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "papermill",
        "in.ipynb",
        "out.ipynb",
        "--engine",
        "trackbook",
        *arguments,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_papermill_finds_the_engine(bench: Bench) -> None:
    parameters = v4.new_code_cell("lr = 0.1", id="p", metadata={"tags": ["parameters"]})
    bench.write(parameters, "print(lr)", "%track status")
    done = papermill(bench.folder, "-p", "lr", "0.5")
    assert done.returncode == 0, done.stderr
    notebook = bench.output()
    assert notebook.cells[2].outputs[0].text == "0.5\n"
    assert notebook.cells[3].outputs
    assert bench.states() == [("completed", False)] * 4


@pytest.mark.parametrize("source", ["1 / 0", "import os; os._exit(1)"])
def test_papermill_hears_of_failures(bench: Bench, source: str) -> None:
    bench.write("1", source, "2")
    done = papermill(bench.folder)
    assert done.returncode != 0
    states = [c.metadata.papermill.status for c in bench.output().cells if "papermill" in c.metadata]
    assert states == ["completed", "failed", "pending"]


def test_papermills_own_options_work(bench: Bench) -> None:
    parameters = v4.new_code_cell("lr = 0.1", id="p", metadata={"tags": ["parameters"]})
    bench.write(
        parameters,
        "print('rate', lr)\nlr * 2",
        v4.new_code_cell("1 / 0", metadata={"tags": ["skip-execution"]}),
    )
    done = papermill(
        bench.folder,
        "-p",
        "lr",
        "0.5",
        "--log-output",
        "--start-timeout",
        "100",
        "--execution-timeout",
        "100",
    )
    assert done.returncode == 0, done.stderr
    assert "Executing Cell 1--" in done.stderr
    assert "rate 0.5" in done.stderr
    assert "Ending Cell 2--" in done.stderr
    assert bench.output().metadata.papermill.parameters == {"lr": 0.5}
    assert [path.name for path in bench.folder.glob(".*")] == []


def test_papermills_time_limit_is_for_each_cell(bench: Bench) -> None:
    bench.write("1", "import time; time.sleep(600)", "2")
    done = papermill(bench.folder, "--execution-timeout", "1")
    assert done.returncode != 0
    assert "This cell ran longer than 1 seconds." in done.stderr
    assert bench.states() == [("completed", False), ("failed", True), ("pending", None)]
    assert bench.own_states() == ["completed", "timed_out", "not_run"]


def test_job_needs_no_papermill() -> None:
    # Its import takes longer than a short notebook, in each worker.
    code = (
        "import sys\n"
        "import trackbook.jobs.worker, trackbook.jobs.executor, trackbook.jobs.engine, trackbook.jobs.client\n"
        "print(sorted({'papermill', 'IPython', 'tqdm'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
