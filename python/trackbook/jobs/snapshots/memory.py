"""How much memory copies of a process hold for themselves. Linux alone tells."""

import contextlib
from collections.abc import Iterable
from pathlib import Path


def own_memory(pid: int) -> int:
    """Return how many bytes a process would give back if it ended; 0 for one that is gone.

    What it shares with others counts in proportion: once the others have ended, it is all its own.
    """
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def total_memory(pids: Iterable[int]) -> int:
    """Return how many bytes processes hold together."""
    return sum(own_memory(pid) for pid in pids)


def machine_memory() -> int:
    """Return how much memory this machine has, in bytes."""
    import psutil

    return int(psutil.virtual_memory().total)
