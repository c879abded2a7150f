"""The one place where the services over a store are joined."""

from functools import cached_property

from trackbook.services.artifacts import Artifacts
from trackbook.services.compare import Compare
from trackbook.services.edits import Edits
from trackbook.services.jobs import Jobs
from trackbook.services.runs import Runs
from trackbook.services.series import SeriesReader
from trackbook.services.snapshots import Snapshots
from trackbook.store.database import Database
from trackbook.store.paths import StorePaths


class Services:
    """Everything that Trackbook does with one store; each service is made when it is asked for first."""

    def __init__(self, store: StorePaths, database: Database) -> None:
        self.store = store
        self.database = database

    @cached_property
    def runs(self) -> Runs:
        """Searches and reads runs."""
        return Runs(self.store, self.database)

    @cached_property
    def series(self) -> SeriesReader:
        """Reads the points of metrics."""
        return SeriesReader(self.store, self.database)

    @cached_property
    def artifacts(self) -> Artifacts:
        """Lists and opens what runs stored."""
        return Artifacts(self.store, self.database)

    @cached_property
    def compare(self) -> Compare:
        """Puts runs side by side."""
        return Compare(self.store, self.runs)

    @cached_property
    def edits(self) -> Edits:
        """Changes names, tags, notes and the trash mark."""
        return Edits(self.store)

    @cached_property
    def snapshots(self) -> Snapshots:
        """Stores and reads the notebooks of runs."""
        return Snapshots(self.store, self.database)

    @cached_property
    def jobs(self) -> Jobs:
        """Submits, reads and cancels jobs."""
        return Jobs(self.store, self.database)


def open_services(store: StorePaths) -> Services:
    """Open a store's index and return the services over it. Raises StoreError if the index can't be used."""
    return Services(store, Database(store))
