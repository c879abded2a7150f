"""A fork of a template becomes a kernel: nothing of the template's stays but the modules that it has imported."""

import atexit
import contextlib
import gc
import io
import logging
import os
import random
import select
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from trackbook.jobs.forking.server import ForkRequest
from trackbook.jobs.warm.imports import WatchedImports

if TYPE_CHECKING:
    from trackbook.jobs.runner.process import Runner

BOUND = b"+"


class RequesterWatch(threading.Thread):
    """Ends the kernel when the process that asked for it has ended, as ipykernel's own watch does with a parent."""

    def __init__(self, requester: int) -> None:
        super().__init__(name="trackbook-requester", daemon=True)
        self._requester = requester

    def run(self) -> None:
        """Wait for that."""
        try:
            descriptor = os.pidfd_open(self._requester)
        except ProcessLookupError:
            os._exit(1)
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while not poll.poll():
            pass
        os._exit(1)


def become_runner(request: ForkRequest, imports: WatchedImports, runner: "Runner") -> int:
    """Run as the request says, in the place of a kernel; returns the exit code."""
    from trackbook.jobs.runner.wire import Connection

    values = request.values
    os.chdir(values["folder"])
    set_environment(values["environment"], imports.set, imports.started)
    renew_state()
    (descriptor,) = request.descriptors
    leave(runner.begin(Connection(socket.socket(fileno=descriptor)), imports.give_back))
    return 0


def become_kernel(request: ForkRequest, imports: WatchedImports, launcher: str) -> int:
    """Run an IPython kernel as the request says; returns its exit code when it was shut down."""
    values = request.values
    os.chdir(values["folder"])
    set_environment(values["environment"], imports.set, imports.started)
    sys.argv = [values["program"] or launcher, *values["arguments"]]
    sys.orig_argv = list(values["command"])
    renew_state()
    app = _make_app(values["arguments"], imports, 0 if values["independent"] else request.requester)
    for descriptor in request.descriptors:
        with contextlib.suppress(OSError):  # who waits for it may have gone
            os.write(descriptor, BOUND)
        os.close(descriptor)
    app.start()
    leave()
    return 0


def set_environment(wanted: dict[str, str], changed: dict[str, str | None], started: dict[str, str]) -> None:
    """Make `wanted` this process's environment, with the changes that imports have made to it.

    They began with `started`; where a kernel's value is another one, it would not have been changed in that way.
    """
    environment = dict(wanted)
    for name, value in changed.items():
        if wanted.get(name) != started.get(name):
            continue
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    for name in list(os.environ):
        if name not in environment:
            del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    time.tzset()


def renew_state() -> None:
    """Give this process what must not be the same in any two: random numbers, keys, the time of its start."""
    random.seed()
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed()
    if (processes := sys.modules.get("multiprocessing.process")) is not None:
        processes.current_process().authkey = os.urandom(32)
    nanoseconds = sys.version_info >= (3, 13)
    logging._startTime = time.time_ns() if nanoseconds else time.time()  # type: ignore[attr-defined]


def leave(code: int = 0) -> None:
    """End the process as a program that has come to its end, but for taking its modules apart, which takes long.

    Exit handlers run, threads that are no daemons are waited for, and no file loses what was written to it.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does
    atexit._run_exitfuncs()
    gc.collect()
    files = io.TextIOWrapper.__mro__[-2]  # of which all are; io.IOBase itself is slow to ask
    for one in gc.get_objects():
        if issubclass(type(one), files):
            with contextlib.suppress(Exception):
                one.flush()
    os._exit(code)


def _make_app(arguments: list[str], imports: WatchedImports, requester: int) -> Any:
    from ipykernel.kernelapp import IPKernelApp

    app: Any = IPKernelApp.instance(parent_handle=requester)
    begin = app.init_extensions

    def give_back() -> None:
        # Before any code of the user's runs, as which a startup file counts, too.
        imports.give_back()
        begin()

    app.init_extensions = give_back
    app.initialize(arguments)
    del app.init_extensions
    if requester:
        app.poller = RequesterWatch(requester)  # its own watches the parent, which is the template
    return app
