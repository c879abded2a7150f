"""How Jupyter starts warm kernels: a provisioner that forks them from a template, or starts them the ordinary way."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Float, List, Unicode

from trackbook.config import TEMPLATES
from trackbook.jobs.forking.request import ForkedProcess, request_fork
from trackbook.jobs.forking.wire import can_fork
from trackbook.jobs.warm.command import read_command
from trackbook.jobs.warm.finding import check_shadows, check_start, find_template, tell
from trackbook.jobs.warm.folder import Need, NotWarm, Template, is_switched_on, present_folder
from trackbook.jobs.warm.wanted import wanted_modules

# What a kernel may be started with, beside its command; anything else is for an ordinary start.
_OPTIONS = frozenset(
    ("env", "cwd", "stdin", "stdout", "stderr", "independent", "extra_arguments", "kernel_id")
)
_NOTEBOOK = "JPY_SESSION_NAME"


class _NoAnswer(NotWarm):
    """A template that takes no requests any more."""


class WarmProvisioner(LocalProvisioner):
    """Forks kernels from a template that has imported what they import; a kernel of its own in all else.

    Where that can't be done the kernel is started the ordinary way, and `cold_reason` says why, in the words of a
    sentence that begins "The kernel was started the ordinary way:".
    """

    imports = List(
        Unicode(),
        help="Modules that kernels find imported; without any, those that the notebook at hand imports.",
    ).tag(config=True)
    patience = Float(60.0, help="Seconds that a template may take to be ready.").tag(config=True)

    cold_reason: str | None = None
    # Set by who starts a kernel for a notebook that it has read.
    modules: Sequence[str] | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start a kernel and return how it is connected to."""
        self.cold_reason = None
        if kwargs.get("env") is not None:  # of whoever starts kernels, not of these
            kwargs["env"] = {name: value for name, value in kwargs["env"].items() if name != TEMPLATES}
        # Where it never works nobody waits to be told so at each kernel.
        if can_fork() and is_switched_on():
            try:
                return await self._launch_warm(cmd, kwargs)
            except NotWarm as reason:
                self.cold_reason = str(reason)
                tell(f"The kernel was started the ordinary way: {reason}.")
        return await super().launch_kernel(cmd, **kwargs)

    async def _launch_warm(self, cmd: list[str], options: dict[str, Any]) -> Any:
        command = read_command(cmd)
        if command is None:
            raise NotWarm("its command is not that of a plain Python kernel")
        if unknown := sorted(options.keys() - _OPTIONS):
            raise NotWarm(f"it is to be started with {unknown[0]}")
        folder = os.fspath(options.get("cwd") or Path.cwd())
        environment = dict(os.environ if options.get("env") is None else options["env"])
        check_start(folder, environment)
        modules = self._wanted(folder, environment)
        if modules is None:
            raise NotWarm("the project's pyproject.toml says so")
        need = Need(command, modules, environment, folder)
        independent = bool(options.get("independent"))
        if not independent:
            environment["JPY_PARENT_PID"] = str(os.getpid())
        request = {
            "folder": folder,
            "environment": environment,
            "program": command.program,
            "arguments": command.arguments,
            "command": cmd,
            "independent": independent,
        }
        try:
            process = await self._fork(await find_template(need, self.patience), request, options)
        except _NoAnswer:  # it was killed, or has retired just now
            process = await self._fork(await find_template(need, self.patience), request, options)
        self.process = process  # type: ignore[assignment]  # as a Popen, for all that is asked of it here
        # It leads a session of its own, from its first moment on.
        self.pid = self.pgid = process.pid
        self.cwd = folder
        return self.connection_info

    def _wanted(self, folder: str, environment: Mapping[str, str]) -> Sequence[str] | None:
        if self.modules is not None:
            return self.modules
        if self.imports:
            return list(self.imports)
        return wanted_modules(_sources_of(environment.get(_NOTEBOOK)), folder)

    async def _fork(
        self, template: Template, request: dict[str, Any], options: dict[str, Any]
    ) -> ForkedProcess:
        check_shadows(template, request["folder"])
        read, write = os.pipe()
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, read)
            with contextlib.ExitStack() as given:
                given.callback(os.close, write)
                stdout = _file(options.get("stdout"), 1, given)
                stderr = (
                    stdout
                    if options.get("stderr") == subprocess.STDOUT
                    else _file(options.get("stderr"), 2, given)
                )
                try:
                    process = request_fork(
                        template.path, request, stdout, stderr, descriptors=[write], timeout=self.patience
                    )
                except OSError as error:
                    present_folder().forget(template)
                    raise _NoAnswer(f"its template does not answer ({error})") from error
            # Who connects before its sockets are bound waits a tenth of a second longer.
            await _until_readable(read, self.patience)
        return process


def _sources_of(notebook: str | None) -> list[str]:
    """Return the sources of the code cells of the notebook that a kernel is started for, as it was saved."""
    from trackbook.errors import TrackbookError
    from trackbook.notebook.read import read_notebook, source_of

    if not notebook or not notebook.endswith(".ipynb"):
        return []
    try:
        cells = read_notebook(Path(notebook))["cells"]
    except (OSError, TrackbookError):
        return []
    return [source_of(cell) for cell in cells if cell["cell_type"] == "code"]


def _file(file: Any, default: int, stack: contextlib.ExitStack) -> int:
    if file is None:
        return default
    if file == subprocess.DEVNULL:
        descriptor = os.open(os.devnull, os.O_RDWR)
        stack.callback(os.close, descriptor)
        return descriptor
    if isinstance(file, int) and file < 0:
        raise NotWarm("what it prints is to be piped")
    if isinstance(file, int):
        return file
    with contextlib.suppress(AttributeError, ValueError):
        file.flush()
    return int(file.fileno())


async def _until_readable(descriptor: int, timeout: float) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def settle() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(descriptor, settle)
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ready, timeout)
    finally:
        loop.remove_reader(descriptor)
