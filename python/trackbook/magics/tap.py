"""Listens to what a cell shows, where it is made: streams, displays, results, tracebacks. Nothing shown changes.

Each listener sits on one object as an attribute that hides its class's method, calls that method first, and then
takes note. Once taken away the object is as it was.
"""

import contextlib
import sys
import threading
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from trackbook.domain.cell import CellError
from trackbook.magics.kernel import is_kernel
from trackbook.notebook.outputs import OutputCollector, clean


class OutputTap:
    """Hands what the shell shows to collectors, as long as there are any."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._collectors: tuple[OutputCollector, ...] = ()
        self._undo: list[Callable[[], None]] = []
        self._quiet = threading.local()
        self.last_error: CellError | None = None

    def add(self, collector: OutputCollector) -> None:
        """Hand everything shown from now on to `collector`."""
        if not self._collectors:
            self.last_error = None
            self._install()
        self._collectors = (*self._collectors, collector)

    def remove(self, collector: OutputCollector) -> None:
        """Hand nothing more to `collector`; the last one takes the listeners away."""
        self._collectors = tuple(other for other in self._collectors if other is not collector)
        if not self._collectors:
            while self._undo:
                self._undo.pop()()

    def _install(self) -> None:
        for name in ("stdout", "stderr"):
            self._listen(getattr(sys, name), "write", lambda text, name=name: self._written(name, text))
        publisher = self._shell.display_pub
        self._listen(publisher, "publish", self._published)
        self._listen(publisher, "clear_output", self._cleared)
        hook = self._shell.displayhook
        self._listen(hook, "write_format_data", self._resulted)
        if not is_kernel(self._shell):
            # A terminal's IPython writes "Out[1]: ..." to stdout; the result is noted as a result.
            self._listen(hook, "write_output_prompt", _ignore)
            self._listen(hook, "finish_displayhook", _ignore)
        self._listen(self._shell, "_showtraceback", self._failed)

    def _listen(self, target: Any, name: str, note: Callable[..., None]) -> None:
        original = getattr(target, name, None)
        if original is None:
            return

        quiet = self._quiet

        def listener(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True  # an error in the call is the user's, and this frame is not
            outermost = not getattr(quiet, "on", False)
            quiet.on = True
            try:
                result = original(*args, **kwargs)
            finally:
                # Plain IPython prints what it displays: only the outermost call is something that was shown.
                if outermost:
                    quiet.on = False
            if outermost and self._collectors:
                # A listener must never break what it listens to.
                with contextlib.suppress(Exception):
                    note(*args, **kwargs)
            return result

        # IPython itself hides `write` in this way while a cell runs: what hid it before has to come back.
        hidden_by = vars(target).get(name) if hasattr(target, "__dict__") else None
        try:
            setattr(target, name, listener)
        except AttributeError:  # an object that takes no attributes: what it shows is not seen
            return
        self._undo.append(lambda: _take_away(target, name, listener, hidden_by))

    def _written(self, name: str, text: str) -> None:
        for collector in self._collectors:
            collector.write(name, text)

    def _published(
        self, data: Any, metadata: Any = None, *_: Any, transient: Any = None, update: bool = False, **__: Any
    ) -> None:
        display_id = (transient or {}).get("display_id")
        for collector in self._collectors:
            collector.display(data, metadata, display_id, update)

    def _cleared(self, wait: bool = False) -> None:
        for collector in self._collectors:
            collector.clear(wait)

    def _resulted(self, data: Any, metadata: Any = None) -> None:
        for collector in self._collectors:
            collector.result(data, metadata, self._shell.displayhook.prompt_count)

    def _failed(self, kind: type[BaseException], value: object, traceback: list[str] | str) -> None:
        frames = [traceback] if isinstance(traceback, str) else [str(frame) for frame in traceback]
        error = CellError(kind.__name__, clean(str(value)), [clean(frame) for frame in frames])
        self.last_error = error
        for collector in self._collectors:
            collector.error(error.ename, error.evalue, error.traceback)


def _ignore(*_: Any, **__: Any) -> None:
    """Take no note: the call only has to be kept quiet."""


def _take_away(target: Any, name: str, listener: object, hidden_by: object) -> None:
    # Someone may have put a listener of their own over ours meanwhile; then ours stays below it, idle.
    if vars(target).get(name) is not listener:
        return
    if hidden_by is not None:
        setattr(target, name, hidden_by)
    else:
        delattr(target, name)
