"""The process beside a Dask worker in which jobs run.

Not in the Dask worker itself: its memory limits and restarts would take kernels for its own, a thread can neither be
cancelled nor have the signals that a notebook's execution wants, and what a job leaves behind would stay. The process
hears of the Dask worker's death by the end of its input, however that one died, and takes its kernel along. It is kept
for further jobs of the same store, so that imports are paid for once.
"""

import atexit
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

import msgspec

from trackbook.config import TEMPLATES
from trackbook.jobs.distributed.orders import Order, Report, own_environment
from trackbook.jobs.warm.folder import TemplateFolder
from trackbook.jobs.workerfolder import make_worker_folder

_TRIES = 3

_idle: dict[str, list["WorkProcess"]] = {}
_lock = threading.Lock()


class WorkProcess:
    """A process that works on one order at a time."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        # Not in the worker's folder: a file random.py in there would be taken for Python's own.
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "trackbook.jobs.distributed"),
                *(str(folder), str(os.getpid())),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment, TEMPLATES: str(folder)},
            cwd=tempfile.gettempdir(),
            start_new_session=sys.platform != "win32",
        )

    def work(self, order: Order) -> Report | None:
        """Have an order worked on, and wait; None if the process died meanwhile."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            return None
        return msgspec.json.decode(line, type=Report) if line.endswith(b"\n") else None

    def end(self) -> None:
        """Have the process end."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def carry_out(order: Order) -> Report:
    """Have an order worked on in a process beside this one, and wait.

    If that dies, another one takes the job up again; the queue says how often a job is begun.
    """
    environment = own_environment(order, os.environ)
    key = repr(sorted(environment.items()))
    for _ in range(_TRIES):
        with _lock:
            idle = _idle.get(key, [])
            process = idle.pop() if idle else None
            folder = _shared_folder()
        if process is None:
            process = WorkProcess(environment, folder)
        report = process.work(order)
        if report is not None:
            with _lock:
                _idle.setdefault(key, []).append(process)
            return report
        process.end()
    return Report(
        "The process that was to run the job died again and again; the Dask worker's log says more."
    )


@cache
def _shared_folder() -> Path:
    """Return the folder for what the jobs that this Dask worker runs have in common, their templates among it.

    Called by one thread at a time: two would make two.
    """
    folder = make_worker_folder()
    TemplateFolder.claim(folder)
    return folder


@atexit.register
def _end_all() -> None:
    for processes in _idle.values():
        for process in processes:
            process.end()
