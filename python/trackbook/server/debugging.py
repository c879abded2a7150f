"""Kernels of the Jupyter server in which cells of a failed run have been run, so that JupyterLab attaches to them."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from jupyter_client.asynchronous.client import AsyncKernelClient

from trackbook.domain.ids import new_id
from trackbook.errors import KernelError
from trackbook.jobs.debugging import setup_code, snapshot_spec
from trackbook.services.resumption import DebugPlan

if TYPE_CHECKING:
    from trackbook.server.app import TrackbookServer

_LOOK_EVERY = 1.0
_tasks: set[asyncio.Task[None]] = set()


async def start_debug_kernel(
    app: "TrackbookServer", settings: dict[str, Any], plan: DebugPlan
) -> tuple[dict[str, str], dict[str, str]]:
    """Start a kernel with a session of its own, and have it run what a plan says; returns both as ids and names.

    Returns as soon as the kernel is there: who attaches to it waits until it is idle, as with any kernel. Raises
    KernelError if it can't be started.
    """
    name = f"Run #{plan.number} before cell {plan.place.number}"
    path = f"trackbook-debug-{plan.number}-{new_id()[-6:]}"
    try:
        with _kernel_name(settings["kernel_spec_manager"], plan) as kernel_name:
            session = await settings["session_manager"].create_session(
                path=path, name=name, type="console", kernel_name=kernel_name
            )
    except Exception as error:  # whatever the server's kernel manager raises
        raise KernelError(f"The kernel {plan.kernel!r} could not be started: {error}") from error
    kernel = session["kernel"]
    manager = settings["kernel_manager"].get_kernel(kernel["id"])
    task = asyncio.get_running_loop().create_task(_prepare(app, manager, plan))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return {"id": kernel["id"], "name": kernel["name"]}, {
        "id": session["id"],
        "path": session["path"],
        "name": session["name"],
    }


@contextlib.contextmanager
def _kernel_name(specs: Any, plan: DebugPlan) -> Iterator[str]:
    """Give the name of the kernel to start: for a snapshot that of one which is known in this block alone."""
    spec = snapshot_spec(plan)
    if spec is None:
        yield plan.kernel
        return
    name = f"trackbook-debug-{plan.number}"
    before = list(specs.kernel_dirs)
    with tempfile.TemporaryDirectory(prefix="trackbook-kernel-") as folder:
        place = Path(folder) / name
        place.mkdir()
        (place / "kernel.json").write_text(json.dumps(spec.to_dict()), encoding="utf-8")
        specs.kernel_dirs = [*before, folder]
        try:
            yield name
        finally:
            specs.kernel_dirs = before


async def _prepare(app: "TrackbookServer", manager: Any, plan: DebugPlan) -> None:
    client = own_client(manager)
    client.start_channels(stdin=False, hb=False)
    client.allow_stdin = False
    try:
        if not await _ask(manager, client, setup_code(plan), silent=True, store_history=False):
            return
        for cell in plan.cells:
            # One that raises ends it: the kernel stands there, and shows what was raised to who has attached.
            if not await _ask(manager, client, cell.source):
                return
    except Exception:  # the kernel was shut down meanwhile
        app.log.debug("A debug kernel did not come to the failed cell.", exc_info=True)
    finally:
        with contextlib.suppress(Exception):
            client.stop_channels()


def own_client(manager: Any) -> AsyncKernelClient:
    """Return a client of a kernel with an identity of its own: of two with the same one the kernel hears only one."""
    client = AsyncKernelClient()
    client.load_connection_info(manager.get_connection_info())
    return client


async def _ask(manager: Any, client: Any, code: str, **options: Any) -> bool:
    """Have code executed; tells whether it came well to its end."""
    request = client.execute(code, allow_stdin=False, **options)
    while True:
        try:
            reply = await client.get_shell_msg(timeout=_LOOK_EVERY)
        except Empty:
            if not await manager.is_alive():
                return False
            continue
        if reply["parent_header"].get("msg_id") == request:
            return bool(reply["content"]["status"] == "ok")
