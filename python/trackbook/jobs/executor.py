"""The executor that runs notebooks as papermill does, with Trackbook's engine."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trackbook.domain.execution import Execution, Observer, Outcome
from trackbook.errors import KernelError
from trackbook.jobs.control import Control, ExecutionAborted

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
                observer=observer,
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
    # papermill itself, which would do this and call the engine, writes the notebook out once more at the end.
    from papermill.iorw import load_notebook_node  # late: it takes half a second

    notebook = load_notebook_node(execution.notebook)
    notebook.metadata.papermill["input_path"] = execution.notebook
    notebook.metadata.papermill["output_path"] = execution.output
    return notebook
