"""Settings: one frozen value, built at an entry point; nothing else reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trackbook.errors import UsageError

STORE = "TRACKBOOK_STORE"
RUN = "TRACKBOOK_RUN"
JOB = "TRACKBOOK_JOB"
OUTPUT_DIR = "TRACKBOOK_OUTPUT_DIR"
NOTEBOOK = "JPY_SESSION_NAME"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says.

    `store` is the folder of TRACKBOOK_STORE, which wins over the project's own `.trackbook`. `run_id`, `job_id`
    and `output_dir` are set for the kernel of a job. `notebook` is the path that Jupyter gave the kernel at start.
    """

    store: Path | None = None
    run_id: str | None = None
    job_id: str | None = None
    output_dir: Path | None = None
    notebook: Path | None = None

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from `environ`, by default the process's own environment.

        Raises UsageError for a TRACKBOOK_STORE that is no folder's path.
        """
        env = os.environ if environ is None else environ
        store = env.get(STORE)
        if store and "://" in store:
            raise UsageError(f"{STORE} is {store!r}, but this version keeps its store in a folder: name one.")
        return cls(
            store=_path(store),
            run_id=env.get(RUN) or None,
            job_id=env.get(JOB) or None,
            output_dir=_path(env.get(OUTPUT_DIR)),
            notebook=_path(env.get(NOTEBOOK)),
        )

    def job_environment(self) -> dict[str, str]:
        """Return these settings as environment variables for a kernel."""
        pairs = ((STORE, self.store), (RUN, self.run_id), (JOB, self.job_id), (OUTPUT_DIR, self.output_dir))
        return {name: str(value) for name, value in pairs if value is not None}


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None
