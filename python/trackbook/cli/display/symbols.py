"""What a state looks like: a symbol, its word and a colour; the word alone is enough to tell states apart."""

from typing import NamedTuple

from rich.text import Text

from trackbook.domain.cell import CellStatus
from trackbook.domain.job import JobStatus
from trackbook.domain.run import RunStatus

BEST = "★"


class _Look(NamedTuple):
    symbol: str
    word: str
    style: str


_LOOKS: dict[RunStatus | JobStatus | CellStatus, _Look] = {
    "running": _Look("●", "running", "cyan"),
    "queued": _Look("○", "queued", "dim"),
    "finished": _Look("✓", "finished", "green"),
    "ok": _Look("✓", "ok", "green"),
    "failed": _Look("✗", "failed", "red"),
    "error": _Look("✗", "error", "red"),
    "killed": _Look("✗", "killed", "red"),
    "died": _Look("✗", "kernel died", "red"),
    "memory": _Look("✗", "memory limit", "red"),
    "timed_out": _Look("✗", "timed out", "red"),
    "aborted": _Look("■", "aborted", "yellow"),
    "cancelled": _Look("■", "cancelled", "yellow"),
    "pruned": _Look("■", "pruned", "yellow"),
    "lost": _Look("?", "lost", "yellow"),
}


def status_text(status: RunStatus | JobStatus | CellStatus) -> Text:
    """Return a status as symbol and word, coloured."""
    look = _LOOKS[status]
    return Text(f"{look.symbol} {look.word}", style=look.style)
