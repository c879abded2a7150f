"""The progress of a sweep while it is worked off: a table in a terminal, a line for each trial that ended elsewhere."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from trackbook.cli.display.jobs import describe_params
from trackbook.cli.display.symbols import BEST, status_text
from trackbook.cli.display.tables import make_plain_table, to_column
from trackbook.cli.output import message_console, say
from trackbook.domain.formatting import format_duration, format_number, format_value, one_line
from trackbook.domain.sweep import SweepSpec
from trackbook.jobs.trials import SweepProgress, TrialState

# However many trials there are, so often is the table drawn, and so many of them are in it.
_EVERY = 0.3
_MOST_ROWS = 20
_MOST_PARAMS = 6


class SweepView:
    """Shows on stderr how far a sweep is; a context manager, told of it by `update`.

    `resumes`: what has ended when it is told for the first time ended before, and is no news.
    """

    def __init__(self, title: str, *, resumes: bool = False) -> None:
        self._title, self._resumes = title, resumes
        self._console = message_console()
        self._live: Live | None = None
        self._drawn = 0.0
        self._reported: set[int] = set()
        self._best: list[int] = []

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, progress: SweepProgress) -> None:
        """Show how far the sweep is."""
        if self._live is None:
            self._report(progress)
            return
        now = time.monotonic()
        if now - self._drawn >= _EVERY:
            self._drawn = now
            width, height = self._console.size
            rows = max(3, min(_MOST_ROWS, height - 6))
            self._live.update(render(self._title, progress, rows, width), refresh=True)

    def _report(self, progress: SweepProgress) -> None:
        if self._resumes:
            self._resumes = False
            self._reported = {number for number, trial in progress.trials.items() if trial.is_settled}
            if self._reported:
                say(f"{len(self._reported)} of {progress.spec.trials} trials had ended before.", "dim")
        for number, trial in progress.trials.items():
            if trial.is_settled and number not in self._reported:
                self._reported.add(number)
                say(_line(progress, trial, len(self._reported)))


def render(title: str, progress: SweepProgress, rows: int, width: int) -> RenderableType:
    """Return the present state as a heading and a table of at most so many rows, `width` places wide.

    In a narrow terminal the values of the objectives outlive those of the parameters.
    """
    spec = progress.spec
    trials = choose_rows(progress, rows)
    values = [_values(progress, trial) for trial in trials]
    columns = [
        to_column("Trial", [str(trial.number) for trial in trials], justify="right"),
        to_column("State", [status_text(trial.status) for trial in trials]),
        to_column("Cells", [_cells(trial) for trial in trials], justify="right", rank=4),
        *(
            to_column(
                one_line(name, 20),
                [one_line(format_value(trial.params.get(name)), 24) for trial in trials],
                justify="right",
                rank=2,
                shrinks=True,
            )
            for name in list(spec.space)[:_MOST_PARAMS]
        ),
        *(
            to_column(
                one_line(objective.metric, 24),
                [found[place] if place < len(found) else "" for found in values],
                justify="right",
                rank=1,
                shrinks=True,
            )
            for place, objective in enumerate(spec.objectives)
        ),
        to_column("Time", [_taken(trial) for trial in trials], justify="right", rank=3),
    ]
    return Group(heading(title, progress), make_plain_table(columns, width))


def _cells(trial: TrialState) -> str:
    job = trial.job
    return f"{job.cell}/{job.cells}" if job is not None and job.cells and trial.status == "running" else ""


def _taken(trial: TrialState) -> str:
    taken = trial.duration
    if taken is None and trial.status == "running" and trial.started is not None:
        taken = max(0.0, (datetime.now(UTC) - trial.started).total_seconds())
    return format_duration(taken)


def heading(title: str, progress: SweepProgress) -> Text:
    """Return on a line or two how far the sweep is, what is best so far, and how long it will take."""
    spec = progress.spec
    ended = sum(trial.is_settled for trial in progress.trials.values())
    counts = {status: progress.count(status) for status in ("running", "failed", "pruned", "cancelled")}
    parts = [f"{ended}/{spec.trials} trials", *(f"{n} {status}" for status, n in counts.items() if n)]
    line = Text(f"{title}  ", "bold").append(", ".join(parts), "default")
    line.append(f"  {format_duration(progress.seconds)}", "dim")
    if (left := seconds_left(progress)) is not None:
        line.append(f", about {format_duration(left)} left", "dim")
    if progress.best and spec.objectives:
        line.append("\n").append(f"{BEST} ", "bold green")
        shown = progress.best[:3]
        trials = [progress.trials[number] for number in shown]
        words = [describe_result(spec, trial.params, trial.values(spec)) for trial in trials]
        more = f" and {len(progress.best) - len(shown)} more" if len(progress.best) > len(shown) else ""
        line.append("; ".join(words) + more)
    return line


def choose_rows(progress: SweepProgress, most: int) -> list[TrialState]:
    """Return the trials that are worth a row: those that run, the best ones, and those that ended last."""
    chosen: dict[int, TrialState] = {}

    def take(trials: Iterable[TrialState]) -> None:
        for trial in trials:
            if len(chosen) < most:
                chosen.setdefault(trial.number, trial)

    everything = progress.trials
    take(trial for trial in everything.values() if trial.status == "running")
    take(everything[number] for number in progress.best[: max(1, most // 2)])
    for number in reversed(everything):
        if len(chosen) >= most:
            break
        if everything[number].is_settled:
            chosen.setdefault(number, everything[number])
    return [chosen[number] for number in sorted(chosen)]


def seconds_left(progress: SweepProgress) -> float | None:
    """Return about how many seconds the sweep will take yet; None as long as no trial has ended."""
    taken = [trial.duration or 0.0 for trial in progress.trials.values() if trial.is_settled]
    left = progress.spec.trials - sum(trial.is_settled for trial in progress.trials.values())
    if not taken or left <= 0:
        return None
    mean = sum(taken) / len(taken)
    now = datetime.now(UTC)
    begun = [trial.started for trial in progress.trials.values() if trial.status == "running"]
    done = sum(min(mean, (now - moment).total_seconds()) for moment in begun if moment is not None)
    return max(0.0, (left * mean - done) / max(1, min(progress.spec.parallel, left)))


def _values(progress: SweepProgress, trial: TrialState) -> Sequence[Text]:
    spec = progress.spec
    values = trial.values(spec)
    if len(values) == 1 and values[0] is None:
        values = [trial.last]
    texts = ["" if value is None else format_number(value, whole=False) for value in values]
    if trial.number not in progress.best:
        return [Text(text) for text in texts]
    return [Text(f"{BEST} {text}" if place == 0 else text, "bold green") for place, text in enumerate(texts)]


def describe_result(spec: SweepSpec, params: Mapping[str, object], values: Sequence[float | None]) -> str:
    """Return in words what a trial's values of the objectives are, and with which parameters."""
    return f"{_values_words(spec, values)} with {one_line(describe_params(params), 60)}"


def _values_words(spec: SweepSpec, values: Sequence[float | None], mark: str = "") -> str:
    return ", ".join(
        f"{mark}{objective.metric} {format_number(value, whole=False)}"
        for objective, value in zip(spec.objectives, values, strict=True)
        if value is not None
    )


def _line(progress: SweepProgress, trial: TrialState, place: int) -> Text:
    spec = progress.spec
    values = trial.values(spec)
    if spec.objectives and not any(value is not None for value in values):
        values = [trial.last, *values[1:]]
    mark = f"{BEST} " if trial.number in progress.best else ""
    parts = [
        f"{place}/{spec.trials}",
        one_line(describe_params(trial.params), 60),
        _values_words(spec, values, mark),
        format_duration(trial.duration),
    ]
    line = status_text(trial.status)
    line.append("  " + "  ".join(filter(None, parts)), "default")
    return line
