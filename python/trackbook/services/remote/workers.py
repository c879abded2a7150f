"""Who runs the jobs of a served store."""

import msgspec

from trackbook.domain.job import WorkerInfo
from trackbook.services.remote.connection import Connection, exact_body
from trackbook.services.workers import Presence, Workers


class _Workers(msgspec.Struct):
    workers: list[WorkerInfo]


class RemoteWorkers(Workers):
    """The workers of a served store, those of its own machine and of others."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> list[WorkerInfo]:
        """Return the workers that are there, the oldest first."""
        path = self._connection.in_project("queue", "workers")
        return self._connection.ask(_Workers, "GET", path).workers

    def note(self, said: Presence, *, far: bool = True) -> None:
        """Have the server take note of a worker."""
        self._connection.send("POST", self._connection.in_project("queue", "workers"), None, exact_body(said))
