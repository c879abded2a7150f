"""Runs of a served store."""

import time
import warnings
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from trackbook.domain.change import Change
from trackbook.domain.clock import to_microseconds
from trackbook.domain.experiment import Experiment
from trackbook.domain.metric import SeriesSummary
from trackbook.domain.page import RunPage
from trackbook.domain.run import Run, RunDetail
from trackbook.errors import NotFound, StoreUnreachable
from trackbook.services.ingester import ensure_ingester
from trackbook.services.remote.connection import Connection, Query
from trackbook.services.remote.status import check_refusal, wake
from trackbook.services.remote.waiting import count_records, describe_waiting, is_sent, sizes_now
from trackbook.services.runs import Runs, check_window
from trackbook.store.paths import StorePaths

T = TypeVar("T")

# What the server takes at a time.
_PAGE = 500
_INDEXING_SECONDS = 10.0
_SECONDS_BETWEEN_STARTS = 1.0


class NotSentYet(UserWarning):
    """What was recorded on this machine is not in the store yet; the text says how much, and why."""


class _Changes(msgspec.Struct):
    revision: int
    runs: list[Change]


class _Experiments(msgspec.Struct):
    experiments: list[Experiment]


class _Indexed(msgspec.Struct):
    indexed: bool


class RemoteRuns(Runs):
    """Reads the runs of a served store."""

    def __init__(self, store: StorePaths, connection: Connection) -> None:
        self._store = store
        self._connection = connection

    def search(
        self,
        query: str | None = None,
        *,
        order_by: str | None = None,
        offset: int = 0,
        limit: int = 100,
        notebook: str | None = None,
        experiment: str | None = None,
        trashed: bool = False,
    ) -> RunPage:
        """Return a window of the runs that match; as `Runs.search`."""
        check_window(offset, limit)
        asked: Query = {
            "query": query,
            "order_by": order_by,
            "notebook": notebook,
            "experiment": experiment,
            "trashed": trashed,
        }
        found: list[Run] = []
        while True:
            window: Query = {"offset": offset + len(found), "limit": max(1, min(_PAGE, limit - len(found)))}
            page = self._ask(RunPage, "runs", query={**asked, **window})
            found += page.runs[: limit - len(found)]
            if not page.runs or len(found) >= limit or offset + len(found) >= page.total:
                return RunPage(page.total, page.revision, found)

    def unknown_keys(self, query: str | None, order_by: str | None, found: int) -> list[str]:
        """Return nothing: which keys there are is not asked over the network for a hint."""
        return []

    def ids(self, query: str | None = None, *, trashed: bool = False) -> list[str]:
        """Return the ids of all runs that match, in the order of `search`; as `Runs.ids`."""
        found: list[str] = []
        while True:
            page = self.search(query, offset=len(found), limit=_PAGE, trashed=trashed)
            found += [run.id for run in page.runs]
            if not page.runs or len(found) >= page.total:
                return found

    def get(self, reference: str) -> Run:
        """Return the run of an id, of an id's beginning, or of a number; as `Runs.get`."""
        return self._ask(Run, "find", query={"run": reference})

    def detail(self, reference: str) -> RunDetail:
        """Return everything about one run except points, blobs and snapshots themselves; as `Runs.detail`."""
        return self._ask(RunDetail, "runs", self.get(reference).id)

    def details_to_compare(self, references: Sequence[str]) -> list[RunDetail]:
        """Return several runs, in this order, with all of their details; see `Runs.details_to_compare`."""
        return [self.detail(reference) for reference in references]

    def series(self, run_id: str) -> list[SeriesSummary]:
        """Return the series of a run; as `Runs.series`."""
        try:
            return self.detail(run_id).series
        except NotFound:
            return []

    def experiments(self) -> list[Experiment]:
        """Return the experiments that have runs outside the trash, the one used last first."""
        return self._ask(_Experiments, "experiments").experiments

    def revision(self) -> int:
        """Return the number of the store's last change that is indexed."""
        return self._ask(_Changes, "changes").revision

    def last_at(self, run_id: str) -> int:
        """Return when a run ended, else when it began, in microseconds; 0 for an unknown run."""
        try:
            run = self.get(run_id)
        except NotFound:
            return 0
        return to_microseconds(run.ended or run.started)

    def changed_since(self, revision: int) -> list[Change]:
        """Return the runs that changed after `revision`, the latest change last."""
        return self._ask(_Changes, "changes", query={"since": revision}).runs

    def refresh(self, timeout: float = 20.0, allow_inline: bool = True) -> bool:
        """Wait until all that was written on this machine so far is in the store and indexed there.

        False, and a warning that says what still waits, if that takes longer than `timeout` seconds. Raises
        StoreUnreachable if the server does not answer, AccessDenied if it refuses what is sent.
        """
        began, deadline = time.time(), time.monotonic() + timeout
        waiting, next_start = sizes_now(self._store), 0.0
        try:
            self.revision()  # does it answer at all?
            while not is_sent(self._store, self._connection, waiting):
                if time.monotonic() > deadline:
                    warnings.warn(describe_waiting(self._store), NotSentYet, stacklevel=2)
                    return False
                check_refusal(self._store, began)
                if time.monotonic() >= next_start:
                    next_start = time.monotonic() + _SECONDS_BETWEEN_STARTS
                    ensure_ingester(self._store)
                    wake(self._store)
                time.sleep(0.02)
        except StoreUnreachable:
            ensure_ingester(self._store)
            raise
        seconds = max(1.0, min(_INDEXING_SECONDS, deadline - time.monotonic()))
        return self._ask(_Indexed, "refresh", method="POST", query={"seconds": seconds}).indexed

    def _ask(self, kind: type[T], *path: str, method: str = "GET", query: Query | None = None) -> T:
        try:
            return self._connection.ask(kind, method, self._connection.in_project(*path), query)
        except StoreUnreachable as error:
            raise self._explain(error) from error

    def _explain(self, error: StoreUnreachable) -> StoreUnreachable:
        return StoreUnreachable(error.path, error.because, count_records(self._store))
