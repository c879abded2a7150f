"""Artifacts of a served store."""

import hashlib
import time
from pathlib import Path

import msgspec

from trackbook.domain.artifact import Artifact
from trackbook.domain.ids import new_id
from trackbook.domain.names import check_artifact_path
from trackbook.errors import CorruptRecord, NotFound
from trackbook.services.artifacts import Artifacts
from trackbook.services.remote.connection import Connection
from trackbook.store.paths import StorePaths

# What was downloaded is kept for those who ask again.
KEPT_SECONDS = 24 * 3600.0


class _Found(msgspec.Struct):
    artifacts: list[Artifact]


class RemoteArtifacts(Artifacts):
    """Lists the artifacts of runs of a served store, and downloads them when they are opened."""

    def __init__(self, store: StorePaths, connection: Connection) -> None:
        self._folder = store.root / "downloads"
        self._connection = connection

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
        return artifact, self._download(artifact.digest)

    def _download(self, digest: str) -> Path:
        self._folder.mkdir(exist_ok=True)
        self._forget_old()
        target = self._folder / digest
        if target.exists():
            return target
        draft = target.with_name(f"{digest}-{new_id()}")
        try:
            self._connection.download(self._connection.in_project("blobs", digest), draft)
            with draft.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    raise CorruptRecord(self._connection.url, f"the bytes of {digest[:12]}… are others")
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        return target

    def _forget_old(self) -> None:
        for path in self._folder.iterdir():
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink(missing_ok=True)
