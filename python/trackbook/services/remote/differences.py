"""Looking closely at what differs between two runs of a served store."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from trackbook.domain.celldifference import CellComparison, CellReference, NotebookDifferences
from trackbook.errors import UsageError
from trackbook.services.differences.differences import Differences
from trackbook.services.remote.connection import Connection
from trackbook.services.remote.runs import RemoteRuns


class RemoteDifferences(Differences):
    """Tells what differs between two runs of a served store; commits are asked of this machine's repository."""

    def __init__(
        self,
        connection: Connection,
        project: Path,
        runs: RemoteRuns,
        read_text: Callable[[str, str], bytes],
    ) -> None:
        super().__init__(None, project, runs, read_text)
        self._connection = connection

    def notebooks(self, left: str, right: str, all: bool = False) -> NotebookDifferences:  # noqa: A002  # its name on the wire
        """Return how the notebooks of two runs differ, cell by cell; as `Differences.notebooks`."""
        body = {"runs": self._ids(left, right), "all": all}
        path = self._connection.in_project("differences", "notebook")
        return self._connection.ask(NotebookDifferences, "POST", path, body=body)

    def cell(
        self,
        left: str,
        right: str,
        left_cell: CellReference | None,
        right_cell: CellReference | None,
        all: bool = False,  # noqa: A002  # its name on the wire
    ) -> CellComparison:
        """Return both sides of one cell with their outputs; as `Differences.cell`."""
        if left_cell is None and right_cell is None:
            raise UsageError("Say which cell is compared: `left_cell`, `right_cell`, or both.")
        body = {
            "runs": self._ids(left, right),
            "left": msgspec.to_builtins(left_cell),
            "right": msgspec.to_builtins(right_cell),
            "all": all,
        }
        path = self._connection.in_project("differences", "cell")
        return self._connection.ask(CellComparison, "POST", path, body=body)

    def _ids(self, left: str, right: str) -> list[str]:
        return [self._runs.get(reference).id for reference in (left, right)]
