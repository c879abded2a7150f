"""Bringing files to the disk itself, where a power cut can't take them away."""

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def bring_to_disk(path: Path) -> None:
    """Wait until the bytes of a file, or the names in a folder, are on the disk. Raises OSError if they can't be.

    Any process may ask for what another one wrote.
    """
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":  # a name is on the disk there with its file
        return
    fd = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        _flush(fd, is_folder)
    finally:
        os.close(fd)


def _flush(fd: int, is_folder: bool) -> None:
    if hasattr(fcntl, "F_FULLFSYNC"):  # macOS, whose fsync stops at the drive's own memory
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    elif hasattr(os, "fdatasync") and not is_folder:
        os.fdatasync(fd)
    else:
        os.fsync(fd)
