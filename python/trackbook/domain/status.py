"""The states of a run, and the one table of legal moves between them."""

from typing import Literal

from trackbook.domain.choices import check_choice
from trackbook.errors import UsageError

RunStatus = Literal["running", "finished", "failed", "killed", "aborted", "timed_out", "pruned", "lost"]

ENDED: frozenset[RunStatus] = frozenset(
    {"finished", "failed", "killed", "aborted", "timed_out", "pruned", "lost"}
)

# "lost" and "killed" are verdicts from outside: the run itself may know better, later. Whatever has ended runs
# again when it is resumed.
LEGAL_MOVES: dict[RunStatus, frozenset[RunStatus]] = {
    "running": ENDED,
    "lost": ENDED | {"running"},
    "killed": frozenset({"running", "failed", "timed_out", "aborted"}),
    "finished": frozenset({"running"}),
    "failed": frozenset({"running"}),
    "aborted": frozenset({"running"}),
    "timed_out": frozenset({"running"}),
    "pruned": frozenset({"running"}),
}


# As they are said to the user, the usual ones first.
_ENDS = ("finished", "failed", "aborted", "killed", "timed_out", "pruned", "lost")


def check_end(status: object, reason: object) -> None:
    """Raise UsageError for what is no status that a run can end with, and for a reason that is no text."""
    check_choice("The status of a run that ends", status, _ENDS)
    if reason is not None and not isinstance(reason, str):
        raise UsageError(f"The reason for a run's end is a text, not {reason!r}.")


def may_move(before: RunStatus, after: RunStatus) -> bool:
    """Tell whether a run may go from one status to another."""
    return after in LEGAL_MOVES[before]
