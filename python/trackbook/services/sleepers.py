"""Copies of jobs' processes that sleep at borders between cells, as their workers noted them: what is left of them."""

import contextlib
import os
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from trackbook.domain.clock import now, to_datetime
from trackbook.domain.resumption import CellSnapshot
from trackbook.domain.run import Run
from trackbook.store.locks import os_host
from trackbook.store.paths import StorePaths

NOTES = "snapshots.json"
_SAME = 2.0  # seconds: two tellings of one process's start


class Sleeper(Struct, frozen=True):
    """A border of a run as its worker noted it. `path` is the socket on which the copy listens, None without one.

    `began` is the start of its process in seconds since the epoch, by which another one of the same pid is told apart;
    `host` is where it is.
    """

    snapshot: CellSnapshot
    path: str | None = None
    began: float = 0.0
    host: str = ""


class Sleepers:
    """What is noted of the copies of one store's jobs."""

    def __init__(self, store: StorePaths) -> None:
        self._store = store

    def of_run(self, run: Run) -> list[CellSnapshot]:
        """Return the borders of a run, in the order of its cells; those whose copy has ended say so."""
        job_id = run.source.job_id
        if job_id is None:
            return []
        return [current(one) for one in self.of_job(job_id) if one.snapshot.run_id == run.id]

    def of_job(self, job_id: str) -> list[Sleeper]:
        """Return all that is noted of a job."""
        return read_notes(self._path(job_id))

    def last_before(self, run: Run, cell_ids: Sequence[str]) -> Sleeper | None:
        """Return the copy before the last of these cells that has one which still sleeps."""
        asleep = {
            one.snapshot.cell_id: one
            for one in (self.of_job(run.source.job_id) if run.source.job_id is not None else [])
            if one.snapshot.run_id == run.id and is_asleep(one)
        }
        return next((asleep[cell_id] for cell_id in reversed(cell_ids) if cell_id in asleep), None)

    def find(self, run_id: str, cell_id: str) -> Sleeper | None:
        """Return the copy of a run before a cell, if it still sleeps."""
        found = (
            one for _, one in self.all() if (one.snapshot.run_id, one.snapshot.cell_id) == (run_id, cell_id)
        )
        return next(found, None)

    def all(self) -> list[tuple[str, Sleeper]]:
        """Return the copies of all jobs that still sleep, each with the id of its job."""
        return [
            (path.parent.name, one)
            for path in sorted(self._store.jobs.glob(f"*/{NOTES}"))
            for one in read_notes(path)
            if is_asleep(one)
        ]

    def _path(self, job_id: str) -> Path:
        return self._store.job_folder(job_id) / NOTES


def current(sleeper: Sleeper) -> CellSnapshot:
    """Return a border as it is now."""
    snapshot = sleeper.snapshot
    if snapshot.reason is not None or is_asleep(sleeper):
        return snapshot
    if sleeper.host != os_host():
        return msgspec.structs.replace(snapshot, reason=f"it is on {sleeper.host}; resume the run there.")
    expired = snapshot.expires is not None and snapshot.expires <= to_datetime(now())
    reason = "its time was over" if expired else "its process has ended"
    return msgspec.structs.replace(snapshot, reason=f"{reason}.", pid=None, memory=None)


def is_asleep(sleeper: Sleeper) -> bool:
    """Tell whether the copy is still there."""
    pid = sleeper.snapshot.pid
    if (
        sleeper.path is None
        or pid is None
        or sleeper.snapshot.reason is not None
        or sleeper.host != os_host()
    ):
        return False
    import psutil  # slow to import, and seldom asked for

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return bool(abs(process.create_time() - sleeper.began) < _SAME)
    return False


def end(sleeper: Sleeper) -> bool:
    """End a copy; False if it was gone before."""
    pid = sleeper.snapshot.pid
    if pid is None or not is_asleep(sleeper):
        return False
    with contextlib.suppress(OSError):
        # A handler that a cell has set would hear anything else.
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        return True
    return False


def write_notes(path: Path, sleepers: Iterable[Sleeper]) -> None:
    """Note all borders of a job, in place of what was noted before."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(msgspec.json.encode(list(sleepers)))
    draft.replace(path)


def read_notes(path: Path) -> list[Sleeper]:
    """Return what is noted of a job's borders."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Sleeper])
    except (OSError, msgspec.MsgspecError):
        return []
