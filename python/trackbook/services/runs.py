"""Runs: searching, reading, and noticing what changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from trackbook.domain.attempt import Attempt
from trackbook.domain.cell import CellExecution
from trackbook.domain.change import Change
from trackbook.domain.environment import Environment
from trackbook.domain.experiment import Experiment
from trackbook.domain.metric import SeriesSummary
from trackbook.domain.page import RunPage
from trackbook.domain.run import Run, RunDetail
from trackbook.errors import NotFound, UsageError
from trackbook.services.catchup import catch_up
from trackbook.store import schema as t
from trackbook.store.batch import revision_of
from trackbook.store.database import Connection
from trackbook.store.details import (
    holders,
    read_artifacts,
    read_attempts,
    read_cells,
    read_children,
    read_environment,
    read_environments,
    read_forks,
    read_losses,
    read_modules,
    read_revisions,
    read_series,
    read_snapshots,
)
from trackbook.store.parts import run_state
from trackbook.store.place import Place
from trackbook.store.runs import find_run_ids, read_changes, read_experiments, read_runs, read_trash
from trackbook.store.search import Scope, Searcher
from trackbook.store.unknown_keys import unknown_keys
from trackbook.store.used import read_data, read_reproduction, read_secrets, read_seeds, read_values

MAX_WINDOW = 10_000
_MOST_SKIPPED = 2**62


class Runs:
    """Reads the runs of one store from its index."""

    def __init__(self, place: Place) -> None:
        self._place, self._database = place, place.database
        self._blobs = place.blobs
        self.searcher = Searcher()

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
        """Return a window of the runs that match, the newest first unless `order_by` or the query sorts them.

        `notebook` is a path relative to the project. Raises QueryError, which points at the character, for a search
        that can't be read; UsageError for a window that can't be.
        """
        check_window(offset, limit)
        scope = Scope(trashed, notebook, experiment)
        with self._database.read() as connection:
            found = self.searcher.search(connection, query or "", order_by or "", scope, offset, limit)
            return RunPage(found.total, found.revision, read_runs(connection, found.ids))

    def unknown_keys(self, query: str | None, order_by: str | None, found: int) -> list[str]:
        """Return what to say of a search that found `found` runs: which of its keys no run has, and what is near.

        Of the query itself only where nothing was found.
        """
        asked = (query or "") if not found else ""
        if not asked and not order_by:
            return []
        with self._database.read() as connection:
            return unknown_keys(connection, asked, order_by or "")

    def ids(self, query: str | None = None, *, trashed: bool = False) -> list[str]:
        """Return the ids of all runs that match, in the order of `search`. Raises QueryError like `search`."""
        with self._database.read() as connection:
            return self.searcher.search(connection, query or "", "", Scope(trashed), 0, _MOST_SKIPPED).ids

    def get(self, reference: str) -> Run:
        """Return the run of an id, of its beginning (at least 6 characters), of a number ("42", "#42"), or the "last".

        Raises NotFound without such a run, UsageError if several ids begin so.
        """
        with self._database.read() as connection:
            return _find(connection, reference)

    def detail(self, reference: str) -> RunDetail:
        """Return everything about one run except points, blobs and snapshots themselves; raises like `get`."""
        with self._database.read() as connection:  # all parts are of one moment
            run = _find(connection, reference)
            attempts = read_attempts(connection, run.id)
            return RunDetail(
                run=run,
                series=read_series(connection, run.id),
                revisions=read_revisions(connection, run.id),
                artifacts=read_artifacts(connection, run.id),
                cells=_settle(read_cells(connection, run.id), attempts),
                environment=self._with_packages(read_environment(connection, run.id)),
                modules=read_modules(connection, run.id),
                snapshots=read_snapshots(connection, run.id),
                children=read_children(connection, run.id),
                attempts=attempts,
                forks=read_forks(connection, run.id),
                losses=read_losses(connection, run.id),
                data=read_data(connection, run.id),
                values=read_values(connection, run.id),
                seeds=read_seeds(connection, run.id),
                secrets=read_secrets(connection, run.id),
                reproduction=read_reproduction(connection, run.id),
            )

    def details_to_compare(self, references: Sequence[str]) -> list[RunDetail]:
        """Return what a comparison looks at of several runs, in this order; raises like `get`.

        That is cells, environment, modules, data, seeds, artifacts and snapshots; all else of a detail is empty.
        """
        with self._database.read() as connection:  # all are of one moment
            known = {run.id: run for run in read_runs(connection, list(dict.fromkeys(references)))}
            runs = [
                run if (run := known.get(reference)) and run.number else _find(connection, reference)
                for reference in references
            ]
            ids = list(dict.fromkeys(run.id for run in runs))
            cells, artifacts, modules, snapshots, data, seeds = (
                holders(connection, table, ids)
                for table in (t.cells, t.artifacts, t.modules, t.snapshots, t.data_inputs, t.seeds)
            )
            environments = self._with_all_packages(read_environments(connection, ids))
            return [
                RunDetail(
                    run=run,
                    series=[],
                    revisions=[],
                    artifacts=read_artifacts(connection, run.id) if run.id in artifacts else [],
                    cells=_settle(read_cells(connection, run.id), read_attempts(connection, run.id))
                    if run.id in cells
                    else [],
                    environment=environments.get(run.id),
                    modules=read_modules(connection, run.id) if run.id in modules else [],
                    snapshots=read_snapshots(connection, run.id) if run.id in snapshots else [],
                    children=[],
                    data=read_data(connection, run.id) if run.id in data else [],
                    seeds=read_seeds(connection, run.id) if run.id in seeds else [],
                )
                for run in runs
            ]

    def series(self, run_id: str) -> list[SeriesSummary]:
        """Return the series of a run, by its whole id, without their points; none for an unknown run."""
        with self._database.read() as connection:
            return read_series(connection, run_id)

    def experiments(self) -> list[Experiment]:
        """Return the experiments that have runs outside the trash, the one used last first."""
        with self._database.read() as connection:
            return read_experiments(connection)

    def last_at(self, run_id: str) -> int:
        """Return the time of a run's last record in microseconds, 0 for an unknown run."""
        with self._database.read() as connection:
            state = run_state(connection, run_id)
        return 0 if state is None else state.last_at

    def trashed_at(self) -> dict[str, datetime]:
        """Return when each run in the trash was put there, by its id."""
        with self._database.read() as connection:
            return read_trash(connection)

    def revision(self) -> int:
        """Return the number of the store's last change that is indexed."""
        with self._database.read() as connection:
            return revision_of(connection)

    def changed_since(self, revision: int) -> list[Change]:
        """Return the runs that changed after `revision`, the latest change last."""
        with self._database.read() as connection:
            return read_changes(connection, revision)

    def refresh(self, timeout: float = 20.0, allow_inline: bool = True) -> bool:
        """Wait until all that was written so far is indexed; False if that takes longer than `timeout` seconds.

        Where no ingester runs it is done here, or by one started for it without `allow_inline`.
        """
        return catch_up(self._place, inline=allow_inline, timeout=timeout)

    def _with_packages(self, found: tuple[Environment, str | None] | None) -> Environment | None:
        if found is None:
            return None
        return self._with_all_packages({"": found})[""]

    def _with_all_packages(
        self, found: Mapping[str, tuple[Environment, str | None]]
    ) -> dict[str, Environment]:
        known: dict[str, dict[str, str]] = {}  # runs that are compared mostly have the same
        whole = {}
        for run_id, (environment, digest) in found.items():
            if digest is not None and not environment.packages:
                if digest not in known:
                    known[digest] = self._packages(digest)
                environment = msgspec.structs.replace(environment, packages=known[digest])
            whole[run_id] = environment
        return whole

    def _packages(self, digest: str) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._blobs.get(digest), type=dict[str, str])
        except (NotFound, msgspec.MsgspecError):
            return {}


def _settle(cells: list[CellExecution], attempts: list[Attempt]) -> list[CellExecution]:
    # A process that died told of no end; its cell does not go on when the run does.
    last = attempts[-1] if attempts else None
    if last is None:
        return cells
    goes_on = last.status in ("running", "lost")
    return [
        msgspec.structs.replace(cell, status="aborted")
        if cell.status == "running" and not (goes_on and cell.started >= last.started)
        else cell
        for cell in cells
    ]


def check_window(offset: int, limit: int) -> None:
    """Raise UsageError for a window that can't be read."""
    if not 0 <= offset <= _MOST_SKIPPED or not 0 <= limit <= MAX_WINDOW:
        raise UsageError(f"A window of runs begins at 0 or later and has at most {MAX_WINDOW:,} runs.")


def _find(connection: Connection, reference: str) -> Run:
    ids = find_run_ids(connection, reference.strip())
    if len(ids) > 1:
        numbers = ", ".join(f"#{run.number}" for run in read_runs(connection, ids[:5]))
        raise UsageError(
            f"{reference!r} fits several runs, such as {numbers}; write more of the id, or #NUMBER."
        )
    found = read_runs(connection, ids)
    if not found:
        raise NotFound("run", reference)
    return found[0]
