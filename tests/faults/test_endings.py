"""How programs end: by an exception in a thread, by exit in a block, while threads still log, or without a word."""

import subprocess
import sys

import pytest

from trackbook.services.catchup import catch_up
from trackbook.services.runs import Runs
from trackbook.services.series import SeriesReader

HEAD = """
import atexit, os, signal, sys, threading, time
import trackbook as tb
import trackbook.api
import trackbook.services.ingester
trackbook.services.ingester.can_ingest = lambda: False
def note(text):
    os.write(1, f"{text}\\n".encode())
"""


@pytest.fixture
def program(store, place):
    """Run a program; return its exit code, what it said, its run and the steps of `loss`."""

    def run_program(code):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", HEAD + code],
            cwd=store.project, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert catch_up(place)
        (run,) = Runs(place).search().runs
        found = SeriesReader(place).read_all(run.id, "loss")
        return done, run, found[0].steps if found else []

    return run_program


def test_an_exception_in_a_thread_ends_that_thread_alone(program):
    done, run, steps = program("""
with tb.start_run("e") as run:
    def work():
        run.log({"loss": 0}, step=0)
        raise ZeroDivisionError("in a thread")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    run.log({"loss": 1}, step=1)
""")
    assert (done.returncode, run.status, steps) == (0, "finished", [0, 1])
    assert "in a thread" in done.stderr


@pytest.mark.parametrize(
    ("code", "exits", "status"),
    [
        ("sys.exit()", 0, "finished"),
        ("sys.exit(0)", 0, "finished"),
        ("sys.exit(3)", 3, "failed"),
        ("sys.exit('no')", 1, "failed"),
        ("raise ZeroDivisionError", 1, "failed"),
        ("raise KeyboardInterrupt", -2, "aborted"),
        ("os._exit(5)", 5, "killed"),
        ("os.kill(os.getpid(), signal.SIGTERM)", -15, "killed"),
        ("os.abort()", -6, "killed"),
    ],
)
@pytest.mark.parametrize("how", ["in a block", "plainly"])
def test_exits(program, code, exits, status, how):
    opening = "with tb.start_run('e') as run:\n    " if how == "in a block" else "run = tb.start_run('e'); "
    done, run, steps = program(f"{opening}run.log({{'loss': 0}}); {code}")
    if not (how == "plainly" and "Keyboard" in code):  # of that, Python remembers only whether it failed
        assert done.returncode == exits
    if how == "plainly" and exits >= 0 and "sys.exit" in code:
        status = "finished"  # the interpreter does not tell how it was left
    if how == "plainly" and "Keyboard" in code:
        status = "failed"
    assert (run.status, steps) == (status, [0])


def test_threads_that_log_while_the_interpreter_ends(program):
    done, run, steps = program("""
run = tb.start_run("e")
logged = threading.Event()
def work():
    step = 0
    while True:
        try:
            run.log({"loss": step}, step=step)
        except tb.TrackbookError:
            return
        note(step)
        step += 1
        logged.set()
thread = threading.Thread(target=work, daemon=True)
thread.start()
logged.wait()
time.sleep(0.01)
""")
    assert done.returncode == 0, done.stderr
    assert run.status == "finished"
    acknowledged = [int(line) for line in done.stdout.split()]
    assert steps[: len(acknowledged)] == acknowledged
    assert len(steps) <= len(acknowledged) + 1


def test_what_logs_at_exit_is_kept_and_what_comes_later_says_so(program):
    done, run, steps = program("""
def late():
    try:
        run.log({"loss": 9}, step=9)
    except tb.TrackbookError as error:
        note(error)
atexit._clear()
atexit.register(late)  # registered before Trackbook is, so called after it
atexit.register(tb.api.end_open_runs)
run = tb.start_run("e")
run.log({"loss": 0}, step=0)
atexit.register(lambda: run.log({"loss": 1}, step=1))
""")
    assert (done.returncode, run.status, steps) == (0, "finished", [0, 1]), done.stderr
    assert "has ended" in done.stdout


def test_a_run_that_is_opened_at_exit(program):
    done, run, steps = program("""
@atexit.register
def _():
    with tb.start_run("e") as run:
        run.log({"loss": 0}, step=0)
""")
    assert (done.returncode, run.status, steps) == (0, "finished", [0]), done.stderr


def test_a_signal_that_logs_and_ends_the_run_in_the_middle_of_an_append(program):
    """Clusters warn a job by SIGTERM: its handler must not wait for the append that it interrupted."""
    done, run, steps = program("""
run = tb.start_run("e")
def warned(*_):
    run.log({"late": 1})
    run.end("aborted", reason="It was told to go.")
    os._exit(0)
signal.signal(signal.SIGUSR1, warned)
write, told = os.write, []
def write_slowly(fd, data):
    done = write(fd, data)
    if fd == run.recorder._writer._fd and step == 5 and not told:
        told.append(True)
        os.kill(os.getpid(), signal.SIGUSR1)
    return done
os.write = write_slowly
for step in range(10):
    run.log({"loss": step}, step=step)
""")
    assert done.returncode == 0, done.stderr
    assert (run.status, run.reason) == ("aborted", "It was told to go.")
    assert steps == list(range(6))
    assert run.metrics["late"] == 1.0


def test_an_interrupt_at_any_moment_of_logging_loses_nothing_and_doubles_nothing(program):
    done, run, steps = program("""
import itertools, random
run = tb.start_run("e")
chance = random.Random(5)
numbers = itertools.count()
signal.signal(signal.SIGALRM, signal.default_int_handler)
interrupts = 0
while interrupts < 100:
    try:
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0001, 0.001))
        while True:
            step = next(numbers)
            run.log({"loss": step}, step=step)
            note(step)
    except KeyboardInterrupt:
        interrupts += 1
signal.setitimer(signal.ITIMER_REAL, 0)
""")
    assert done.returncode == 0, done.stderr
    assert run.status == "finished"
    acknowledged = [int(line) for line in done.stdout.split()]
    assert set(acknowledged) <= set(steps)
    assert len(steps) == len(set(steps))
    assert len(steps) <= len(acknowledged) + 100
