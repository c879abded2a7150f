"""Comparing runs of a served store."""

from collections.abc import Sequence

from trackbook.domain.compare import Comparison
from trackbook.errors import UsageError
from trackbook.services.compare import MOST_RUNS, Compare
from trackbook.services.remote.connection import Connection
from trackbook.services.remote.runs import RemoteRuns


class RemoteCompare(Compare):
    """Puts runs of a served store side by side."""

    def __init__(self, connection: Connection, runs: RemoteRuns) -> None:
        self._connection = connection
        self._found = runs

    def compare(self, run_ids: Sequence[str], all: bool = False) -> Comparison:  # noqa: A002  # its name on the wire
        """Compare runs, given as ids or numbers, in this order; as `Compare.compare`."""
        if not 2 <= len(run_ids) <= MOST_RUNS:
            raise UsageError(f"A comparison is of 2 to {MOST_RUNS} runs, not of {len(run_ids)}.")
        chosen = [self._found.get(reference).id for reference in run_ids]
        path = self._connection.in_project("compare")
        return self._connection.ask(Comparison, "GET", path, {"run": chosen, "all": all})
