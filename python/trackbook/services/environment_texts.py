"""Texts that belong to a run's environment: what was not committed, and the project's lock file."""

from typing import Literal, get_args

from trackbook.domain.environment import Environment
from trackbook.errors import NotFound
from trackbook.store.details import read_environment
from trackbook.store.place import Place
from trackbook.store.runs import check_run

EnvironmentPart = Literal["diff", "lock"]


class EnvironmentTexts:
    """Reads these texts of the runs of one store."""

    def __init__(self, place: Place) -> None:
        self._database, self._blobs = place.database, place.blobs

    def read(self, run_id: str, part: str) -> bytes:
        """Return the diff ("diff") or the lock file ("lock") of a run as it was stored.

        Raises NotFound for an unknown run or part, and where nothing of it was recorded.
        """
        check_part(part)
        with self._database.read() as connection:
            check_run(connection, run_id)
            found = read_environment(connection, run_id)
        digest = None if found is None else _digest_of(found[0], part)
        if digest is None:
            raise NotFound(f"recorded {part} of run", run_id)
        return self._blobs.get(digest)


def check_part(part: str) -> None:
    """Raise NotFound for what is no text of an environment."""
    if part not in get_args(EnvironmentPart):
        raise NotFound("text of an environment", part)


def _digest_of(environment: Environment, part: str) -> str | None:
    if part == "lock":
        return environment.lock.digest if environment.lock else None
    return environment.git.diff if environment.git else None
