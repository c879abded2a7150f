"""The time limit that a cell sets itself: metadata `{"trackbook": {"timeout": 60}}`, or a tag `timeout=60`."""

import math
from typing import Any

from trackbook.notebook.read import Notebook

_TAG = "timeout="


def cell_timeout(cell: Notebook) -> float | None:
    """Return a cell's own time limit in seconds; None where it sets none, or nothing that is one."""
    metadata = cell.get("metadata") or {}
    own = metadata.get("trackbook")
    candidates = [own.get("timeout")] if isinstance(own, dict) else []
    tags = metadata.get("tags")
    candidates += [
        tag.removeprefix(_TAG)
        for tag in (tags if isinstance(tags, list) else [])
        if isinstance(tag, str) and tag.startswith(_TAG)
    ]
    return next((seconds for value in candidates if (seconds := _seconds(value)) is not None), None)


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(str(value).strip().removesuffix("s"))
    except ValueError:
        return None
    return seconds if 0 < seconds < math.inf else None
