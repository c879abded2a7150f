"""Changes of many runs of a served store."""

import msgspec

from trackbook.domain.bulk import BulkRequest, BulkResult
from trackbook.services.bulk import BulkEdits
from trackbook.services.remote.connection import Connection


class RemoteBulkEdits(BulkEdits):
    """Has many runs of a served store changed there."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def apply(self, asked: BulkRequest) -> BulkResult:
        """Change runs; as `BulkEdits.apply`."""
        path = self._connection.in_project("runs", "bulk")
        return self._connection.ask(BulkResult, "POST", path, body=msgspec.to_builtins(asked))
