"""Checks: the results of a run held against those of its repetition, one by one."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import zip_longest
from typing import Any

import msgspec

from trackbook.domain.artifact import Artifact
from trackbook.domain.cell import CellContent, CellExecution, is_note
from trackbook.domain.formatting import format_number
from trackbook.domain.metric import Series, SeriesSummary, is_system, series_name
from trackbook.domain.reproduction import Check, CheckKind
from trackbook.domain.rich import RichValue
from trackbook.domain.run import RunDetail
from trackbook.domain.tolerance import Tolerance
from trackbook.errors import TrackbookError
from trackbook.notebook.rebuild import opens_run, order_of
from trackbook.notebook.results import compare_outputs
from trackbook.services.runs import Runs
from trackbook.services.series import SeriesReader
from trackbook.services.snapshots import Snapshots
from trackbook.store.place import Blobs

_MOST_CHILDREN = 1_000
_LARGEST = 20_000_000  # bytes of an artifact whose content is looked into
_TEXTS = (
    "text/",
    "application/json",
    "application/x-ndjson",
    "application/xml",
    "application/x-yaml",
    "application/toml",
)
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
# A cell and how often it ran, or in a notebook made of executions the number of one.
_Place = tuple[str | None, int]
# What the executor itself leaves in each job's run.
_OF_JOBS = ("output.ipynb", "log.txt")


class Checks:
    """Holds the results of two runs of one store against each other."""

    def __init__(self, runs: Runs, series: SeriesReader, snapshots: Snapshots, blobs: Blobs) -> None:
        self._runs, self._series = runs, series
        self._snapshots, self._blobs = snapshots, blobs

    def all(
        self, recorded: RunDetail, repeated: RunDetail, tolerance: Tolerance, ignore: Sequence[str] = ()
    ) -> list[Check]:
        """Return a check for each metric, value, cell with outputs and artifact of a run, and of its children.

        Children are compared in the order in which they began. Metrics whose name matches a pattern of `ignore` are
        left out.
        """
        return [
            _status(recorded, repeated),
            *self._results(recorded, repeated, tolerance, ignore),
            *self._outputs(recorded, repeated, tolerance),
            *self._children(recorded, repeated, tolerance, ignore),
        ]

    def _results(
        self, recorded: RunDetail, repeated: RunDetail, tolerance: Tolerance, ignore: Sequence[str]
    ) -> Iterator[Check]:
        yield from self._metrics(recorded, repeated, tolerance, ignore)
        yield from self._values(recorded, repeated, tolerance, ignore)
        yield from self._artifacts_of(recorded, repeated, tolerance)

    def _children(
        self, recorded: RunDetail, repeated: RunDetail, tolerance: Tolerance, ignore: Sequence[str]
    ) -> Iterator[Check]:
        # The outputs of their cells are those of the run around them.
        for number, (one, two) in enumerate(zip_longest(recorded.children, repeated.children), start=1):
            name = f"child {number}"
            if two is None:
                yield Check("status", name, "missing", "A run inside of this one was not made this time.")
            elif one is None:
                yield Check("status", name, "extra", "A run inside of this one was made this time alone.")
            elif number > _MOST_CHILDREN:
                told = f"Only the first {_MOST_CHILDREN:,} children are compared."
                yield Check("status", name, "not_compared", told)
                return
            else:
                details = self._runs.detail(one), self._runs.detail(two)
                checks = [_status(*details), *self._results(*details, tolerance, ignore)]
                for check in checks:
                    called = name if check.kind == "status" else f"{name}: {check.name}"
                    yield msgspec.structs.replace(check, name=called)

    # Metrics

    def _metrics(
        self, recorded: RunDetail, repeated: RunDetail, tolerance: Tolerance, ignore: Sequence[str]
    ) -> Iterator[Check]:
        before, now = _series_of(recorded, ignore), _series_of(repeated, ignore)
        for name, summary in before.items():
            other = now.pop(name, None)
            if other is None:
                told = "It was not logged this time."
                yield Check("metric", name, "missing", told, expected=format_number(summary.last))
            else:
                yield self._metric(name, recorded, summary, repeated, other, tolerance)
        for name, other in now.items():
            yield Check(
                "metric", name, "extra", "It was logged this time alone.", actual=format_number(other.last)
            )

    def _metric(
        self,
        name: str,
        recorded: RunDetail,
        summary: SeriesSummary,
        repeated: RunDetail,
        other: SeriesSummary,
        tolerance: Tolerance,
    ) -> Check:
        texts = (format_number(summary.last), format_number(other.last))
        one = self._series.read(recorded.run.id, summary.key, summary.context)
        two = self._series.read(repeated.run.id, other.key, other.context)
        differing = _differing_steps(one, two, tolerance)
        if not differing:
            return Check("metric", name, "holds", "", *texts)
        steps = set(one.steps) | set(two.steps)
        parts = []
        if not tolerance.holds(summary.last, other.last):
            parts.append(f"the last value was {texts[0]}, and now is {texts[1]}")
        if len(steps) > 1:
            parts.append(f"{len(differing):,} of {len(steps):,} steps differ, the first at {differing[0]}")
        told = "; ".join(parts) or "its values differ"
        return Check("metric", name, "differs", f"{told[:1].upper()}{told[1:]}.", *texts)

    # Rich values

    def _values(
        self, recorded: RunDetail, repeated: RunDetail, tolerance: Tolerance, ignore: Sequence[str]
    ) -> Iterator[Check]:
        before, now = _values_of(recorded, ignore), _values_of(repeated, ignore)
        yield from self._contents("value", before, now, tolerance)
        for name in now:
            if name not in before:
                yield Check("value", name, "extra", "It was logged this time alone.")

    # Outputs

    def _outputs(self, recorded: RunDetail, repeated: RunDetail, tolerance: Tolerance) -> Iterator[Check]:
        is_job = recorded.run.source.kind == "job"
        before: Mapping[_Place, CellExecution]
        now: Mapping[_Place, CellExecution]
        if is_job:
            before, now = _by_cell(recorded.cells), _by_cell(repeated.cells)
        else:
            before, now = {(None, cell.order): cell for cell in recorded.cells}, _by_order(repeated.cells)
        first = recorded.cells[0].order if recorded.cells and not is_job else None
        for place, cell in before.items():
            other = now.get(place)
            name = f"cell {cell.order}"
            if other is None:
                if cell.outputs:
                    told = "It did not run this time."
                    yield Check("output", name, "missing", told, order=cell.order)
                continue
            if cell.outputs or other.outputs:
                yield from self._output(name, recorded, cell, repeated, other, tolerance, cell.order == first)

    def _output(
        self,
        name: str,
        recorded: RunDetail,
        cell: CellExecution,
        repeated: RunDetail,
        other: CellExecution,
        tolerance: Tolerance,
        is_first: bool,
    ) -> Iterator[Check]:
        try:
            one = self._snapshots.cell(recorded.run.id, cell.order)
            two = self._snapshots.cell(repeated.run.id, other.order)
        except TrackbookError as error:
            told = f"Its outputs can't be read ({error})."
            yield Check("output", name, "not_compared", told, order=cell.order)
            return
        if cell.truncated or other.truncated:
            told = "It has more outputs than were recorded."
            yield Check("output", name, "not_compared", told, order=cell.order)
            return
        before, now = _shown(one), _shown(two)
        if not before and not now:
            return
        found = compare_outputs(before, now, tolerance)
        if not found:
            yield Check("output", name, "holds", order=cell.order)
            return
        if is_first and opens_run(one.source) and not one.source.lstrip().startswith("%"):
            told = "The run began in the middle of this cell, and has its later outputs alone."
            yield Check("output", name, "not_compared", told, order=cell.order)
            return
        more = f" And {len(found) - 1} more differences." if len(found) > 1 else ""
        yield Check(
            "output",
            name,
            "differs",
            f"{found[0].message}{more}",
            found[0].expected,
            found[0].actual,
            cell.order,
        )

    # Artifacts

    def _artifacts_of(
        self, recorded: RunDetail, repeated: RunDetail, tolerance: Tolerance
    ) -> Iterator[Check]:
        before = {one.path: one for one in recorded.artifacts if one.path not in _OF_JOBS}
        now = {one.path: one for one in repeated.artifacts}
        yield from self._contents("artifact", before, now, tolerance)
        for path in now:
            # A job keeps its output folder and its own files; a notebook that was run by hand does not.
            of_both = now[path].kind != "output" or recorded.run.source.kind == "job"
            if path not in before and path not in _OF_JOBS and of_both:
                yield Check("artifact", path, "extra", "It was stored this time alone.")

    def _contents(
        self,
        kind: CheckKind,
        before: Mapping[str, Artifact | RichValue],
        now: Mapping[str, Artifact | RichValue],
        tolerance: Tolerance,
    ) -> Iterator[Check]:
        for name, one in before.items():
            if (other := now.get(name)) is not None:
                yield self._content(kind, name, one, other, tolerance)
            else:
                told = "logged" if kind == "value" else "stored"
                yield Check(kind, name, "missing", f"It was not {told} this time.")

    def _content(
        self,
        kind: CheckKind,
        name: str,
        before: Artifact | RichValue,
        now: Artifact | RichValue,
        tolerance: Tolerance,
    ) -> Check:
        if before.digest == now.digest:
            return Check(kind, name, "holds")
        texts = (before.digest[:12], now.digest[:12])
        type_ = before.media_type.partition(";")[0]
        outputs: list[dict[str, Any] | None] = []
        try:
            if max(before.size, now.size) <= _LARGEST:
                outputs = [self._as_output(one.digest, type_) for one in (before, now)]
        except (TrackbookError, OSError, UnicodeDecodeError):
            outputs = []
        if not outputs or None in outputs:
            told = "Its bytes differ, and what it holds can't be compared."
            return Check(kind, name, "not_compared", told, *texts)
        found = compare_outputs([outputs[0]], [outputs[1]], tolerance)  # type: ignore[list-item]
        if not found:
            return Check(kind, name, "holds")
        return Check(kind, name, "differs", found[0].message, found[0].expected, found[0].actual)

    def _as_output(self, digest: str, media_type: str) -> dict[str, Any] | None:
        # What compares the outputs of cells compares files alike.
        if media_type in _PICTURES:
            import base64

            data: Any = base64.b64encode(self._blobs.get(digest)).decode()
        elif media_type.startswith(_TEXTS):
            media_type, data = "text/plain", self._blobs.get(digest).decode("utf-8")
        else:
            return None
        return {"output_type": "display_data", "data": {media_type: data}, "metadata": {}}


def _status(recorded: RunDetail, repeated: RunDetail) -> Check:
    before, now = recorded.run.status, repeated.run.status
    texts = (before.replace("_", " "), now.replace("_", " "))
    if before == now or now == "finished":
        # A run that was lost, or ended by hand, may well finish.
        errors = [run.error for run in (recorded.run, repeated.run)]
        if before == now and errors[0] and errors[1] and errors[0].ename != errors[1].ename:
            told = f"It failed with {errors[1].ename}, and before with {errors[0].ename}."
            return Check("status", "status", "differs", told, errors[0].ename, errors[1].ename)
        if before == "failed" != now:
            return Check("status", "status", "differs", "It failed before, and not this time.", *texts)
        return Check("status", "status", "holds", "", *texts)
    return Check(
        "status",
        "status",
        "differs",
        f"It ended as {texts[1]}, and before as {texts[0]}.",
        *texts,
    )


def _series_of(detail: RunDetail, ignore: Sequence[str]) -> dict[str, SeriesSummary]:
    named = {series_name(one.key, one.context): one for one in detail.series if not is_system(one.key)}
    return {name: one for name, one in named.items() if not _matches((name, one.key), ignore)}


def _values_of(detail: RunDetail, ignore: Sequence[str]) -> dict[str, RichValue]:
    values = [one.value for one in detail.values]
    return {
        f"{series_name(one.key, one.context)} at step {one.step}": one
        for one in values
        if not _matches((one.key,), ignore)
    }


def _matches(names: Sequence[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _differing_steps(one: Series, two: Series, tolerance: Tolerance) -> list[int]:
    # The last value of a step counts; points of one step may be many where a cell ran again.
    before, now = dict(zip(one.steps, one.values, strict=True)), dict(zip(two.steps, two.values, strict=True))
    if before == now and len(one.values) == len(two.values):
        return []
    return sorted(
        step
        for step in before.keys() | now.keys()
        if step not in before or step not in now or not tolerance.holds(before[step], now[step])
    )


def _shown(content: CellContent) -> list[dict[str, Any]]:
    # What goes to stderr are warnings and bars of progress: they tell of the machine, and are no results.
    return [
        output
        for output in content.outputs
        if not (output.get("output_type") == "stream" and output.get("name") == "stderr")
        and not is_note(output)
    ]


def _by_cell(cells: Sequence[CellExecution]) -> dict[_Place, CellExecution]:
    """Return the executions of a job by their cell, and by how often that had run before."""
    times: dict[str | None, int] = {}
    found: dict[_Place, CellExecution] = {}
    for cell in cells:
        times[cell.cell_id] = times.get(cell.cell_id, 0) + 1
        found[cell.cell_id, times[cell.cell_id]] = cell
    return found


def _by_order(cells: Sequence[CellExecution]) -> dict[_Place, CellExecution]:
    """Return the executions of a rebuilt notebook by the number of the execution that they repeat."""
    return {(None, order): cell for cell in cells if (order := order_of(cell.cell_id)) is not None}
