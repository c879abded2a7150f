"""The project's lock file: which versions of which packages it asks for."""

from pathlib import Path

from msgspec import Struct

# The most exact first.
NAMES = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile.lock",
    "pixi.lock",
    "conda-lock.yml",
    "requirements.txt",
)
LARGEST = 20_000_000


class FoundLock(Struct, frozen=True):
    """A lock file: its path relative to the project, with forward slashes, and its bytes."""

    path: str
    data: bytes


def read_lock(project: Path) -> FoundLock | None:
    """Return the lock file in the project's folder; None without one, and for one above 20 MB."""
    for name in NAMES:
        path = project / name
        try:
            if path.is_file() and path.stat().st_size <= LARGEST:
                return FoundLock(name, path.read_bytes())
        except OSError:  # it may not be read
            continue
    return None
