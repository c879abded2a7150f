"""The one place where the services over a store are joined. Each is imported when it is asked for first."""

from functools import cached_property
from typing import TYPE_CHECKING

from trackbook.services.ingester import is_served
from trackbook.services.opening import open_place
from trackbook.store.database import Database
from trackbook.store.paths import StorePaths
from trackbook.store.place import Place

if TYPE_CHECKING:
    from trackbook.services.artifacts import Artifacts
    from trackbook.services.bulk import BulkEdits
    from trackbook.services.cleaning import Cleaning
    from trackbook.services.compare import Compare
    from trackbook.services.curves import CurveReader
    from trackbook.services.deleting import Deleting
    from trackbook.services.differences.differences import Differences
    from trackbook.services.edits import Edits
    from trackbook.services.environment_texts import EnvironmentTexts
    from trackbook.services.exchange.exporting import Exports
    from trackbook.services.exchange.importing import Imports
    from trackbook.services.frames import Frames
    from trackbook.services.job_logs import JobLogs
    from trackbook.services.jobs import Jobs
    from trackbook.services.reproducing.diagnosing import Diagnosing
    from trackbook.services.reproducing.inputs import Inputs
    from trackbook.services.reproducing.recipe import Recipes
    from trackbook.services.reproducing.reproducing import Reproducing
    from trackbook.services.resumption import Resumptions
    from trackbook.services.run_tables import RunTables
    from trackbook.services.runs import Runs
    from trackbook.services.series import SeriesReader
    from trackbook.services.snapshots import Snapshots
    from trackbook.services.sweeps import Sweeps
    from trackbook.services.values.reading import Values
    from trackbook.services.verdicts import Verdicts
    from trackbook.services.views import Views
    from trackbook.services.workers import Workers


class Services:
    """Everything that Trackbook does with one store; each service is made when it is asked for first."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def store(self) -> StorePaths:
        """The folder in which this machine's writers write."""
        return self.place.paths

    @property
    def database(self) -> Database:
        """The database that is read."""
        return self.place.database

    @cached_property
    def runs(self) -> "Runs":
        """Searches and reads runs."""
        from trackbook.services.runs import Runs

        return Runs(self.place)

    @cached_property
    def run_tables(self) -> "RunTables":
        """Reads runs as a table of chosen columns, and in groups."""
        from trackbook.services.run_tables import RunTables

        return RunTables(self.place, self.runs)

    @cached_property
    def series(self) -> "SeriesReader":
        """Reads the points of metrics."""
        from trackbook.services.series import SeriesReader

        return SeriesReader(self.place)

    @cached_property
    def curves(self) -> "CurveReader":
        """Reads series as charts draw them."""
        from trackbook.services.curves import CurveReader

        return CurveReader(self.place, self.runs, self.series.points)

    @cached_property
    def artifacts(self) -> "Artifacts":
        """Lists and opens what runs stored."""
        from trackbook.services.artifacts import Artifacts

        return Artifacts(self.place)

    @cached_property
    def values(self) -> "Values":
        """Lists and opens rich values that runs logged."""
        from trackbook.services.values.reading import Values

        return Values(self.place)

    @cached_property
    def environment_texts(self) -> "EnvironmentTexts":
        """Reads what was not committed, and lock files."""
        from trackbook.services.environment_texts import EnvironmentTexts

        return EnvironmentTexts(self.place)

    @cached_property
    def compare(self) -> "Compare":
        """Puts runs side by side."""
        from trackbook.services.compare import Compare

        return Compare(self.place, self.runs)

    @cached_property
    def differences(self) -> "Differences":
        """Looks closely at what differs between two runs."""
        from trackbook.services.differences.differences import Differences

        return Differences(self.place, self.store.project, self.runs, self.environment_texts.read)

    @cached_property
    def frames(self) -> "Frames":
        """Reads what charts draw of many runs."""
        from trackbook.services.frames import Frames

        return Frames(self.place, self.runs, self.run_tables)

    @cached_property
    def edits(self) -> "Edits":
        """Changes names, tags, notes and the trash mark."""
        from trackbook.services.edits import Edits

        return Edits(self.store)

    @cached_property
    def bulk_edits(self) -> "BulkEdits":
        """Changes many runs at once."""
        from trackbook.services.bulk import BulkEdits

        return BulkEdits(self.place, self.runs, self.edits)

    @cached_property
    def views(self) -> "Views":
        """Saves and reads views of the run table and of boards."""
        from trackbook.services.views import Views

        return Views(self.place, self.runs)

    @cached_property
    def deleting(self) -> "Deleting":
        """Deletes runs for good."""
        from trackbook.services.deleting import Deleting

        return Deleting(self.place, self.runs)

    @cached_property
    def cleaning(self) -> "Cleaning":
        """Takes away what nobody needs: runs by rules, and what nothing names."""
        from trackbook.services.cleaning import Cleaning

        return Cleaning(self.place, self.runs, self.deleting)

    @cached_property
    def snapshots(self) -> "Snapshots":
        """Stores and reads the notebooks of runs."""
        from trackbook.services.snapshots import Snapshots

        return Snapshots(self.place)

    @cached_property
    def verdicts(self) -> "Verdicts":
        """Judges whether cells ran as their notebook stands there."""
        from trackbook.services.verdicts import Verdicts

        return Verdicts(self.store, self.runs, self.snapshots)

    @cached_property
    def jobs(self) -> "Jobs":
        """Submits, reads and cancels jobs."""
        from trackbook.services.jobs import Jobs

        return Jobs(self.place)

    @cached_property
    def job_logs(self) -> "JobLogs":
        """Reads what the kernels of jobs have printed."""
        from trackbook.services.job_logs import JobLogs

        return JobLogs(self.store, self.jobs, self.artifacts)

    @cached_property
    def workers(self) -> "Workers":
        """Lists who runs jobs."""
        from trackbook.services.workers import Workers

        return Workers(self.place)

    @cached_property
    def sweeps(self) -> "Sweeps":
        """Defines, reads and ends sweeps."""
        from trackbook.services.sweeps import Sweeps

        return Sweeps(self.place, self.jobs, self.runs)

    @cached_property
    def reproducing(self) -> "Reproducing":
        """Runs recorded runs again, and judges the results."""
        from trackbook.services.reproducing.checks import Checks

        checks = Checks(self.runs, self.series, self.snapshots, self.place.blobs)
        from trackbook.services.reproducing.reproducing import Reproducing

        return Reproducing(self.place, self.runs, self._recipes, self._inputs, checks)

    @cached_property
    def resumptions(self) -> "Resumptions":
        """Goes on where runs of jobs failed."""
        from trackbook.services.resumption import Resumptions

        return Resumptions(self.store, self.place.blobs, self.runs, self.jobs)

    @cached_property
    def diagnosing(self) -> "Diagnosing":
        """Names what stands in the way of running recorded runs again."""
        project = self.store.project
        from trackbook.services.reproducing.diagnosing import Diagnosing

        return Diagnosing(project, self.runs, self.snapshots, self.verdicts, self._recipes, self._inputs)

    @cached_property
    def _recipes(self) -> "Recipes":
        from trackbook.services.reproducing.recipe import Recipes

        return Recipes(self.store, self.jobs, self.snapshots, self.place.blobs)

    @cached_property
    def _inputs(self) -> "Inputs":
        from trackbook.services.reproducing.inputs import Inputs

        return Inputs(self.store.project, self.place.blobs)

    @cached_property
    def exports(self) -> "Exports":
        """Writes runs to folders of Parquet and JSON."""
        from trackbook.services.exchange.exporting import Exports

        return Exports(self.place, self.runs, self.jobs, self.snapshots)

    @cached_property
    def imports(self) -> "Imports":
        """Takes runs in from such folders."""
        from trackbook.services.exchange.importing import Imports

        return Imports(self.place)

    def wait_for_server(self, seconds: float) -> None:
        """Have what asks a server from now on wait for one that is away, so many seconds at most."""

    def close(self) -> None:
        """Close the index."""
        self.place.close()


def open_services(store: StorePaths, token: str | None = None) -> Services:
    """Open a store's index and return the services over it. Raises StoreError if the index can't be used.

    Those over a served store, for whose spool `token` opens its server, are the same.
    """
    if is_served(remote := store.remote):
        from trackbook.services.remote.connection import Connection
        from trackbook.services.remote.services import RemoteServices

        return RemoteServices(store, Connection(remote or "", token))
    return Services(open_place(store))
