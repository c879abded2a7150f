"""What a worker of this machine's own cluster does first: Ctrl-C is for the process that waits for the jobs."""

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Hear no Ctrl-C. Called by Dask in the worker's main thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
