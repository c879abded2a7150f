"""Keeps the trials of a sweep going: asks what to try next, queues it, hears how it comes out, and ends it."""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from trackbook.domain.ids import new_id
from trackbook.domain.job import JOB_ENDED, Job, JobSpec, is_late
from trackbook.domain.run import Run, RunStatus
from trackbook.domain.sweep import SweepSpec
from trackbook.domain.trial import Trial
from trackbook.errors import TrackbookError
from trackbook.jobs.headstart import HeadStart
from trackbook.jobs.judging import Judge
from trackbook.jobs.pool import is_infrastructure_failure
from trackbook.jobs.sweeprun import SweepRun
from trackbook.jobs.sweepworkers import SweepWorkers
from trackbook.jobs.trials import SweepProgress, TrialState, known_trials
from trackbook.services.context import Services
from trackbook.services.ingester import ensure_ingester, is_served
from trackbook.services.sweeps import SWEEP

_LOOK_EVERY = 0.05
_LOOK_EVERY_IDLE = 0.2
_ASK_EVERY = 0.5  # seconds between looks whether somebody wants the sweep to end
_PATIENCE = 30.0  # seconds for cancelled trials to end
# Over HTTP each look is a request or some.
_LOOK_FAR_EVERY = 0.25
_INTERRUPTED = "It was interrupted; it can be resumed."
_SETTLE = 2.0  # seconds after which the index is made to catch up with a trial that has ended


_Verdict = tuple[RunStatus, str | None, bool]
OnProgress = Callable[[SweepProgress], None]


class Workers(Protocol):
    """Who runs the trials."""

    def tend(self, wanted: int) -> None:
        """See to it that somebody works on `wanted` trials; raises InfrastructureError where that can't be."""

    def wait(self, seconds: float) -> None:
        """Wait until something may have changed, so many seconds at most."""

    def dismiss(self) -> None:
        """Tell them that no more is to be done; does not wait for them."""

    def end(self) -> None:
        """End them, and wait until they have."""


class SweepOutcome(msgspec.Struct, frozen=True):
    """How a sweep came out. `interrupted`: by Ctrl-C, or because somebody wanted it to end; it can be resumed."""

    sweep_id: str
    status: RunStatus
    reason: str | None
    jobs: list[Job]
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 if all is well, 1 if a trial failed, 3 if what is under the trials did, 130 if it was interrupted."""
        failed = [job for job in self.jobs if job.status == "failed"]
        if self.interrupted:
            return 130
        if any(is_infrastructure_failure(job) for job in failed):
            return 3
        return 1 if failed or self.status == "failed" else 0


class _Ends(Exception):
    """The sweep is over before all trials were run."""

    def __init__(self, status: RunStatus, reason: str, interrupted: bool = False) -> None:
        self.status, self.reason, self.interrupted = status, reason, interrupted
        super().__init__(reason)


class SweepController:
    """Works one sweep off. `workers`: who runs its trials; without them processes of its own do."""

    def __init__(
        self,
        services: Services,
        sweep_id: str,
        spec: SweepSpec,
        on_progress: OnProgress,
        workers: Workers | None,
        head_start: HeadStart | None,
        ahead: int,
    ) -> None:
        self._services, self._id, self._spec = services, sweep_id, spec
        self._store = services.store
        self._on_progress, self._workers, self._ahead = on_progress, workers, ahead
        self._head_start = head_start
        self._look_every = _LOOK_FAR_EVERY if is_served(self._store.remote) else _LOOK_EVERY
        self._progress = SweepProgress(sweep_id, spec)
        self._trials = self._progress.trials
        self._run = SweepRun(services, sweep_id, self._progress)
        self._judge = Judge(services, sweep_id, spec, self._trials)
        self._again: list[int] = []
        self._open: set[int] = set()
        self._unsettled: set[int] = set()
        self._begun = time.monotonic()
        self._asked = 0.0
        self._latest = ""
        self._told: object = None

    def run(self) -> SweepOutcome:
        """Work it off, and return how it came out."""
        known = self._services.sweeps.trials(self._id)
        if known:
            known = self._leave_former(known)
        self._services.sweeps.withdraw_end(self._id)
        self._run.open(self._spec, resumes=bool(known) or self._is_begun())
        with contextlib.ExitStack() as stack:
            status, reason, interrupted = self._work_off(known, stack)
            self._services.runs.refresh(timeout=_PATIENCE)
        jobs = [trial.job for _, trial in sorted(self._trials.items()) if trial.job is not None]
        return SweepOutcome(self._id, status, reason, jobs, interrupted)

    def _work_off(self, known: Sequence[Job], stack: contextlib.ExitStack) -> _Verdict:
        """Run what is left; the workers, which are told to end then, have ended once `stack` is left."""
        status: RunStatus = "failed"
        reason: str | None = "The process that worked the sweep off failed."
        interrupted = False
        try:
            if self._workers is not None:  # workers of this machine start one themselves, which costs less
                ensure_ingester(self._store)
            self._take_over(known)
            workers = self._workers or SweepWorkers(
                self._store, self._id, self._spec.parallel, self._head_start
            )
            stack.callback(workers.end)
            try:
                status, reason, interrupted = self._work(workers)
            except BaseException:
                stack.close()  # trials may still run, and end with them
                raise
            workers.dismiss()
        except KeyboardInterrupt:
            status, reason, interrupted = "aborted", _INTERRUPTED, True
        except TrackbookError as error:
            reason = str(error)
            raise
        finally:
            self._mark_best()
            self._run.end(status, reason)
        return status, reason, interrupted

    # Beginning

    def _leave_former(self, known: list[Job]) -> list[Job]:
        """End what a former controller left, which may be about to end by itself; returns how the trials stand."""
        until = time.monotonic() + _PATIENCE
        while (
            any(job.status not in JOB_ENDED and not is_late(job) for job in known)
            and time.monotonic() < until
        ):
            self._services.sweeps.cancel_open(self._id, spares_late=True)
            time.sleep(self._look_every)
            known = self._services.sweeps.trials(self._id)
        return known

    def _is_begun(self) -> bool:
        self._services.runs.refresh(timeout=_PATIENCE)
        sweep = self._services.sweeps.get(self._id)
        return sweep.status != "queued"

    def _take_over(self, known: Sequence[Job]) -> None:
        self._latest = max((job.id for job in known), default="")
        by_number = {job.spec.trial.number: job for job in known if job.spec.trial is not None}
        self._trials.update(known_trials(self._spec, by_number))
        for number, trial in self._trials.items():
            if trial.is_open and trial.job is not None and is_late(trial.job):
                self._open.add(number)  # somebody wants it, and it has not ended
            elif trial.status == "cancelled" or trial.is_open:
                trial.job, trial.run = None, None
                self._again.append(number)
            else:
                self._unsettled.add(number)
        self._services.runs.refresh(timeout=_PATIENCE)
        self._settle(at_once=True)
        self._judge.begin()

    # Working

    def _work(self, workers: Workers) -> _Verdict:
        try:
            return self._keep_going(workers)
        except KeyboardInterrupt:
            verdict: _Verdict = ("aborted", _INTERRUPTED, True)
        except _Ends as ended:
            verdict = (ended.status, ended.reason, ended.interrupted)
        self._stop(workers)
        return verdict

    def _keep_going(self, workers: Workers) -> _Verdict:
        while True:
            self._submit()
            workers.tend(len(self._open))
            self._look()
            self._mark_best()
            self._tell()
            if not self._open and not self._unsettled and not self._is_left():
                return self._verdict()
            self._check_end()
            # Where results decide nothing there is time for them.
            is_busy = (self._unsettled and not self._is_free) or self._judge.prunes
            workers.wait(self._look_every if is_busy else max(self._look_every, _LOOK_EVERY_IDLE))

    @property
    def _is_free(self) -> bool:
        """Whether no result decides what is tried next, nor whether anything is."""
        return self._judge.is_free and self._spec.max_failures is None

    def _is_left(self) -> bool:
        return bool(self._again) or self._next_number() < self._spec.trials

    def _next_number(self) -> int:
        # Not how many there are: the runs of some may have been deleted.
        return next(reversed(self._trials), -1) + 1

    def _submit(self) -> None:
        """Queue as many trials as can run now; where results decide nothing, some more."""
        # Where each result counts, those that have just ended do before another trial is begun.
        is_free = self._is_free
        own = self._open - self._late
        room = self._spec.parallel - len(own) + (self._ahead if is_free else -len(self._unsettled))
        if is_free and own and room <= self._ahead // 2:
            return  # in lots: each costs a look at the store
        numbers: list[int] = []
        while room > len(numbers) and self._is_left():
            if self._again:
                numbers.append(self._again.pop(0))
                continue
            number = self._next_number()
            self._trials[number] = TrialState(number, self._judge.ask(number))
            numbers.append(number)
        if not numbers:
            return
        jobs = self._services.jobs.queue([self._job_spec(self._trials[number]) for number in numbers])
        for number, job in zip(numbers, jobs, strict=True):
            self._trials[number].job = job
            self._open.add(number)

    def _job_spec(self, trial: TrialState) -> JobSpec:
        job = self._spec.job
        return msgspec.structs.replace(
            job,
            params=job.params | trial.params,
            run_id=new_id(),
            sweep_id=self._id,
            parent_id=self._id,
            tags=job.tags | {SWEEP: self._id[-8:], "trial": str(trial.number)},
            trial=Trial(trial.number, self._id),
        )

    def _look(self) -> None:
        """Look how the trials stand that have not ended, and at the values of those that run."""
        numbers = sorted(self._open)
        jobs = self._services.jobs.get_many([self._trials[number].job.id for number in numbers])  # type: ignore[union-attr]
        for job in jobs:
            trial = self._trials[job.spec.trial.number]  # type: ignore[union-attr]
            if trial.job is not None and trial.job.spec.run_id != job.spec.run_id:
                trial.points, trial.last = 0, None  # it was begun again
            trial.job = job
            if job.status in JOB_ENDED:
                self._open.discard(trial.number)
                self._unsettled.add(trial.number)
            elif job.status == "running" and trial.prune_reason is None:
                trial.prune_reason = self._judge.watch(trial)
                if trial.prune_reason is not None:
                    self._services.sweeps.prune(job.id, trial.prune_reason)
        self._settle()

    def _settle(self, *, at_once: bool = False) -> None:
        """Take in the results of trials that have ended, as soon as the index has them."""
        if not self._unsettled:
            return
        waiting = [self._trials[number] for number in sorted(self._unsettled)]
        jobs = [trial.job for trial in waiting if trial.job is not None]
        if not at_once and (not self._is_free or not (self._open or self._is_left())):
            # Somebody waits for them: the ingester is woken.
            self._services.runs.refresh(timeout=_SETTLE)
        runs = self._services.sweeps.runs_of(jobs) if at_once else self._services.sweeps.ended_runs_of(jobs)
        is_late = False
        for trial in waiting:
            job = trial.job
            assert job is not None
            run = runs.get(job.spec.run_id)
            never_began = run is None and job.attempt == 0
            if at_once or never_began or run is not None:
                self._take_in(trial, run)
            elif job.ended is None or time.time() - job.ended.timestamp() > _SETTLE:
                is_late = True
        if is_late:
            self._services.runs.refresh(timeout=_PATIENCE)
            self._settle(at_once=True)

    def _take_in(self, trial: TrialState, run: Run | None) -> None:
        trial.run, trial.is_settled = run, True
        self._unsettled.discard(trial.number)
        self._spec = self._progress.spec = self._judge.tell(trial)

    def _check_end(self) -> None:
        spec = self._spec
        if (problem := self._judge.problem) is not None:
            raise _Ends("failed", problem)
        if spec.max_failures is not None and self._failed >= spec.max_failures:
            raise _Ends("failed", f"{_count(self._failed)} failed, which is as many as may.")
        now = time.monotonic()
        if spec.max_time is not None and now - self._begun > spec.max_time:
            done = sum(trial.is_settled for trial in self._trials.values())
            raise _Ends("finished", f"The time for the sweep was over after {done} of {_count(spec.trials)}.")
        if now - self._asked > _ASK_EVERY:
            self._asked = now
            if self._services.sweeps.is_end_requested(self._id):
                raise _Ends("aborted", "It was cancelled; it can be resumed.", True)
            self._look_for_late()

    def _look_for_late(self) -> None:
        """Hear of trials that were asked for once more by themselves: what comes out then is what counts."""
        for job in self._services.sweeps.late_trials(self._id, self._latest):
            self._latest = job.id
            trial = self._trials.get(job.spec.trial.number)  # type: ignore[union-attr]
            if trial is None or (trial.job is not None and trial.job.id >= job.id):
                continue
            self._run.unmark(trial)
            trial.is_again = trial.is_again or trial.is_settled
            trial.job, trial.run, trial.prune_reason = job, None, None
            trial.points, trial.last, trial.is_settled = 0, None, False
            self._unsettled.discard(trial.number)
            self._open.add(trial.number)
            self._judge.forget(trial)

    @property
    def _late(self) -> set[int]:
        """The numbers of the trials that others run."""
        return {
            number for number in self._open if (job := self._trials[number].job) is not None and is_late(job)
        }

    @property
    def _failed(self) -> int:
        return sum(trial.is_settled and trial.status == "failed" for trial in self._trials.values())

    def _verdict(self) -> _Verdict:
        if (problem := self._judge.problem) is not None:
            return "failed", problem, False
        ended = len(self._trials)
        if self._failed and self._failed == ended:
            return "failed", f"All {ended} trials failed." if ended > 1 else "The trial failed.", False
        if self._failed:
            return "finished", f"{self._failed} of {_count(ended)} failed.", False
        return "finished", None, False

    def _stop(self, workers: Workers) -> None:
        """Cancel what has not ended, and wait for it."""
        until = time.monotonic() + _PATIENCE
        self._services.sweeps.cancel_open(self._id, spares_late=True)
        self._open -= self._late  # they go on, and are no affair of this process any more
        while (self._open or self._unsettled) and time.monotonic() < until:
            workers.tend(0)
            self._look()
            self._tell()
            workers.wait(self._look_every)

    # Telling

    def _tell(self) -> None:
        self._progress.seconds = time.monotonic() - self._begun
        self._on_progress(self._progress)

    def _mark_best(self) -> None:
        if self._judge.has_new_best:
            self._run.mark_best(self._judge.take_best())


def _count(trials: int) -> str:
    return f"{trials} {'trial' if trials == 1 else 'trials'}"
