"""Exporting and importing runs: what was written or taken in, as a report for people and scripts."""

from msgspec import Struct


class ExportReport(Struct, frozen=True):
    """What an export wrote. `missing` are digests of content that the store itself lacks; `unread` counts the
    records that this version could not read and so could not export.
    """

    folder: str
    runs: int
    jobs: int
    points: int
    blobs: int
    size: int
    missing: list[str] = []
    unread: int = 0


class Renumbered(Struct, frozen=True):
    """A run whose number belonged to another run here, and the number that it has now."""

    id: str
    number_there: int
    number_here: int


class ImportReport(Struct, frozen=True):
    """What an import took in, as ids of runs.

    `added` are new; `updated` were here, and got what they lacked; `unchanged` lacked nothing; `different` were
    left as they are, because what is here is not the beginning of what the export holds. `points` and `blobs` count
    what was new; `without_artifacts` tells that the export was made without the content of artifacts.
    """

    folder: str
    project: str
    added: list[str]
    updated: list[str]
    unchanged: list[str]
    different: list[str]
    renumbered: list[Renumbered]
    jobs: int
    points: int
    blobs: int
    without_artifacts: bool = False
