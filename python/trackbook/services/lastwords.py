"""Last words: what a process could tell in its lock file alone, because the disk took nothing more for its journal."""

from pathlib import Path
from typing import NamedTuple, get_args

from trackbook.domain.clock import now
from trackbook.domain.records import RecordsLost, RunEnded
from trackbook.domain.run import RunStatus
from trackbook.store.locks import read_words


class LastWords(NamedTuple):
    """How the run ended, and what is missing from the journal, as far as the process could tell."""

    ended: RunEnded | None = None
    lost: RecordsLost | None = None


def read_last_words(lock: Path) -> LastWords:
    """Return the last words in a lock file that nobody holds any more, mostly none."""
    words = read_words(lock)
    try:
        return LastWords(_ended(*words["ended"]) if "ended" in words else None, _lost(words.get("lost")))
    except (TypeError, ValueError):
        return LastWords()


def _ended(at: int, status: RunStatus, reason: str) -> RunEnded:
    if status not in get_args(RunStatus):
        raise ValueError(status)
    full = "The disk was full when it ended."
    return RunEnded(int(at), status, None, f"{reason} {full}".strip())


def _lost(words: list[int] | None) -> RecordsLost | None:
    return RecordsLost(now(), *map(int, words)) if words else None
