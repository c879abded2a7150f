"""The process that keeps a job's copies: they end with it, and it ends when nobody may want them any more.

Run as `python -m trackbook.jobs.snapshots.keeper NOTES FOLDER WORKER SECONDS BYTES`. It outlives the worker that ran
the job, and ends SECONDS after that one, or when it is told to, when the notes are gone (and with them the store), or
no copy is left. When the copies hold more than BYTES of memory, the oldest ones are ended.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from trackbook.jobs.snapshots.memory import own_memory
from trackbook.services.sleepers import Sleeper, end, is_asleep, read_notes

_LOOK_EVERY = 1.0
_MEASURE_EVERY = 5.0
_FIRST = 30.0  # seconds for the first copy to be noted


class Keeper:
    """Watches over the copies that are noted at `notes`; their sockets are in `folder`."""

    def __init__(self, notes: Path, folder: Path, worker: int, seconds: float, memory: int) -> None:
        self._notes, self._folder = notes, folder
        self._seconds, self._memory = seconds, memory
        self._began = time.monotonic()
        self._left_at: float | None = None
        self._measured = 0.0
        try:
            self._worker = os.pidfd_open(worker)
        except OSError:
            self._worker = -1
            self._left_at = time.monotonic()

    def run(self) -> None:
        """Watch until they are to end."""
        while not self._is_over():
            time.sleep(_LOOK_EVERY)
        for sleeper in read_notes(self._notes):
            end(sleeper)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _is_over(self) -> bool:
        now = time.monotonic()
        if not self._notes.parent.is_dir() or not self._folder.is_dir():
            return True
        if self._left_at is None and self._worker_has_gone():
            self._left_at = now
        if self._left_at is not None and now - self._left_at > self._seconds:
            return True
        sleepers = [one for one in read_notes(self._notes) if is_asleep(one)]
        # Said by the worker once the job has failed; it may go on with others.
        expires = [one.snapshot.expires for one in sleepers if one.snapshot.expires is not None]
        if expires and max(expires) <= datetime.now(UTC):
            return True
        if now - self._measured > _MEASURE_EVERY:
            self._measured = now
            self._limit(sleepers)
        # A worker that still runs may note more of them.
        return not sleepers and (self._left_at is not None and now - self._began > _FIRST)

    def _limit(self, sleepers: Sequence[Sleeper]) -> None:
        sizes = [(one, own_memory(one.snapshot.pid or 0)) for one in sleepers]
        total = sum(size for _, size in sizes)
        for one, size in sizes[:-1]:  # the last one is what people will want
            if total <= self._memory:
                return
            end(one)
            total -= size

    def _worker_has_gone(self) -> bool:
        import select

        poll = select.poll()
        poll.register(self._worker, select.POLLIN)
        return bool(poll.poll(0))


def main(arguments: Sequence[str] | None = None) -> int:
    """Keep copies as the command line says; returns the exit code."""
    notes, folder, worker, seconds, memory = sys.argv[1:] if arguments is None else arguments
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    keeper = Keeper(Path(notes), Path(folder), int(worker), float(seconds), int(memory))
    with contextlib.suppress(msgspec.MsgspecError):
        keeper.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
