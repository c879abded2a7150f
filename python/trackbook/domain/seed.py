"""Seeds: what made the random numbers of a run begin where they did."""

from datetime import datetime

from msgspec import Struct


class Seed(Struct, frozen=True):
    """A seed that was set, for which libraries ("random", "numpy", "torch"), and when."""

    seed: int
    libraries: list[str]
    at: datetime
    cell_id: str | None = None
