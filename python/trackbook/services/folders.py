"""Whole folders as artifacts."""

import os
from pathlib import Path

from trackbook.domain.names import check_artifact_path
from trackbook.errors import UsageError
from trackbook.store.paths import FOLDER

MAX_FILES = 10_000


def files_of(folder: Path, name: str | None) -> dict[str, Path]:
    """Return a folder's files by their paths in the run, `name` in front (by default the folder's own name).

    Linked folders are not entered, and a store's own folder is left out. Raises UsageError for a folder without files
    or with more than 10,000, InvalidName for a file whose name no artifact can have.
    """
    root = check_artifact_path((name or folder.resolve().name).rstrip("/"))
    found: dict[str, Path] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(inner for inner in folders if inner != FOLDER)
        for file in sorted(names):
            path = Path(place, file)
            if not path.is_file():  # a socket, a link to nothing
                continue
            found[check_artifact_path(f"{root}/{path.relative_to(folder).as_posix()}")] = path
        if len(found) > MAX_FILES:
            raise UsageError(
                f"{str(folder)!r} has more than {MAX_FILES:,} files; store it as one: an archive, or a table."
            )
    if not found:
        raise UsageError(f"There is no file in the folder {str(folder)!r}.")
    return found
