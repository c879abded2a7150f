"""What cleaning a store up takes away, or would take away."""

from typing import Annotated

from msgspec import Meta, Struct


class Freed(Struct, frozen=True):
    """Things of one kind, how many, and their bytes."""

    kind: str
    items: int
    bytes: int


class DoomedRun(Struct, frozen=True):
    """A run that is deleted, by which rule, and the bytes that go with it and with it alone."""

    id: str
    number: int
    experiment: str
    name: str
    rule: str
    bytes: int


class SparedRun(Struct, frozen=True):
    """A run that a rule would delete, and why it stays."""

    number: int
    reason: str


class Cleanup(Struct, frozen=True):
    """What goes: runs by rules, and bytes by kind. `done` tells whether it has gone already."""

    runs: list[DoomedRun]
    spared: list[SparedRun]
    freed: list[Freed]
    bytes: int
    done: bool = False


_Count = Annotated[int, Meta(ge=0)]
_Days = Annotated[float, Meta(ge=0)]


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """Which runs need not be kept: those in the trash for `trash_days`; those that failed, or were killed, aborted,
    timed out or lost, `failed_days` ago; all but the `keep_last` newest of each experiment.

    What matches the search `keep` stays whatever the other rules say.
    """

    trash_days: _Days | None = None
    failed_days: _Days | None = None
    keep_last: _Count | None = None
    keep: str | None = None
