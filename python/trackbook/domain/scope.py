"""Which runs are meant: all of a project's that match."""

from msgspec import Struct


class RunScope(Struct, frozen=True, forbid_unknown_fields=True):
    """A search in Trackbook's language (empty for all), of one notebook or experiment, or of the trash.

    `notebook` is a path as runs have it in their source; in requests it is a contents path.
    """

    query: str = ""
    notebook: str | None = None
    experiment: str | None = None
    trashed: bool = False
