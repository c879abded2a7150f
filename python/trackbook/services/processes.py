"""Processes of Trackbook's own: they read no keys, hear no Ctrl-C meant for others, and may outlive this one."""

import atexit
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, Protocol


class Process(Protocol):
    """A process that this one has started, as subprocess.Popen shows it."""

    pid: int
    returncode: int | None
    stdin: IO[bytes] | None

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code. Raises subprocess.TimeoutExpired after `timeout` seconds."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it at once."""


_started: list[Process] = []
_lock = threading.Lock()


def start_module(
    module: str, *arguments: str, folder: Path, log: Path | None = None, told: bool = False
) -> "subprocess.Popen[bytes]":
    """Start `python -m module arguments` in `folder`; what it prints is added to `log`, or dropped.

    It reads nothing, or with `told` what this process writes to its `stdin`.

    The folder must hold no Python files: a user's random.py would be taken for Python's own.
    """
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["start_new_session"] = True
    options["stdin"] = subprocess.PIPE if told else subprocess.DEVNULL
    command = [sys.executable, "-m", module, *arguments]
    if log is None:
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            **options,
        )
    else:
        with log.open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, **options)
    look_after(process)
    return process


def look_after(process: Process) -> None:
    """Count a process that was started elsewhere among Trackbook's own, whose end nobody waits for."""
    with _lock:
        _started[:] = [known for known in _started if known.poll() is None]
        _started.append(process)


def own_pids() -> set[int]:
    """Return the pids of the processes that were started here, which are not the user's doing."""
    # Without the lock: a thread that samples asks, and must hold nothing when the process is forked.
    return {process.pid for process in list(_started) if process.returncode is None}


@atexit.register
def _let_go() -> None:
    # They outlive this process on purpose; without a return code Popen would call that a leak.
    for process in _started:
        process.returncode = 0 if process.returncode is None else process.returncode
