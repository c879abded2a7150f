"""Listings of folders of installed packages, kept as long as a folder does not change.

Each kernel of a sweep asks for them; what was found before a process is forked is known in the copy.
"""

import os
import time
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path

# A folder that changed just now may change again without its time of change telling.
_SETTLED = 2_000_000_000  # nanoseconds
_MOST = 64

Pairs = tuple[tuple[str, str], ...]


def kept(read: Callable[[Path], Pairs]) -> Callable[[Path], Pairs]:
    """Have `read`, which lists a folder of packages, be called again only where the folder has changed since."""

    @lru_cache(maxsize=_MOST)
    def remember(folder: str, device: int, inode: int, changed: int) -> Pairs:
        return read(Path(folder))

    @wraps(read)
    def look(folder: Path) -> Pairs:
        try:
            status = os.stat(folder)  # noqa: PTH116
        except OSError:
            return ()
        if time.time_ns() - status.st_mtime_ns < _SETTLED:
            return read(folder)
        return remember(str(folder), status.st_dev, status.st_ino, status.st_mtime_ns)

    return look
