"""Snapshots of notebooks in a served store: taken into the spool, read from the server."""

from collections.abc import Iterable
from typing import Any

import msgspec

from trackbook.domain.cell import CellContent
from trackbook.domain.run import SnapshotInfo
from trackbook.services.remote.connection import Connection
from trackbook.services.remote.runs import RemoteRuns
from trackbook.services.snapshots import Moment, Snapshots
from trackbook.store.blobs import BlobStore
from trackbook.store.paths import StorePaths


class _Missing(msgspec.Struct):
    missing: list[str]


class _Snapshot(msgspec.Struct):
    notebook: dict[str, Any]


class _Sources(msgspec.Struct):
    sources: dict[int, str]


class RemoteSnapshots(Snapshots):
    """Stores and reads the notebooks of runs of a served store, and what their cells were when they ran."""

    def __init__(self, store: StorePaths, connection: Connection, runs: RemoteRuns) -> None:
        self._store = store
        self._blobs = BlobStore(store.blobs)
        self._connection = connection
        self._runs = runs

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Return those of the parts that neither the server nor the spool has; as `Snapshots.missing`."""
        wanted = [digest for digest in dict.fromkeys(digests) if not self._has(digest)]
        path = self._connection.in_project("snapshots", "missing")
        return self._connection.ask(_Missing, "POST", path, body={"digests": wanted}).missing

    def infos(self, run_id: str) -> list[SnapshotInfo]:
        """Return which snapshots a run has, the better origin of a moment first; as `Snapshots.infos`."""
        return self._runs.detail(run_id).snapshots

    def notebook(self, run_id: str, moment: Moment) -> dict[str, Any]:
        """Return the notebook of a run at a moment, equal to what was taken; as `Snapshots.notebook`."""
        path = self._connection.in_project("runs", run_id, "snapshots", moment)
        return self._connection.ask(_Snapshot, "GET", path).notebook

    def cell(self, run_id: str, order: int) -> CellContent:
        """Return an execution of a run with its source and its outputs; as `Snapshots.cell`."""
        path = self._connection.in_project("runs", run_id, "cells", str(order))
        return self._connection.ask(CellContent, "GET", path)

    def sources(self, run_id: str) -> dict[int, str]:
        """Return the source of each execution of a run by its order; as `Snapshots.sources`."""
        path = self._connection.in_project("runs", run_id, "sources")
        return self._connection.ask(_Sources, "GET", path).sources

    def _check_run(self, run_id: str) -> None:
        self._runs.get(run_id)
