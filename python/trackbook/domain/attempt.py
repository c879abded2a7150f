"""Attempts of a run: it has one, and one more each time it is resumed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import Struct

from trackbook.domain.clock import to_datetime
from trackbook.domain.status import RunStatus, may_move

NOT_A_WORD = "The process ended without a word."


class Attempt(Struct, frozen=True):
    """One stretch of a run, by one process: when, where, how it ended and why."""

    number: int
    started: datetime
    ended: datetime | None
    status: RunStatus
    host: str
    reason: str | None


class Turn(NamedTuple):
    """That a run was resumed, or that it ended with a status; `at` in microseconds since the epoch."""

    at: int
    turn: RunStatus | Literal["resumed"]
    host: str
    reason: str | None


def split_attempts(started: int, host: str, turns: Sequence[Turn], present: Turn) -> list[Attempt]:
    """Return the attempts of a run that began at `started` on `host`, the first one first.

    `turns` in any order. `present` is the state that the run itself has now, which is that of the last attempt; its
    time is the end's, 0 while the run is running.
    """
    begun: list[tuple[int, str]] = [(started, host)]
    ends: list[Turn | None] = [None]
    for turn in sorted(turns, key=lambda turn: (turn.at, turn.turn == "resumed")):
        if turn.turn == "resumed":
            begun.append((turn.at, turn.host))
            ends.append(None)
            continue
        before = ends[-1]
        if before is None or _may_follow(before, turn):
            ends[-1] = turn
    # Nobody resumes a run that is being written: an end that nobody recorded was a death.
    gone = Turn(0, "killed", "", NOT_A_WORD)
    ends = [*(end or gone for end in ends[:-1]), present]
    return [
        Attempt(
            number,
            to_datetime(at),
            to_datetime(end.at) if end is not None and end.at else None,
            end.turn if end is not None and end.turn != "resumed" else "running",
            where,
            end.reason if end is not None else None,
        )
        for number, ((at, where), end) in enumerate(zip(begun, ends, strict=True), start=1)
    ]


def _may_follow(before: Turn, after: Turn) -> bool:
    return before.turn != "resumed" and after.turn != "resumed" and may_move(before.turn, after.turn)
