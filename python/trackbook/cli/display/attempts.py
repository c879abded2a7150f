"""The attempts at a job, as `trackbook show` prints them with one of their runs."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from trackbook.cli.display.jobs import OUTCOME_WORDS
from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import format_bytes, format_duration, one_line
from trackbook.domain.job import Job, JobAttempt


def attempt_section(job: Job, run_id: str) -> Iterator[RenderableType]:
    """Yield what is to be told of the job that made a run: cells that never ran, and other attempts."""
    mine = next((attempt for attempt in job.attempts if attempt.run_id == run_id), None)
    if mine is not None and mine.not_run:
        count = len(mine.not_run)
        yield Text(f"\n{'1 cell' if count == 1 else f'{count} cells'} never ran.")
    if len(job.attempts) < 2:
        return
    yield Text("\nAttempts", "bold")
    yield Padding(
        make_table(
            [
                to_column("#", [_number(attempt, run_id) for attempt in job.attempts], justify="right"),
                to_column("Outcome", [OUTCOME_WORDS[attempt.outcome] for attempt in job.attempts]),
                to_column("Time", [_length(attempt) for attempt in job.attempts], justify="right", rank=1),
                to_column("Memory", [_memory(attempt) for attempt in job.attempts], justify="right", rank=2),
                to_column("Run", [attempt.run_id[-8:] for attempt in job.attempts], rank=2),
                to_column("Error", [_error(attempt) for attempt in job.attempts], rank=3, shrinks=True),
            ]
        ),
        (0, 0, 0, 2),
    )


def _number(attempt: JobAttempt, run_id: str) -> str:
    return f"{attempt.number} (this)" if attempt.run_id == run_id else str(attempt.number)


def _length(attempt: JobAttempt) -> str:
    return format_duration((attempt.ended - attempt.started).total_seconds())


def _memory(attempt: JobAttempt) -> str:
    return "" if attempt.memory is None else format_bytes(attempt.memory)


def _error(attempt: JobAttempt) -> str:
    return "" if attempt.error is None else one_line(attempt.error.evalue, 200)
