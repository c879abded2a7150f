"""Artifacts: what a run stored, and where its bytes lie."""

from pathlib import Path

from trackbook.domain.artifact import Artifact
from trackbook.domain.names import check_artifact_path
from trackbook.errors import NotFound
from trackbook.store.details import read_artifact, read_artifacts
from trackbook.store.place import Place
from trackbook.store.runs import check_run


class Artifacts:
    """Lists and opens the artifacts of runs of one store."""

    def __init__(self, place: Place) -> None:
        self._database, self._blobs = place.database, place.blobs

    def list(self, run_id: str) -> list[Artifact]:
        """Return a run's artifacts by path; raises NotFound for an unknown run."""
        with self._database.read() as connection:
            check_run(connection, run_id)
            return read_artifacts(connection, run_id)

    def open(self, run_id: str, path: str) -> tuple[Artifact, Path]:
        """Return an artifact and the file that holds its bytes, to be read and never changed.

        Raises InvalidName for a path that can't be one, NotFound without the run, the artifact, or its bytes.
        """
        check_artifact_path(path)
        with self._database.read() as connection:
            check_run(connection, run_id)
            artifact = read_artifact(connection, run_id, path)
        if artifact is None or not self._blobs.has(artifact.digest):
            raise NotFound("artifact", path)
        return artifact, self._blobs.file(artifact.digest)
