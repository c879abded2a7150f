"""Folders for sockets, whose paths have a hundred characters or so at most. Imports nothing heavy."""

import tempfile
from pathlib import Path

_LONGEST = 40  # characters of the folder above; what lies below it needs the rest
_SHORT = Path("/tmp")


def sockets_base() -> Path:
    """Return where folders of sockets are made: the system's temporary folder, unless its path is long."""
    usual = Path(tempfile.gettempdir())
    return usual if len(str(usual)) < _LONGEST or not _SHORT.is_dir() else _SHORT


def make_sockets_folder(prefix: str) -> Path:
    """Make a folder that this user alone can read. Raises OSError."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=sockets_base()))
