"""Processes that write into one store, and what must be true of it afterwards, whatever was done to them.

Each writer notes outside the store how many points were acknowledged: a point that `log` returned for must be found
exactly once. Processes are forked from a prepared one, which costs milliseconds where a new interpreter costs half a
second.
"""

import importlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from trackbook.domain.ids import new_id
from trackbook.services.ingest import serve
from trackbook.services.recorder import RunRecorder, StorageWarning
from trackbook.services.series import SeriesReader
from trackbook.store import schema as t
from trackbook.store.locks import is_held
from trackbook.store.paths import StorePaths
from trackbook.store.place import Place

HERE = Path(__file__).parent


class Nursery:
    """A process that has imported everything, has no thread, and forks a child for each piece of work."""

    def __init__(self) -> None:
        paths = [str(HERE), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import crowd; crowd.nurse()"],
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *words: Any) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words, default=str) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def nurse() -> None:
    """Fork what is asked for on stdin, a function and its arguments, or wait for the end of such a process."""
    answer = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        if what == "wait":
            reply = os.waitstatus_to_exitcode(os.waitpid(arguments[0], 0)[1])
        elif (reply := os.fork()) == 0:
            code = 1
            try:
                os.close(answer)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                module, _, name = what.rpartition(".")
                code = getattr(importlib.import_module(module), name)(*arguments) or 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        os.write(answer, f"{reply}\n".encode())


_nursery: list[Nursery] = []


@dataclass(frozen=True)
class Process:
    """A child of the nursery."""

    pid: int

    def kill(self) -> None:
        """End it as the kernel does when it has no memory left."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Wait for its end; returns its exit code, the negative number of a signal that ended it."""
        return _nursery[0].ask("wait", self.pid)


def start(work: Callable[..., Any], *arguments: Any) -> Process:
    """Start `work` in a process of its own; what it returns is the exit code."""
    if not _nursery:
        _nursery.append(Nursery())
    return Process(_nursery[0].ask(f"{work.__module__}.{work.__qualname__}", *arguments))


def close_nursery() -> None:
    """End the process that forks."""
    while _nursery:
        _nursery.pop().close()


def wait_until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.002)


@dataclass
class Writer:
    """A process that logs as fast as it can into a run of its own until it is killed."""

    store: StorePaths
    folder: Path
    run_id: str = field(default_factory=new_id)
    rest: float = 0.0005  # seconds of sleep after twenty points
    process: Process | None = None

    @property
    def notes(self) -> Path:
        """Where it writes a byte for each point that was acknowledged."""
        return self.folder / self.run_id

    @property
    def acknowledged(self) -> int:
        return self.notes.stat().st_size if self.notes.exists() else 0

    def begin(self) -> "Writer":
        self.process = start(write, self.store.root, self.run_id, self.notes, self.rest)
        return self

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()


def write(root: str, run_id: str, notes: str, rest: float) -> None:
    """Log a number that grows, and note each one that was acknowledged; cells are executed meanwhile."""
    run = RunRecorder.start(StorePaths(Path(root)), experiment="crowd", run_id=run_id)
    acknowledged = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    step = 0
    while True:
        run.log({"n": step, "half": step / 2}, step=step)
        os.write(acknowledged, b".")
        step += 1
        if step % 20 == 0:
            execute(run, step)
            time.sleep(rest)


def execute(run: RunRecorder, number: int) -> None:
    """Record a cell whose source and output no other cell has."""
    printed = {"output_type": "stream", "name": "stdout", "text": f"{run.run_id} {number}\n"}
    order = run.cell_started(None, number, f"print(run, {number})  # {run.run_id}")
    run.cell_finished(order, "ok", 0.001, [printed])


def write_on_a_full_disk(root: str, run_id: str, notes: str, seed: int) -> None:
    """Log while the disk fills and empties again; note each point that was stored."""
    chance = random.Random(seed)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    warnings.simplefilter("ignore", StorageWarning)
    run = RunRecorder.start(StorePaths(Path(root)), experiment="full", run_id=run_id)
    acknowledged = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    step, lost = 0, 0
    for _ in range(chance.randint(2, 6)):
        size = _journal_size(run)
        limit_files(size + chance.randint(0, 3000))
        for _ in range(chance.randint(10, 200)):
            refused = run.failed_appends
            run.log({"n": step, "half": step / 2}, step=step)
            if run.failed_appends == refused:
                step += 1  # a step that was refused is tried again, so that the numbers have no gap
                limit_files(resource.RLIM_INFINITY)
                os.write(acknowledged, b".")
                limit_files(size + 3000)
                execute(run, step)
            else:
                lost += 1
        if chance.random() < 0.5:
            run.store_artifact(os.urandom(chance.randint(1, 10_000)), "some.bin")
        limit_files(resource.RLIM_INFINITY)
        run.set_params({"lost": lost})
    run.end()


def _journal_size(run: RunRecorder) -> int:
    return max(
        (path.stat().st_size for path in (run.store.journals / run.run_id).glob("*.journal")), default=0
    )


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def ingest(root: str, idle_seconds: float = 60.0) -> None:
    """Be the store's ingester."""
    serve(StorePaths(Path(root)), idle_seconds)


def stop_ingester(store: StorePaths) -> None:
    """Kill whichever process holds the ingester's lock."""
    while is_held(store.ingester_lock):
        try:
            os.kill(json.loads(store.ingester_lock.read_text())["pid"], signal.SIGKILL)
        except (ValueError, ProcessLookupError):
            time.sleep(0.001)


def check_points(place: Place, writer: Writer) -> int:
    """Assert that a writer's points are there once each, in their order; returns how many."""
    promised = writer.acknowledged
    if promised == 0:
        return 0  # killed before its first point
    steps = SeriesReader(place).read(writer.run_id, "n").steps
    # One more may have been stored whose acknowledgement was not noted any more.
    assert promised <= len(steps) <= promised + 1, (writer.run_id, promised, len(steps))
    assert steps == list(range(len(steps))), writer.run_id
    c = t.series.c
    counted = rows(place, t.series, c.key, c["count"], where=c.run_id == writer.run_id)
    assert counted == [("half", len(steps)), ("n", len(steps))], (writer.run_id, counted)
    return len(steps)


def rows(place: Place, table: Any, *columns: Any, where: Any = True) -> list[tuple[Any, ...]]:
    """Return rows of the index, sorted."""
    with place.database.read() as connection:
        query = select(*(columns or (table,))).where(where).order_by(*(columns or table.columns))
        return [tuple(row) for row in connection.execute(query)]


# What depends on the order of reading, not on what was recorded.
_INTERNAL = {"id", "experiment_id", "series_id", "revision", "role", "position"}


def answers(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that an index says, in a form that two indexes of the same store share."""
    tables = [
        t.params, t.param_revisions, t.tags, t.notes, t.series, t.metric_definitions, t.artifacts, t.cells,
        t.snapshots, t.modules, t.numbers, t.damages, t.losses,
    ]  # fmt: skip
    found = {
        table.name: rows(place, table, *(column for column in table.columns if column.name not in _INTERNAL))
        for table in tables
    }
    runs = [column for column in t.runs.columns if column.name not in _INTERNAL - {"id"}]
    return found | {"runs": rows(place, t.runs, *runs)}
