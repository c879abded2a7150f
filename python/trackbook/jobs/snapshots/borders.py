"""The borders of one execution: which of them have a copy, and what is noted of each."""

import os
import shutil
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from trackbook.domain.clock import now, to_datetime
from trackbook.domain.execution import KeepSnapshots
from trackbook.domain.resumption import CellSnapshot
from trackbook.jobs.snapshots.memory import machine_memory, own_memory
from trackbook.jobs.snapshots.thinning import superfluous
from trackbook.jobs.socketfolders import make_sockets_folder
from trackbook.services.processes import start_module
from trackbook.services.sleepers import Sleeper, end, read_notes, write_notes
from trackbook.store.locks import os_host

_MEASURE_EVERY = 1.0  # seconds
_MEASURE_SHARE = 50
_SHARE = 0.25  # of the machine's memory, where no limit is named


class Borders:
    """Has copies kept, within limits. `begin` before each one, `note` behind it, `close` at the end of all."""

    def __init__(self, keep: KeepSnapshots) -> None:
        self._keep, self._notes = keep, Path(keep.notes)
        self._memory = keep.memory or int(machine_memory() * _SHARE)
        self._folder: Path | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._measures_at = 0.0
        self._sleepers: dict[int, Sleeper] = {}
        for earlier in read_notes(self._notes):  # of an earlier attempt at the job
            end(earlier)
        self._notes.unlink(missing_ok=True)

    def begin(self) -> tuple[str, int]:
        """Return where the next copy listens, and the process with which it ends."""
        if self._keeper is None or self._folder is None:
            self._folder = make_sockets_folder("tb-s-")
            self._keeper = start_module(
                "trackbook.jobs.snapshots.keeper",
                str(self._notes),
                str(self._folder),
                str(os.getpid()),
                str(self._keep.seconds),
                str(self._memory),
                folder=self._notes.parent,
            )
        self._count += 1
        return str(self._folder / str(self._count)), self._keeper.pid

    def note(self, position: int, cell_id: str, number: int, path: str, answer: dict[str, Any]) -> None:
        """Take up what the runner answered: the copy's process, or why there is none."""
        snapshot = CellSnapshot(self._keep.run_id, cell_id, number, to_datetime(now()))
        if answer.get("status") == "ok":
            pid = int(answer["pid"])
            taken = msgspec.structs.replace(snapshot, pid=pid)
            self._sleepers[position] = Sleeper(taken, path, _began(pid), os_host())
        else:
            hazards = answer.get("hazards") or [
                str(answer.get("evalue") or "the process could not be copied.")
            ]
            refused = msgspec.structs.replace(snapshot, reason=" ".join(hazards))
            self._sleepers[position] = Sleeper(refused, host=os_host())
        self._limit()
        self._write()

    def close(self, *, succeeded: bool) -> None:
        """Say when the copies end; at once, and all of them, where nothing failed."""
        if succeeded:
            for sleeper in self._sleepers.values():
                end(sleeper)
            self._sleepers = {
                position: one for position, one in self._sleepers.items() if one.snapshot.reason is not None
            }
            if self._keeper is not None:
                self._keeper.terminate()
                self._keeper.wait()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
        else:
            self._measures_at = 0.0
            self._limit()
        expires = to_datetime(now()) + timedelta(seconds=self._keep.seconds)
        for position, one in self._sleepers.items():
            if one.snapshot.reason is None:
                memory = own_memory(one.snapshot.pid or 0)
                snapshot = msgspec.structs.replace(one.snapshot, expires=expires, memory=memory)
                self._sleepers[position] = msgspec.structs.replace(one, snapshot=snapshot)
        if self._sleepers:
            self._write()
        else:
            self._notes.unlink(missing_ok=True)
        if self._keeper is not None and all(
            one.snapshot.reason is not None for one in self._sleepers.values()
        ):
            self._keeper.terminate()  # it has nothing to keep
            self._keeper.wait()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _limit(self) -> None:
        asleep = {
            position: one
            for position, one in self._sleepers.items()
            if one.path is not None and Path(f"/proc/{one.snapshot.pid}").exists()
        }
        for position in superfluous(sorted(asleep), self._keep.most):
            self._drop(position, asleep, f"only {self._keep.most} are kept.")
        # Measuring takes as long as copying does, and the keeper does so, too.
        now = time.monotonic()
        if now < self._measures_at:
            return
        sizes = {position: own_memory(one.snapshot.pid or 0) for position, one in asleep.items()}
        self._measures_at = now + max(_MEASURE_EVERY, _MEASURE_SHARE * (time.monotonic() - now))
        for position in sorted(asleep)[:-1]:
            if sum(sizes.values()) <= self._memory:
                return
            del sizes[position]
            self._drop(position, asleep, "the memory for snapshots was used up.")

    def _drop(self, position: int, asleep: dict[int, Sleeper], reason: str) -> None:
        sleeper = asleep.pop(position)
        end(sleeper)
        snapshot = msgspec.structs.replace(sleeper.snapshot, reason=f"It was given up: {reason}", pid=None)
        self._sleepers[position] = msgspec.structs.replace(sleeper, snapshot=snapshot, path=None)

    def _write(self) -> None:
        write_notes(self._notes, [self._sleepers[position] for position in sorted(self._sleepers)])


def _began(pid: int) -> float:
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0
