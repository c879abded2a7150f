"""A worker that stands in the foreground: a process of its own that runs what is queued, and tells what it does."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from trackbook.store.paths import StorePaths

OnEvent = Callable[[str, str], None]


class StandingWorker:
    """Runs up to `jobs` of a store's jobs at a time, which together may use `memory` bytes.

    It ends when nothing has waited for `idle` seconds; with None it stands until it is told to end.
    """

    def __init__(
        self, store: StorePaths, *, jobs: int, memory: int | None = None, idle: float | None = None
    ) -> None:
        arguments = [str(store.root), "--jobs", str(jobs), "--parent", str(os.getpid()), "--tell"]
        arguments += ["--forever"] if idle is None else ["--idle", str(idle)]
        arguments += [] if memory is None else ["--memory", str(memory)]
        # Ctrl-C is for this process alone, which says what is meant by it.
        apart: dict[str, Any] = {}
        if sys.platform == "win32":
            apart["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
        else:
            apart["start_new_session"] = True
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trackbook.jobs.worker", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=store.root,
            **apart,
        )

    def follow(self, tell: OnEvent) -> int:
        """Call `tell` with "began" or "ended" and a job's id as it happens; returns the worker's exit code at its end.

        Ctrl-C leaves this with KeyboardInterrupt; it may be called again then.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with contextlib.suppress(msgspec.DecodeError):
                said = msgspec.json.decode(line, type=dict[str, str])
                tell(said["event"], said["job"])
        return self._process.wait()

    def drain(self) -> None:
        """Have it end once the jobs that run have ended."""
        # Windows has no such signal for other processes: there what runs is ended.
        self._process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)

    def stop(self) -> None:
        """Have it cancel what runs, and end."""
        self._process.terminate()

    def close(self) -> None:
        """See that it has ended."""
        if self._process.poll() is None:
            self.stop()
            try:
                self._process.wait(30.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
