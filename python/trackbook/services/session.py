"""Where runs are opened: a plain program here; an interactive session puts its own in the place of this one."""

import sys
from pathlib import Path
from typing import Literal

from trackbook.domain.run import RunError, RunStatus, Source
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths

ShutdownKind = Literal["restart", "shutdown"]


class Session:
    """What is known about the place where this process opens its runs, and who wants to hear of them."""

    def source(self, store: StorePaths) -> Source:
        """Return where a run that opens now comes from."""
        main = getattr(sys.modules.get("__main__"), "__file__", None)
        if main is None:
            return Source("console")
        path = Path(main).absolute()
        inside = path.is_relative_to(store.project)
        return Source("script", path.relative_to(store.project).as_posix() if inside else str(path))

    def folder(self) -> Path:
        """Return the folder from which the project is looked for."""
        return Path.cwd()

    def notebook(self) -> Path | None:
        """Return the saved notebook that is being worked in."""
        return None

    def cell_id(self) -> str | None:
        """Return the id of the notebook cell that is being executed."""
        return None

    def message_id(self) -> str | None:
        """Return the id of the execute request that is being answered."""
        return None

    def shutdown_kind(self) -> ShutdownKind | None:
        """Return how the kernel is being stopped; None for a program that just ends."""
        return None

    def run_opened(self, recorder: RunRecorder) -> None:
        """Hear that this process opened or joined a run."""

    def run_ending(self, recorder: RunRecorder, status: RunStatus, error: RunError | None) -> None:
        """Hear that a run is about to end; records can still be appended."""


_current: list[Session] = [Session()]


def current_session() -> Session:
    """Return the session in which this process opens its runs."""
    return _current[-1]


def put_session(session: Session) -> None:
    """Put a session in the place of the one before."""
    _current[:] = [session]
