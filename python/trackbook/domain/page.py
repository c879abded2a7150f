"""Pages: a window of a longer list of runs."""

from msgspec import Struct

from trackbook.domain.run import Run


class RunPage(Struct, frozen=True):
    """Some of the runs that match a search. `total` counts all of them; `revision` is the store's when it was read."""

    total: int
    revision: int
    runs: list[Run]
