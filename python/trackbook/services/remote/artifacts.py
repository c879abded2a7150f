"""Artifacts of a served store."""

from pathlib import Path

import msgspec

from trackbook.domain.artifact import Artifact
from trackbook.domain.names import check_artifact_path
from trackbook.errors import NotFound
from trackbook.services.artifacts import Artifacts
from trackbook.services.remote.connection import Connection
from trackbook.services.remote.downloads import Downloads


class _Found(msgspec.Struct):
    artifacts: list[Artifact]


class RemoteArtifacts(Artifacts):
    """Lists the artifacts of runs of a served store, and downloads them when they are opened."""

    def __init__(self, connection: Connection, downloads: Downloads) -> None:
        self._connection = connection
        self._downloads = downloads

    def list(self, run_id: str) -> list[Artifact]:
        """Return a run's artifacts by path; raises NotFound for an unknown run."""
        path = self._connection.in_project("runs", run_id, "artifacts")
        return self._connection.ask(_Found, "GET", path).artifacts

    def open(self, run_id: str, path: str) -> tuple[Artifact, Path]:
        """Return an artifact and a file that holds its bytes, to be read and never changed; as `Artifacts.open`."""
        check_artifact_path(path)
        artifact = next((found for found in self.list(run_id) if found.path == path), None)
        if artifact is None:
            raise NotFound("artifact", path)
        return artifact, self._downloads.get(artifact.digest)
