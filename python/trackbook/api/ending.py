"""How open runs end with their process."""

import atexit
import contextlib
import sys
import threading

from trackbook.api.run import describe_error, open_stack
from trackbook.services.session import Session, ShutdownKind, current_session
from trackbook.services.surroundings import wait_for_captures

# A kernel that is slow to exit is told to end its runs from another thread, too.
_ending = threading.Lock()


def end_open_runs() -> None:
    """End every open run as the end of this process asks for; called when it exits."""
    interrupted = type(current_session()) is Session and _was_interrupted()
    with _ending:
        _end_open_runs(current_session().shutdown_kind())
        wait_for_captures()
    if interrupted:
        _stay_interrupted()


def _end_open_runs(kind: ShutdownKind | None) -> None:
    # Set by the interpreter when an exception went uncaught; `last_exc` is its name since Python 3.12.
    failed = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    for run in reversed(list(open_stack)):
        with contextlib.suppress(Exception):
            if kind == "restart":
                run.end("killed", reason="The kernel was restarted.")
            elif kind == "shutdown":
                run.end("finished", reason="The kernel was shut down.")
            elif isinstance(failed, BaseException):
                run.end("failed", error=describe_error(failed))
            else:
                run.end("finished", reason="The program ended.")


def _was_interrupted() -> bool:
    # At a prompt the last error is no reason for its end.
    return getattr(sys, "last_type", None) is KeyboardInterrupt and not hasattr(sys, "ps1")


def _stay_interrupted() -> None:
    # A program that an interrupt ends tells its parent so, by the signal. Python forgets it when text is compiled and
    # run afterwards, as some imports of the standard library do in captures that end late: it is said once more.
    with contextlib.suppress(KeyboardInterrupt):
        eval("(_ for _ in ()).throw(KeyboardInterrupt)")


atexit.register(end_open_runs)
