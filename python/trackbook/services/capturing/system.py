"""System metrics: what machine and process use while a run is open, as metrics under `system/`.

One thread samples for all open runs of a process. It is started once, sleeps while there is nothing to do, and never
wakes for runs that end within a second: a search opens hundreds of them.
"""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

from trackbook.capture.system import SystemProbe, free_space, is_measurable, unit_of
from trackbook.config import Settings
from trackbook.domain.metric import SYSTEM
from trackbook.errors import MissingExtra, UsageError
from trackbook.services.capturing.captures import give_up
from trackbook.services.recorder import RunRecorder
from trackbook.store.locks import ProcessLock

# The first sample of a run is taken after so many seconds, and no run's end waits for its last one for longer.
_SOON = 1.0
_END_SECONDS = 0.05


class SystemCapture:
    """Gives one run its samples: the first after a second, then one an interval, the last when it ends.

    `step` counts the seconds since the run was opened, and goes on where it stood in a run that is resumed.
    """

    def __init__(self, recorder: RunRecorder) -> None:
        self._recorder = recorder
        self._watched: _Watched | None = None

    def begin(self) -> None:
        """Begin sampling; raises MissingExtra where nothing can be known of the machine."""
        if not is_measurable():
            raise MissingExtra("Recording what the machine does")
        lock: ProcessLock | None = None
        if self._recorder.role == "child":
            # A job's processes write one run: the first of them on a machine samples, with its children.
            lock = ProcessLock(_lock_path(self._recorder.run_id))
            if not lock.acquire():
                return
        self._watched = _Watched(self._recorder, Settings.load().system_interval, lock)
        _sampler().add(self._watched)

    def update(self) -> None:
        """Nothing: cells have no part in it."""

    def finish(self, patience: float) -> None:
        """Take the last sample, unless the run was too short for any, and stop."""
        if self._watched is not None:
            _sampler().remove(self._watched, max(patience, _END_SECONDS))
            self._watched = None


class _Watched:
    """A run that gets samples. Times are of the monotonic clock, so that nobody can set it back."""

    def __init__(self, recorder: RunRecorder, interval: float, lock: ProcessLock | None) -> None:
        self.recorder, self.interval, self.lock = recorder, interval, lock
        self.began = time.monotonic()
        self.due = self.began + min(_SOON, interval)
        # Rates need an earlier reading: half of the first wait is theirs.
        self.primes_at: float | None = self.began + min(_SOON, interval) / 2
        self.sampled_at: float | None = None
        self.leaves = False
        self.over = threading.Event()
        self._first_step = 1 + recorder.steps.highest(SYSTEM)
        self._turn = threading.Lock()  # while it is held the run does not end
        self._defined: set[str] = set()

    @property
    def wakes_at(self) -> float:
        return self.due if self.primes_at is None else self.primes_at

    def is_due(self, now: float) -> bool:
        """Tell whether a sample that is taken now is for this run, too."""
        return self.leaves or (self.primes_at is None and self.due - now <= self.interval / 10)

    def take(self, values: dict[str, float], now: float) -> None:
        """Record a sample, unless the run has ended meanwhile."""
        self.sampled_at = now
        self.due = max(self.due + self.interval, now + self.interval / 2)  # none is made up for
        with self._turn, contextlib.suppress(UsageError):  # another thread ends it in this moment
            if self.over.is_set() or not self.recorder.is_open:
                return
            for name in values.keys() - self._defined:
                self.recorder.define_metric(SYSTEM + name, unit=unit_of(name))
                self._defined.add(name)
            step = self._first_step + int(now - self.began)
            self.recorder.log({SYSTEM + name: value for name, value in values.items()}, step)

    def close(self) -> None:
        """Let nothing more be recorded."""
        with self._turn:
            self.over.set()
        if self.lock is not None:
            self.lock.release(remove=True)


class _Sampler:
    """The one thread of a process, and the runs for which it works."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._runs: list[_Watched] = []
        self._thread: threading.Thread | None = None
        self._wakes_at: float | None = None
        self._probe: SystemProbe | None = None

    def add(self, run: _Watched) -> None:
        """Sample for a run, too."""
        with self._change:
            self._runs.append(run)
            if self._thread is None:
                # A daemon: a driver that hangs must not keep the process alive.
                self._thread = threading.Thread(target=self._work, name="trackbook-system", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # the interpreter is ending, or may have no more threads
                    self._thread = None
            elif self._wakes_at is None or run.wakes_at < self._wakes_at:
                self._change.notify()

    def remove(self, run: _Watched, patience: float) -> None:
        """Take a last sample for a run and forget it; waits for at most `patience` seconds."""
        with self._change:
            has_samples = run.sampled_at is not None and self._thread is not None
            if has_samples and time.monotonic() - (run.sampled_at or 0.0) > min(_SOON, run.interval / 2):
                run.leaves = True
                self._change.notify()
                self._change.wait_for(lambda: not run.leaves, patience)
            if run in self._runs:
                self._runs.remove(run)
        run.close()

    def forget(self) -> None:
        """Give back, in a forked child, what only the parent has."""
        for run in self._runs:
            if run.lock is not None:
                run.lock.forget()

    def _work(self) -> None:
        _leave_signals_alone()
        try:
            while True:
                self._wait()
                self._sample()
        except Exception as error:
            give_up("system", error)
            with self._change:
                for run in self._runs:
                    run.leaves = False
                self._runs.clear()
                self._thread = None
                self._change.notify_all()

    def _wait(self) -> None:
        with self._change:
            while True:
                self._runs = [run for run in self._runs if run.recorder.is_open]
                self._wakes_at = min((run.wakes_at for run in self._runs), default=None)
                seconds = None if self._wakes_at is None else self._wakes_at - time.monotonic()
                if any(run.leaves for run in self._runs) or (seconds is not None and seconds <= 0):
                    return
                self._change.wait(seconds)

    def _sample(self) -> None:
        from trackbook.services.processes import own_pids

        with self._change:
            runs = list(self._runs)
        if self._probe is None:
            self._probe = SystemProbe()
        now, others = time.monotonic(), own_pids()
        for run in runs:
            if run.primes_at is not None and run.primes_at <= now:
                self._probe.prime(others, oldest=2 * run.interval)
                run.due = max(run.due, now + run.due - run.primes_at)
                run.primes_at = None
        due = [run for run in runs if run.is_due(now)]
        if due:
            values = self._probe.sample(others)
            for run in due:
                run.take({**values, **_disk_free(run.recorder.store.project)}, now)
        with self._change:
            for run in due:
                run.leaves = False
            self._change.notify_all()


def _disk_free(folder: Path) -> dict[str, float]:
    free = free_space(folder)
    return {} if free is None else {"disk.free": free}


def _lock_path(run_id: str) -> Path:
    import tempfile

    return Path(tempfile.gettempdir()) / f"trackbook-system-{run_id}.lock"


def _leave_signals_alone() -> None:
    # The interrupt that the user means for a cell has to wake the main thread.
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


_samplers: list[_Sampler] = []


def _sampler() -> _Sampler:
    if not _samplers:
        _samplers.append(_Sampler())
    return _samplers[0]


def _after_fork_in_child() -> None:
    # The thread stayed behind, perhaps with a lock in its hands.
    for sampler in _samplers:
        sampler.forget()
    _samplers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
