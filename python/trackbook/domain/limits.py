"""The limits of a job beside its time: each cell's time, memory, and after which failures it is begun again."""

import math
import re
from collections.abc import Sequence
from typing import get_args

from msgspec import Struct

from trackbook.domain.job import RETRIED_BY_DEFAULT, RETRY_DELAY, FailureCause
from trackbook.errors import UsageError

MOST_RETRIES = 100
LEAST_MEMORY = 1_048_576

_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


class Limits(Struct, frozen=True):
    """What a job may use: `cell_timeout` seconds for each cell, `memory` bytes for the kernel and its processes.

    After a failure whose cause is among `retry_on` it is begun again, `retries` times at most, the first time after
    about `retry_delay` seconds, each later time after twice as long.
    """

    cell_timeout: float | None = None
    memory: int | None = None
    retries: int = 0
    retry_delay: float = RETRY_DELAY
    retry_on: Sequence[FailureCause] = RETRIED_BY_DEFAULT

    def check(self) -> "Limits":
        """Return these limits; raises UsageError for one that can't be."""
        check_seconds(self.cell_timeout)
        if self.memory is not None and self.memory < LEAST_MEMORY:
            raise UsageError(f"A memory limit is at least 1 MiB, not {self.memory} bytes; write 2GB, say.")
        if not 0 <= self.retries <= MOST_RETRIES:
            raise UsageError(f"A job is begun again 0 to {MOST_RETRIES} times, not {self.retries} times.")
        if not 0 <= self.retry_delay < math.inf:
            raise UsageError(f"The time before a retry is a number of seconds, not {self.retry_delay!r}.")
        for cause in self.retry_on:
            _check_cause(cause)
        return self


def check_seconds(timeout: float | None) -> None:
    """Raise UsageError for a time limit that is none; None stands for no limit."""
    if timeout is not None and not 0 < timeout < math.inf:
        raise UsageError(f"A time limit is a number of seconds above 0, not {timeout!r}.")


def parse_memory(text: str) -> int:
    """Return how many bytes a text such as `2GB`, `1.5 GiB` or `500m` stands for. Raises UsageError for others."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no amount of memory; write 2GB, 1.5GiB or 500MB, say.")
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.lower()])


def parse_causes(text: str) -> list[FailureCause]:
    """Return the causes that a text names between commas. Raises UsageError for a word that is none."""
    return [_check_cause(word.strip().replace("-", "_")) for word in text.split(",") if word.strip()]


def _check_cause(word: str) -> FailureCause:
    causes: tuple[FailureCause, ...] = get_args(FailureCause)
    for cause in causes:
        if cause == word:
            return cause
    raise UsageError(f"{word!r} is no cause of a failure; there are {', '.join(causes)}.")
