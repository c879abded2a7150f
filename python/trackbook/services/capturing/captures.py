"""The captures of a run: begun with it, asked after each cell, finished with it, and never in the user's way."""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Protocol

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

_off: set[str] = set()


class Captures:
    """The captures of one run, each kept apart from the others' faults."""

    def __init__(self, recorder: RunRecorder, wanted: frozenset[str]) -> None:
        self._recorder = recorder
        self._pid = os.getpid()
        self._active: dict[str, Capture] = {}
        for name, path in _KINDS.items():
            if name in wanted and name not in _off:
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
            self._attempt(name, lambda capture=capture: call(capture))  # type: ignore[misc]

    def _attempt(self, name: str, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:
            self._active.pop(name, None)
            give_up(name, error)


def give_up(name: str, error: Exception) -> None:
    """Switch a kind off in this process because of an error, and say so once."""
    if name not in _off:
        switch_off(name)
        warn(
            f"Trackbook stops recording {name} in this process ({type(error).__name__}: {error}). "
            "Your work and all else that is recorded go on.",
            stacklevel=5,
        )


def switch_off(name: str) -> None:
    """Record nothing more of this kind in this process, in runs that begin from now on."""
    _off.add(name)


def switch_on(name: str) -> None:
    """Take `switch_off` back."""
    _off.discard(name)


def is_off(name: str) -> bool:
    """Tell whether this kind was switched off in this process."""
    return name in _off
