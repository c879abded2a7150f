"""References: which content the records of a journal name by digest."""

from collections.abc import Iterator

from trackbook.domain.environment import Environment
from trackbook.domain.records import (
    ArtifactStored,
    CellFinished,
    CellStarted,
    DataUsed,
    EnvironmentCaptured,
    ModulesCaptured,
    Record,
    SnapshotTaken,
    ValueLogged,
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
        found = [record.packages_digest, *environment_digests(record.environment)]
    elif isinstance(record, ModulesCaptured):
        found = [module.digest for module in record.modules]
    elif isinstance(
        record, DataUsed
    ):  # the data itself is not in the store, its digest names no content here
        found = [record.data.manifest or ""]
    elif isinstance(record, ValueLogged):
        found = [record.value.digest]
    yield from (digest for digest in found if digest)  # a disk that refused leaves an empty one


def environment_digests(environment: Environment) -> Iterator[str]:
    """Yield the digests of the blobs that an environment names: git's diff and the lock file."""
    if environment.git is not None and environment.git.diff is not None:
        yield environment.git.diff
    if environment.lock is not None:
        yield environment.lock.digest


def digests_in_manifest(data: bytes) -> Iterator[str]:
    """Yield the digests of the parts that a snapshot's manifest names. Raises CorruptRecord if it can't be read."""
    for cell in read_manifest(data).cells:
        yield cell.digest
        yield from cell.outputs or ()
