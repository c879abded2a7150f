"""nbval: pytest's own way to hold notebooks against their saved outputs, with our noise left out."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from trackbook.errors import UsageError
from trackbook.notebook.results.sanitize import sanitize_file
from trackbook.store.paths import FOLDER


def run_nbval(
    notebooks: Sequence[Path],
    *,
    kernel: str | None = None,
    cell_timeout: float | None = None,
    junit: Path | None = None,
) -> int:
    """Run `pytest --nbval` over notebooks with a sanitize file of ours; returns pytest's exit code.

    `cell_timeout` is in seconds for each cell. Raises UsageError where nbval is not installed.
    """
    missing = [name for name in ("pytest", "nbval") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"--nbval needs {' and '.join(missing)}, not installed here: pip install pytest nbval"
        )
    with tempfile.TemporaryDirectory(prefix="trackbook-") as folder:
        file = Path(folder) / "sanitize.cfg"
        file.write_text(sanitize_file(), encoding="utf-8")
        # Its cache would be left in the user's folder.
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval"]
        command += ["--nbval-sanitize-with", str(file)]
        if kernel is not None:
            command += ["--nbval-kernel-name", kernel]
        if cell_timeout is not None:
            command += ["--nbval-cell-timeout", f"{cell_timeout:g}"]
        if junit is not None:
            command += ["--junitxml", str(junit)]
        environment = os.environ | {
            "TRACKBOOK_STORE": str(Path(folder) / FOLDER)
        }  # for what `%track` records
        return subprocess.run([*command, *map(str, notebooks)], env=environment, check=False).returncode
