"""The states of a run, and the one table of legal moves between them."""

from typing import Literal

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


def may_move(before: RunStatus, after: RunStatus) -> bool:
    """Tell whether a run may go from one status to another."""
    return after in LEGAL_MOVES[before]
