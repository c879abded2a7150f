"""A head start: what jobs import is imported while the command that wants them run still prepares them.

Their template begins first of all. A command of Trackbook's own then imports what it has in common with its worker, and
forks that; of other processes a worker is started, which imports all by itself.
"""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from trackbook.jobs.quiet import quiet_imports
from trackbook.services.forked import fork_module, is_own, may_fork
from trackbook.services.processes import Process, start_module
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
        self._process: Process | None = None
        if sys.platform == "win32":  # what waits for a pipe there hears nothing else
            return
        log = worker_log(store)
        arguments = [str(store.root), "--told", "--jobs", str(parallel), "--parent", str(os.getpid())]
        with contextlib.suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True)
            if is_own() and may_fork():
                self._process = _fork_worker(store, arguments, log, parallel, notebook, shares)
            if self._process is None:
                if notebook is not None:
                    arguments += ["--ahead", str(notebook.absolute()), *(["--shares"] if shares else [])]
                self._process = start_module(
                    "trackbook.jobs.worker", *arguments, folder=store.root, log=log, told=True
                )

    def take(self, arguments: Sequence[str]) -> Process | None:
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


def _fork_worker(
    store: StorePaths, arguments: list[str], log: Path, parallel: int, notebook: Path | None, shares: bool
) -> Process | None:
    """Fork the worker from this process, once it has imported what both need; None if that has started threads."""
    from trackbook.jobs.ahead import start_template
    from trackbook.jobs.warm.offering import offered_templates
    from trackbook.jobs.workerfolder import make_worker_folder

    folder = make_worker_folder()
    if notebook is not None:
        # Before all else, which is imported beside it.
        start_template(store, folder, notebook.absolute(), parallel, log, shares=shares)
    if offered_templates(store) is None:
        # Both at once would keep the template from its imports; where there is one already, both import at once.
        with quiet_imports():
            from trackbook.jobs.supervisor import import_all

            import_all()
    if not may_fork():
        shutil.rmtree(folder, ignore_errors=True)
        return None

    def supervise() -> int:
        from trackbook.jobs.worker import told_supervisor

        return told_supervisor(arguments, folder).run()

    return fork_module(
        "trackbook.jobs.worker", *arguments, main=supervise, folder=store.root, log=log, told=True
    )
