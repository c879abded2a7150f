"""Trackbook's engine for papermill: `papermill in.ipynb out.ipynb --engine trackbook`.

papermill is imported late here: it loads its engines, this module among them, while it is being imported itself.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from trackbook.domain.execution import Observer, Outcome
from trackbook.errors import KernelError
from trackbook.jobs.control import Control, ExecutionAborted

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from trackbook.jobs.kernels import KernelProcess
    from trackbook.jobs.progress import ExecutionManager

DEFAULT_KERNEL = "python3"


class TrackbookEngine:
    """Executes notebooks for papermill.

    Beside papermill's own engine it sends cell ids, tags and metadata to the kernel and loads Trackbook there, saves
    the output notebook atomically and seldom, and says of each cell honestly how it came out: one that never ran
    stays "pending", one in which the kernel died or the time ran out is "failed".
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: "NotebookNode",
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        log_output: bool = False,
        **options: Any,
    ) -> "NotebookNode":
        """Execute `nb` and return it, with outputs.

        Raises KernelError if the kernel could not be started or died, TimeoutError when the time ran out,
        MemoryError when the memory limit was passed, ExecutionAborted; a cell that raised ends the execution and is
        left to papermill to report.
        """
        from trackbook.jobs.injected import secure_parameters
        from trackbook.jobs.progress import ExecutionManager

        secure_parameters(nb)
        # papermill itself writes to its output path once more at the end, and not atomically; `save_path` is ours.
        save_path = options.pop("save_path", None) or output_path
        manager = ExecutionManager(
            nb,
            output_path=save_path,
            progress_bar=progress_bar,
            log_output=log_output,
            kept=options.pop("kept", ()),
        )
        control = options.pop("control", None) or Control()
        manager.notebook_start()
        try:
            control.outcome = _execute(manager, kernel_name, control, log_output=log_output, **options)
            _note_outcome(nb, control.outcome)
        finally:
            manager.notebook_complete()
        control.outcome = _complete(control.outcome, manager)
        _raise_for(control.outcome)
        return nb

    @classmethod
    def nb_kernel_name(cls, nb: "NotebookNode", name: str | None = None) -> str:
        """Return the kernel to use: `name`, else the notebook's own, else `python3`."""
        return str(name or nb.metadata.get("kernelspec", {}).get("name") or DEFAULT_KERNEL)

    @classmethod
    def nb_language(cls, nb: "NotebookNode", language: str | None = None) -> str:
        """Return the notebook's language: `language`, else what the notebook says, else `python`."""
        found = language or nb.metadata.get("language_info", {}).get("name")
        return str(found or nb.metadata.get("kernelspec", {}).get("language") or "python")


def _execute(
    manager: "ExecutionManager",
    kernel_name: str,
    control: Control,
    *,
    folder: str | None = None,
    environment: dict[str, str] | None = None,
    log_path: str | None = None,
    job_timeout: float | None = None,
    memory: int | None = None,
    observer: Observer | None = None,
    kernel: "KernelProcess | None" = None,
    make_client: Callable[..., Any] | None = None,
    start_timeout: int = 60,
    execution_timeout: float | None = None,
    **options: Any,
) -> Outcome:
    from trackbook.jobs.client import JobNotebookClient

    known = JobNotebookClient.class_trait_names()
    given = {} if kernel is None else {"kernel": kernel}
    client: JobNotebookClient = (make_client or JobNotebookClient)(
        manager,
        folder=folder,
        environment=environment or {},
        log_path=log_path,
        job_timeout=job_timeout,
        memory=memory,
        observer=observer,
        **given,
        **{name: value for name, value in options.items() if name in known}
        | {"kernel_name": kernel_name, "startup_timeout": start_timeout}
        | _timeout(execution_timeout),
    )
    control.bind(client)
    outcome = client.execute_all()
    cpu, used = client.usage()
    return msgspec.structs.replace(outcome, cpu=cpu, memory=used)


def _timeout(seconds: float | None) -> dict[str, Any]:
    if not seconds or seconds < 0:
        return {}
    # nbclient takes whole seconds; a function may give others.
    return {"timeout_func": lambda _: seconds}


def _note_outcome(nb: "NotebookNode", outcome: Outcome) -> None:
    """Say in the notebook itself how its execution came out: papermill has a word for failed cells alone."""
    noted: dict[str, Any] = {"status": "completed" if outcome.status == "finished" else outcome.status}
    if outcome.status == "aborted":
        noted["status"] = "killed"
    if outcome.error is not None:
        noted["error"] = {"ename": outcome.error.ename, "evalue": outcome.error.evalue}
    if outcome.memory is not None:
        noted["memory"] = outcome.memory
    if outcome.cpu is not None:
        noted["cpu"] = outcome.cpu
    own = nb.metadata.get("trackbook")
    nb.metadata["trackbook"] = (own if isinstance(own, dict) else {}) | noted
    if outcome.status != "finished":
        nb.metadata.papermill["exception"] = True


def _complete(outcome: Outcome, manager: "ExecutionManager") -> Outcome:
    states = [(cell.get("id"), cell.metadata.get("trackbook")) for cell in manager.nb.cells]
    not_run = [str(key) for key, own in states if isinstance(own, dict) and own.get("status") == "not_run"]
    return msgspec.structs.replace(outcome, not_run=not_run, problems=manager.problems)


def _raise_for(outcome: Outcome) -> None:
    if outcome.status in ("finished", "failed"):
        return
    text = outcome.error.evalue if outcome.error is not None else outcome.status
    if outcome.status == "died":
        raise KernelError(text)
    if outcome.status == "timed_out":
        raise TimeoutError(text)
    if outcome.status == "memory":
        raise MemoryError(text)
    raise ExecutionAborted(text)
