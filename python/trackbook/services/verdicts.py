"""Verdicts: whether a run's cells ran as its notebook stands there."""

from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trackbook.domain.run import RunDetail
from trackbook.domain.verdict import Document, Ran, Verdict, judge
from trackbook.errors import TrackbookError
from trackbook.notebook.dataflow import names_in_source
from trackbook.services.documents import document_of, saved_document
from trackbook.services.runs import Runs
from trackbook.services.snapshots import Snapshots
from trackbook.store.paths import StorePaths


class Verdicts:
    """Judges the cells of runs."""

    def __init__(self, store: StorePaths, runs: Runs, snapshots: Snapshots) -> None:
        self._store = store
        self._runs = runs
        self._snapshots = snapshots

    def of(self, reference: str) -> Verdict:
        """Return the verdict on a run; raises NotFound without one."""
        detail = self._runs.detail(reference)
        return self.of_detail(detail, self._snapshots.sources(detail.run.id) if detail.cells else {})

    def against(self, reference: str, notebook: Mapping[str, Any]) -> Verdict | None:
        """Return the verdict on a run, held against a notebook as it is now; None for a run without cells.

        Raises NotFound without such a run.
        """
        detail = self._runs.detail(reference)
        sources = self._snapshots.sources(detail.run.id) if detail.cells else {}
        executions = self._executions(detail, sources)
        return judge(executions, document_of(notebook)) if executions else None

    def of_detail(self, detail: RunDetail, sources: Mapping[int, str]) -> Verdict:
        """Return the verdict on a run that has been read, with the sources of its executions by their order."""
        executions = self._executions(detail, sources)
        return judge(executions, self._document(detail) if executions else None)

    def _executions(self, detail: RunDetail, sources: Mapping[int, str]) -> list[Ran]:
        begun = [attempt.started for attempt in detail.attempts]
        executions = []
        for cell in detail.cells:
            source = sources.get(cell.order)
            if source is None:  # its text is gone, and with it all that could be said
                continue
            reads, writes = cell.reads, cell.writes
            if (
                not reads and not writes and cell.status != "running"
            ):  # perhaps of a version that recorded no names
                names = names_in_source(source)
                reads, writes = names.reads, names.writes
            attempt = max(1, bisect_right(begun, cell.started))
            executions.append(Ran(cell.cell_id, cell.order, source, reads, writes, cell.started, attempt))
        return executions

    def _document(self, detail: RunDetail) -> Document | None:
        if any(info.moment == "end" for info in detail.snapshots):
            try:
                return document_of(self._snapshots.notebook(detail.run.id, "end"))
            except TrackbookError:  # a part of it is gone; the saved file may do
                pass
        path = self._saved(detail)
        return None if path is None else saved_document(path)

    def _saved(self, detail: RunDetail) -> Path | None:
        # The journals of other machines say what they like: only a notebook inside of the project is looked at.
        named = detail.run.source.path
        if named is None or not named.endswith(".ipynb") or self._store.remote is not None:
            return None
        project = self._store.project.resolve()
        path = (project / named).resolve()
        return path if path.is_relative_to(project) else None
