"""Progress of a loop, with the metrics that the run logs meanwhile.

In notebooks a widget, whose place a line of text takes in the end, so that it can still be read after export; in
terminals rich's bar; a line now and then where neither is.
"""

import sys
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, Generic, TypeVar

from trackbook import api
from trackbook.domain.values import to_number
from trackbook.errors import UsageError
from trackbook.views.bars import Bar, State, make_bar
from trackbook.views.live import LiveMetrics

T = TypeVar("T")
Measure = Callable[[], Mapping[str, object]]

FASTEST = 0.1


def progress(
    iterable: "Iterable[T] | AsyncIterable[T]",
    total: int | None = None,
    desc: str | None = None,
    *,
    every: float | None = None,
    metrics: str | Sequence[str] | Measure | None = None,
) -> "Progress[T]":
    """Iterate over `iterable` (with `for` or `async for`) and show how far the loop is, and the run's metrics.

    `total` is the number of items, by default its length where it has one. `every` is the least number of seconds
    between two drawings, 0.1 or more. Nothing is logged, unless `metrics` names variables of the loop, or is a
    function that returns a mapping: then their values are logged into the current run after each turn.

    Raises InvalidValue and UsageError for arguments that make no sense; NoActiveRun, when the loop begins, for
    `metrics` without a run.
    """
    return Progress(iterable, total, desc, every=every, metrics=metrics)


class Progress(Generic[T]):
    """A loop that is shown. It may be iterated over again, and inside another one, whose inner line it takes over."""

    def __init__(
        self,
        iterable: "Iterable[T] | AsyncIterable[T]",
        total: int | None = None,
        desc: str | None = None,
        *,
        every: float | None = None,
        metrics: str | Sequence[str] | Measure | None = None,
    ) -> None:
        if not hasattr(type(iterable), "__aiter__"):
            try:
                iter(iterable)  # type: ignore[arg-type]
            except TypeError:
                hint = f": tb.progress(range({iterable}))" if isinstance(iterable, int) else "."
                raise UsageError(
                    f"Progress is shown of what can be iterated over, not of {type(iterable).__name__}{hint}"
                ) from None
        self._iterable = iterable
        self._total = _length(iterable) if total is None else _check_total(total)
        self._desc = str(desc) if desc is not None else ""
        self._every = None if every is None else max(FASTEST, _check_seconds(every))
        self._metrics = _check_metrics(metrics)

    def __len__(self) -> int:
        if self._total is None:
            raise TypeError("The number of items is not known.")
        return self._total

    def __iter__(self) -> Iterator[T]:
        if not hasattr(type(self._iterable), "__iter__") and hasattr(type(self._iterable), "__aiter__"):
            raise UsageError("This iterates asynchronously: async for item in tb.progress(...)")
        return self._shown(_Turns(self))

    def __aiter__(self) -> AsyncIterator[T]:
        if not hasattr(type(self._iterable), "__aiter__"):
            raise UsageError("This does not iterate asynchronously: for item in tb.progress(...)")
        return self._shown_later(_Turns(self))

    def _shown(self, turns: "_Turns") -> Iterator[T]:
        # What stands in this loop is paid for by each turn of the user's.
        clock, due, done = time.monotonic, turns.begin(), 0
        logs = turns.logs
        try:
            for item in self._iterable:  # type: ignore[union-attr]
                yield item
                done += 1
                if logs:
                    turns.log(sys._getframe(1))
                if clock() >= due:
                    due = turns.draw(done)
        except BaseException:
            turns.end(done, complete=False)
            raise
        turns.end(done, complete=True)

    async def _shown_later(self, turns: "_Turns") -> AsyncIterator[T]:
        clock, due, done = time.monotonic, turns.begin(), 0
        try:
            async for item in self._iterable:  # type: ignore[union-attr]
                yield item
                done += 1
                if turns.logs:
                    turns.log(_user_frame())
                if clock() >= due:
                    due = turns.draw(done)
        except BaseException:
            turns.end(done, complete=False)
            raise
        turns.end(done, complete=True)


class _Turns:
    """One iteration over a Progress: what is drawn and logged of it."""

    def __init__(self, shown: "Progress[Any]") -> None:
        self._total, self._desc, self._every = shown._total, shown._desc, shown._every
        self._metrics = shown._metrics
        self._live = LiveMetrics()
        self._bar: Bar | None = None
        self._outer: _Turns | None = None
        self._inner: tuple[Bar, State] | None = None
        self._broken = False
        self._began = 0.0
        self.logs = shown._metrics is not None

    def begin(self) -> float:
        """Return when to draw first."""
        if self.logs:
            api.require_run()
        open_turns = _open()
        self._outer = open_turns[-1] if open_turns else None
        open_turns.append(self)
        self._began = time.monotonic()
        return self._began + FASTEST

    def draw(self, done: int) -> float:
        """Draw, and return when to draw next."""
        state = self._state(done, None)
        self._attempt(lambda: self._get_bar().update(state))
        return time.monotonic() + (self._every or FASTEST)

    def end(self, done: int, complete: bool) -> None:
        """Draw the end, and give the place back."""
        if self in (open_turns := _open()):
            open_turns.remove(self)
        state = self._state(done, complete)
        self._attempt(lambda: self._finish(state))

    def log(self, frame: FrameType) -> None:
        """Log the metrics of the turn that has ended; `frame` is that of the loop."""
        metrics = self._metrics
        if callable(metrics):
            values: Mapping[str, object] = metrics()
        else:
            values = {name: _value(frame, name) for name in metrics or ()}
        api.require_run().log(values)

    def _finish(self, state: State) -> None:
        bar = self._get_bar()
        if self._inner is not None:
            inner, last = self._inner
            inner.close(last)
        if self._outer is not None:  # the next loop in there has this line
            bar.update(state)
            self._outer._inner = bar, state
        else:
            bar.close(state)

    def _get_bar(self) -> Bar:
        if self._bar is None:
            taken = self._outer._inner if self._outer is not None else None
            self._bar = taken[0] if taken is not None else make_bar(self._every, self._outer is not None)
        return self._bar

    def _state(self, done: int, complete: bool | None) -> State:
        metrics: dict[str, float] = {}
        run = api.current_run()
        if run is not None:
            self._attempt(lambda: metrics.update(self._live.read(run.recorder)))
        return State(self._desc, done, self._total, time.monotonic() - self._began, metrics, complete)

    def _attempt(self, draw: Callable[[], object]) -> None:
        # A display that fails must not end the user's loop.
        if self._broken:
            return
        try:
            draw()
        except Exception:
            self._broken = True


_threads = threading.local()


def _open() -> list[_Turns]:
    """Return the loops of this thread that are shown, outermost first."""
    found: list[_Turns] | None = getattr(_threads, "open", None)
    if found is None:
        found = _threads.open = []
    return found


def _user_frame() -> FrameType:
    # Between an asynchronous loop and its generator there may be frames of the event loop's own.
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "asyncio":
        frame = frame.f_back
    return frame or sys._getframe(1)


def _value(frame: FrameType, name: str) -> float:
    for names in (frame.f_locals, frame.f_globals):
        if name in names:
            return to_number(name, names[name])
    raise UsageError(
        f"There is no variable {name!r} at the end of the loop's turn; metrics= names variables that the loop sets."
    )


def _length(iterable: object) -> int | None:
    try:
        return len(iterable)  # type: ignore[arg-type]
    except Exception:  # loaders over streams raise what they like
        return None


def _check_total(total: object) -> int:
    if isinstance(total, bool) or not isinstance(total, int) or total < 0:
        raise UsageError(f"`total`, the number of items, is a whole number, not {total!r}.")
    return total


def _check_seconds(every: object) -> float:
    if isinstance(every, bool) or not isinstance(every, (int, float)) or not every > 0:
        raise UsageError(f"`every` is a number of seconds above 0, not {every!r}.")
    return float(every)


def _check_metrics(metrics: Any) -> tuple[str, ...] | Measure | None:
    if metrics is None or callable(metrics):
        return metrics  # type: ignore[no-any-return]
    names = (metrics,) if isinstance(metrics, str) else tuple(metrics)
    for name in names:
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(f"`metrics` names variables of the loop, and {name!r} is no name of one.")
    return names
