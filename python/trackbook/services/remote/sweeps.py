"""Sweeps of a served store: worked off from this machine, noted down and judged by there."""

import builtins
import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from trackbook.domain.job import Job
from trackbook.domain.run import Run
from trackbook.domain.sweep import Sweep, SweepDetail, SweepSpec
from trackbook.errors import Conflict, StoreError
from trackbook.services.edits import Edits
from trackbook.services.remote.connection import Connection, decode, exact_body
from trackbook.services.remote.jobs import RemoteJobs
from trackbook.services.remote.runs import RemoteRuns
from trackbook.services.sweeps import AT_WORK, Sweeps, hold_here
from trackbook.store.locks import os_host
from trackbook.store.paths import StorePaths

_AT_ONCE = 500
_PAGE = 500
_INDEXING_SECONDS = 60.0


class _Sweeps(msgspec.Struct):
    sweeps: list[Sweep]


class _Jobs(msgspec.Struct):
    jobs: list[Job]


class _Runs(msgspec.Struct):
    runs: list[Run]


class _Standing(msgspec.Struct):
    held: bool
    busy: bool
    cancel: bool


class _Cancelled(msgspec.Struct):
    cancelled: int


class RemoteSweeps(Sweeps):
    """The sweeps of a served store; as `Sweeps`.

    Whoever defines or ends one needs a token of the scope `execute`. A process of this machine works a sweep off. So
    that there is one alone, the server is told again and again that this spool has the sweep, each time it is asked
    whether the sweep is to end.
    """

    def __init__(self, store: StorePaths, connection: Connection, jobs: RemoteJobs, runs: RemoteRuns) -> None:
        self._store, self._connection = store, connection
        self._jobs = self._remote_jobs = jobs
        self._runs = runs
        self._edits = Edits(store)
        self._holder = f"{os_host()}:{store.id}"

    def redefine(self, sweep_id: str, spec: SweepSpec) -> None:
        """Note down what a sweep is to try from now on."""
        self._remote_jobs.send_contents([spec.job])
        body = exact_body({"sweep": sweep_id, "spec": spec})
        self._connection.send("POST", self._path(), None, body)
        deadline = time.monotonic() + _INDEXING_SECONDS
        while not self._is_there(sweep_id):
            if time.monotonic() > deadline:
                raise StoreError(self._connection.url, "it does not come to reading what was sent")
            time.sleep(0.1)

    def spec(self, sweep_id: str) -> SweepSpec:
        """Return what a sweep tries; raises NotFound for an unknown one."""
        return self._connection.ask(SweepSpec, "GET", self._path(sweep_id, "spec"))

    def trials(self, sweep_id: str) -> builtins.list[Job]:
        """Return the job of each trial that was begun, by number; of one that was tried again, the last."""
        return self._connection.ask(_Jobs, "GET", self._path(sweep_id, "trials")).jobs

    def late_trials(self, sweep_id: str, after: str) -> builtins.list[Job]:
        """Return the jobs by which trials were asked for once more by themselves, those with ids after one."""
        path = self._path(sweep_id, "trials")
        return self._connection.ask(_Jobs, "GET", path, {"late_after": after}).jobs

    def runs_by_id(self, run_ids: Sequence[str], *, ended: bool = False) -> dict[str, Run]:
        """Return runs by their ids, as far as the server has them; those that have `ended`, once it has all of them."""
        found: dict[str, Run] = {}
        path = self._connection.in_project("queue", "runs")
        for start in range(0, len(run_ids), _AT_ONCE):
            body = {"runs": list(run_ids[start : start + _AT_ONCE]), "ended": ended}
            found |= {run.id: run for run in self._connection.ask(_Runs, "POST", path, body=body).runs}
        return found

    def list(self, limit: int | None = 100) -> builtins.list[Sweep]:
        """Return sweeps, the one begun last first; 500 at most."""
        query = {"limit": min(limit or _PAGE, _PAGE)}
        return self._connection.ask(_Sweeps, "GET", self._path(), query).sweeps

    def get(self, sweep_id: str, importance: dict[str, float] | None = None) -> SweepDetail:
        """Return a sweep with its trials; raises NotFound for an unknown one."""
        found = self._connection.ask(SweepDetail, "GET", self._path(sweep_id))
        return msgspec.structs.replace(found, importance=importance)

    def request_end(self, sweep_id: str) -> None:
        """Have a sweep end as soon as it can; as `Sweeps.request_end`."""
        self._end(sweep_id, "request")

    def is_end_requested(self, sweep_id: str) -> bool:
        """Tell whether somebody wants the sweep to end, and the server that it is still worked off here.

        Raises Conflict once another machine does, as nobody had heard of this one.
        """
        standing = self._stand(sweep_id, held=True)
        if not standing.held:
            raise Conflict("Another machine works this sweep off now: this one was not heard of for a while.")
        return standing.cancel

    def withdraw_end(self, sweep_id: str) -> None:
        """Forget that somebody wanted the sweep to end."""
        self._end(sweep_id, "withdraw")

    def cancel_open(self, sweep_id: str, *, spares_late: bool = False) -> int:
        """Cancel the trials of a sweep that have not ended, or those of its own workers; as `Sweeps.cancel_open`."""
        return self._end(sweep_id, "own_trials" if spares_late else "trials")

    def prune(self, job_id: str, reason: str) -> None:
        """Have a trial's job end as pruned, soon."""
        path = self._connection.in_project("queue", job_id, "prune")
        self._connection.send("POST", path, None, exact_body({"reason": reason}))

    @contextlib.contextmanager
    def hold(self, sweep_id: str) -> Iterator[None]:
        """Work a sweep off alone; as `Sweeps.hold`."""
        with hold_here(self._store, sweep_id):
            if not self._stand(sweep_id, held=True).held:
                raise Conflict(AT_WORK)
            try:
                yield
            finally:
                # Who can't be told finds out soon.
                with contextlib.suppress(StoreError):
                    self._stand(sweep_id, held=False)

    def is_held(self, sweep_id: str) -> bool:
        """Tell whether a process works the sweep off, here or elsewhere."""
        return self._connection.ask(_Standing, "GET", self._path(sweep_id, "hold")).busy

    def _stand(self, sweep_id: str, *, held: bool) -> _Standing:
        body = exact_body({"holder": self._holder, "held": held})
        return decode(self._connection.send("POST", self._path(sweep_id, "hold"), None, body), _Standing)

    def _end(self, sweep_id: str, what: str) -> int:
        body: dict[str, Any] = {"what": what}
        path = self._path(sweep_id, "cancel")
        return self._connection.ask(_Cancelled, "POST", path, body=body).cancelled

    def _path(self, *parts: str) -> str:
        return self._connection.in_project("queue", "sweeps", *parts)
