"""What Linux tells of the machine and of processes, read from /proc: needs no library, and less time than one."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

_SECTOR = 512  # bytes; /proc/diskstats counts in these whatever the disk's own are


class ProcessUse(NamedTuple):
    """What a process uses: processor time in seconds, with that of its ended children, and resident bytes."""

    seconds: float
    resident: int


class LinuxSource:
    """Reads counters of a Linux machine. What the system does not tell, in a container say, is None."""

    def __init__(self, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> None:
        self._proc, self._sys = str(proc), str(sys)
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._real: dict[str, bool] = {}

    def cpu(self) -> tuple[float, float] | None:
        """Return how long all processors were busy and how long they were there, in one unit."""
        words = self._text("stat").partition("\n")[0].split()
        if words[:1] != ["cpu"] or len(words) < 5:
            return None
        ticks = [float(word) for word in words[1:9]]  # the time of guests is part of the user's
        waiting = sum(ticks[3:5])
        return sum(ticks) - waiting, sum(ticks)

    def memory(self) -> int | None:
        """Return how many bytes of memory are in use and can't be given back at once."""
        found: dict[str, int] = {}
        for line in self._text("meminfo").splitlines()[:8]:
            name, _, rest = line.partition(":")
            found[name] = int(rest.split()[0]) * 1024
        if "MemTotal" not in found or "MemAvailable" not in found:
            return None
        return found["MemTotal"] - found["MemAvailable"]

    def disk(self) -> tuple[int, int] | None:
        """Return how many bytes all disks have read and written; a partition counts with its disk."""
        rows = [line.split() for line in self._text("diskstats").splitlines()]
        counted = [row for row in rows if len(row) > 9 and self._is_real("block", row[2])]
        if not counted:
            return None
        return sum(int(row[5]) for row in counted) * _SECTOR, sum(int(row[9]) for row in counted) * _SECTOR

    def network(self) -> tuple[int, int] | None:
        """Return how many bytes came and went, without what the machine says to itself."""
        rows: dict[str, list[str]] = {}
        for line in self._text("net/dev").splitlines():
            name, colon, rest = line.partition(":")
            if colon and name.strip() != "lo":
                rows[name.strip()] = rest.split()
        # A bridge or a tunnel sends through a card, and would count twice. A container has no card.
        counted = [row for name, row in rows.items() if self._is_real("net", name)] or list(rows.values())
        if not counted:
            return None
        return sum(int(row[0]) for row in counted), sum(int(row[8]) for row in counted)

    def processes(self, without: Collection[int] = ()) -> dict[int, ProcessUse]:
        """Return what this process and its descendants use, by pid, this process first.

        The processes `without` are left out, and with them what they started.
        """
        own = os.getpid()
        found: dict[int, ProcessUse] = {}
        for pid in (own, *self._descendants(own, without)):
            if (stat := self._stat(pid)) is not None:
                ticks = sum(int(word) for word in stat[11:15])
                found[pid] = ProcessUse(ticks / self._ticks, int(stat[21]) * self._page)
        return found

    def _descendants(self, own: int, without: Collection[int]) -> list[int]:
        if os.path.exists(f"{self._proc}/{own}/task/{own}/children"):  # noqa: PTH110  # as quick as can be
            return list(self._listed_children(own, without))
        children: dict[int, list[int]] = {}
        for name in os.listdir(self._proc):  # noqa: PTH208
            if name.isdigit() and int(name) not in without and (stat := self._stat(int(name))) is not None:
                children.setdefault(int(stat[1]), []).append(int(name))
        found = list(children.get(own, ()))
        for pid in found:
            found += children.get(pid, ())
        return found

    def _listed_children(self, pid: int, without: Collection[int]) -> Iterator[int]:
        try:
            threads = os.listdir(f"{self._proc}/{pid}/task")  # noqa: PTH208
        except OSError:
            return
        for thread in threads:
            for child in map(int, self._text(f"{pid}/task/{thread}/children").split()):
                if child not in without:
                    yield child
                    yield from self._listed_children(child, without)

    def _stat(self, pid: int) -> list[str] | None:
        # The name of a program, in parentheses, may hold spaces and parentheses.
        words = self._text(f"{pid}/stat").rpartition(")")[2].split()
        return words if len(words) > 21 else None

    def _is_real(self, kind: str, name: str) -> bool:
        key = f"{kind}/{name}"
        if key not in self._real:
            folder = "block" if kind == "block" else "class/net"
            self._real[key] = os.path.exists(f"{self._sys}/{folder}/{name}/device")  # noqa: PTH110
        return self._real[key]

    def _text(self, name: str) -> str:
        try:
            fd = os.open(f"{self._proc}/{name}", os.O_RDONLY)
        except OSError:  # not there, not allowed, or the process has ended
            return ""
        try:
            parts = []
            while part := os.read(fd, 65_536):
                parts.append(part)
            return b"".join(parts).decode("utf-8", "replace")
        except OSError:
            return ""
        finally:
            os.close(fd)
