"""A copy of a runner that becomes an ordinary ipykernel, with the variables that the cells have left."""

import asyncio
import atexit
import logging
import os
import select
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackbook.jobs.runner.randomness import RandomState

if TYPE_CHECKING:
    from trackbook.jobs.runner.process import Runner


def become_kernel(runner: "Runner", state: RandomState, values: Mapping[str, Any]) -> int:
    """Run as the kernel of a connection file until it is shut down, or process `owner` has ended."""
    from ipykernel.kernelapp import IPKernelApp

    class Kernel(IPKernelApp):
        def log_connection_info(self) -> None:
            """Say nothing: who asked for it says how to attach."""

    state.restore(keep=True)
    _leave_runs()
    if folder := values.get("folder"):
        os.chdir(folder)
    namespace = _leave_runner(runner)
    _end_with(int(values["owner"]))
    # It warns that it speaks to this machine without encryption, and of an option that is not its own: it is asked for
    # by a terminal, for people.
    app: Any = Kernel.instance(user_ns=namespace, log_level=logging.ERROR)
    app.initialize(["-f", values["connection_file"], "--HistoryManager.hist_file=:memory:"])
    app.start()
    return 0


def _leave_runner(runner: "Runner") -> dict[str, Any]:
    """Take the runner's shell out of its place; returns the namespace of its cells."""
    kernel: Any = runner.app.kernel
    namespace: dict[str, Any] = kernel.shell.user_ns
    for single in (kernel.shell, kernel, runner.app):
        type(single).clear_instance()
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    asyncio.set_event_loop(asyncio.new_event_loop())
    return namespace


def _leave_runs() -> None:
    """Let nothing be recorded any more in the run whose process was copied."""
    starting = sys.modules.get("trackbook.api.starting")
    if starting is not None:
        place = tempfile.mkdtemp(prefix="trackbook-debug-")
        atexit.register(shutil.rmtree, place, ignore_errors=True)
        starting.set_apart(Path(place))


def _end_with(owner: int) -> None:
    """End this process when another one has: nobody else would shut the kernel down."""
    descriptor = os.pidfd_open(owner)

    def watch() -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll()
        os._exit(0)

    threading.Thread(target=watch, name="trackbook-owner", daemon=True).start()
