"""References: which content the records of a journal name by digest."""

from collections.abc import Iterator

from trackbook.domain.records import (
    ArtifactStored,
    CellFinished,
    CellStarted,
    EnvironmentCaptured,
    ModulesCaptured,
    Record,
    SnapshotTaken,
)
from trackbook.domain.snapshot import read_manifest


def digests_of(record: Record) -> Iterator[str]:
    """Yield the digests that a record names; of a snapshot that of its manifest, which names more."""
    found: list[str] = []
    if isinstance(record, (ArtifactStored, SnapshotTaken)):
        found = [record.digest]
    elif isinstance(record, CellStarted):
        found = [record.source_digest]
    elif isinstance(record, CellFinished):
        found = record.outputs
    elif isinstance(record, EnvironmentCaptured):
        found = [record.packages_digest]
    elif isinstance(record, ModulesCaptured):
        found = [module.digest for module in record.modules]
    yield from (digest for digest in found if digest)  # a disk that refused leaves an empty one


def digests_in_manifest(data: bytes) -> Iterator[str]:
    """Yield the digests of the parts that a snapshot's manifest names. Raises CorruptRecord if it can't be read."""
    for cell in read_manifest(data).cells:
        yield cell.digest
        yield from cell.outputs or ()
