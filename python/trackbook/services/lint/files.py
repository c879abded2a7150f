"""Which notebooks are meant: files as they are named, folders walked."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from trackbook.errors import UsageError
from trackbook.services.lint.config import read_config

_LEFT_OUT = frozenset(
    (
        ".ipynb_checkpoints", ".trackbook", ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "site-packages",
        "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".virtual_documents",
    )
)  # fmt: skip


def find_notebooks(named: Iterable[Path], *, force_exclude: bool = False) -> list[Path]:
    """Return the notebooks that are named, and those below folders that are, each once, in order.

    What the configuration excludes is left out of folders, and of what is named itself with `force_exclude`. Raises
    UsageError for a path that there is not, or a file that is no notebook by its name.
    """
    found: dict[Path, None] = {}
    for path in named:
        if path.is_dir():
            found.update(dict.fromkeys(_below(path)))
        elif not path.exists():
            raise UsageError(f"There is no {path}.")
        elif path.suffix != ".ipynb":
            raise UsageError(
                f"{path} is no notebook: `trackbook lint` reads .ipynb files, and folders of them."
            )
        elif not (force_exclude and read_config(path.absolute().parent).excludes(path)):
            found[path] = None
    return list(found)


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        place = Path(here)
        config = read_config(place.absolute())
        folders[:] = sorted(
            name for name in folders if name not in _LEFT_OUT and not config.excludes(place / name)
        )
        for name in sorted(names):
            if name.endswith(".ipynb") and not config.excludes(place / name):
                yield place / name
