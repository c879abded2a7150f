"""The same as system_linux.py on other systems, through psutil, which every Jupyter kernel has."""

import contextlib
from collections.abc import Collection, Iterator
from typing import Any

from trackbook.capture.system_linux import ProcessUse


class PsutilSource:
    """Reads counters through psutil; raises ImportError where it is not installed."""

    def __init__(self) -> None:
        import psutil

        self._psutil: Any = psutil
        self._own = psutil.Process()

    def cpu(self) -> tuple[float, float] | None:
        """Return how long all processors were busy and how long they were there, in seconds."""
        times = self._psutil.cpu_times()
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
        total = sum(times) - guests
        return total - times.idle - getattr(times, "iowait", 0.0), total

    def memory(self) -> int | None:
        """Return how many bytes of memory are in use and can't be given back at once."""
        memory = self._psutil.virtual_memory()
        return int(memory.total - memory.available)

    def disk(self) -> tuple[int, int] | None:
        """Return how many bytes all disks have read and written."""
        with contextlib.suppress(OSError, RuntimeError, NotImplementedError):
            counted = self._psutil.disk_io_counters(nowrap=False)
            return None if counted is None else (counted.read_bytes, counted.write_bytes)
        return None

    def network(self) -> tuple[int, int] | None:
        """Return how many bytes came and went, without what the machine says to itself."""
        with contextlib.suppress(OSError, RuntimeError):
            cards = self._psutil.net_io_counters(pernic=True, nowrap=False) or {}
            counted = [card for name, card in cards.items() if not name.lower().startswith("lo")]
            if counted:
                return sum(card.bytes_recv for card in counted), sum(card.bytes_sent for card in counted)
        return None

    def processes(self, without: Collection[int] = ()) -> dict[int, ProcessUse]:
        """Return what this process and its descendants use, by pid, this process first.

        The processes `without` are left out, and with them what they started.
        """
        found: dict[int, ProcessUse] = {}
        for process in (self._own, *self._descendants(without)):
            with contextlib.suppress(self._psutil.Error), process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
                ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
                found[process.pid] = ProcessUse(times.user + times.system + ended, int(memory.rss))
        return found

    def _descendants(self, without: Collection[int]) -> Iterator[Any]:
        with contextlib.suppress(self._psutil.Error):
            for child in self._own.children():
                if child.pid not in without:
                    yield child
                    with contextlib.suppress(self._psutil.Error):
                        yield from child.children(recursive=True)
