"""Bars: how far a loop is, drawn where the user looks."""

import importlib.util
import sys
import threading
import time
from html import escape
from typing import Any, NamedTuple, Protocol

from trackbook.capture.notebook import is_vs_code
from trackbook.domain.cell import NOTE
from trackbook.views.markup import TEXT_FONT

_WIDTH = 20
_MOST_METRICS = 6
_LINE_SECONDS = 5.0
_STYLE = f"{TEXT_FONT}; white-space: pre-wrap"


class State(NamedTuple):
    """How far a loop is: items `done` of `total` after `seconds`; `complete` is None as long as it goes on."""

    desc: str
    done: int
    total: int | None
    seconds: float
    metrics: dict[str, float]
    complete: bool | None = None


class Bar(Protocol):
    """Draws one loop at a time."""

    def update(self, state: State) -> None:
        """Draw how far the loop is."""

    def close(self, state: State) -> None:
        """Draw the end, for good."""


def make_bar(every: float | None = None, inner: bool = False) -> Bar:
    """Return the bar that suits the place: a notebook, a terminal, or a file that output goes to."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is not None:
        return NotebookBar()
    if _is_terminal() and importlib.util.find_spec("rich") is not None:
        return TerminalBar()
    return LineBar(every or _LINE_SECONDS, inner)


def describe(state: State) -> str:
    """Return a state as one line of text."""
    parts = [_amount(state), _times(state)]
    parts += [metrics] if (metrics := describe_metrics(state)) else []
    head = f"{state.desc}: " if state.desc else ""
    return head + " · ".join(parts)


def describe_metrics(state: State) -> str:
    """Return the metrics of a state, the first six."""
    shown = [f"{key} {value:.4g}" for key, value in list(state.metrics.items())[:_MOST_METRICS]]
    more = len(state.metrics) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more > 0 else shown)


class NotebookBar:
    """A widget while the loop goes on, then a line of text in its place; without ipywidgets that line all along.

    In VS Code it is the line, too.
    """

    def __init__(self) -> None:
        from trackbook.domain.ids import new_id

        self._identity = new_id()
        self._shown = False
        self._widget: _Widget | None = None

    def update(self, state: State) -> None:
        """Draw how far the loop is."""
        if self._widget is None and not self._shown and (widget := _make_widget()) is not None:
            self._widget = widget
            self._display(widget.view(), state)
        if self._widget is not None:
            self._widget.update(state)
        else:
            self._display({"text/html": _html(state)}, state)

    def close(self, state: State) -> None:
        """Draw the end, for good."""
        self._display({"text/html": _html(state)}, state)
        if self._widget is not None:
            self._widget.close()
            self._widget = None

    def _display(self, bundle: dict[str, Any], state: State) -> None:
        from IPython.display import display

        bundle = {**bundle, "text/plain": describe(state)}
        display(  # type: ignore[no-untyped-call]
            bundle, raw=True, metadata=NOTE, display_id=self._identity, update=self._shown
        )
        self._shown = True


class _Widget:
    """The widget's parts: what it is about, the bar, and the rest as text."""

    def __init__(self) -> None:
        import ipywidgets

        self._head = ipywidgets.HTML()
        self._bar = ipywidgets.FloatProgress(value=0.0, min=0.0, max=1.0)
        self._tail = ipywidgets.HTML()
        self._box = ipywidgets.HBox([self._head, self._bar, self._tail])

    def view(self) -> dict[str, Any]:
        """Return what a front end needs to show the widget."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {"application/vnd.jupyter.widget-view+json": view}

    def update(self, state: State) -> None:
        """Draw a state."""
        self._head.value = escape(f"{state.desc} {_amount(state, drawn=False)}".strip())
        self._bar.value = _fraction(state)
        self._bar.bar_style = {None: "", True: "success", False: "danger"}[state.complete]
        self._tail.value = escape(" · ".join(filter(None, [_times(state), describe_metrics(state)])))

    def close(self) -> None:
        """Take it out of the kernel."""
        for part in (self._head, self._bar, self._tail, self._box):
            part.close()


def _make_widget() -> _Widget | None:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    # There widgets are white in a dark theme too, and are there only once the user lets them be fetched from the web.
    if is_vs_code(getattr(shell, "user_ns", {})):
        return None
    try:
        return _Widget()
    except Exception:  # there is no ipywidgets, or none that works here
        return None


class TerminalBar:
    """A line of rich's; all that are open at once share one live display, as a terminal has but one."""

    def __init__(self) -> None:
        self._task: Any = None
        self._began: float | None = None

    def update(self, state: State) -> None:
        """Draw how far the loop is."""
        with _terminal_lock:
            if self._task is None:
                self._task = _terminal.add()
            _terminal.draw(self._task, state)

    def close(self, state: State) -> None:
        """Draw the end, for good."""
        self.update(state)
        with _terminal_lock:
            _terminal.leave(self._task)
            self._task = None


class _Terminal:
    def __init__(self) -> None:
        self._live: Any = None
        self._open: set[Any] = set()

    def add(self) -> Any:
        if self._live is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._live = Progress(
                TextColumn("{task.description}"),
                BarColumn(_WIDTH),
                TextColumn("{task.fields[tail]}"),
                console=Console(file=sys.stderr),
                auto_refresh=False,
            )
            self._live.start()
        task = self._live.add_task("", total=None, tail="")
        self._open.add(task)
        return task

    def draw(self, task: Any, state: State) -> None:
        from rich.markup import escape as plain

        tail = " · ".join(filter(None, [_amount(state, drawn=False), _times(state), describe_metrics(state)]))
        # Without a total rich's bar pulses, as long as it does not end.
        total = state.total if state.complete is None else state.total or state.done or 1
        done = state.done if state.complete is not True else total
        self._live.update(
            task, description=plain(state.desc), total=total, completed=done, tail=plain(tail), refresh=True
        )

    def leave(self, task: Any) -> None:
        self._open.discard(task)
        if not self._open and self._live is not None:
            self._live.stop()
            self._live = None


_terminal = _Terminal()
_terminal_lock = threading.RLock()


class LineBar:
    """A line on stderr now and then, and one at the end; of an inner loop none at the end."""

    def __init__(self, every: float, inner: bool) -> None:
        self._every = every
        self._inner = inner
        self._said_at = time.monotonic()

    def update(self, state: State) -> None:
        """Write a line if the last one is old enough."""
        if time.monotonic() - self._said_at >= self._every:
            self._say(state)

    def close(self, state: State) -> None:
        """Write how it ended."""
        if not self._inner:
            self._say(state)

    def _say(self, state: State) -> None:
        self._said_at = time.monotonic()
        sys.stderr.write(describe(state) + "\n")
        sys.stderr.flush()


def _is_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # replaced, or closed
        return False


def _html(state: State) -> str:
    return f'<div style="{_STYLE}">{escape(describe(state))}</div>'


def _fraction(state: State) -> float:
    if state.complete or (state.total == 0):
        return 1.0
    return min(1.0, state.done / state.total) if state.total else 0.0


def _amount(state: State, drawn: bool = True) -> str:
    if state.total is None:
        return f"{state.done:,}" + (" stopped" if state.complete is False else "")
    text = f"{state.done:,}/{state.total:,}" + (" stopped" if state.complete is False else "")
    if not drawn:
        return text
    full = round(_fraction(state) * _WIDTH) if state.done < state.total else _WIDTH
    return f"{state.done / state.total if state.total else 1:.0%} {'█' * full}{'░' * (_WIDTH - full)} {text}"


def _times(state: State) -> str:
    parts = [_seconds(state.seconds)]
    rate = state.done / state.seconds if state.seconds > 0 else 0.0
    if state.complete is None and state.total and rate:
        parts.append(f"{_seconds(max(0.0, (state.total - state.done) / rate))} left")
    if rate:
        parts.append(f"{rate:,.3g}/s" if rate < 1000 else f"{rate:,.0f}/s")
    return ", ".join(parts)


def _seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"
