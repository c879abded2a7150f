"""The captures of a run: begun with it, asked after each cell, finished with it, and never in the user's way."""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from trackbook.services.capturing.switches import is_off as is_off
from trackbook.services.capturing.switches import is_wanted
from trackbook.services.capturing.switches import switch_off as switch_off
from trackbook.services.capturing.switches import switch_on as switch_on
from trackbook.services.recorder import RunRecorder
from trackbook.services.warning import warn


class Capture(Protocol):
    """Records one kind of thing in one run.

    Each call is made by the user's own thread and has to return within a millisecond: what takes longer goes on in a
    thread of the capture's own. What one raises switches its kind off in this process, with one warning.
    """

    def begin(self) -> None:
        """The run has been opened."""

    def update(self) -> None:
        """A cell of the notebook has ended."""

    def finish(self, patience: float) -> None:
        """The run is about to end; wait for what goes on for at most `patience` seconds."""


# Imported when a run begins that wants them.
_KINDS: dict[str, str] = {
    "system": "trackbook.services.capturing.system:SystemCapture",
    "data": "trackbook.services.capturing.data:DataCapture",
}


class Captures:
    """The captures of one run, each kept apart from the others' faults."""

    def __init__(
        self, recorder: RunRecorder, wanted: frozenset[str], left_out: frozenset[str] = frozenset()
    ) -> None:
        self._recorder = recorder
        self._pid = os.getpid()
        self._active: dict[str, Capture] = {}
        for name, path in _KINDS.items():
            if name not in left_out and is_wanted(name, wanted):
                self._attempt(name, lambda name=name, path=path: self._make(name, path))  # type: ignore[misc]

    def begin(self) -> None:
        """Begin all of them."""
        self._each(lambda capture: capture.begin())

    def update(self) -> None:
        """Tell them that a cell has ended."""
        self._each(lambda capture: capture.update())

    def finish(self, patience: float = 0.0) -> None:
        """Tell them that the run is about to end."""
        self._each(lambda capture: capture.finish(patience))

    def _make(self, name: str, path: str) -> None:
        module, _, kind = path.partition(":")
        self._active[name] = getattr(import_module(module), kind)(self._recorder)

    def _each(self, call: Callable[[Capture], None]) -> None:
        if self._pid != os.getpid():  # the run's own process goes on capturing
            return
        for name, capture in list(self._active.items()):
            if is_off(name):  # by hand, meanwhile
                del self._active[name]
                self._attempt(name, lambda capture=capture: capture.finish(0.0))  # type: ignore[misc]
            else:
                self._attempt(name, lambda capture=capture: call(capture))  # type: ignore[misc]

    def _attempt(self, name: str, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:
            self._active.pop(name, None)
            give_up(name, error)


def give_up(name: str, error: Exception) -> None:
    """Switch a capture off for a fault of its own, and say so once."""
    if not is_off(name):
        switch_off(name)
        warn(
            f"Trackbook stops recording {name} in this process ({type(error).__name__}: {error}). "
            "Your work and all else that is recorded go on.",
            stacklevel=4,
        )
