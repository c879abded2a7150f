"""The executor that runs notebooks through papermill."""

from pathlib import Path

from trackbook.domain.execution import Execution, Observer, Outcome
from trackbook.errors import KernelError
from trackbook.jobs.control import Control, ExecutionAborted

ENGINE = "trackbook"


class PapermillExecutor:
    """Executes one notebook at a time, in a kernel of its own, with Trackbook's engine."""

    def __init__(self) -> None:
        self._control = Control()

    def run(self, execution: Execution, observer: Observer) -> Outcome:
        """Execute a notebook and return how it came out; raises KernelError if no kernel could be started."""
        import papermill  # late: it takes half a second
        from papermill.engines import papermill_engines
        from papermill.exceptions import PapermillExecutionError

        from trackbook.jobs.engine import TrackbookEngine

        # Also where Trackbook runs from a folder that was never installed, and so has no entry points.
        papermill_engines.register(ENGINE, TrackbookEngine)
        control = self._control = Control()
        try:
            papermill.execute_notebook(
                _literal_path(execution.notebook),
                None,
                save_path=execution.output,
                engine_name=ENGINE,
                kernel_name=execution.kernel,
                progress_bar=False,
                control=control,
                folder=execution.folder,
                environment=execution.environment,
                log_path=execution.log,
                job_timeout=execution.timeout,
                observer=observer,
            )
        except (PapermillExecutionError, KernelError, TimeoutError, ExecutionAborted):
            if control.outcome is None:
                raise
        if control.outcome is None:
            raise KernelError(f"{Path(execution.notebook).name} was not executed.")
        return control.outcome

    def cancel(self) -> None:
        """Have the present execution end as "aborted", soon; without one nothing happens.

        May be called from any thread and from a signal handler.
        """
        self._control.abort()


def _literal_path(path: str) -> str:
    # papermill fills in braces in paths, and folders may have some.
    return path.replace("{", "{{").replace("}", "}}")
