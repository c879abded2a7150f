"""The folder of a supervisor, or of a Dask worker, for what its children have in common. Imports nothing heavy."""

import contextlib
import os
import shutil
from pathlib import Path

from trackbook.jobs.socketfolders import make_sockets_folder, sockets_base

_PREFIX = "tb-worker-"


def make_worker_folder() -> Path:
    """Make a folder that this user alone can read; take away what supervisors that were killed have left."""
    for left in sockets_base().glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if pid.isdecimal() and hasattr(os, "getuid") and left.stat().st_uid == os.getuid():
                try:
                    os.kill(int(pid), 0)
                except ProcessLookupError:
                    shutil.rmtree(left, ignore_errors=True)
    return make_sockets_folder(f"{_PREFIX}{os.getpid()}-")
