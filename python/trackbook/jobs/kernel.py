"""The kernel of a job: started over local sockets, asked as JupyterLab asks, stopped without fixed waits."""

import asyncio
import contextlib
import difflib
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from traitlets import Dict

from trackbook.errors import KernelError
from trackbook.jobs.dialogue import Dialogue
from trackbook.jobs.forking.request import UNKNOWN_END, ForkedProcess
from trackbook.jobs.kernelfolders import kernel_specs
from trackbook.jobs.session import JobSession
from trackbook.jobs.warm.command import LAUNCHER
from trackbook.jobs.warm.provisioner import WarmProvisioner

_POLL = 0.005
_LONGEST_FOLDER = 90  # characters; the path of a socket has at most about a hundred

# While the kernel ends ipykernel flushes once more, and may wait ten seconds for a thread that is gone by then.
_GOODBYE = """\
import sys
for stream in (sys.stdout, sys.stderr):
    if type(stream).__module__.startswith("ipykernel"):
        stream.flush()
        stream.flush = lambda: None
"""


class JobKernelClient(AsyncKernelClient):
    """A client whose execute requests carry metadata, as JupyterLab's do."""

    request_metadata: Any = Dict(help="Metadata of the next execute request: the cell's, and its id")
    language_info: Any = Dict(help="What the kernel said of its language")

    def connect_iopub(self, identity: bytes | None = None) -> Any:
        """Return the socket on which the kernel publishes; it holds as many messages as there are."""
        # By default the thousandth message that was not read yet is the last one: output was lost, or its end.
        self.context.setsockopt(zmq.RCVHWM, 0)
        try:
            return super().connect_iopub(identity)
        finally:
            self.context.sockopts.pop(zmq.RCVHWM, None)

    def take_kernel_info(self, reply: dict[str, Any]) -> None:
        """Take up a kernel_info_reply."""
        self._handle_kernel_info_reply(reply)
        self.language_info = reply["content"].get("language_info", {})

    def execute(self, code: str, **options: Any) -> str:  # type: ignore[override]  # always without waiting
        """Send an execute request with `request_metadata` and return its message id."""
        content = {
            "code": code,
            "silent": options.get("silent", False),
            "store_history": options.get("store_history", True),
            "user_expressions": options.get("user_expressions") or {},
            "allow_stdin": False,
            "stop_on_error": options.get("stop_on_error", True),
        }
        message = self.session.msg("execute_request", content, metadata=self.request_metadata)
        self.shell_channel.send(message)
        return str(message["header"]["msg_id"])


class JobKernelManager(AsyncKernelManager):
    """Starts one kernel and stops it. Files of its sockets lie in a folder of their own, readable by the user alone.

    `modules` are those that a Python kernel finds imported, where it can be forked from a template; None stands for an
    ordinary start.
    """

    goodbye: str | None = None

    def __init__(self, *, modules: Sequence[str] | None = None, **options: Any) -> None:
        self._modules = modules
        self._sockets = Path(tempfile.mkdtemp(prefix="tb-"))
        local = sys.platform != "win32" and len(str(self._sockets)) < _LONGEST_FOLDER
        if local:
            options |= {"transport": "ipc", "ip": str(self._sockets / "k")}
        super().__init__(
            connection_file=str(self._sockets / "kernel.json"),
            client_class=_client_class(),
            session=JobSession(),
            kernel_spec_manager=kernel_specs(),
            **options,
        )
        if not local and self.has_trait("transport_encryption"):
            self.transport_encryption = "auto"

    async def launch(self, folder: str, environment: dict[str, str], log: Any, timeout: float) -> None:
        """Start the kernel's process; returns when its sockets are bound. Raises KernelError if it can't be."""
        output = {} if log is None else {"stdout": log, "stderr": log}
        try:
            arguments = ["--HistoryManager.hist_file=:memory:"] if self._is_ipython() else []
            await self.start_kernel(
                extra_arguments=arguments, cwd=folder, env={**os.environ, **environment}, **output
            )
        except NoSuchKernel as error:
            shutil.rmtree(self._sockets, ignore_errors=True)
            raise KernelError(_no_such_kernel(self.kernel_name, self._known_kernels())) from error
        except (OSError, RuntimeError) as error:
            shutil.rmtree(self._sockets, ignore_errors=True)
            raise KernelError(f"The kernel {self.kernel_name!r} could not be started: {error}") from error
        deadline = time.monotonic() + timeout
        while not self._are_sockets_bound():
            # Connecting before would cost a tenth of a second: a refused client tries again that late.
            await self._check_start(deadline)
            await asyncio.sleep(_POLL)

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        if self.provisioner is None and self._modules is not None and self._may_be_warm():
            self.kernel_id = self.kernel_id or str(uuid.uuid4())
            warm = WarmProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
            warm.modules = self._modules
            self.provisioner = warm
        return await super()._async_pre_start_kernel(**options)

    pre_start_kernel = _async_pre_start_kernel

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Return the command that starts the kernel."""
        command = super().format_kernel_cmd(extra_arguments)
        for position, pair in enumerate(itertools.pairwise(command)):
            if pair == ("-m", "ipykernel_launcher"):
                command[position : position + 2] = ["-c", LAUNCHER]
                # What makes debugging possible makes starting slow.
                return [part for part in command if part != "-Xfrozen_modules=off"]
        return command

    async def connect(self, timeout: float) -> JobKernelClient:
        """Return a client of the kernel once it answers; raises KernelError if it does not within `timeout` s."""
        client = self.client()
        assert isinstance(client, JobKernelClient)
        client.start_channels(stdin=False, hb=False)
        client.allow_stdin = False
        deadline = time.monotonic() + timeout
        requests: set[str] = set()
        wait = 0.1
        try:
            while not await _answers(client, requests, wait):
                await self._check_start(deadline)
                wait = min(1.0, wait * 2)
        except BaseException:
            client.stop_channels()
            raise
        if client.language_info.get("name") == "python":
            self.goodbye = _GOODBYE
        return client

    async def stop(self, client: JobKernelClient | None, patience: float) -> None:
        """End the kernel's process and take its files away.

        It is asked to end, and killed after `patience` seconds; with 0 it is killed at once.
        """
        try:
            if self.has_kernel and patience > 0:
                await self.request_shutdown()
                await self._wait_for_end(patience)
            if self.has_kernel and await self.is_alive():
                await self.provisioner.kill()  # type: ignore[union-attr]  # a kernel that runs has one
                await self._wait_for_end(5.0)
            if self.has_kernel:
                await self.provisioner.wait()  # type: ignore[union-attr]
        finally:
            if client is not None:
                client.stop_channels()
            await self.cleanup_resources()
            shutil.rmtree(self._sockets, ignore_errors=True)

    async def kill(self) -> None:
        """End the kernel's process at once, and what it started in its process group."""
        pid = self.pid
        if pid is not None and hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                if os.getpgid(pid) == pid:  # a kernel is the first of a session of its own
                    os.killpg(pid, signal.SIGKILL)
        if self.has_kernel:
            with contextlib.suppress(OSError, RuntimeError):
                await self.provisioner.kill()  # type: ignore[union-attr]  # a kernel that runs has one

    def exit_reason(self) -> str:
        """Say how the kernel's process ended."""
        process = getattr(self.provisioner, "process", None)
        return describe_end(process.poll() if process is not None else None)

    def converse(self, client: JobKernelClient) -> Dialogue:
        """Return the dialogue with the kernel."""
        return Dialogue(client)

    @property
    def pid(self) -> int | None:
        """The id of the kernel's process, where it is one of this machine."""
        process = getattr(self.provisioner, "process", None)
        return None if process is None else int(process.pid)

    def _known_kernels(self) -> list[str]:
        return sorted(self.kernel_spec_manager.find_kernel_specs())

    def _is_ipython(self) -> bool:
        spec = self.kernel_spec
        return spec is not None and any("ipykernel" in part for part in spec.argv)

    def _may_be_warm(self) -> bool:
        # A kernel with a provisioner of its own keeps it.
        spec = self.kernel_spec
        return spec is not None and self._is_ipython() and "kernel_provisioner" not in spec.metadata

    def _are_sockets_bound(self) -> bool:
        if self.transport != "ipc":
            return True
        return all(Path(f"{self.ip}-{port}").exists() for port in self.ports)

    async def _check_start(self, deadline: float) -> None:
        if not await self.is_alive():
            raise KernelError(f"The kernel {self.kernel_name!r} did not start: {self.exit_reason()}.")
        if time.monotonic() > deadline:
            raise KernelError(f"The kernel {self.kernel_name!r} did not answer in time.")

    async def _wait_for_end(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        wait = _POLL
        process = getattr(self.provisioner, "process", None)
        if isinstance(process, ForkedProcess):  # its end is heard, not looked for
            await process.until_change(patience)
        while await self.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(wait)
            wait = min(0.05, wait * 1.2)


def describe_end(code: int | None) -> str:
    """Say how a process ended that left with `code`, negative for a signal; None if that is not known."""
    if code is None or code == UNKNOWN_END:
        return "its process is gone"
    if code >= 0:
        return f"its process ended with exit code {code}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-code).name
        hint = "; perhaps the memory was used up" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    return f"its process was ended by signal {-code}"


def _no_such_kernel(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 3) or [
        other for other in known if name.lower() in other.lower() or other.lower() in name.lower()
    ]
    if close:
        return f"There is no kernel {name!r}. Did you mean {' or '.join(map(repr, close))}?"
    if not known:
        return f"There is no kernel {name!r}, nor any other; `pip install ipykernel` gives one for Python."
    return f"There is no kernel {name!r}; there are {', '.join(known[:20])}."


def _client_class() -> str:
    return f"{JobKernelClient.__module__}.{JobKernelClient.__qualname__}"


async def _answers(client: JobKernelClient, requests: set[str], timeout: float) -> bool:
    """Ask the kernel for its info; True once a reply and a status have come: then outputs will come, too."""
    requests.add(client.kernel_info())
    deadline = time.monotonic() + timeout
    for channel in (client.shell_channel, client.iopub_channel):
        try:
            message = None
            while message is None or message["parent_header"].get("msg_id") not in requests:
                message = await channel.get_msg(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return False
        if channel is client.shell_channel:
            client.take_kernel_info(message)
    return True
