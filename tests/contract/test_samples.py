"""The sample answers fit rest-api.yml, and come back from the values that make them unchanged.

The TypeScript tests read the same files.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

from trackbook import server
from trackbook.domain.artifact import Artifact
from trackbook.domain.bulk import BulkRequest, BulkResult
from trackbook.domain.cell import CellContent
from trackbook.domain.celldifference import (
    CellComparison,
    CodeDifferences,
    Counterpart,
    NotebookDifferences,
)
from trackbook.domain.change import Change
from trackbook.domain.cleaned import CleanChange, CleanedCell, CleanNote
from trackbook.domain.compare import Comparison
from trackbook.domain.curve import CurvePage, CurveQuery
from trackbook.domain.frame import (
    Correlation,
    CorrelationRequest,
    Frame,
    FrameRequest,
    Importance,
    ImportanceRequest,
)
from trackbook.domain.job import Job, JobAttempt, JobLog, JobSpec, WorkerInfo
from trackbook.domain.lint import Counts, Diagnostic
from trackbook.domain.metric import Series
from trackbook.domain.obstacle import Diagnosis
from trackbook.domain.parameter import Parameter
from trackbook.domain.resumption import Resumption
from trackbook.domain.run import Run, RunDetail, SnapshotInfo
from trackbook.domain.sharing import Sharing
from trackbook.domain.sweep import Sweep, SweepDetail
from trackbook.domain.table import (
    CheckRequest,
    GroupPage,
    GroupsRequest,
    QueryCheck,
    TableColumns,
    TablePage,
    TableRequest,
)
from trackbook.domain.values import to_wire
from trackbook.domain.verdict import Verdict
from trackbook.domain.view import View, ViewChange, ViewDraft
from trackbook.services.lending import Claim, Shown, Standing
from trackbook.services.sweep_lending import SweepStanding
from trackbook.services.workers import Presence

FOLDER = Path(__file__).parent
API: dict[str, Any] = yaml.safe_load(
    (Path(server.__file__).parent / "rest-api.yml").read_text(encoding="utf-8")
)

SCHEMAS = {
    "artifacts": "Artifacts",
    "bulk": "BulkResult",
    "bulk-request": "BulkRequest",
    "changes": "Changes",
    "cell": "CellContent",
    "clean": "Cleaned",
    "columns": "TableColumns",
    "compare": "Comparison",
    "curve-query": "CurveQuery",
    "curves": "CurvePage",
    "counterpart": "Counterpart",
    "correlation": "Correlation",
    "correlation-request": "CorrelationRequest",
    "debug": "Debug",
    "debug-started": "DebugStarted",
    "diagnosis": "Diagnosis",
    "differences-cell": "CellComparison",
    "differences-code": "CodeDifferences",
    "differences-notebook": "NotebookDifferences",
    "event": "Changed",
    "experiments": "Experiments",
    "groups": "GroupPage",
    "groups-request": "GroupsRequest",
    "frame": "Frame",
    "frame-request": "FrameRequest",
    "importance": "Importance",
    "importance-request": "ImportanceRequest",
    "indexed": "Indexed",
    "job": "Job",
    "job-ended": "JobEnded",
    "job-log": "JobLog",
    "job-submission": "JobSubmission",
    "jobs": "JobPage",
    "job-ids": "JobIds",
    "journal-sizes": "JournalSizes",
    "journals": "Journals",
    "lint": "LintReport",
    "missing": "Missing",
    "noted": "Noted",
    "parameters": "Parameters",
    "project": "Project",
    "projects": "Projects",
    "query-check": "QueryCheck",
    "query-check-request": "CheckRequest",
    "queue-claim": "QueueClaim",
    "queue-claimed": "QueueClaimed",
    "queue-finish": "QueueFinish",
    "queue-keep": "QueueKeep",
    "queue-lost": "QueueLost",
    "queue-standing": "QueueStanding",
    "queue-submission": "QueueSubmission",
    "queue-taken": "QueueTaken",
    "reproduce": "Reproduce",
    "resume": "Resume",
    "resumption": "Resumption",
    "run": "Run",
    "run-detail": "RunDetail",
    "run-detail-failed": "RunDetail",
    "run-edit": "RunEdit",
    "runs": "RunPage",
    "runs-empty": "RunPage",
    "series": "SeriesList",
    "sharing": "Sharing",
    "sharing-question": "SharingQuestion",
    "size": "Size",
    "snapshot": "Snapshot",
    "snapshot-info": "SnapshotInfo",
    "sources": "Sources",
    "sweep": "SweepDetail",
    "sweep-definition": "SweepDefinition",
    "sweeps": "Sweeps",
    "table": "TablePage",
    "table-request": "TableRequest",
    "verdict": "Verdict",
    "queue-presence": "QueuePresence",
    "sweep-standing": "SweepStanding",
    "view": "View",
    "view-change": "ViewChange",
    "view-draft": "ViewDraft",
    "views": "Views",
    "workers": "Workers",
    "writers": "Writers",
}

VALUES: list[tuple[str, str | None, Any]] = [
    ("run", None, Run),
    ("runs", "runs", list[Run]),
    ("run-detail", None, RunDetail),
    ("run-detail-failed", None, RunDetail),
    ("series", "series", list[Series]),
    ("curve-query", None, CurveQuery),
    ("curves", None, CurvePage),
    ("artifacts", "artifacts", list[Artifact]),
    ("cell", None, CellContent),
    ("snapshot-info", None, SnapshotInfo),
    ("snapshot", "info", SnapshotInfo),
    ("compare", None, Comparison),
    ("counterpart", None, Counterpart),
    ("differences-cell", None, CellComparison),
    ("differences-code", None, CodeDifferences),
    ("differences-notebook", None, NotebookDifferences),
    ("clean", "changes", list[CleanChange]),
    ("clean", "notes", list[CleanNote]),
    ("clean", "cells", list[CleanedCell]),
    ("parameters", "parameters", list[Parameter]),
    ("job", None, Job),
    ("queue-claimed", None, Claim),
    ("queue-finish", "attempt", JobAttempt),
    ("queue-keep", "shown", Shown),
    ("queue-presence", None, Presence),
    ("queue-standing", None, Standing),
    ("sweep-standing", None, SweepStanding),
    ("queue-submission", "jobs", list[JobSpec]),
    ("job-log", None, JobLog),
    ("jobs", "jobs", list[Job]),
    ("workers", "workers", list[WorkerInfo]),
    ("changes", "runs", list[Change]),
    ("sharing", None, Sharing),
    ("sweep", None, SweepDetail),
    ("sweeps", "sweeps", list[Sweep]),
    ("verdict", None, Verdict),
    ("lint", "diagnostics", list[Diagnostic]),
    ("lint", "counts", Counts),
    ("frame", None, Frame),
    ("frame-request", None, FrameRequest),
    ("importance", None, Importance),
    ("importance-request", None, ImportanceRequest),
    ("correlation", None, Correlation),
    ("correlation-request", None, CorrelationRequest),
    ("diagnosis", None, Diagnosis),
    ("resumption", None, Resumption),
    ("table", None, TablePage),
    ("table-request", None, TableRequest),
    ("groups", None, GroupPage),
    ("groups-request", None, GroupsRequest),
    ("columns", None, TableColumns),
    ("query-check", None, QueryCheck),
    ("query-check-request", None, CheckRequest),
    ("bulk", None, BulkResult),
    ("bulk-request", None, BulkRequest),
    ("view", None, View),
    ("views", "views", list[View]),
    ("view-draft", None, ViewDraft),
    ("view-change", None, ViewChange),
]


def read(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": API["components"]})


def numbers_back(value: Any, kind: Any) -> Any:
    """Turn the three texts into floats where `kind` wants a number, by trying both."""
    return msgspec.convert(_floats(value), kind)


def _floats(value: Any) -> Any:
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return value


def test_every_sample_is_checked() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCHEMAS) | {
        "brushes",
        "chart-cells",
        "errors",
        "parameter-values",
    }


@pytest.mark.parametrize("name", SCHEMAS)
def test_sample_fits_its_schema(name: str) -> None:
    validator(SCHEMAS[name]).validate(read(name))


def test_error_samples_fit_their_schema() -> None:
    for sample in read("errors"):
        validator("Error").validate(sample["body"])


@pytest.mark.parametrize(("name", "field", "kind"), VALUES)
def test_sample_is_what_the_value_gives(name: str, field: str | None, kind: Any) -> None:
    sample = read(name) if field is None else read(name)[field]
    assert to_wire(msgspec.to_builtins(numbers_back(sample, kind))) == sample
