"""Where data lies, and what of a project is other people's code or none of the user's data."""

import os
import re
from pathlib import Path

from trackbook.domain.data import DataRole

_FOREIGN = frozenset(("site-packages", "dist-packages", "node_modules", "__pycache__", "__pypackages__"))
_ROLES: dict[str, DataRole] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
    "holdout": "test",
}


class ProjectFolder:
    """A project's folder as paths name it: as it was said, and with its links resolved.

    `prefixes` are the texts with which the absolute paths of its files begin.
    """

    def __init__(self, folder: Path) -> None:
        # At its root a file system's own path ends with the separator already.
        roots = dict.fromkeys((os.path.abspath(folder), os.path.realpath(folder)))
        self.prefixes = tuple(root if root.endswith(os.sep) else root + os.sep for root in roots)
        self._environments: dict[str, bool] = {}

    def place(self, path: str) -> str:
        """Return how an absolute path is recorded: relative to the project if it lies inside."""
        if path + os.sep in self.prefixes:
            return "."
        for prefix in self.prefixes:
            if path.startswith(prefix):
                return path[len(prefix) :].replace(os.sep, "/")
        return path

    def holds_data(self, path: str) -> bool:
        """Tell whether an absolute path may be the user's data.

        It is not where it lies outside, is hidden or inside a hidden folder, or belongs to installed packages.
        """
        prefix = next((prefix for prefix in self.prefixes if path.startswith(prefix)), None)
        if prefix is None:
            return False
        parts = path[len(prefix) :].split(os.sep)
        if any(part.startswith(".") for part in parts):
            return False
        folders = parts[:-1]
        if not _FOREIGN.isdisjoint(folders) or any(part.endswith(("-info", ".egg-info")) for part in folders):
            return False
        return not any(
            self._is_environment(prefix + os.sep.join(folders[: depth + 1])) for depth in range(len(folders))
        )

    def _is_environment(self, folder: str) -> bool:
        if folder not in self._environments:
            marks = (os.path.join(folder, mark) for mark in ("pyvenv.cfg", "conda-meta"))
            self._environments[folder] = any(os.path.exists(mark) for mark in marks)
        return self._environments[folder]


def guess_role(place: str) -> DataRole | None:
    """Return the role that a file's name says, else that of its folders from the nearest on; None if none does.

    A word counts where it stands by itself: `train.csv`, `X_train`, `data/test/1.png`; two different ones in one name
    say nothing.
    """
    for part in list(reversed(place.split("/")))[:4]:
        found = {_ROLES[word] for word in re.split(r"[^a-z]+", part.lower()) if word in _ROLES}
        if found:
            return found.pop() if len(found) == 1 else None
    return None
