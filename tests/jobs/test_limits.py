"""Cells and notebooks that run too long, take too much memory, die, or end themselves: each is told as what it is."""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat import v4
from tests.jobs.conftest import Bench, wait_for

from trackbook.errors import KernelError
from trackbook.jobs import client
from trackbook.jobs.stopping import Stopper

MB = 1_000_000


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, no kernel is killed that would end by itself."""
    monkeypatch.setattr(client, "_GRACE", 120.0)
    monkeypatch.setattr(client, "_PATIENCE", dict.fromkeys(client._PATIENCE, 120.0))


linux = pytest.mark.skipif(sys.platform != "linux", reason="peaks between two looks are known on Linux alone")


def test_each_cell_has_its_time_its_processor_time_and_its_memory(bench: Bench) -> None:
    work = "deadline = time.process_time() + 0.5\nwhile time.process_time() < deadline: pass"
    outcome = bench.run(
        "import time", work, f"x = bytearray({200 * MB}); del x", "1", v4.new_markdown_cell("m")
    )
    notes = [cell.metadata.get("trackbook") for cell in bench.output().cells]
    assert [note and note["status"] for note in notes] == [*["completed"] * 4, None]
    assert notes[1]["cpu"] > 0.4
    assert notes[0]["cpu"] < 0.4
    assert notes[2]["memory"] > notes[0]["memory"] + 150 * MB
    assert outcome.memory is not None
    assert outcome.memory >= notes[2]["memory"]
    assert outcome.cpu is not None
    assert outcome.cpu > 0.4
    assert bench.output().metadata.trackbook.status == "completed"


@linux
def test_a_short_peak_is_seen_and_ends_with_its_cell(bench: Bench) -> None:
    bench.run("1", f"x = bytearray({300 * MB}); del x", "1")
    before, peak, after = (cell.metadata.trackbook["memory"] for cell in bench.output().cells)
    assert peak > before + 250 * MB
    assert after < before + 100 * MB


def test_memory_over_the_limit_ends_it_with_figures(bench: Bench) -> None:
    greedy = (
        "import time\nprint('on', flush=True)\nkept = []\n"
        f"while True:\n    kept.append(bytearray({20 * MB}))\n    time.sleep(0.01)"
    )
    outcome = bench.run("1", greedy, "2", memory=500 * MB)
    assert outcome.status == "memory"
    assert outcome.error is not None
    assert (outcome.error.ename, outcome.error.cell) == ("MemoryLimit", 2)
    assert "the limit is 500 MB" in outcome.error.evalue
    assert outcome.memory is not None
    assert outcome.memory > 500 * MB
    assert bench.own_states() == ["completed", "memory", "not_run"]
    assert bench.states() == [("completed", False), ("failed", True), ("pending", None)]
    assert bench.texts()[1] == "on\n"
    assert outcome.not_run == ["c3"]
    assert bench.seen.finished == [("c1", "ok"), ("c2", "memory")]


@linux
def test_memory_of_processes_that_a_cell_starts_counts(bench: Bench) -> None:
    child = f"x = bytearray({600 * MB}); import time; time.sleep(600)"
    source = (
        f"import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "open('pid', 'w').write(str(p.pid))\np.wait()"
    )
    outcome = bench.run(source, memory=500 * MB)
    assert outcome.status == "memory"
    wait_for(lambda: not _is_running(int((bench.folder / "pid").read_text())))


@linux
def test_what_forked_processes_share_counts_once(bench: Bench) -> None:
    source = (
        f"import os, time\nx = bytearray(os.urandom(1000)) * {200 * MB // 1000}\n"
        "pids = []\nfor _ in range(4):\n    pid = os.fork()\n    if pid == 0:\n        time.sleep(1.5); os._exit(0)\n"
        "    pids.append(pid)\nfor pid in pids: os.waitpid(pid, 0)"
    )
    assert bench.run(source, memory=700 * MB).status == "finished"


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("where", ["option", "tag", "metadata"])
def test_a_cell_that_runs_too_long_is_interrupted(bench: Bench, where: str) -> None:
    metadata = {"tag": {"tags": ["timeout=1"]}, "metadata": {"trackbook": {"timeout": 1, "mine": 2}}}.get(
        where, {}
    )
    cell = v4.new_code_cell("import time\nprint('on')\ntime.sleep(600)", id="slow", metadata=metadata)
    outcome = bench.run("1", cell, "2", cell_timeout=1.0 if where == "option" else None)
    assert outcome.status == "timed_out"
    assert outcome.error is not None
    assert (outcome.error.ename, outcome.error.cell, outcome.error.cell_id) == ("CellTimeout", 2, "slow")
    assert "longer than 1 seconds" in outcome.error.evalue
    assert any("KeyboardInterrupt" in line for line in outcome.error.traceback)
    assert bench.own_states() == ["completed", "timed_out", "not_run"]
    assert bench.seen.finished == [("c1", "ok"), ("slow", "timed_out")]
    if where == "metadata":
        assert bench.output().cells[1].metadata.trackbook["mine"] == 2


@linux
@pytest.mark.usefixtures("patient")
def test_an_interrupt_before_the_kernel_begins_the_cell_is_not_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kernel has the request, and ignores interrupts until it carries it out: a busy machine makes that long.
    window = (
        "import pathlib, time\nkernel = get_ipython().kernel\nhook = kernel.pre_handler_hook\n"
        "def late():\n"
        "    pathlib.Path('window').touch()\n"
        "    while not pathlib.Path('go').exists(): time.sleep(0.02)\n"
        "    hook()\n"
        "kernel.pre_handler_hook = late"
    )
    interrupt = Stopper._send_interrupt

    async def send(self: Stopper) -> None:
        if (bench.folder / "go").exists():
            # What is interrupted is the cell, and not the kernel's way to it.
            while not (bench.folder / "begun").exists():
                await asyncio.sleep(0.02)
        await interrupt(self)
        (bench.folder / "go").touch()

    monkeypatch.setattr(Stopper, "_send_interrupt", send)
    bench.cancel_when((bench.folder / "window").exists)
    outcome = bench.run(window, "print('on')\npathlib.Path('begun').touch()\ntime.sleep(600)")
    assert outcome.status == "aborted"
    assert outcome.error is not None
    # It said where it was, and was not killed.
    assert any("KeyboardInterrupt" in line for line in outcome.error.traceback)
    assert bench.texts()[1] == "on\n"


@linux
@pytest.mark.usefixtures("patient")
def test_an_interrupt_that_hits_the_kernel_and_not_the_cell_ends_it_all_the_same(bench: Bench) -> None:
    # ipykernel answers nothing then.
    kernel = (
        "import pathlib, time\nkernel = get_ipython().kernel\n"
        "async def interrupted(*_, **__):\n"
        "    pathlib.Path('begun').touch()\n"
        "    while True: time.sleep(0.02)\n"
        "kernel.do_execute = interrupted\n"
        "import atexit; atexit.register(pathlib.Path('ended').touch)"
    )
    bench.cancel_when((bench.folder / "begun").exists)
    outcome = bench.run(kernel, "1")
    assert outcome.status == "aborted"
    assert bench.own_states() == ["completed", "killed"]
    # The kernel came to its own end, and was not killed.
    assert (bench.folder / "ended").exists()


def test_a_cell_that_ignores_the_interrupt_is_killed(bench: Bench) -> None:
    stubborn = (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('on', flush=True)\n"
        "while True: time.sleep(600)"
    )
    outcome = bench.run(stubborn, "2", cell_timeout=1.0)
    assert outcome.status == "timed_out"
    assert bench.own_states() == ["timed_out", "not_run"]
    assert bench.texts()[0] == "on\n"


def test_a_cells_own_limit_is_above_the_general_one(bench: Bench) -> None:
    cell = v4.new_code_cell("import time; time.sleep(1.5)", metadata={"tags": ["timeout=100"]})
    assert bench.run(cell, cell_timeout=1.0).status == "finished"


@pytest.mark.parametrize(
    ("death", "reason"),
    [
        ("os._exit(0)", "exit code 0"),
        ("ctypes.string_at(0)", "SIGSEGV"),
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
    ],
)
def test_what_was_shown_before_the_kernel_died_is_kept(bench: Bench, death: str, reason: str) -> None:
    outcome = bench.run(
        f"import ctypes, os, time\nprint('last words', flush=True)\ntime.sleep(0.3)\n{death}", "2"
    )
    assert outcome.status == "died"
    assert outcome.error is not None
    assert reason in outcome.error.evalue
    assert bench.texts()[0] == "last words\n"
    assert bench.own_states() == ["died", "not_run"]
    assert bench.output().metadata.trackbook["error"]["ename"] == "KernelDied"
    assert bench.output().metadata.papermill["exception"] is True


@pytest.mark.parametrize("end", ["quit()", "exit()", "import sys; sys.exit()"])
def test_a_notebook_that_ends_itself_ran_no_further(bench: Bench, end: str) -> None:
    outcome = bench.run("1", end, "print('never')")
    assert (outcome.status, outcome.not_run) == ("finished", ["c3"])
    assert bench.own_states() == ["completed", "completed", "not_run"]
    assert bench.states()[2] == ("pending", None)


def test_a_skipped_cell_is_no_completed_one(bench: Bench) -> None:
    skipped = v4.new_code_cell("print('no')", id="s", metadata={"tags": ["skip-execution"]})
    outcome = bench.run("1", skipped, "", "2")
    assert (outcome.status, outcome.not_run) == ("finished", [])
    assert bench.own_states() == ["completed", "skipped", "completed", "completed"]
    assert bench.states()[1] == ("pending", None)


def test_a_cell_that_asks_for_input_says_so(bench: Bench) -> None:
    outcome = bench.run("input('name?')")
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert "nobody is there to answer" in outcome.error.evalue


def test_what_a_thread_prints_later_is_kept(bench: Bench) -> None:
    source = (
        "import threading, time\ndef later():\n    time.sleep(0.5); print('late')\n"
        "threading.Thread(target=later).start()"
    )
    assert bench.run(source, "time.sleep(1.5); print('second')").status == "finished"
    assert "".join(bench.texts()) == "late\nsecond\n"


def test_a_flood_of_messages_loses_nothing(bench: Bench) -> None:
    source = "for n in range(20_000):\n    print(n)\n    if n % 5 == 0: sys.stdout.flush()"
    assert bench.run("import sys", source, "print('end')").status == "finished"
    assert bench.texts()[1] == "".join(f"{n}\n" for n in range(20_000))
    assert len(bench.output().cells[1].outputs) == 1


def test_a_notebook_that_was_executed_before_is_told_anew(bench: Bench) -> None:
    cell = v4.new_code_cell("1", metadata={"trackbook": {"status": "failed", "memory": 3, "timeout": 60}})
    stale = v4.new_code_cell("1 / 0", id="f")
    never = v4.new_code_cell("2", metadata={"trackbook": {"status": "completed", "cpu": 3.0}})
    bench.run(cell, stale, never)
    notes = [cell.metadata.trackbook for cell in bench.output().cells]
    assert (notes[0]["status"], notes[0]["timeout"]) == ("completed", 60)
    assert notes[2] == {"status": "not_run"}


def test_a_kernel_of_nearly_that_name_is_named(bench: Bench) -> None:
    with pytest.raises(KernelError, match=r"no kernel 'pyhton3'\. Did you mean 'python3'\?"):
        bench.run("1", kernel="pyhton3")


def test_it_can_be_cancelled_while_the_kernel_starts(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "kernels" / "slow"
    spec.mkdir(parents=True)
    begun = tmp_path / "begun"
    code = f"open({str(begun)!r}, 'w').close(); import time; time.sleep(600)"
    argv = [sys.executable, "-c", code, "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "s", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    bench.cancel_when(begun.exists)
    started = time.monotonic()
    assert bench.run("1", kernel="slow").status == "aborted"
    assert time.monotonic() - started < 30
    assert bench.own_states() == ["not_run"]


def test_what_a_cell_has_shown_is_told_while_it_runs(bench: Bench) -> None:
    source = "import time\nfor n in range(25):\n    print(n, flush=True); time.sleep(0.1)"
    assert bench.run(source).status == "finished"
    assert bench.seen.shown
    assert all(bench.texts()[0].startswith(text) for text in bench.seen.shown)


@pytest.mark.skipif(os.name == "nt", reason="the size of files can't be limited")
def test_a_full_disk_ends_nothing_and_is_told(bench: Bench) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # The kernel, which inherits this, writes nothing as large.
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    try:
        outcome = bench.run("print('x' * 1_000_000)", "print('on')")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert outcome.status == "finished"
    (problem,) = outcome.problems
    assert "could not be saved" in problem
    # What was saved before is whole, and says that this is not the end.
    assert bench.own_states() == [None, None]
    assert bench.states() == [("pending", None)] * 2
    assert [path.name for path in bench.folder.iterdir() if path.name.startswith(".")] == []


KILLED = """
import sys
from trackbook.domain.execution import Execution
from trackbook.jobs import progress
from trackbook.jobs.executor import PapermillExecutor
progress._SAVE_EVERY = 0.0
progress._SAVE_SHARE = 1.0
class Observer:
    def __getattr__(self, name):
        return lambda *_: None
folder = sys.argv[1]
PapermillExecutor().run(Execution(folder + "/in.ipynb", folder + "/out.ipynb", folder, folder + "/log.txt"), Observer())
"""


def test_the_output_is_valid_whenever_the_worker_is_killed(bench: Bench) -> None:
    source = "import os, time\nopen('kernel', 'w').write(str(os.getpid()))"
    bench.write(source, *["print('y' * 100_000)"] * 30)
    for wait in (0.05, 0.13, 0.21):
        for name in ("out.ipynb", "kernel"):
            (bench.folder / name).unlink(missing_ok=True)
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(bench.folder)])
        wait_for((bench.folder / "kernel").exists)
        time.sleep(wait)
        process.kill()
        process.wait()
        states = bench.own_states()
        assert len(states) == 31
        assert "completed" not in states[states.index("running") + 1 :] if "running" in states else True
        pid = int((bench.folder / "kernel").read_text() or "0")
        if pid:
            wait_for(lambda pid=pid: not _is_running(pid))
