"""What a process and all that it started use of the machine: memory now and at most, processor time.

On Linux from /proc, where the peak of the process itself is exact, however short it was; elsewhere through psutil, from
samples alone.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

# A walk through the page tables that takes longer than this is not for each sample.
_MOST_SECONDS = 0.005


class Usage(NamedTuple):
    """Processor time in seconds, and the most memory at a time in bytes; None where the system does not tell."""

    cpu: float | None = None
    memory: int | None = None


class ProcessTree(Protocol):
    """A process and its descendants. Nothing raises: a process that is gone uses nothing."""

    def sample(self) -> int:
        """Look at all processes; return the memory that they use now, in bytes."""

    def exact(self) -> int:
        """Return the memory that they use now, with what they share counted once, however long that takes."""

    def begin(self) -> None:
        """Begin a stretch, whose usage `end` returns."""

    def end(self) -> Usage:
        """Return what was used since `begin`."""


def watch_process(pid: int) -> ProcessTree:
    """Return what tells how much the process `pid` and its descendants use."""
    if sys.platform == "linux" and Path("/proc/self/statm").exists():
        return _LinuxTree(pid)
    try:
        return _PsutilTree(pid)
    except Exception:  # no psutil, or a process that is gone already
        return _Unknown()


class _LinuxTree:
    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._tick = 1.0 / os.sysconf("SC_CLK_TCK")
        self._children: list[int] = []
        self._peak = 0
        self._cpu_before = 0.0
        self._cpu_seen = 0.0
        self._rest_until = 0.0

    def sample(self) -> int:
        self._children = list(self._descendants(self._pid))
        used = self._resident(self._pid)
        if self._children:
            shares = time.monotonic() >= self._rest_until and self._has_forks()
            used = self._together() if shares else self._sum()
        self._peak = max(self._peak, used)
        return used

    def exact(self) -> int:
        self._children = list(self._descendants(self._pid))
        return self._together() if self._children else self._resident(self._pid)

    def begin(self) -> None:
        self._cpu_before = self._processor_time()
        self._peak = 0
        # From now on the system counts the peak of this process anew.
        with contextlib.suppress(OSError):
            descriptor = os.open(f"/proc/{self._pid}/clear_refs", os.O_WRONLY)
            try:
                os.write(descriptor, b"5")
            finally:
                os.close(descriptor)

    def end(self) -> Usage:
        if self._children:
            self.sample()
        peak = max(self._peak, self._own_peak())
        return Usage(max(0.0, self._processor_time() - self._cpu_before), peak or None)

    def _own_peak(self) -> int:
        status = _read(f"/proc/{self._pid}/status")
        found = status.find(b"VmHWM:")
        if found < 0:
            return 0
        return int(status[found + 6 : status.index(b"\n", found)].split()[0]) * 1024

    def _resident(self, pid: int) -> int:
        fields = _read(f"/proc/{pid}/statm").split()
        return int(fields[1]) * self._page if len(fields) > 1 else 0

    def _sum(self) -> int:
        return sum(self._resident(pid) for pid in (self._pid, *self._children))

    def _has_forks(self) -> bool:
        """Tell whether two of the processes run the same program, and so may share pages: git shares next to none."""
        programs = [_program(pid) for pid in (self._pid, *self._children)]
        return len(set(programs)) < len(programs)

    def _together(self) -> int:
        """Count pages that forked processes share once."""
        started = time.monotonic()
        used = 0
        for pid in (self._pid, *self._children):
            rollup = _read(f"/proc/{pid}/smaps_rollup")
            found = rollup.find(b"\nPss:")
            if found < 0:
                used += self._resident(pid)
            else:
                used += int(rollup[found + 5 : rollup.index(b"\n", found + 1)].split()[0]) * 1024
        took = time.monotonic() - started
        if took > _MOST_SECONDS:
            self._rest_until = time.monotonic() + 100 * took
        return used

    def _processor_time(self) -> float:
        ticks = sum(self._ticks(pid) for pid in (self._pid, *self._children))
        # A child that has ended counts for its parent only once that has waited for it.
        self._cpu_seen = max(self._cpu_seen, ticks * self._tick)
        return self._cpu_seen

    def _ticks(self, pid: int) -> int:
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return sum(map(int, fields[11:15])) if len(fields) > 15 else 0

    def _descendants(self, pid: int) -> Iterator[int]:
        try:
            threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208  # ten times a second: no paths for each thread
        except OSError:
            return
        for thread in threads:
            for child in _read(f"/proc/{pid}/task/{thread}/children").split():
                yield int(child)
                yield from self._descendants(int(child))


class _PsutilTree:
    def __init__(self, pid: int) -> None:
        import psutil

        self._gone = psutil.Error
        self._process = psutil.Process(pid)
        self._peak = 0
        self._cpu_before = 0.0

    def sample(self) -> int:
        used = 0
        with contextlib.suppress(self._gone):
            for process in (self._process, *self._process.children(recursive=True)):
                with contextlib.suppress(self._gone):
                    used += process.memory_info().rss
        self._peak = max(self._peak, used)
        return used

    def exact(self) -> int:
        return self.sample()

    def begin(self) -> None:
        self._cpu_before = self._processor_time()
        self._peak = 0

    def end(self) -> Usage:
        if not self._peak:
            self.sample()
        return Usage(max(0.0, self._processor_time() - self._cpu_before), self._peak or None)

    def _processor_time(self) -> float:
        with contextlib.suppress(self._gone):
            times = self._process.cpu_times()
            return float(times.user + times.system)
        return self._cpu_before


class _Unknown:
    def sample(self) -> int:
        return 0

    def exact(self) -> int:
        return 0

    def begin(self) -> None:
        """Nothing is known."""

    def end(self) -> Usage:
        return Usage()


def _program(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115  # ten times a second
    except OSError:  # it is gone, or somebody else's
        return None


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
