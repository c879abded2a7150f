"""Changes of many runs at once."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

MOST_CHANGED = 1_000

BulkAction = Literal["trash", "restore", "tag", "untag"]


class BulkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done with runs, given by their ids. `tag` sets the `tags`, `untag` takes those of these names away."""

    runs: Annotated[list[str], Meta(min_length=1, max_length=MOST_CHANGED)]
    action: BulkAction
    tags: dict[str, str | None] = {}


class BulkFailure(Struct, frozen=True):
    """A run that could not be changed, and why."""

    id: str
    message: str


class BulkResult(Struct, frozen=True):
    """The runs that are not as they were before, in the order asked for, and those that could not be changed."""

    changed: list[str]
    failed: list[BulkFailure]
