"""Rich values that runs logged: which there are, and where their bytes lie."""

from collections.abc import Mapping
from pathlib import Path

from trackbook.domain.rich import LoggedValue
from trackbook.errors import NotFound
from trackbook.store.place import Place
from trackbook.store.runs import check_run
from trackbook.store.used import read_value, read_values


class Values:
    """Lists and opens the rich values of runs of one store."""

    def __init__(self, place: Place) -> None:
        self._database, self._blobs = place.database, place.blobs

    def list(self, run_id: str) -> list[LoggedValue]:
        """Return a run's values by key, context and step; raises NotFound for an unknown run."""
        with self._database.read() as connection:
            check_run(connection, run_id)
            return read_values(connection, run_id)

    def open(
        self, run_id: str, key: str, step: int, context: Mapping[str, str] | None = None
    ) -> tuple[LoggedValue, Path]:
        """Return a value and the file that holds its bytes, to be read and never changed.

        Raises NotFound without the run, the value, or its bytes.
        """
        with self._database.read() as connection:
            check_run(connection, run_id)
            found = read_value(connection, run_id, key, context_key(context), step)
        if found is None or not self._blobs.has(found.value.digest):
            raise NotFound("value", f"{key} at step {step}")
        return found, self._blobs.file(found.value.digest)


def context_key(context: Mapping[str, str] | None) -> str:
    """Return a context as the index names it: JSON with sorted keys."""
    import json

    return json.dumps(dict(context or {}), sort_keys=True, ensure_ascii=False)
