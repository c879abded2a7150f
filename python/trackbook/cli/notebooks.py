"""Notebooks that a command line names: files, and folders that are searched for them."""

import os
from collections.abc import Iterable
from pathlib import Path

from trackbook.errors import UsageError

_SUFFIX = ".ipynb"


def find_notebooks(paths: Iterable[Path]) -> list[Path]:
    """Return the notebooks that are named, and those in folders that are, by path; each once.

    Hidden folders, `.ipynb_checkpoints` among them, are passed over. Raises UsageError for what is not there, for a
    file that is no notebook by its name, and where there is none at all.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(_in_folder(path))
        elif not path.exists():
            raise UsageError(f"{path}: there is no such file or folder.")
        elif path.suffix != _SUFFIX:
            raise UsageError(f"{path} is no notebook: its name does not end in {_SUFFIX}.")
        else:
            found[path] = None
    if not found:
        raise UsageError(f"There is no notebook in {', '.join(map(str, paths))}.")
    return list(found)


def _in_folder(folder: Path) -> list[Path]:
    notebooks = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        notebooks += [Path(root) / name for name in sorted(files) if name.endswith(_SUFFIX)]
    return notebooks
