"""The folder of a supervisor, for sockets and templates of its children. Imports nothing heavy."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "tb-worker-"


def make_worker_folder() -> Path:
    """Make a folder that this user alone can read; take away what supervisors that were killed have left."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if pid.isdecimal() and hasattr(os, "getuid") and left.stat().st_uid == os.getuid():
                try:
                    os.kill(int(pid), 0)
                except ProcessLookupError:
                    shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
