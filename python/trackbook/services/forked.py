"""Processes that are forked from this one: what it has imported, they need not import again.

Linux only, and only from a process without threads that has opened nothing that a child must not have.
"""

import contextlib
import gc
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NoReturn

from trackbook.services.processes import look_after

_ARGUMENTS_AT = 45  # in /proc/self/stat, behind the name: where the command line begins and ends in memory

_is_own = False


def declare_own() -> None:
    """Say that this process is Trackbook's own, a command: what it was and keeps open is no affair of a user's."""
    global _is_own
    _is_own = True


def is_own() -> bool:
    """Tell whether this process was declared Trackbook's own. A user's program must not go on in two processes."""
    return _is_own


def may_fork() -> bool:
    """Tell whether this process may go on as two."""
    # On macOS the system's own libraries don't survive it.
    if sys.platform != "linux":
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208
    except OSError:
        return False


class ForkedChild:
    """A child that does `work`, whose result is its exit code; its parent sees it as it does a Popen.

    In the child Ctrl-C has no effect and other signals have their usual one, until `work` says otherwise.
    """

    def __init__(self, work: Callable[[], int]) -> None:
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        # What is heard between the fork and the child's own handlers would be taken for the parent's.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _be_child(work, heard)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has heard of its end
                self.returncode = 0
            else:
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        if self.poll() is None:
            descriptor = os.pidfd_open(self.pid)
            try:
                select.select([descriptor], [], [], timeout)
            finally:
                os.close(descriptor)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired([f"process {self.pid}"], timeout or 0.0)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def fork_module(
    module: str,
    *arguments: str,
    main: Callable[[], object],
    folder: Path,
    log: Path | None = None,
    told: bool = False,
) -> ForkedChild:
    """Do `main` in a forked process, in `folder`; as `start_module`, and to others it looks like one started so.

    It has nothing open but that. Its exit code is that which `main` returns, 0 for anything else. Raises OSError.
    """
    reading, writing = os.pipe() if told else (None, None)

    def be_module() -> int:
        _detach(folder, log, reading)
        _call_itself([sys.executable, "-m", module, *arguments])
        gc.freeze()
        code = main()
        return code if isinstance(code, int) else 0

    try:
        process = ForkedChild(be_module)
    except OSError:
        if writing is not None:
            os.close(writing)
        raise
    finally:
        if reading is not None:
            os.close(reading)
    if writing is not None:
        process.stdin = os.fdopen(writing, "wb")
    look_after(process)
    return process


def _be_child(work: Callable[[], int], heard: set[int | signal.Signals]) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        # Not ignored: it would be so in all that the child starts, too.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stdout.flush()
            sys.stderr.flush()
        # What else is on the stack, and what is to be done at exit, is another process's.
        os._exit(code)


def _detach(folder: Path, log: Path | None, reading: int | None) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it: what is started has it so, too
            signal.signal(number, signal.SIG_DFL)
    if sys.path and sys.path[0] in ("", str(Path.cwd())):
        # What is imported late would be looked for among a user's files first.
        sys.path[0] = str(folder)
    os.chdir(folder)
    null = os.open(os.devnull, os.O_RDWR)
    output = null if log is None else os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(null if reading is None else reading, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _call_itself(command: Sequence[str]) -> None:
    """Write another command line over this process's own, as far as there is room: lists of processes show it."""
    import ctypes

    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/self/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
        start, end = int(fields[_ARGUMENTS_AT]), int(fields[_ARGUMENTS_AT + 1])
        said = b"\0".join(os.fsencode(part) for part in command)[: end - start - 1]
        ctypes.memmove(start, said.ljust(end - start, b"\0"), end - start)
