"""The project's files that the kernel of a job writes: noted in the job's folder, for whoever looks for collisions."""

import contextlib
import json
from pathlib import Path

from trackbook.capture.places import ProjectFolder
from trackbook.services.background import background

WRITES = "writes.txt"
_MOST = 1000  # files


class JobWrites:
    """Notes in a job's folder which files of the project are written, each once."""

    def __init__(self, folder: Path, project: ProjectFolder) -> None:
        self._path, self._project = folder / WRITES, project
        self._count = 0

    def note(self, path: str) -> None:
        """Take note of a file; called in the middle of the user's call."""
        if self._count < _MOST and self._project.holds_data(path):
            self._count += 1
            background.tell(lambda: self._add(path))

    def _add(self, path: str) -> None:
        # Nothing of the user's depends on it.
        with contextlib.suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self._project.place(path)) + "\n")


def read_writes(folder: Path) -> set[str]:
    """Return the files, relative to the project, that a job's kernel has written, as noted in the job's folder."""
    found = set()
    try:
        lines = (folder / WRITES).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return set()
    for line in lines:
        with contextlib.suppress(ValueError):  # half written
            found.add(str(json.loads(line)))
    return found
