"""Lending sweeps: those of a served store, which processes of other machines work off."""

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from trackbook.domain.clock import now
from trackbook.domain.job import Job, contents_of
from trackbook.domain.records import SweepDefined
from trackbook.domain.run import Run
from trackbook.domain.sweep import SweepSpec, check_sweep_spec
from trackbook.errors import Conflict
from trackbook.services.catchup import catch_up
from trackbook.services.job_records import write_job_record
from trackbook.services.lending import check_lent_spec
from trackbook.services.receiving import check_digest
from trackbook.services.sweeps import Sweeps, sweep_lock
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths
from trackbook.store.place import Place

HOLD = 60.0  # seconds
_INDEXING_SECONDS = 15.0


class SweepStanding(Struct, frozen=True):
    """Whether a sweep is `held` by who asks, is worked off by anybody, and is to end."""

    held: bool
    busy: bool
    cancel: bool


class _Hold(NamedTuple):
    holder: str
    until: float
    lock: ProcessLock


class SweepHolds:
    """Which machines work which sweeps off. Safe to use from several threads.

    For each of them this process holds the lock that a process of this machine would hold, so that all who look here
    see it. One of which nothing is heard for a minute has no sweep any more.
    """

    def __init__(self, store: StorePaths) -> None:
        self._store = store
        self._holds: dict[str, _Hold] = {}
        self._lock = threading.Lock()

    def take(self, sweep_id: str, holder: str) -> bool:
        """Give a sweep to a machine, or go on giving it; False while another one has it."""
        self.expire()
        with self._lock:
            known = self._holds.get(sweep_id)
            if known is None:
                lock = ProcessLock(sweep_lock(self._store, sweep_id))
                lock.path.parent.mkdir(parents=True, exist_ok=True)
                if not lock.acquire():
                    return False
            elif known.holder != holder:
                return False
            else:
                lock = known.lock
            self._holds[sweep_id] = _Hold(holder, time.monotonic() + HOLD, lock)
            return True

    def give_back(self, sweep_id: str, holder: str) -> None:
        """Hear that a machine works a sweep off no more."""
        with self._lock:
            if (known := self._holds.get(sweep_id)) is not None and known.holder == holder:
                self._drop(sweep_id)

    def expire(self) -> None:
        """Take sweeps from those of whom nothing was heard for long."""
        with self._lock:
            for sweep_id in [one for one, hold in self._holds.items() if hold.until < time.monotonic()]:
                self._drop(sweep_id)

    def close(self) -> None:
        """Let go of all."""
        with self._lock:
            for sweep_id in list(self._holds):
                self._drop(sweep_id)

    def _drop(self, sweep_id: str) -> None:
        self._holds.pop(sweep_id).lock.release()


class SweepLending:
    """What the controllers of sweeps on other machines ask of a served store."""

    def __init__(self, place: Place, sweeps: Sweeps, holds: SweepHolds) -> None:
        self._place, self._sweeps, self._holds = place, sweeps, holds

    def define(self, sweep_id: str, spec: SweepSpec) -> None:
        """Note down what a sweep tries whose notebook and files have been sent.

        Raises UsageError for what does not fit together, Conflict where its content is not here.
        """
        check_sweep_spec(spec)
        check_lent_spec(
            msgspec.structs.replace(spec.job, run_id=sweep_id)
        )  # each trial's job has one of its own
        for digest in contents_of(spec.job):
            if not self._place.blobs.has(check_digest(digest)):
                raise Conflict(f"Content of this sweep is not here: {digest[:12]}… Send it first.")
        write_job_record(self._place.paths, sweep_id, SweepDefined(now(), spec))
        catch_up(self._place, inline=False, timeout=_INDEXING_SECONDS)

    def trials(self, sweep_id: str, late_after: str | None) -> list[Job]:
        """Return the job of each trial that was begun, or the jobs of late ones after one; as `Sweeps` does.

        Raises NotFound for an unknown sweep.
        """
        self._sweeps.spec(sweep_id)
        if late_after is not None:
            return self._sweeps.late_trials(sweep_id, late_after)
        return self._sweeps.trials(sweep_id)

    def runs(self, run_ids: Sequence[str], ended: bool) -> list[Run]:
        """Return runs of some ids; as `Sweeps.runs_by_id`."""
        return list(self._sweeps.runs_by_id(run_ids, ended=ended).values())

    def look(self, sweep_id: str) -> SweepStanding:
        """Tell whether a sweep is worked off; raises NotFound for an unknown one."""
        self._sweeps.spec(sweep_id)
        self._holds.expire()
        return SweepStanding(False, self._sweeps.is_held(sweep_id), self._sweeps.is_end_requested(sweep_id))

    def hold(self, sweep_id: str, holder: str, held: bool) -> SweepStanding:
        """Hear that a machine works a sweep off, or has ceased to; raises NotFound for an unknown sweep."""
        if not held:
            self._holds.give_back(sweep_id, holder)
            return self.look(sweep_id)
        self._sweeps.spec(sweep_id)
        taken = self._holds.take(sweep_id, holder)
        return SweepStanding(taken, True, self._sweeps.is_end_requested(sweep_id))

    def end(self, sweep_id: str, what: str) -> int:
        """Have a sweep end ("request"), or not ("withdraw"), or its "trials", or only its "own_trials", not late ones.

        Returns how many of these there were.
        """
        self._sweeps.spec(sweep_id)
        if what in ("trials", "own_trials"):
            return self._sweeps.cancel_open(sweep_id, spares_late=what == "own_trials")
        if what == "request":
            self._sweeps.request_end(sweep_id)
        else:
            self._sweeps.withdraw_end(sweep_id)
        return 0
