"""Exit codes: 0 fine, and the one table that says which error ends the command with which other code."""

from trackbook.errors import Conflict, InfrastructureError, NotFound, TrackbookError, UsageError, WorkFailed

FINE = 0
WORK_FAILED = 1
WRONG_USAGE = 2
INFRASTRUCTURE_FAILED = 3
CANCELLED = 130

_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (WorkFailed, WORK_FAILED),
    (UsageError, WRONG_USAGE),
    (NotFound, WRONG_USAGE),
    (Conflict, WRONG_USAGE),
    (InfrastructureError, INFRASTRUCTURE_FAILED),
    (TrackbookError, INFRASTRUCTURE_FAILED),
    (KeyboardInterrupt, CANCELLED),
    # Whatever else comes here is no failure of the user's work: a full disk, say, or a defect of Trackbook.
    (BaseException, INFRASTRUCTURE_FAILED),
)


def exit_code(error: BaseException) -> int:
    """Return the exit code for an error that ends the command."""
    return next(code for kind, code in _CODES if isinstance(error, kind))
