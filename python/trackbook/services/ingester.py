"""Whether an ingester process runs for a store, and how one is started. Imports nothing heavy."""

import atexit
import importlib.util
import subprocess
import sys
import threading
from functools import cache

from trackbook.store.locks import is_held
from trackbook.store.paths import StorePaths

_children: list["subprocess.Popen[bytes]"] = []
_lock = threading.Lock()


def ensure_ingester(store: StorePaths) -> bool:
    """Start the store's ingester process unless one runs; False where the light install can't.

    Returns at once: the process takes the ingester's lock by itself, and ends when nothing is left to do.
    """
    if not can_ingest():
        return False
    if is_held(store.ingester_lock):
        return True
    with _lock:
        _children[:] = [child for child in _children if child.poll() is None]
        _children.append(
            subprocess.Popen(
                [sys.executable, "-m", "trackbook.services.ingest", str(store.root)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd=store.root,
            )
        )
    return True


@cache
def can_ingest() -> bool:
    """Tell whether this environment has what the index needs (the `lab` extra)."""
    return all(
        importlib.util.find_spec(name) is not None for name in ("sqlalchemy", "alembic", "zstandard", "numpy")
    )


@atexit.register
def _let_go() -> None:
    # The ingester outlives this process on purpose; without a return code Popen would call that a leak.
    for child in _children:
        child.returncode = 0 if child.returncode is None else child.returncode
