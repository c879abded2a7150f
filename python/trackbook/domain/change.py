"""Changes: which runs are not as they were, for those who keep a view of them."""

from typing import Literal

from msgspec import Struct

from trackbook.domain.run import RunStatus


class Change(Struct, frozen=True):
    """That a run changed, or was deleted, with what a front end needs to know at once.

    `revision` counts the store's changes. `message_id` is the execute request that opened the run, `end_message_id`
    the one that ended it. `has_start_document` and `has_end_document` tell whether the live document of that
    moment is stored.
    """

    id: str
    revision: int
    status: RunStatus | Literal["deleted"]
    kernel_id: str | None
    message_id: str | None
    end_message_id: str | None
    has_start_document: bool
    has_end_document: bool
