"""Who runs jobs: workers say that they are there, and others ask which are."""

import os
from collections.abc import Sequence

from msgspec import Struct

from trackbook.domain.clock import now, to_datetime
from trackbook.domain.job import WorkerInfo
from trackbook.services.queue import FAR, LEASE
from trackbook.store import jobs as table
from trackbook.store.locks import os_host, process_started
from trackbook.store.place import Place
from trackbook.store.workers import WorkerRow, announce_worker, drop_workers, read_workers


class Presence(Struct, frozen=True):
    """What a worker says of itself; `ticks` is when its process started, as its system counts."""

    host: str
    pid: int
    ticks: float
    capacity: int
    memory: int | None = None
    standing: bool = False


class Workers:
    """The workers of one store."""

    def __init__(self, place: Place) -> None:
        self._database = place.database

    def list(self) -> list[WorkerInfo]:
        """Return the workers that are there, the oldest first."""
        with self._database.read() as connection:
            rows = [row for row in read_workers(connection) if _is_there(row)]
            running = table.running_with(connection)
        return [_info(row, running) for row in rows]

    def announce(self, pid: int, capacity: int, memory: int | None, *, standing: bool) -> None:
        """Say that the worker with this process is there; to be said again before a lease is over."""
        self.note(Presence(os_host(), pid, process_started(pid), capacity, memory, standing))

    def note(self, said: Presence, *, far: bool = False) -> None:
        """Take note of a worker; one that is `far` reaches the store over HTTP, and lives as long as it says so."""
        at = now()
        host = FAR + said.host if far else said.host
        row = WorkerRow(
            f"{host}:{said.pid}",
            host,
            said.pid,
            said.ticks,
            said.capacity,
            said.memory,
            said.standing,
            0,
            at,
            at,
        )
        with self._database.write() as connection:
            gone = [other.id for other in read_workers(connection) if not _is_there(other)]
            if gone:
                drop_workers(connection, gone)
            announce_worker(connection, row)


def _is_there(row: WorkerRow) -> bool:
    if row.host != os_host():
        return row.seen > now() - int(LEASE * 1_000_000)
    started = process_started(row.pid)
    if started:  # Linux
        return started == row.ticks
    if row.ticks:
        return False
    return _is_running(row.pid) and row.seen > now() - int(LEASE * 1_000_000)


def _is_running(pid: int) -> bool:
    if os.name == "nt":  # there a signal would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _info(row: WorkerRow, running: dict[str, str]) -> WorkerInfo:
    current: Sequence[str] = [job for job, worker in running.items() if worker.startswith(f"{row.id}/")]
    return WorkerInfo(
        row.id,
        row.host.removeprefix(FAR),
        row.pid,
        row.jobs,
        row.capacity,
        to_datetime(row.started),
        list(current),
        row.memory,
        bool(row.standing),
    )
