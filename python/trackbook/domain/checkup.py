"""What a check-up of a store found."""

from datetime import datetime

from msgspec import Struct


class DamagedRecord(Struct, frozen=True):
    """Bytes of a journal that are no record. `journal` is its path in the store, `position` and `size` are bytes."""

    journal: str
    run: int | None
    position: int
    size: int
    reason: str


class MissingFile(Struct, frozen=True):
    """Content that a run names and the store lacks: an artifact by its path, a snapshot by its moment."""

    run: int
    what: str
    digest: str


class RunLoss(Struct, frozen=True):
    """The disk refused `count` records of a run, or contents of files, between two moments."""

    run: int | None
    count: int
    first: datetime
    last: datetime


class UnreadableFile(Struct, frozen=True):
    """A journal or a segment that can't be read, and why. `path` is its path in the store."""

    path: str
    reason: str


class Checkup(Struct, frozen=True):
    """The state of a store. `behind` counts the bytes of journals that the index lacks, `revision` its changes.

    `journals` are still open or wait to be sealed, `segments` are sealed. `ingesting`: an ingester runs now.
    `kept_elsewhere` counts runs that lie in the folder `shelter` because the store could not be written.
    """

    path: str
    id: str
    runs: int
    running: int
    trashed: int
    revision: int
    journals: int
    segments: int
    behind: int
    ingesting: bool
    damaged: list[DamagedRecord]
    missing: list[MissingFile]
    losses: list[RunLoss] = []
    unreadable: list[UnreadableFile] = []
    kept_elsewhere: int = 0
    shelter: str | None = None

    @property
    def healthy(self) -> bool:
        """Whether nothing that was recorded is lost or unread."""
        return not (
            self.damaged
            or self.missing
            or self.behind
            or self.losses
            or self.unreadable
            or self.kept_elsewhere
        )
