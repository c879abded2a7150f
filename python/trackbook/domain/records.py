"""The records of a journal: everything that can happen to a run, a job, or a project's numbering.

Each is a msgpack array [tag, at, ...]; `at` is microseconds since the epoch. Fields are only ever added at the
end and with a default, so that older journals stay readable; a changed meaning gets a new tag.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from trackbook.domain.artifact import ArtifactKind
from trackbook.domain.cell import CellError, CellStatus
from trackbook.domain.data import DataInput
from trackbook.domain.environment import Environment, Module
from trackbook.domain.job import FailureCause, JobAttempt, JobSpec, JobStatus
from trackbook.domain.metric import Goal, Summary
from trackbook.domain.reproduction import Reproduction
from trackbook.domain.rich import RichValue
from trackbook.domain.run import Fork, RunError, RunStatus, Source
from trackbook.domain.sweep import SweepSpec
from trackbook.domain.view import ViewKind

FORMAT = 1

WriterRole = Literal["owner", "child", "editor"]


# What the index can keep and a date can show. A record beyond that is damage, and costs only itself.
Whole = Annotated[int, Meta(le=2**63 - 1)]
Moment = Annotated[int, Meta(ge=-62_135_596_800_000_000, le=253_402_300_799_999_999)]


class _Record(Struct, frozen=True, array_like=True, gc=False):
    at: Moment


class WriterOpened(_Record, frozen=True, array_like=True, tag="writer"):
    """First record of each journal file. Only an owner's death ends a run; a forked child's does not."""

    role: WriterRole
    pid: int
    process_started: float
    host: str
    boot_id: str
    version: str


class RunStarted(_Record, frozen=True, array_like=True, tag="start"):
    """A run was opened."""

    experiment: str
    name: str
    user: str
    host: str
    source: Source
    parent_id: str | None = None
    fork: Fork | None = None


class RunResumed(_Record, frozen=True, array_like=True, tag="resume"):
    """A run that had ended goes on, as a further attempt, in the process that writes this."""

    user: str
    host: str
    source: Source


class MetricsLogged(_Record, frozen=True, array_like=True, tag="m", gc=False):
    """One value for each of some metrics, at one step."""

    step: Whole
    values: dict[str, float]
    context: dict[str, str] | None = None


class PointsLogged(_Record, frozen=True, array_like=True, tag="points"):
    """Many points of one series at once, as an import brings them: little-endian columns of 64 bits a point.

    `steps` and `times` (microseconds) are whole numbers, `values` floats; all three have the same length.
    """

    key: str
    context: dict[str, str] | None
    steps: bytes
    times: bytes
    values: bytes


class MetricDefined(_Record, frozen=True, array_like=True, tag="metric"):
    """The user said what a metric means."""

    key: str
    goal: Goal | None
    unit: str | None
    summary: Summary = "last"


class ParamsSet(_Record, frozen=True, array_like=True, tag="p"):
    """Parameters got these values; earlier ones stay as revisions."""

    values: dict[str, Any]
    cell_id: str | None = None


class TagsSet(_Record, frozen=True, array_like=True, tag="tags"):
    """Tags got these values; None takes one away."""

    values: dict[str, str | None]


class NoteWritten(_Record, frozen=True, array_like=True, tag="note"):
    """A line was added to the notes, or the whole text was replaced."""

    text: str
    replaces: bool = False


class Renamed(_Record, frozen=True, array_like=True, tag="name"):
    """The run got another name."""

    name: str


class RunGrouped(_Record, frozen=True, array_like=True, tag="group"):
    """The run belongs with others that say the same; None: no more."""

    group: str | None


class ArtifactStored(_Record, frozen=True, array_like=True, tag="a"):
    """A blob belongs to the run under this path."""

    path: str
    digest: str
    size: Whole
    media_type: str
    kind: ArtifactKind
    cell_id: str | None = None


class ContentKept(_Record, frozen=True, array_like=True, tag="content"):
    """A little content, which later records name by its digest. Who reads the journal stores it as a blob."""

    data: bytes


class CellStarted(_Record, frozen=True, array_like=True, tag="c"):
    """An execution began. `order` counts this writer's executions from 1."""

    order: Whole
    cell_id: str | None
    count: Whole | None
    source_digest: str


class CellFinished(_Record, frozen=True, array_like=True, tag="d"):
    """An execution ended after `duration` seconds. It read and wrote these names, as far as its text tells.

    `cpu` is processor time in seconds, `memory` the most that was used meanwhile, in bytes; `count` is the kernel's
    own In[n] where it was not known before.
    """

    order: Whole
    status: CellStatus
    duration: float
    outputs: list[str]
    truncated: bool = False
    error: CellError | None = None
    reads: list[str] = []
    writes: list[str] = []
    cpu: float | None = None
    memory: Whole | None = None
    count: Whole | None = None


class SnapshotTaken(_Record, frozen=True, array_like=True, tag="snapshot"):
    """The notebook as it was; `digest` names the manifest's blob."""

    moment: Literal["start", "end"]
    origin: Literal["document", "file", "job"]
    digest: str


class EnvironmentCaptured(_Record, frozen=True, array_like=True, tag="environment"):
    """What the run runs on; the packages lie in the blob `packages_digest`, as JSON."""

    environment: Environment
    packages_digest: str


class ModulesCaptured(_Record, frozen=True, array_like=True, tag="modules"):
    """Modules of the project that the run imported, their source stored as blobs."""

    modules: list[Module]


class DataUsed(_Record, frozen=True, array_like=True, tag="data"):
    """The run used a version of some data. It is said again, with the digest, once that is known."""

    data: DataInput
    cell_id: str | None = None


class ValueLogged(_Record, frozen=True, array_like=True, tag="v"):
    """A rich value was logged."""

    value: RichValue
    cell_id: str | None = None


class SeedSet(_Record, frozen=True, array_like=True, tag="seed"):
    """The random numbers of these libraries begin at this seed from now on."""

    seed: Whole
    libraries: list[str]
    cell_id: str | None = None


class SecretMasked(_Record, frozen=True, array_like=True, tag="secret"):
    """Something that looks like a secret was masked before it was stored."""

    kind: str
    place: str
    count: Whole


class RunReproduced(_Record, frozen=True, array_like=True, tag="reproduced"):
    """The run was run again, and its results were held against the new ones. Written by whoever compared them."""

    reproduction: Reproduction


class RunEnded(_Record, frozen=True, array_like=True, tag="end"):
    """The run ended. `reason` is a sentence for people; `message_id` the execute request that ended it."""

    status: RunStatus
    error: RunError | None = None
    reason: str | None = None
    message_id: str | None = None


class Trashed(_Record, frozen=True, array_like=True, tag="trash"):
    """The run was put into the trash."""


class Restored(_Record, frozen=True, array_like=True, tag="restore"):
    """The run was taken out of the trash."""


class RunNumbered(_Record, frozen=True, array_like=True, tag="number"):
    """A run got its short number in the project (in the project's own journal)."""

    run_id: str
    number: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class RunDeleted(_Record, frozen=True, array_like=True, tag="delete"):
    """A run was deleted for good, with its job if it had one (in the project's own journal).

    What writers still say of it afterwards is dropped, and its number is never given again.
    """

    run_id: str
    job_id: str | None = None


class JobSubmitted(_Record, frozen=True, array_like=True, tag="job"):
    """A job was queued (in the job's own journal)."""

    spec: JobSpec


class JobFinished(_Record, frozen=True, array_like=True, tag="job-end"):
    """A job came to its end (in the job's own journal)."""

    status: JobStatus
    error: RunError | None = None
    cause: FailureCause | None = None


class JobAttempted(_Record, frozen=True, array_like=True, tag="job-try"):
    """An attempt at a job ended (in the job's own journal); with `not_before` another one follows, not earlier."""

    attempt: JobAttempt
    not_before: Moment | None = None


class SweepDefined(_Record, frozen=True, array_like=True, tag="sweep"):
    """The run is a sweep: what it tries. Said again, it is continued with what is said last."""

    spec: SweepSpec


class ViewSaved(_Record, frozen=True, array_like=True, tag="view"):
    """A view was saved, anew or again (in the project's own journal). `content` is JSON; `revision` counts from 1."""

    view_id: str
    kind: ViewKind
    name: str
    content: str
    created: Moment
    revision: Whole


class ViewDeleted(_Record, frozen=True, array_like=True, tag="view-end"):
    """A view was deleted (in the project's own journal)."""

    view_id: str


class RecordsLost(_Record, frozen=True, array_like=True, tag="gap"):
    """Between two moments, `first` and `last`, the disk refused this many records, or contents of files."""

    count: Whole
    first: Moment
    last: Moment


class WriterClosed(_Record, frozen=True, array_like=True, tag="close"):
    """Last record of a journal file that was closed properly."""


Record = (
    WriterOpened
    | RunStarted
    | RunResumed
    | MetricsLogged
    | PointsLogged
    | MetricDefined
    | ParamsSet
    | TagsSet
    | NoteWritten
    | Renamed
    | RunGrouped
    | ArtifactStored
    | ContentKept
    | CellStarted
    | CellFinished
    | SnapshotTaken
    | EnvironmentCaptured
    | ModulesCaptured
    | DataUsed
    | ValueLogged
    | SeedSet
    | SecretMasked
    | RunReproduced
    | RunEnded
    | Trashed
    | Restored
    | RunNumbered
    | RunDeleted
    | JobSubmitted
    | JobFinished
    | JobAttempted
    | SweepDefined
    | ViewSaved
    | ViewDeleted
    | RecordsLost
    | WriterClosed
)
