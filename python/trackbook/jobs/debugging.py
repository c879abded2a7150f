"""Kernels in the state in which a run failed, for people to look at. Nothing that they do is recorded in that run."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any, Self

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec, NoSuchKernel
from jupyter_client.manager import KernelManager
from jupyter_core.paths import jupyter_runtime_dir

from trackbook.domain.ids import new_id
from trackbook.domain.resumption import CellPlace
from trackbook.errors import KernelError
from trackbook.jobs.rerun import SETTINGS
from trackbook.services.resumption import DebugPlan

_LOOK_EVERY = 0.2
_PATIENCE = 10.0
# What the cells track goes into a store that is gone with the kernel; there, as in a job's kernel, a run is open, and
# Trackbook is loaded.
_SETUP = """\
def _trackbook_debug():
    import atexit, os, shutil, tempfile
    place = tempfile.mkdtemp(prefix="trackbook-debug-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    for name in {settings!r}:
        os.environ.pop(name, None)
    os.environ["TRACKBOOK_STORE"] = os.path.join(place, ".trackbook")
    os.environ["TRACKBOOK_CAPTURE"] = "none"
    os.environ["TRACKBOOK_RUN"] = {run!r}
    os.environ["TRACKBOOK_OUTPUT_DIR"] = place
    if os.path.isdir({folder!r}):
        os.chdir({folder!r})
    try:
        get_ipython().run_line_magic("load_ext", "trackbook")
        get_ipython().extension_manager.loaded.discard("trackbook")
    except BaseException:
        pass
_trackbook_debug()
del _trackbook_debug
"""

OnCell = Callable[[CellPlace], None]


def setup_code(plan: DebugPlan) -> str:
    """Return what a debug kernel executes first, silently: it must track into no store of the user's."""
    return _SETUP.format(settings=SETTINGS, folder=plan.folder, run=new_id())


class DebugKernel:
    """A kernel that has run what a plan says, and waits for somebody to attach; it ends with the block.

    `failure` says which of the cells raised on the way, if one did. Raises KernelError if none can be started.
    """

    def __init__(self, plan: DebugPlan, on_cell: OnCell | None = None) -> None:
        self.plan = plan
        self.failure: str | None = None
        self._on_cell = on_cell or (lambda _: None)
        folder = Path(jupyter_runtime_dir())
        folder.mkdir(parents=True, exist_ok=True)
        self.connection_file = folder / f"kernel-trackbook-{plan.number}-{new_id()[-6:]}.json"
        self._manager = make_manager(plan, self.connection_file)

    def __enter__(self) -> Self:
        self._start()
        try:
            self._prepare()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def wait(self, seconds: float) -> bool:
        """Wait until the kernel has ended, at most so many seconds; tells whether it has."""
        deadline = time.monotonic() + seconds
        while self._manager.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_EVERY)
        return True

    def _start(self) -> None:
        plan = self.plan
        environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        folder = plan.folder if Path(plan.folder).is_dir() else tempfile.gettempdir()
        try:
            # What the kernel's process itself says is no data of this command.
            self._manager.start_kernel(cwd=folder, env=environment, stdout=2)
        except NoSuchKernel as error:
            raise KernelError(f"There is no kernel {plan.kernel!r} here, in which the run ran.") from error
        except (OSError, RuntimeError) as error:
            raise KernelError(f"The kernel {plan.kernel!r} could not be started: {error}") from error

    def _prepare(self) -> None:
        client = self._manager.client()
        assert isinstance(client, BlockingKernelClient)
        client.start_channels(stdin=False, hb=False)
        client.allow_stdin = False
        try:
            client.wait_for_ready(timeout=60)
            self._ask(client, setup_code(self.plan), silent=True, store_history=False)
            for cell in self.plan.cells:
                self._on_cell(cell.place)
                reply = self._ask(client, cell.source)
                if reply["status"] == "error":
                    self.failure = f"Cell {cell.place.number} raised {reply['ename']}: {reply['evalue']}"
                    return
        except RuntimeError as error:
            raise KernelError(f"The kernel {self.plan.kernel!r} did not start: {error}") from error
        finally:
            client.stop_channels()

    def _ask(self, client: BlockingKernelClient, code: str, **options: Any) -> dict[str, Any]:
        request = client.execute(code, allow_stdin=False, **options)
        while True:
            try:
                reply = client.get_shell_msg(timeout=_LOOK_EVERY)
            except Empty:
                if not self._manager.is_alive():
                    raise KernelError("The kernel died while it ran what the failed cell needs.") from None
                continue
            if reply["parent_header"].get("msg_id") == request:
                return dict(reply["content"])

    def _stop(self) -> None:
        with contextlib.suppress(Exception):  # whatever state it is in, it has to go
            self._manager.shutdown_kernel(now=not self._manager.is_alive())
        self.connection_file.unlink(missing_ok=True)


def make_manager(plan: DebugPlan, connection_file: Path) -> KernelManager:
    """Return a manager of the kernel that a plan asks for, which is not started yet."""
    manager = KernelManager(kernel_name=plan.kernel, connection_file=str(connection_file))
    if manager.has_trait("transport_encryption"):  # whoever has the file has the keys, too
        manager.transport_encryption = "auto"
    if (spec := snapshot_spec(plan)) is not None:
        manager._kernel_spec = spec  # no file is needed for one that is used once
    return manager


def snapshot_spec(plan: DebugPlan) -> KernelSpec | None:
    """Return what a kernel manager starts to have the plan's snapshot as a kernel; None without one."""
    if plan.sleeper is None or plan.sleeper.path is None:
        return None
    from trackbook.jobs.snapshots.attach import kernel_command

    command = kernel_command(plan.sleeper.path, plan.folder)
    return KernelSpec(argv=command, display_name=f"Run #{plan.number}", language="python")
