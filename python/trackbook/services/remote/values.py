"""Rich values of a served store."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from trackbook.domain.rich import LoggedValue
from trackbook.errors import NotFound
from trackbook.services.remote.connection import Connection
from trackbook.services.remote.downloads import Downloads
from trackbook.services.values.reading import Values


class _Detail(msgspec.Struct):
    values: list[LoggedValue] = []


class RemoteValues(Values):
    """Lists the rich values of runs of a served store, and downloads them when they are opened."""

    def __init__(self, connection: Connection, downloads: Downloads) -> None:
        self._connection = connection
        self._downloads = downloads

    def list(self, run_id: str) -> list[LoggedValue]:
        """Return a run's values by key, context and step; raises NotFound for an unknown run."""
        return self._connection.ask(_Detail, "GET", self._connection.in_project("runs", run_id)).values

    def open(
        self, run_id: str, key: str, step: int, context: Mapping[str, str] | None = None
    ) -> tuple[LoggedValue, Path]:
        """Return a value and a file that holds its bytes, to be read and never changed; as `Values.open`."""
        wanted = (key, step, dict(context or {}))
        for found in self.list(run_id):
            if (found.value.key, found.value.step, found.value.context) == wanted:
                return found, self._downloads.get(found.value.digest)
        raise NotFound("value", f"{key} at step {step}")
