"""The services over a served store. What is read is asked for there; what is edited goes the way of all records."""

from functools import cached_property

from trackbook.errors import UsageError
from trackbook.services.context import Services
from trackbook.services.edits import Edits
from trackbook.services.job_logs import JobLogs
from trackbook.services.remote.artifacts import RemoteArtifacts
from trackbook.services.remote.blobs import served_blobs
from trackbook.services.remote.bulk import RemoteBulkEdits
from trackbook.services.remote.compare import RemoteCompare
from trackbook.services.remote.connection import Connection
from trackbook.services.remote.curves import RemoteCurves
from trackbook.services.remote.differences import RemoteDifferences
from trackbook.services.remote.downloads import Downloads
from trackbook.services.remote.environment_texts import RemoteEnvironmentTexts
from trackbook.services.remote.frames import RemoteFrames
from trackbook.services.remote.jobs import RemoteJobs
from trackbook.services.remote.run_tables import RemoteRunTables
from trackbook.services.remote.runs import RemoteRuns
from trackbook.services.remote.series import RemoteSeries
from trackbook.services.remote.snapshots import RemoteSnapshots
from trackbook.services.remote.sweeps import RemoteSweeps
from trackbook.services.remote.values import RemoteValues
from trackbook.services.remote.views import RemoteViews
from trackbook.services.remote.workers import RemoteWorkers
from trackbook.services.resumption import Resumptions
from trackbook.services.verdicts import Verdicts
from trackbook.store.paths import StorePaths
from trackbook.store.place import Place


class RemoteServices(Services):
    """Everything that Trackbook does with a served store, whose spool on this machine is `store`."""

    def __init__(self, store: StorePaths, connection: Connection) -> None:
        self._spool = store
        self.connection = connection
        self._downloads = Downloads(store, connection)

    @property
    def store(self) -> StorePaths:
        """The spool, in which this machine's writers write."""
        return self._spool

    @property
    def place(self) -> Place:  # type: ignore[override]  # whatever asks for it can't be done from here
        """Raise UsageError: what looks into the store itself is done where it is."""
        raise UsageError(f"This works on the store itself: call it where {self._spool.remote} keeps it.")

    @cached_property
    def runs(self) -> RemoteRuns:
        """Searches and reads runs."""
        return RemoteRuns(self.store, self.connection)

    @cached_property
    def run_tables(self) -> RemoteRunTables:
        """Reads runs as a table of chosen columns, and in groups."""
        return RemoteRunTables(self.connection)

    @cached_property
    def series(self) -> RemoteSeries:
        """Reads the points of metrics."""
        return RemoteSeries(self.connection)

    @cached_property
    def curves(self) -> RemoteCurves:
        """Reads series as charts draw them."""
        return RemoteCurves(self.connection)

    @cached_property
    def artifacts(self) -> RemoteArtifacts:
        """Lists and opens what runs stored."""
        return RemoteArtifacts(self.connection, self._downloads)

    @cached_property
    def values(self) -> RemoteValues:
        """Lists and opens rich values that runs logged."""
        return RemoteValues(self.connection, self._downloads)

    @cached_property
    def verdicts(self) -> Verdicts:
        """Judges whether cells ran as their notebook stands there, from what the server says of both."""
        return Verdicts(self.store, self.runs, self.snapshots)

    @cached_property
    def environment_texts(self) -> RemoteEnvironmentTexts:
        """Reads what was not committed, and lock files."""
        return RemoteEnvironmentTexts(self.connection)

    @cached_property
    def compare(self) -> RemoteCompare:
        """Puts runs side by side."""
        return RemoteCompare(self.connection, self.runs)

    @cached_property
    def differences(self) -> RemoteDifferences:
        """Looks closely at what differs between two runs."""
        return RemoteDifferences(self.connection, self.store.project, self.runs, self.environment_texts.read)

    @cached_property
    def frames(self) -> RemoteFrames:
        """Reads what charts draw of many runs."""
        return RemoteFrames(self.connection)

    @cached_property
    def edits(self) -> Edits:
        """Changes names, tags, notes and the trash mark."""
        return Edits(self.store)

    @cached_property
    def bulk_edits(self) -> RemoteBulkEdits:
        """Changes many runs at once."""
        return RemoteBulkEdits(self.connection)

    @cached_property
    def views(self) -> RemoteViews:
        """Saves and reads views of the run table and of boards."""
        return RemoteViews(self.connection)

    @cached_property
    def snapshots(self) -> RemoteSnapshots:
        """Stores and reads the notebooks of runs."""
        return RemoteSnapshots(self.store, self.connection, self.runs)

    @cached_property
    def jobs(self) -> RemoteJobs:
        """Submits, reads and cancels jobs."""
        return RemoteJobs(self.store, self.connection)

    @cached_property
    def job_logs(self) -> JobLogs:
        """Reads what the kernels of jobs have printed: here while they run, and once they have ended anywhere."""
        return JobLogs(self.store, self.jobs, self.artifacts)

    @cached_property
    def workers(self) -> RemoteWorkers:
        """Lists who runs jobs."""
        return RemoteWorkers(self.connection)

    @cached_property
    def sweeps(self) -> RemoteSweeps:
        """Defines, reads and ends sweeps."""
        return RemoteSweeps(self.store, self.connection, self.jobs, self.runs)

    @cached_property
    def resumptions(self) -> Resumptions:
        """Goes on where runs of jobs failed; their snapshots are those of this machine."""
        return Resumptions(self.store, served_blobs(self.store, self.connection), self.runs, self.jobs)

    def wait_for_server(self, seconds: float) -> None:
        """Have what asks the server from now on wait while it is away, so many seconds at most."""
        self.connection.patience = seconds

    def close(self) -> None:
        """End the connection."""
        self.connection.close()
