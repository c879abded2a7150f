"""What kept cells left in the run that they ran in is carried over into the one that goes on from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from trackbook.domain.clock import now, to_microseconds
from trackbook.domain.metric import is_system
from trackbook.domain.records import (
    ArtifactStored,
    DataUsed,
    MetricDefined,
    ParamsSet,
    SeedSet,
    ValueLogged,
)
from trackbook.domain.resumption import RESUMES, KeptCell
from trackbook.domain.run import RunDetail
from trackbook.errors import TrackbookError
from trackbook.services.recorder import RunRecorder, default_name
from trackbook.services.runs import Runs
from trackbook.services.series import SeriesReader
from trackbook.services.snapshots import Snapshots

# Of what the executor itself stores there is a new one.
_OF_THE_JOB = ("notebook", "log", "output")

Shown = dict[str, tuple[list[dict[str, Any]], int | None]]


class Carrying:
    """Carries over what kept cells logged, stored and showed."""

    def __init__(self, runs: Runs, series: SeriesReader, snapshots: Snapshots) -> None:
        self._runs, self._series, self._snapshots = runs, series, snapshots

    def outputs(self, kept: Sequence[KeptCell]) -> Shown:
        """Return what kept cells showed (nbformat 4 outputs) and their In[n], by the cells' ids.

        A cell whose record is gone shows nothing.
        """
        found: Shown = {}
        for cell in kept:
            try:
                content = self._snapshots.cell(cell.run_id, cell.order)
            except TrackbookError:
                found[cell.cell_id] = [], None
            else:
                found[cell.cell_id] = content.outputs, content.execution.count
        return found

    def carry(self, kept: Sequence[KeptCell], recorder: RunRecorder) -> None:
        """Record in a new run what kept cells recorded: parameters, metrics, values, artifacts, data and seeds."""
        for run_id in dict.fromkeys(cell.run_id for cell in kept):
            try:
                detail = self._runs.detail(run_id)
            except TrackbookError:
                recorder.add_note("What cells that were kept had logged is gone: their run was deleted.")
                continue
            orders = {cell.order for cell in kept if cell.run_id == run_id}
            _Carrier(detail, orders, recorder, self._series).carry()


class _Carrier:
    """Carries over what some executions of one run recorded: what came while one of them was going on is its own."""

    def __init__(
        self, detail: RunDetail, orders: set[int], recorder: RunRecorder, series: SeriesReader
    ) -> None:
        self._detail, self._recorder, self._series = detail, recorder, series
        self._spans = [
            (cell.started, cell.started + timedelta(seconds=cell.duration or 0.0))
            for cell in detail.cells
            if cell.order in orders
        ]

    def carry(self) -> None:
        detail, recorder = self._detail, self._recorder
        for revision in detail.revisions:
            if self._covers(revision.at):
                recorder.append(ParamsSet(now(), {revision.key: revision.value}, revision.cell_id))
        self._carry_points()
        for value in detail.values:
            if self._covers(value.at):
                recorder.append(ValueLogged(now(), value.value, value.cell_id))
        for one in detail.artifacts:
            if self._covers(one.created) and one.kind not in _OF_THE_JOB:
                recorder.append(
                    ArtifactStored(
                        now(), one.path, one.digest, one.size, one.media_type, one.kind, one.cell_id
                    )
                )
        for used in detail.data:
            if self._covers(used.at):
                recorder.append(DataUsed(now(), used.data, used.cell_id))
        for seed in detail.seeds:
            if self._covers(seed.at):
                recorder.append(SeedSet(now(), seed.seed, seed.libraries, seed.cell_id))
        self._carry_marks()

    def _carry_points(self) -> None:
        import numpy as np  # a worker that resumes nothing needs none

        from trackbook.store.segments import Columns, points_record

        spans = [(to_microseconds(first), to_microseconds(last)) for first, last in self._spans]
        told: set[str] = set()
        for one in self._detail.series:
            if is_system(one.key):
                continue
            series = self._series.read(self._detail.run.id, one.key, one.context)
            rows = [
                row
                for row, at in enumerate(series.times)
                if any(first <= at <= last for first, last in spans)
            ]
            if not rows:
                continue
            if one.key not in told and (one.goal is not None or one.unit is not None):
                told.add(one.key)
                self._recorder.append(MetricDefined(now(), one.key, one.goal, one.unit))
            columns = Columns(
                *(
                    np.asarray([column[row] for row in rows], dtype=kind)
                    for kind, column in (("i8", series.steps), ("i8", series.times), ("f8", series.values))
                )
            )
            self._recorder.append(points_record(one.key, one.context or None, columns))

    def _carry_marks(self) -> None:
        """Carry over what has no moment of its own: tags, a name that was given, a group."""
        run = self._detail.run
        if tags := {key: value for key, value in run.tags.items() if key != RESUMES}:
            self._recorder.set_tags(dict(tags))
        if run.name != default_name(run.id):
            self._recorder.rename(run.name)
        if run.group is not None:
            self._recorder.set_group(run.group)

    def _covers(self, at: datetime) -> bool:
        return any(first <= at <= last for first, last in self._spans)
