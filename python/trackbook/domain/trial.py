"""The trial of a sweep that a job runs."""

from msgspec import Struct


class Trial(Struct, frozen=True):
    """A job that is the try number `number`, from 0, of the sweep `sweep` (the id of its run)."""

    number: int
    sweep: str
