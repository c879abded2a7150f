"""What machine and process use at one moment: processors, memory, disk, network, graphics cards."""

import os
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple, Protocol

from trackbook.capture.nvidia import Cards, open_cards
from trackbook.capture.system_linux import LinuxSource, ProcessUse

# Counters tick a hundred times a second: over less time they say nothing.
_SHORTEST = 0.1

_UNITS = {
    "cpu": "%",
    "memory": "B",
    "process.cpu": "%",
    "process.memory": "B",
    "children.memory": "B",
    "disk.read": "B/s",
    "disk.write": "B/s",
    "disk.free": "B",
    "network.received": "B/s",
    "network.sent": "B/s",
    "utilization": "%",
    "power": "W",
    "temperature": "°C",
}


class Source(Protocol):
    """Where counters come from; each since any moment, None where the system does not tell."""

    def cpu(self) -> tuple[float, float] | None:
        """Return how long all processors were busy and how long they were there, in one unit."""

    def memory(self) -> int | None:
        """Return how many bytes of memory are in use."""

    def disk(self) -> tuple[int, int] | None:
        """Return how many bytes were read and written."""

    def network(self) -> tuple[int, int] | None:
        """Return how many bytes came and went."""

    def processes(self, without: Collection[int] = ()) -> dict[int, ProcessUse]:
        """Return what this process and its descendants use, by pid, this process first.

        The processes `without` are left out, and with them what they started.
        """


class _Counters(NamedTuple):
    at: float
    cpu: tuple[float, float] | None
    seconds: float
    disk: tuple[int, int] | None
    network: tuple[int, int] | None


class SystemProbe:
    """Samples machine and process. What is a rate is the mean since the reading before, if there was one."""

    def __init__(self, source: Source | None = None) -> None:
        self._source = source if source is not None else make_source()
        self._cards: Cards | None = open_cards()
        self._before: _Counters | None = None

    def prime(self, without: Collection[int] = (), oldest: float = 0.0) -> None:
        """Read counters for the rates of the next sample, unless there are some not older than `oldest` seconds."""
        if self._before is None or time.monotonic() - self._before.at > oldest:
            self._before = self._read(self._source.processes(without))

    def sample(self, without: Collection[int] = ()) -> dict[str, float]:
        """Return what there is to say: percent, bytes, bytes a second, watts, °C; see `unit_of`.

        The processes `without` and what they started do not count as this process's descendants.
        """
        processes = self._source.processes(without)
        now, before = self._read(processes), self._before
        found: dict[str, float] = {}
        if before is None or now.at - before.at >= _SHORTEST:
            self._before = now
            if before is not None:
                found |= _rates(before, now)
        if (memory := self._source.memory()) is not None:
            found["memory"] = float(memory)
        if processes:
            own, *children = processes.values()
            found["process.memory"] = float(own.resident)
            if children:
                found["children.memory"] = float(sum(child.resident for child in children))
        if self._cards is not None:
            found |= self._cards.read(processes.keys())
        return found

    def _read(self, processes: dict[int, ProcessUse]) -> _Counters:
        source = self._source
        seconds = sum(process.seconds for process in processes.values())
        return _Counters(time.monotonic(), source.cpu(), seconds, source.disk(), source.network())


def _rates(before: _Counters, now: _Counters) -> dict[str, float]:
    elapsed = now.at - before.at
    found = {"process.cpu": (now.seconds - before.seconds) / elapsed * 100}
    if before.cpu is not None and now.cpu is not None and (there := now.cpu[1] - before.cpu[1]) > 0:
        found["cpu"] = (now.cpu[0] - before.cpu[0]) / there * 100
    for names, earlier, later in (
        (("disk.read", "disk.write"), before.disk, now.disk),
        (("network.received", "network.sent"), before.network, now.network),
    ):
        if earlier is not None and later is not None:
            for name, one, other in zip(names, earlier, later, strict=True):
                found[name] = (other - one) / elapsed
    # A counter went back: a disk was taken out, a child became somebody else's.
    return {name: value for name, value in found.items() if value >= 0}


def free_space(folder: Path) -> float | None:
    """Return how many bytes are free on the disk of a folder, None where that can't be known."""
    try:
        if hasattr(os, "statvfs"):
            status = os.statvfs(folder)
            return float(status.f_bavail * status.f_frsize)
        import shutil

        return float(shutil.disk_usage(folder).free)
    except OSError:
        return None


def unit_of(name: str) -> str:
    """Return the unit of what `SystemProbe.sample` names so."""
    return _UNITS.get(name) or _UNITS[name.rpartition(".")[2]]


def make_source() -> Source:
    """Return what tells of this machine; raises ImportError where that needs psutil and there is none."""
    if _is_linux():
        return LinuxSource()
    from trackbook.capture.system_psutil import PsutilSource

    return PsutilSource()


def is_measurable() -> bool:
    """Tell whether anything is known of this machine: on Linux always, elsewhere with psutil."""
    if _is_linux() or "psutil" in sys.modules:
        return True
    from importlib.util import find_spec

    return find_spec("psutil") is not None


def _is_linux() -> bool:
    return sys.platform.startswith("linux")
