"""A head start: the worker imports what jobs need while the command that wants them run still prepares them."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from trackbook.services.processes import start_module
from trackbook.store.paths import StorePaths

# The kernel of this interpreter, as it is called everywhere.
_USUAL = "python3"


def is_usual(kernel: str | None) -> bool:
    """Tell whether a kernel that was named, or was not, can be prepared before anybody has looked at it."""
    return kernel in (None, _USUAL)


class HeadStart:
    """A worker for up to `parallel` jobs at a time that does not know yet which.

    Where their `notebook` is known, what it imports is imported meanwhile; `shares`: the jobs share cells.

    `take` says which, and hands it over. On leaving, one that was not taken ends by itself. Where none can be started
    `take` returns None: whoever runs the jobs starts one then, and says why that fails.
    """

    def __init__(
        self, store: StorePaths, parallel: int = 1, notebook: Path | None = None, *, shares: bool = False
    ) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform == "win32":  # what waits for a pipe there hears nothing else
            return
        arguments = [str(store.root), "--told", "--jobs", str(parallel), "--parent", str(os.getpid())]
        if notebook is not None:
            arguments += ["--ahead", str(notebook.absolute()), *(["--shares"] if shares else [])]
        with contextlib.suppress(OSError):
            log = worker_log(store)
            log.parent.mkdir(parents=True, exist_ok=True)
            self._process = start_module(
                "trackbook.jobs.worker", *arguments, folder=store.root, log=log, told=True
            )

    def take(self, arguments: Sequence[str]) -> "subprocess.Popen[bytes] | None":
        """Have the worker work on what these further arguments of its say, and return its process, if it lives."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return None
        try:
            with process.stdin as told:
                told.write(json.dumps(list(arguments)).encode() + b"\n")
        except OSError:  # it has ended meanwhile
            process.wait()
            return None
        return process

    def close(self) -> None:
        """Let a worker that was not taken end; nobody waits for it."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def worker_log(store: StorePaths) -> Path:
    """Return the file that has what a store's workers print."""
    return store.jobs / "worker.log"
