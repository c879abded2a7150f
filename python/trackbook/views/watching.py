"""`tb.watch` and `%track watch`: curves in the cell that grow while a run goes on, in this kernel or elsewhere."""

import contextlib
import os
import sys
import threading
import time
import weakref
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from trackbook import api
from trackbook.domain.cell import NOTE
from trackbook.domain.formatting import one_line
from trackbook.domain.ids import new_id
from trackbook.domain.run import Run
from trackbook.errors import InvalidValue, MissingExtra, NotFound, UsageError
from trackbook.services.ingester import ensure_ingester
from trackbook.views.curves import Scene, read_scene, scene_html, scene_text
from trackbook.views.markup import as_html, bundle, in_page, tidy
from trackbook.views.reading import text_width, to_reference

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from trackbook.services.context import Services

_LEAST_SECONDS = 0.1
_MOST_RUNS = 20
# Drawing takes at most this part of one core's time from the loop that is watched.
_SHARE = 0.01
_MOST_FAILURES = 5
# A cell in which a run ended waits so long for its last values to be seen.
_PATIENCE = 3.0
# Those that go on, by what they show: a cell that is executed again has one, not two.
_going_on: "weakref.WeakValueDictionary[tuple[Any, ...], Watch]" = weakref.WeakValueDictionary()


class Watch:
    """Live curves. They stop by themselves when all their runs have ended, or by `stop()`.

    What is shown is plain HTML and text: the last state stays in the notebook, without a kernel, too.
    """

    def __init__(
        self, services: "Services", runs: Sequence[str], metrics: Sequence[str] | None, seconds: float
    ) -> None:
        self._services = services
        self._ids = list(runs)
        self._metrics = metrics
        self._seconds = seconds
        self._own = {run.id for run in api.open_runs()}.intersection(runs)
        self._display_id = new_id()
        self._shown_in: int | None = None
        self._revisions: list[int] | None = None
        self._runs: list[Run] = []
        self._scene: Scene | None = None
        self._message = ""
        self._bundle: dict[str, str] = {}
        self._wake = threading.Event()
        self._stopped = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def live(self) -> bool:
        """Whether it still looks for new values."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Look for no new values any more; what is shown stays."""
        self._stopped = True
        self._wake.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all runs have ended, or `timeout` seconds; False if they go on. Not for a run of this cell."""
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.live

    def refresh(self) -> None:
        """Look for new values now."""
        with self._lock:
            self._look(patient=True)

    def figure(self) -> "go.Figure":
        """Return what is shown as a plotly figure, to zoom into and to read values off.

        Raises MissingExtra without plotly.
        """
        try:
            from plotly.subplots import make_subplots
        except ImportError as error:
            raise MissingExtra("A plotly figure") from error
        scene = self._scene
        if scene is None or not scene.metrics:
            raise UsageError("There are no values yet that a figure could show.")
        titles = [_plain_title(key) for key in scene.metrics]
        figure = make_subplots(rows=len(titles), cols=1, subplot_titles=titles)
        for row, seen in enumerate(scene.metrics.values(), start=1):
            for one in seen:
                name = _plain_title(one.curve.label or one.series.key)
                figure.add_scatter(
                    x=list(one.curve.steps), y=list(one.curve.values), name=name, mode="lines", row=row, col=1
                )
        figure.update_layout(height=80 + 240 * len(titles), hovermode="x unified")
        return figure

    def __repr__(self) -> str:
        return self._bundle.get("text/plain", "Watch()")

    def _ipython_display_(self) -> None:
        # As the last value of the cell that shows it already it is not shown twice.
        if self._shown_in is None or self._shown_in != _execution_count():
            self._show()

    def _start(self) -> None:
        """Show the curves, and go on doing so in a thread where a notebook can show what changes."""
        with self._lock:
            self._look(patient=True)
        self._show()
        if self._ended():
            return
        if not _in_kernel():
            if sys.stdout.isatty() and not self._own:
                self._follow()
            return
        key = (tuple(self._ids), tuple(self._metrics or ()))
        if (older := _going_on.get(key)) is not None:
            older.stop()
        _going_on[key] = self
        self._thread = threading.Thread(target=self._run, name="trackbook-watch", daemon=True)
        self._thread.start()
        events = _shell().events
        events.register("post_run_cell", self._cell_ended)

    def _show(self) -> None:
        if _shell() is None:
            sys.stdout.write(f"{self!r}\n")
            return
        from IPython.display import display

        self._shown_in = _execution_count()
        display(self._bundle, raw=True, metadata=NOTE, display_id=self._display_id)  # type: ignore[no-untyped-call]

    def _run(self) -> None:
        process = os.getpid()
        failures = 0
        pause = self._seconds
        while not self._stopped and not self._ended() and os.getpid() == process:
            self._wake.wait(pause)
            self._wake.clear()
            began = time.thread_time()
            try:
                with self._lock:
                    self._message = ""
                    self._look(patient=self._locally_ended())
                failures = 0
            except Exception as error:  # a store that can't be read for a moment, a server that restarts
                failures += 1
                if failures >= _MOST_FAILURES:
                    self._message = f"No longer live: {one_line(str(error), 200)}"
                    self._stopped = True
                    with contextlib.suppress(Exception):
                        self._draw()
            pause = max(self._seconds * (1 + failures), (time.thread_time() - began) / _SHARE)

    def _look(self, patient: bool) -> None:
        """Read what is new and show it. Being `patient` waits until all that was written is in the index."""
        runs = self._services.runs
        if patient:
            runs.refresh(timeout=_PATIENCE)
        else:
            ensure_ingester(self._services.store)
        found = []
        for identity in self._ids:
            with contextlib.suppress(NotFound):  # it began a moment ago
                found.append(runs.get(identity))
        revisions = [run.revision for run in found]
        if revisions == self._revisions and not self._message:
            return
        self._revisions = revisions
        self._runs = found
        self._scene = read_scene(self._services, found, self._metrics)
        self._draw()

    def _draw(self) -> None:
        scene = self._scene
        if scene is None or not scene.runs:
            text = f"The run is not in the index yet. {self._message}".strip()
            drawn = bundle(text, in_page(f"<p>{as_html(text)}</p>"))
        else:
            drawn = bundle(scene_text(scene, text_width(), self._message), scene_html(scene, self._message))
        if drawn == self._bundle:
            return
        self._bundle = drawn
        if self._shown_in is not None and _in_kernel():
            from IPython.display import display

            display(  # type: ignore[no-untyped-call]
                drawn, raw=True, metadata=NOTE, display_id=self._display_id, update=True
            )

    def _ended(self) -> bool:
        return (
            len(self._runs) == len(self._ids)
            and all(run.status != "running" for run in self._runs)
            and not any(run.id in self._ids for run in api.open_runs())
        )

    def _locally_ended(self) -> bool:
        # A run of this process has ended since it was looked at: nothing more comes, so the rest is waited for.
        seen = {run.id for run in self._runs if run.status != "running"}
        return bool(self._own - seen - {run.id for run in api.open_runs()})

    def _cell_ended(self, result: Any = None) -> None:
        with contextlib.suppress(Exception):  # it must not show in the user's cell
            if self.live:
                self._wake.set()
                if self._locally_ended() and self._thread is not None:
                    # Whoever runs a notebook to its end takes its outputs and goes.
                    self._thread.join(_PATIENCE)
            if not self.live:
                _shell().events.unregister("post_run_cell", self._cell_ended)

    def _follow(self) -> None:
        """Show the curves in a terminal until the runs have ended, or the user interrupts."""
        from rich.live import Live
        from rich.text import Text

        with contextlib.suppress(KeyboardInterrupt), Live(Text(repr(self)), auto_refresh=False) as live:
            while not self._ended():
                time.sleep(self._seconds)
                with self._lock:
                    self._look(patient=False)
                live.update(Text(repr(self)), refresh=True)


def watch(run: object = None, metrics: Sequence[str] | str | None = None, *, seconds: float = 1.0) -> Watch:
    """Show live curves of a run in the cell, and return what stops them.

    `run` is a run, its id, its number such as "#42", or several of these, whose curves are drawn over each other; by
    default the open run, else the one that began last of those that are running, else the last one. It may be written
    by this kernel, before a loop in the same cell too, or by any other process. `metrics` names what is drawn, such as
    "loss" or "val_*"; by default all that were logged, but for those of machine and process (`system/*`). New values
    are looked for after `seconds`, or less often where drawing would take more than 1 % of a core. A terminal shows the
    curves of another process's run until it ends or Ctrl-C, and those of its own as they are.

    Raises NotFound for an unknown run, UsageError without any run, InvalidValue for `seconds` below 0.1, MissingExtra
    in the light install.
    """
    _check_seconds(seconds)
    patterns = _patterns(metrics)
    services = api.open_project()
    ids = _find(services, run)
    started = Watch(services, ids, patterns, float(seconds))
    started._start()
    return started


def _check_seconds(seconds: object) -> None:
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not _LEAST_SECONDS <= seconds <= 86_400:  # type: ignore[operator]  # it is a number
        raise UsageError(f"`seconds` is a number of seconds from {_LEAST_SECONDS} on, not {seconds!r}.")


def _patterns(metrics: Any) -> list[str] | None:
    if metrics is None:
        return None
    patterns = [metrics] if isinstance(metrics, str) or not isinstance(metrics, Iterable) else list(metrics)
    if not patterns or not all(isinstance(name, str) for name in patterns):
        raise InvalidValue(
            "metrics", metrics, "names of metrics are meant, such as 'loss' or ['loss', 'val_*']"
        )
    return patterns


def _find(services: "Services", run: Any) -> list[str]:
    if run is None:
        if (current := api.current_run()) is not None:
            return [current.id]
        services.runs.refresh()
        for query in ("status = 'running'", None):
            if found := services.runs.search(query, limit=1).runs:
                return [found[0].id]
        raise UsageError(
            "There is no run to watch yet. `%track start EXPERIMENT` or `tb.start_run()` opens one."
        )
    if hasattr(run, "runs") and hasattr(run, "frame"):  # what tb.table returns
        run = run.runs
    several = isinstance(run, Iterable) and not isinstance(run, str | bytes)
    named = list(run) if several else [run]
    if not 1 <= len(named) <= _MOST_RUNS:
        raise UsageError(f"1 to {_MOST_RUNS} runs can be watched at a time, not {len(named)}.")
    open_here = {one.id for one in api.open_runs()}
    references = [to_reference(one) for one in named]
    if not all(reference in open_here for reference in references):
        services.runs.refresh()
    return list(dict.fromkeys(one if one in open_here else services.runs.get(one).id for one in references))


def _shell() -> Any:
    return getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()


def _in_kernel() -> bool:
    return getattr(_shell(), "kernel", None) is not None


def _execution_count() -> int | None:
    return getattr(_shell(), "execution_count", None)


def _plain_title(text: str) -> str:
    """Return text for plotly, which reads some HTML in titles."""
    return tidy(text).replace("&", "&amp;").replace("<", "&lt;").replace("$", "&#36;")
