"""The executor that runs notebooks as papermill does, with Trackbook's engine."""

from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trackbook.domain.execution import Execution, Observer, Outcome
from trackbook.errors import KernelError
from trackbook.jobs.control import Control, ExecutionAborted
from trackbook.notebook.read import parse_notebook

if TYPE_CHECKING:
    from trackbook.jobs.kernels import KernelProcess


class PapermillExecutor:
    """Executes one notebook at a time, in a kernel of its own.

    `choose` may give the process in which an execution's cells run; None leaves that to the notebook's kernel.
    """

    def __init__(self, choose: "Callable[[Execution], KernelProcess | None] | None" = None) -> None:
        self._control = Control()
        self._choose = choose

    def run(self, execution: Execution, observer: Observer) -> Outcome:
        """Execute a notebook and return how it came out; raises KernelError if no kernel could be started."""
        if execution.copy is None and execution.snapshots is None:
            return self.run_with(execution, observer)
        from trackbook.jobs.snapshots.client import snapshot_client, why_no_snapshots

        reason = why_no_snapshots(execution.kernel)
        if reason is None:
            return self.run_with(execution, observer, snapshot_client(execution))
        if execution.copy is not None:
            raise KernelError(reason)
        outcome = self.run_with(execution, observer)
        return msgspec.structs.replace(outcome, problems=[f"No snapshots: {reason}", *outcome.problems])

    def run_with(
        self, execution: Execution, observer: Observer, make: Callable[..., Any] | None = None
    ) -> Outcome:
        """Do as `run` does; `make`, if given, makes the JobNotebookClient that executes the cells."""
        from trackbook.jobs.engine import TrackbookEngine

        control = self._control = Control()
        notebook = _load(execution)
        kernel = TrackbookEngine.nb_kernel_name(notebook, execution.kernel)
        try:
            TrackbookEngine.execute_notebook(
                notebook,
                kernel,
                execution.output,
                progress_bar=False,
                control=control,
                folder=execution.folder,
                environment=execution.environment,
                log_path=execution.log,
                job_timeout=execution.timeout,
                execution_timeout=execution.cell_timeout,
                memory=execution.memory,
                kept=execution.kept,
                observer=observer,
                make_client=make,
                kernel=None if self._choose is None else self._choose(execution),
            )
        except (KernelError, TimeoutError, MemoryError, ExecutionAborted):
            if control.outcome is None:
                raise
        assert control.outcome is not None
        return control.outcome

    def cancel(self) -> None:
        """Have the present execution end as "aborted", soon; without one nothing happens.

        May be called from any thread and from a signal handler.
        """
        self._control.abort()


def _load(execution: Execution) -> Any:
    # As papermill's own loader gives it, whose import takes longer than a short notebook, and which checks the notebook
    # once more. papermill itself would also write it out once more at the end.
    from nbformat import NotebookNode
    from nbformat.v4 import to_notebook

    path = Path(execution.notebook)
    notebook = to_notebook(parse_notebook(path.read_bytes(), path))  # type: ignore[no-untyped-call]
    known = {"default_parameters": {}, "parameters": {}, "environment_variables": {}, "version": _version()}
    notebook.metadata.setdefault("papermill", NotebookNode(known))  # type: ignore[no-untyped-call]
    notebook.metadata.papermill["input_path"] = execution.notebook
    notebook.metadata.papermill["output_path"] = execution.output
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    return notebook


@cache
def _version() -> str:
    return version("papermill")
