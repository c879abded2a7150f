"""A copy of a runner's state that waits at a socket: each who asks gets a fork of it, with a client of their own."""

import gc
import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trackbook.jobs.forking.server import ForkRequest, serve_forks
from trackbook.jobs.runner.hazards import openmp_libraries
from trackbook.jobs.runner.randomness import RandomState
from trackbook.jobs.runner.wire import Connection

if TYPE_CHECKING:
    from trackbook.jobs.runner.process import Runner


def wait_as_copy(
    runner: "Runner",
    content: Mapping[str, Any],
    listener: socket.socket,
    state: RandomState,
    *,
    limited: bool,
) -> int:
    """Serve forks of `runner` until the owner has ended; in such a fork, go on with its client.

    Returns the exit code. `limited`: OpenMP was at work before, and has to do with one thread in the forks.
    """
    openmp = openmp_libraries()  # forks may load further ones, which begin with what their environment says
    gc.freeze()  # what is there is never collected, so that its pages stay shared

    def resume(request: ForkRequest) -> int:
        values = request.values
        if "connection_file" in values:
            from trackbook.jobs.snapshots.kernel import become_kernel

            return become_kernel(runner, state, values)
        (descriptor,) = request.descriptors
        return runner.resume(
            Connection(socket.socket(fileno=descriptor)),
            environment=values.get("environment"),
            folder=values.get("folder"),
            state=state,
            keep_random=bool(values.get("keep_random", True)),
            seeded=values.get("seeded") or [],
            inputs=values.get("inputs") or {},
            threads=1 if limited else values.get("threads"),
            openmp=openmp,
        )

    try:
        serve_forks(
            content["path"], resume, owner=content.get("owner"), idle=content.get("idle"), listener=listener
        )
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    # Its exit handlers are those of the process that it copies: they would take away what others still use.
    os._exit(0)
