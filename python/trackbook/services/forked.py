"""A process of Trackbook's own that is forked: what this one has imported, it need not import again.

Linux only, and only from a process without threads that has opened nothing that a child must not have.
"""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from trackbook.services.processes import look_after

_ARGUMENTS_AT = 45  # in /proc/self/stat, behind the name: where the command line begins and ends in memory


class Forked:
    """A forked process, as subprocess.Popen shows it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

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


def may_fork() -> bool:
    """Tell whether this process may go on as two."""
    if sys.platform != "linux":
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208
    except OSError:
        return False


def fork_module(module: str, *arguments: str, main: Callable[[], object], folder: Path) -> Forked:
    """Do `main` in a forked process, in `folder`; to others it looks like `python -m module arguments`.

    It reads and prints nothing, hears no Ctrl-C meant for others, and may outlive this process. Raises OSError.
    """
    pid = os.fork()
    if pid == 0:
        _be(main, [sys.executable, "-m", module, *arguments], folder)
    process = Forked(pid)
    look_after(process)
    return process


def _be(main: Callable[[], object], command: Sequence[str], folder: Path) -> NoReturn:
    code = 1
    try:
        _detach(folder)
        _call_itself(command)
        gc.freeze()
        main()
        code = 0
    finally:
        # What else is on the stack, and what is to be done at exit, is another process's.
        os._exit(code)


def _detach(folder: Path) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.chdir(folder)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _call_itself(command: Sequence[str]) -> None:
    """Write another command line over this process's own, as far as there is room: lists of processes show it."""
    import ctypes

    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/self/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
        start, end = int(fields[_ARGUMENTS_AT]), int(fields[_ARGUMENTS_AT + 1])
        said = b"\0".join(os.fsencode(part) for part in command)[: end - start - 1]
        ctypes.memmove(start, said.ljust(end - start, b"\0"), end - start)
