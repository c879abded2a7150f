"""Which handler answers which path. rest-api.yml says the same, and a test holds both together."""

import re
from typing import Any

from trackbook.errors import NotFound
from trackbook.server.base import TrackbookHandler, guarded
from trackbook.server.handlers.artifacts import ArtifactHandler, ArtifactsHandler
from trackbook.server.handlers.blobs import BlobHandler, MissingBlobsHandler
from trackbook.server.handlers.bulk import BulkHandler
from trackbook.server.handlers.cells import CellHandler, SourcesHandler
from trackbook.server.handlers.changes import ChangesHandler, RefreshHandler
from trackbook.server.handlers.clean import CleanHandler
from trackbook.server.handlers.compare import CompareHandler
from trackbook.server.handlers.curves import CurvesHandler
from trackbook.server.handlers.debugging import DebugHandler
from trackbook.server.handlers.differences import (
    CellDifferencesHandler,
    CodeDifferencesHandler,
    CounterpartHandler,
    NotebookDifferencesHandler,
)
from trackbook.server.handlers.environment import EnvironmentTextHandler
from trackbook.server.handlers.experiments import ExperimentsHandler
from trackbook.server.handlers.frames import CorrelationHandler, FrameHandler, ImportanceHandler
from trackbook.server.handlers.jobs import (
    CancelHandler,
    JobHandler,
    JobLogHandler,
    JobsHandler,
    RetryHandler,
    WorkersHandler,
)
from trackbook.server.handlers.journals import JournalHandler, JournalSizesHandler, WritersHandler
from trackbook.server.handlers.lint import LintHandler
from trackbook.server.handlers.parameters import ParametersHandler
from trackbook.server.handlers.projects import ProjectsHandler
from trackbook.server.handlers.queue import (
    QueueCancelHandler,
    QueueClaimHandler,
    QueueCountsHandler,
    QueuedJobsHandler,
    QueueFinishHandler,
    QueueHandler,
    QueueKeepHandler,
    QueueLostHandler,
    QueueRecoverHandler,
    QueueWorkersHandler,
)
from trackbook.server.handlers.queue_sweeps import (
    QueuedRunsHandler,
    QueuedSweepHandler,
    QueuedSweepsHandler,
    QueuePruneHandler,
    SweepCancelHandler,
    SweepHoldHandler,
    SweepSpecHandler,
    SweepTrialsHandler,
)
from trackbook.server.handlers.reproductions import DiagnosisHandler, ReproduceHandler
from trackbook.server.handlers.resumptions import ResumeHandler, ResumptionHandler
from trackbook.server.handlers.runs import FindHandler, RestoreHandler, RunHandler, RunsHandler, TrashHandler
from trackbook.server.handlers.series import SeriesHandler
from trackbook.server.handlers.snapshots import MissingHandler, SnapshotHandler
from trackbook.server.handlers.sweeps import (
    EndSweepHandler,
    ResumeSweepHandler,
    SharingHandler,
    SweepHandler,
    SweepsHandler,
)
from trackbook.server.handlers.table import CheckHandler, ColumnsHandler, GroupsHandler, TableHandler
from trackbook.server.handlers.values import ValueContentHandler
from trackbook.server.handlers.verdicts import VerdictHandler
from trackbook.server.handlers.views import ViewHandler, ViewsHandler

BASE = "/trackbook/api"

Routes = tuple[tuple[str, type[TrackbookHandler]], ...]

# What is read and edited, in a Jupyter server and of a served store.
_BOTH: Routes = (
    ("/projects", ProjectsHandler),
    ("/projects/{project}/experiments", ExperimentsHandler),
    ("/projects/{project}/runs", RunsHandler),
    ("/projects/{project}/runs/bulk", BulkHandler),
    ("/projects/{project}/runs/{run}", RunHandler),
    ("/projects/{project}/runs/{run}/trash", TrashHandler),
    ("/projects/{project}/runs/{run}/restore", RestoreHandler),
    ("/projects/{project}/runs/{run}/artifacts", ArtifactsHandler),
    ("/projects/{project}/runs/{run}/artifacts/{path}", ArtifactHandler),
    ("/projects/{project}/runs/{run}/values/content", ValueContentHandler),
    ("/projects/{project}/runs/{run}/environment/{part}", EnvironmentTextHandler),
    ("/projects/{project}/runs/{run}/cells/{order}", CellHandler),
    ("/projects/{project}/runs/{run}/verdict", VerdictHandler),
    ("/projects/{project}/runs/{run}/snapshots/{moment}", SnapshotHandler),
    ("/projects/{project}/snapshots/missing", MissingHandler),
    ("/projects/{project}/series", SeriesHandler),
    ("/projects/{project}/curves", CurvesHandler),
    ("/projects/{project}/frame", FrameHandler),
    ("/projects/{project}/importance", ImportanceHandler),
    ("/projects/{project}/correlation", CorrelationHandler),
    ("/projects/{project}/compare", CompareHandler),
    ("/projects/{project}/differences/notebook", NotebookDifferencesHandler),
    ("/projects/{project}/differences/cell", CellDifferencesHandler),
    ("/projects/{project}/differences/code", CodeDifferencesHandler),
    ("/projects/{project}/runs/{run}/counterpart", CounterpartHandler),
    ("/projects/{project}/table", TableHandler),
    ("/projects/{project}/table/groups", GroupsHandler),
    ("/projects/{project}/columns", ColumnsHandler),
    ("/projects/{project}/query/check", CheckHandler),
    ("/projects/{project}/views", ViewsHandler),
    ("/projects/{project}/views/{view}", ViewHandler),
)

# What needs the notebooks and kernels of a Jupyter server.
_NOTEBOOKS: Routes = (
    ("/lint", LintHandler),
    ("/projects/{project}/parameters", ParametersHandler),
    ("/projects/{project}/jobs", JobsHandler),
    ("/projects/{project}/jobs/{job}", JobHandler),
    ("/projects/{project}/jobs/{job}/cancel", CancelHandler),
    ("/projects/{project}/jobs/{job}/retry", RetryHandler),
    ("/projects/{project}/jobs/{job}/log", JobLogHandler),
    ("/projects/{project}/workers", WorkersHandler),
    ("/projects/{project}/sweeps", SweepsHandler),
    ("/projects/{project}/sharing", SharingHandler),
    ("/projects/{project}/sweeps/{sweep}", SweepHandler),
    ("/projects/{project}/sweeps/{sweep}/cancel", EndSweepHandler),
    ("/projects/{project}/sweeps/{sweep}/resume", ResumeSweepHandler),
    ("/clean", CleanHandler),
    ("/projects/{project}/runs/{run}/diagnosis", DiagnosisHandler),
    ("/projects/{project}/runs/{run}/reproduce", ReproduceHandler),
    ("/projects/{project}/runs/{run}/resumption", ResumptionHandler),
    ("/projects/{project}/runs/{run}/resume", ResumeHandler),
    ("/projects/{project}/runs/{run}/debug", DebugHandler),
)

# What the writers and readers of other machines need of a served store.
_REMOTE: Routes = (
    ("/projects/{project}/find", FindHandler),
    ("/projects/{project}/changes", ChangesHandler),
    ("/projects/{project}/refresh", RefreshHandler),
    ("/projects/{project}/runs/{run}/sources", SourcesHandler),
    ("/projects/{project}/journals/sizes", JournalSizesHandler),
    ("/projects/{project}/journals/{subject}/{writer}/{part}", JournalHandler),
    ("/projects/{project}/writers", WritersHandler),
    ("/projects/{project}/blobs/missing", MissingBlobsHandler),
    ("/projects/{project}/blobs/{digest}", BlobHandler),
    ("/projects/{project}/queue", QueueHandler),
    ("/projects/{project}/queue/counts", QueueCountsHandler),
    ("/projects/{project}/queue/jobs", QueuedJobsHandler),
    ("/projects/{project}/queue/claim", QueueClaimHandler),
    ("/projects/{project}/queue/recover", QueueRecoverHandler),
    ("/projects/{project}/queue/cancel", QueueCancelHandler),
    ("/projects/{project}/queue/workers", QueueWorkersHandler),
    ("/projects/{project}/queue/runs", QueuedRunsHandler),
    ("/projects/{project}/queue/sweeps", QueuedSweepsHandler),
    ("/projects/{project}/queue/sweeps/{sweep}", QueuedSweepHandler),
    ("/projects/{project}/queue/sweeps/{sweep}/spec", SweepSpecHandler),
    ("/projects/{project}/queue/sweeps/{sweep}/trials", SweepTrialsHandler),
    ("/projects/{project}/queue/sweeps/{sweep}/hold", SweepHoldHandler),
    ("/projects/{project}/queue/sweeps/{sweep}/cancel", SweepCancelHandler),
    ("/projects/{project}/queue/{job}/keep", QueueKeepHandler),
    ("/projects/{project}/queue/{job}/finish", QueueFinishHandler),
    ("/projects/{project}/queue/{job}/lost", QueueLostHandler),
    ("/projects/{project}/queue/{job}/prune", QueuePruneHandler),
)

ROUTES: Routes = (*_BOTH, *_NOTEBOOKS)
SERVED: Routes = (*_BOTH, *_REMOTE)


class UnknownHandler(TrackbookHandler):
    """All other paths below the base: a JSON answer there, too."""

    @guarded("read")
    async def get(self, path: str) -> None:
        """Say that there is no such resource."""
        raise NotFound("resource", path)

    @guarded("write")
    async def post(self, path: str) -> None:
        """Say that there is no such resource."""
        raise NotFound("resource", path)

    put = patch = delete = post


def handlers(routes: Routes = ROUTES) -> list[tuple[str, type[TrackbookHandler]]]:
    """Return routes as Jupyter Server takes them."""
    known: list[Any] = [(f"{BASE}{_pattern(template)}", handler) for template, handler in routes]
    return [*known, (rf"{BASE}/(?P<path>.*)", UnknownHandler)]


def _pattern(template: str) -> str:
    return re.sub(
        r"\{(\w+)\}", lambda name: f"(?P<{name[1]}>{'.+' if name[1] == 'path' else '[^/]+'})", template
    )
