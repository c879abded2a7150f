"""Which modules the kernel of a notebook finds imported already."""

import os
from collections.abc import Sequence
from pathlib import Path

from trackbook.config import Settings
from trackbook.errors import UsageError
from trackbook.notebook.imports import imported_modules
from trackbook.store.paths import planned_root

_ENDINGS = (".py", ".so", ".pyd")


def wanted_modules(sources: Sequence[str], folder: str) -> list[str] | None:
    """Return what kernels of a notebook in `folder` are to have imported: what its cells import, or what is listed.

    None where warm kernels are switched off: by TRACKBOOK_WARM=0, or `warm = false` in the project's pyproject.toml. A
    list there takes the place of what the cells import. Settings that can't be read switch nothing off: they are
    complained of where they are read to be used.
    """
    try:
        listed: bool | list[str] = Settings.load().warm_in(planned_root(Path(folder)).parent)
    except UsageError:
        listed = True
    if listed is False:
        return None
    names = imported_modules(sources) if listed is True else listed
    return [name for name in names if not shadows(folder, [name.partition(":")[0].partition(".")[0]])]


def shadows(folder: str, names: Sequence[str]) -> list[str]:
    """Return those of some top-level modules that a file or package of `folder`, where a kernel looks first, hides."""
    try:
        present = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []
    known = {
        entry.partition(".")[0]
        for entry in present
        if entry.endswith(_ENDINGS) or os.path.isfile(os.path.join(folder, entry, "__init__.py"))  # noqa: PTH113, PTH118
    }
    return [name for name in names if name in known]
