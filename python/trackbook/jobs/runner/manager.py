"""Starts a runner, or takes one that is forked from a copy, and ends it: what JobKernelManager does for kernels."""

import asyncio
import contextlib
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, Protocol

from trackbook.errors import KernelError
from trackbook.jobs.forking.request import ForkedProcess
from trackbook.jobs.kernel import describe_end
from trackbook.jobs.runner.client import RunnerClient, RunnerDialogue, make_pair, read_pipe
from trackbook.jobs.runner.wire import Connection

_POLL = 0.005
# The folder of the notebook must not come first while the runner is imported: a module of the same name would be taken.
_LAUNCHER = """\
import sys
if sys.path[0] == "":
    del sys.path[0]
sys.modules["debugpy"] = None
try:
    import ipykernel.debugger
except ImportError:
    pass
del sys.modules["debugpy"]
from trackbook.jobs.runner.process import main
sys.exit(main(int(sys.argv[1])))
"""
_LANGUAGE = {
    "name": "python",
    "version": platform.python_version(),
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": sys.version_info[0]},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}


class Process(Protocol):
    """A process as subprocess.Popen shows it."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""

    def send_signal(self, number: int) -> None:
        """Send a signal."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code."""


class RunnerManager:
    """One runner: started by itself, or forked from the copy that waits at `copy`, with `request` for it.

    A fork takes the copy's state; its random generators go on as `request` says.
    """

    goodbye: str | None = None

    def __init__(self, copy: str | None = None, request: Mapping[str, Any] | None = None) -> None:
        self._copy, self._request = copy, dict(request or {})
        self._process: Process | None = None
        self._pipes: dict[int, str] = {}
        self._socket: socket.socket | None = None
        self._log = -1
        self._dialogue: RunnerDialogue | None = None

    async def launch(self, folder: str, environment: dict[str, str], log: Any, timeout: float) -> None:
        """Start the process. Raises KernelError if it can't be."""
        # One of its own: the file may be closed long before the last word is said.
        self._log = os.dup(log.fileno() if log is not None else 2)
        own, other = make_pair()
        stdout, stderr = os.pipe(), os.pipe()
        self._socket, self._pipes = own, {stdout[0]: "stdout", stderr[0]: "stderr"}
        # As Jupyter tells its kernels.
        full = {**os.environ, **environment, "JPY_PARENT_PID": str(os.getpid())}
        try:
            if self._copy is None:
                self._process = _spawn(folder, full, other, stdout[1], stderr[1])
            else:
                self._process = _fork(self._copy, self._request, full, other, stdout[1], stderr[1], timeout)
        except OSError as error:
            self._close()
            what = "started" if self._copy is None else "forked from the cells that ran before"
            raise KernelError(f"The runner could not be {what}: {error}") from error
        finally:
            other.close()
            for descriptor in (stdout[1], stderr[1]):
                os.close(descriptor)
        for descriptor in self._pipes:
            os.set_blocking(descriptor, False)

    async def connect(self, timeout: float) -> RunnerClient:
        """Return a client of the runner; raises KernelError if that does not answer within `timeout` s."""
        assert self._socket is not None
        connection = Connection(self._socket)
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._socket, ready.set)
        deadline = time.monotonic() + timeout
        try:
            # Its first word is its status; the dialogue reads it, and has no use for it.
            while not ready.is_set() or not self._is_talking():
                ready.clear()
                if self._process is None or self._process.poll() is not None:
                    self._read_log()
                    raise KernelError(f"The runner did not start: {self.exit_reason()}.")
                if time.monotonic() > deadline:
                    raise KernelError("The runner did not answer in time.")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ready.wait(), 0.1)
        finally:
            loop.remove_reader(self._socket)
        self._read_log()
        client = RunnerClient(connection, self._pipes, self._log, dict(_LANGUAGE))
        self._pipes = {}
        return client

    def converse(self, client: RunnerClient) -> RunnerDialogue:
        """Return the dialogue with the runner."""
        self._dialogue = RunnerDialogue(client)
        return self._dialogue

    async def stop(self, client: RunnerClient | None, patience: float) -> None:
        """End the runner: it is asked to, and killed after `patience` seconds; with 0 it is killed at once."""
        try:
            if client is not None and patience > 0 and await self.is_alive():
                client.send("control", "shutdown_request", {"restart": False})
                await self._wait_for_end(client, patience)
            if await self.is_alive():
                await self.kill()
                await self._wait_for_end(client, 5.0)
        finally:
            if client is not None:
                client.stop_channels()
            self._close()

    async def kill(self) -> None:
        """End the runner at once, and what it started in its process group."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.poll() is None and os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            process.kill()

    async def interrupt_kernel(self) -> None:
        """Interrupt the cell that runs, and what it has started."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        try:
            if os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGINT)
                return
        except OSError:
            pass
        process.send_signal(signal.SIGINT)

    async def is_alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def exit_reason(self) -> str:
        """Say how the process ended."""
        return describe_end(self._process.poll() if self._process is not None else None)

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return None if self._process is None else self._process.pid

    def _is_talking(self) -> bool:
        assert self._socket is not None
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return False

    def _read_log(self) -> None:
        self._copy_pipes(self._pipes)

    def _copy_pipes(self, pipes: Mapping[int, str]) -> None:
        for descriptor in pipes:
            while data := read_pipe(descriptor):
                with contextlib.suppress(OSError):
                    os.write(self._log, data)

    async def _wait_for_end(self, client: RunnerClient | None, patience: float) -> None:
        deadline = time.monotonic() + patience
        wait = 0.001
        while await self.is_alive() and time.monotonic() < deadline:
            if client is not None:
                self._drain(client)
            if isinstance(self._process, ForkedProcess):  # its end is heard, not looked for
                await self._process.until_change(4 * wait)
            else:
                await asyncio.sleep(wait)
            wait = min(0.05, wait * 1.2)

    def _drain(self, client: RunnerClient) -> None:
        # Exit handlers may print more than a pipe or a socket holds.
        with contextlib.suppress(OSError):
            while client.connection.socket.recv(1 << 16, socket.MSG_DONTWAIT):
                pass
        self._copy_pipes(client.pipes)

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        for descriptor in self._pipes:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._pipes = {}
        if self._log >= 0:
            os.close(self._log)
            self._log = -1


def _spawn(
    folder: str, environment: dict[str, str], other: socket.socket, stdout: int, stderr: int
) -> Process:
    return subprocess.Popen(
        [sys.executable, "-c", _LAUNCHER, str(other.fileno())],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        pass_fds=[other.fileno()],
        start_new_session=True,
    )


def _fork(
    copy: str,
    request: dict[str, Any],
    environment: dict[str, str],
    other: socket.socket,
    stdout: int,
    stderr: int,
    timeout: float,
) -> Process:
    from trackbook.jobs.forking.request import request_fork

    values = request | {"environment": environment}
    return request_fork(copy, values, stdout, stderr, descriptors=[other.fileno()], timeout=timeout)
