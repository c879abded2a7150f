"""Artifacts: content-addressed blobs under a path in their run."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

ArtifactKind = Literal["file", "figure", "notebook", "model", "output", "log"]

ARTIFACT_KINDS: tuple[ArtifactKind, ...] = ("file", "figure", "notebook", "model", "output", "log")


class Artifact(Struct, frozen=True):
    """A stored file of a run. `digest` is SHA-256 in hex, `size` is in bytes."""

    path: str
    digest: str
    size: int
    media_type: str
    kind: ArtifactKind
    created: datetime
    cell_id: str | None = None
