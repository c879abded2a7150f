"""Processor time of a command and of all that it has started, which says more than the clock where others work, too."""

import ctypes
import os
import resource
import sys
import time
from pathlib import Path

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: what outlives its parent becomes a child of this process
_PATIENCE = 5.0


def adopt_orphans() -> bool:
    """Have this process hear of the end of all that its children start; False where that can't be (not on Linux)."""
    return sys.platform == "linux" and ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0) == 0


def used_by_children() -> float:
    """Return the processor seconds of all descendants so far, those that still run included."""
    reap()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = sum(sum(one[1:]) for one in _living().values())
    return used.ru_utime + used.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def reap(patience: float = 0.0) -> None:
    """Take note of the descendants that have ended; wait so many seconds for all of them to."""
    deadline = time.monotonic() + patience
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            if time.monotonic() >= deadline:
                return
            time.sleep(0.02)


def wait_for_all() -> None:
    """Give what still runs in the background a few seconds to end."""
    reap(_PATIENCE)


def _living() -> dict[int, tuple[int, int, int, int, int]]:
    known: dict[int, tuple[int, int, int, int, int]] = {}
    for folder in Path("/proc").iterdir():
        try:
            fields = (
                (folder / "stat").read_text().rpartition(")")[2].split() if folder.name.isdecimal() else []
            )
        except OSError:
            continue
        if fields:
            user, system, of_ended, in_system = (int(one) for one in fields[11:15])
            known[int(folder.name)] = (int(fields[1]), user, system, of_ended, in_system)
    found = {os.getpid()}
    while more := {pid for pid, one in known.items() if one[0] in found} - found:
        found |= more
    return {pid: known[pid] for pid in found if pid in known and pid != os.getpid()}
