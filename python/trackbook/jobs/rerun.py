"""Running a notebook once more, for its results alone: nothing of it stays in the user's store or folder."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from trackbook.config import Settings
from trackbook.domain.cell import CellStatus
from trackbook.domain.execution import Execution, Executor, Observer, Outcome
from trackbook.domain.run import Run, Source
from trackbook.domain.snapshot import encode_part
from trackbook.errors import NotebookError, TrackbookError
from trackbook.notebook.clean import clean_notebook
from trackbook.notebook.experiment import find_experiment
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.read import Notebook, kernel_of, read_notebook
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import FOLDER, StorePaths, create_store

DEFAULT_KERNEL = "python3"
# Nobody will ask where it ran; but `%track` answers about secrets as it does elsewhere.
_CAPTURE = frozenset(("secrets",))
# Those of the user's own: what runs here must find none of them.
SETTINGS = (
    "TRACKBOOK_STORE",
    "TRACKBOOK_ARTIFACTS",
    "TRACKBOOK_TOKEN",
    "TRACKBOOK_SPOOL",
    "TRACKBOOK_RUN",
    "TRACKBOOK_JOB",
    "TRACKBOOK_OUTPUT_DIR",
    "TRACKBOOK_AUTO",
    "JPY_SESSION_NAME",
)


class Rerun(Struct, frozen=True):
    """How a run for the results alone came out. `notebook` is the executed one, with its outputs.

    `metrics` and `params` are what it tracked: the last values, those of runs inside of it too where no outer one has
    the same name. `log` is what the kernel's process itself printed.
    """

    outcome: Outcome
    notebook: Notebook
    metrics: dict[str, float] = {}
    params: dict[str, Any] = {}
    log: str = ""


class _Unheard:
    """An observer for those who want none."""

    def kernel_ready(self, tracks: bool) -> None:
        """Nobody asks."""

    def cell_started(self, position: int, total: int, cell: dict[str, Any]) -> None:
        """Nobody asks."""

    def cell_finished(self, cell: dict[str, Any], status: CellStatus, duration: float) -> None:
        """Nobody asks."""

    def cell_shown(self, cell: dict[str, Any]) -> None:
        """Nobody asks."""


def run_notebook(
    notebook: Mapping[str, Any],
    folder: Path | str,
    *,
    params: Mapping[str, Any] | None = None,
    kernel: str | None = None,
    timeout: float | None = None,
    environment: Mapping[str, str] | None = None,
    observer: Observer | None = None,
    executor: Executor | None = None,
) -> Rerun:
    """Execute a notebook document in a kernel of its own, with `folder` as its working directory.

    It runs as a job does, but in a store that is thrown away, so that `%track` leaves nothing behind; files that the
    notebook itself writes do stay. `params` are injected, `timeout` is in seconds for the whole notebook,
    `environment` is set for the kernel beside the process's own. The document is not touched. A cell that raises is
    no error of this function but its outcome.

    Raises KernelError if no kernel could be started, NotebookError for a folder that is not there, ParameterError for
    values that can't be written as source.
    """
    if not Path(folder).is_dir():
        raise NotebookError("the notebook", f"its folder {folder} is not there")
    document = inject_parameters(clean_notebook(dict(notebook)), params or {})
    with tempfile.TemporaryDirectory(prefix="trackbook-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        store = create_store(place / FOLDER)
        recorder = RunRecorder.start(
            store,
            experiment=find_experiment(document) or "rerun",
            source=Source("job", path="notebook.ipynb"),
            capture=_CAPTURE,
        )
        try:
            if params:
                recorder.set_params(params)
            execution = Execution(
                notebook=str(place / "notebook.ipynb"),
                output=str(place / "output.ipynb"),
                folder=str(Path(folder).absolute()),
                log=str(place / "log.txt"),
                environment=_environment(place, store, recorder.run_id) | dict(environment or {}),
                kernel=kernel or kernel_of(document) or DEFAULT_KERNEL,
                timeout=timeout,
            )
            Path(execution.notebook).write_bytes(encode_part(document))
            outcome = _executor(executor).run(execution, observer or _Unheard())
        finally:
            recorder.end("finished")
        output = Path(execution.output)
        executed = read_notebook(output) if output.exists() else document
        metrics, tracked = tracked_in(store, recorder.run_id)
        return Rerun(outcome, executed, metrics, tracked, _text(Path(execution.log)))


def _executor(given: Executor | None) -> Executor:
    if given is not None:
        return given
    from trackbook.jobs.executor import PapermillExecutor

    return PapermillExecutor()


def _environment(place: Path, store: StorePaths, run_id: str) -> dict[str, str]:
    outputs = place / "outputs"
    outputs.mkdir()
    settings = Settings(
        store=store.root, run_id=run_id, output_dir=outputs, capture=_CAPTURE, names_captures=True
    )
    return {name: "" for name in SETTINGS if os.environ.get(name)} | settings.job_environment()


def tracked_in(store: StorePaths, run_id: str | None = None) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the last metrics and the parameters of all runs of a store; those of `run_id` go over the others."""
    from trackbook.services.context import open_services

    services = open_services(store)
    try:
        services.runs.refresh(timeout=60.0)
        runs = services.runs.search(limit=1000).runs
    except TrackbookError:  # what was executed is worth more than what it tracked
        return {}, {}
    finally:
        services.close()
    metrics: dict[str, float] = {}
    params: dict[str, Any] = {}
    for run in sorted(runs, key=lambda run: _depth(run, run_id)):
        metrics = run.metrics | metrics
        params = run.params | params
    return metrics, params


def _depth(run: Run, own: str | None) -> int:
    if run.id == own:
        return 0
    return 1 if run.parent_id in (None, own) else 2


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
