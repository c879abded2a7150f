"""Logs a call in which not everything is a number."""

from collections.abc import Mapping
from typing import Any

from trackbook.domain.rich import RichContent
from trackbook.domain.values import to_number
from trackbook.errors import InvalidValue, UsageError
from trackbook.services.recorder import RunRecorder
from trackbook.services.values.convert import to_content


def log_values(
    recorder: RunRecorder,
    values: Mapping[str, Any],
    step: int | None = None,
    context: Mapping[str, str] | None = None,
    cell_id: str | None = None,
) -> None:
    """Store numbers as metrics and all else as rich values, all at the same step.

    Without a step it is one more than the last step of any of them. What can't be stored raises InvalidValue after all
    else is stored.
    """
    numbers: dict[str, float] = {}
    contents: dict[str, RichContent] = {}
    problems: list[UsageError] = []
    for key, value in values.items():
        try:
            numbers[key] = to_number(key, value)
        except InvalidValue:
            try:
                contents[key] = to_content(key, value)
            except UsageError as problem:
                problems.append(problem)
    at = recorder.steps.next((*numbers, *contents), context) if step is None else step
    if numbers:
        recorder.log(numbers, at, context)
    for key, content in contents.items():
        recorder.log_rich(key, content, at, context, cell_id)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise UsageError(" ".join(str(problem) for problem in problems))
