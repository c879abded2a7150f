"""Texts of the environments of a served store's runs."""

from trackbook.services.environment_texts import EnvironmentTexts, check_part
from trackbook.services.remote.connection import Connection


class RemoteEnvironmentTexts(EnvironmentTexts):
    """Asks a served store for what was not committed, and for lock files."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, run_id: str, part: str) -> bytes:
        """Return the diff or the lock file of a run; as `EnvironmentTexts.read`."""
        check_part(part)
        path = self._connection.in_project("runs", run_id, "environment", part)
        return self._connection.send("GET", path).body
