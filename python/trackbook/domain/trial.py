"""The trial of a sweep that a job runs."""

from msgspec import Struct


class Trial(Struct, frozen=True, omit_defaults=True):
    """A job that is the try number `number`, from 0, of the sweep `sweep` (the id of its run).

    One that is `late` was asked for by itself, once more: any worker may run it but those of its sweep.
    """

    number: int
    sweep: str
    late: bool = False


def as_late(trial: Trial | None) -> Trial | None:
    """Return a trial as one that is asked for once more by itself; None stands for a job that is none."""
    return None if trial is None else Trial(trial.number, trial.sweep, late=True)
