"""An executor whose trials share what does not differ between them: the first one runs it, all go on from a copy."""

import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec

from trackbook.config import JOB, OUTPUT_DIR, RUN
from trackbook.domain.execution import Execution, Observer, Outcome, SharedPrefix
from trackbook.domain.run import RunError
from trackbook.errors import KernelError
from trackbook.jobs.executor import PapermillExecutor
from trackbook.jobs.prefix.record import PrefixRecord, read_record, write_record
from trackbook.jobs.socketfolders import make_sockets_folder
from trackbook.jobs.threads import forkable_caps, usable_cores
from trackbook.notebook.inject import INJECTED
from trackbook.notebook.prefix import describe_cells
from trackbook.notebook.read import find_tagged_cell, is_executed, parse_notebook
from trackbook.store.locks import ProcessLock

_LOOK_EVERY = 0.01
_OF_ONE_RUN = (RUN, JOB, OUTPUT_DIR)


class SharingExecutor:
    """Executes notebooks as PapermillExecutor does; those with a prefix go on from a copy of its state.

    `folder` is where the workers of one supervisor find each other's copies, which end with the process `owner`. Where
    nothing can be shared the notebook runs as a whole, and the outcome says why.
    """

    def __init__(self, folder: Path | None = None, owner: int | None = None) -> None:
        self._inner = PapermillExecutor()
        self._given, self._made = folder, ""
        self._owner = os.getpid() if owner is None else owner
        self._is_cancelled = False

    def run(self, execution: Execution, observer: Observer) -> Outcome:
        """Execute a notebook and return how it came out; raises KernelError if no kernel could be started."""
        self._is_cancelled = False
        if execution.prefix is None:
            return self._inner.run(execution, observer)
        reason = _why_not_here(execution)
        if reason is None:
            shared = self._prepare(execution, execution.prefix)
            if self._is_cancelled:
                return _cancelled(execution)
            if shared.status != "refused":
                return self._go_on(execution, execution.prefix, shared, observer)
            reason = shared.reason
        return self._run_whole(execution, observer, f"No cells were shared with other trials: {reason}")

    def cancel(self) -> None:
        """Have the present execution end as "aborted", soon."""
        self._is_cancelled = True
        self._inner.cancel()

    def close(self) -> None:
        """Take away the folder that was made because none was given."""
        if self._made:
            shutil.rmtree(self._made, ignore_errors=True)

    def _run_whole(self, execution: Execution, observer: Observer, reason: str) -> Outcome:
        outcome = self._inner.run(execution, observer)
        return msgspec.structs.replace(outcome, problems=[reason, *outcome.problems])

    def _go_on(
        self, execution: Execution, prefix: SharedPrefix, shared: PrefixRecord, observer: Observer
    ) -> Outcome:
        from trackbook.jobs.prefix.shared import TrialClient
        from trackbook.jobs.runner.manager import RunnerManager

        # Where the shared cells failed nothing is executed any more, and any runner will do.
        copy = str(self._path(execution, prefix)) if shared.status == "ready" else None
        cores = execution.environment.get("OMP_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS")
        request = {
            "keep_random": False,
            "seeded": prefix.seeded,
            "threads": int(cores) if cores and cores.isdigit() else usable_cores(),
            "inputs": {str(shared.cells[prefix.values_at].count): _source_at(execution, prefix.values_at)}
            if prefix.values_at is not None and prefix.values_at in shared.cells
            else {},
        }
        made: list[TrialClient] = []

        def make(*arguments: Any, **options: Any) -> TrialClient:
            kernel = RunnerManager(copy, request)
            keep = execution.snapshots if copy is not None else None
            made.append(
                TrialClient(*arguments, prefix=prefix, shared=shared, keep=keep, kernel=kernel, **options)
            )
            return made[-1]

        try:
            outcome = self._inner.run_with(execution, observer, make)
        except KernelError as error:
            self._path(execution, prefix).with_suffix(".record").unlink(missing_ok=True)
            return self._run_whole(execution, observer, f"No cells were shared with other trials: {error}")
        if made and made[-1].hung and not self._is_cancelled:
            return self._run_whole(
                execution,
                observer,
                "The notebook hung in a copy of the shared cells' state, and was run again as a whole: what the "
                "shared cells leave behind can't be copied. Run this sweep without sharing.",
            )
        note = (
            f"{describe_cells(execution_cells(execution), prefix.cells)} ran once for all trials of the sweep"
        )
        who = "" if shared.run_id == prefix.run_id else f", in run {shared.run_id}"
        return msgspec.structs.replace(outcome, problems=[f"{note}{who}.", *outcome.problems])

    # The shared cells

    def _prepare(self, execution: Execution, prefix: SharedPrefix) -> PrefixRecord:
        path = self._path(execution, prefix)
        lock = ProcessLock(path.with_suffix(".lock"))
        while True:
            if (known := _usable(path)) is not None:
                return known
            if lock.acquire():
                try:
                    return _usable(path) or self._run_prefix(execution, prefix, path)
                finally:
                    lock.release()
            if self._is_cancelled:
                return PrefixRecord("refused", {}, prefix.run_id, None, "the job was cancelled.")
            time.sleep(_LOOK_EVERY)  # another trial runs them

    def _run_prefix(self, execution: Execution, prefix: SharedPrefix, path: Path) -> PrefixRecord:
        from trackbook.jobs.prefix.shared import PrefixClient
        from trackbook.jobs.warm.runner import fresh_runner

        made: list[PrefixClient] = []

        def make(*arguments: Any, **options: Any) -> PrefixClient:
            # With what the whole notebook imports, and not the shared cells alone.
            kernel, owner = fresh_runner(execution), self._owner
            made.append(
                PrefixClient(*arguments, prefix=prefix, path=str(path), owner=owner, kernel=kernel, **options)
            )
            return made[-1]

        draft = path.with_suffix(".ipynb")
        draft.write_text(json.dumps(_shared_notebook(execution, prefix)), encoding="utf-8")
        ran = msgspec.structs.replace(
            execution,
            notebook=str(draft),
            output=str(path.with_suffix(".out.ipynb")),
            environment=_prefix_environment(execution.environment),
            prefix=None,
            snapshots=None,
        )
        try:
            outcome = self._inner.run_with(ran, _Nobody(), make)
            record = made[-1].record(outcome)
        except KernelError as error:
            record = PrefixRecord("refused", {}, prefix.run_id, None, str(error))
        if not self._is_cancelled:
            write_record(path.with_suffix(".record"), record)
        return record

    def _path(self, execution: Execution, prefix: SharedPrefix) -> Path:
        if self._given is None and not self._made:
            self._made = str(make_sockets_folder("tb-prefix-"))
        folder = (self._given or Path(self._made)) / "prefixes"
        folder.mkdir(mode=0o700, exist_ok=True)
        own = {name: value for name, value in execution.environment.items() if name not in _OF_ONE_RUN}
        said = json.dumps([prefix.key, execution.folder, execution.kernel, sorted(own.items())])
        return folder / hashlib.sha256(said.encode()).hexdigest()[:16]


def _cancelled(execution: Execution) -> Outcome:
    cells = [cell for cell in execution_cells(execution)["cells"] if is_executed(cell)]
    error = RunError("Cancelled", "The job was cancelled.")
    return Outcome("aborted", error, [str(cell.get("id")) for cell in cells])


class _Nobody:
    """An observer of the shared cells, which each trial records for itself."""

    def kernel_ready(self, tracks: bool) -> None:
        pass

    def cell_started(self, position: int, total: int, cell: dict[str, Any]) -> None:
        pass

    def cell_finished(self, cell: dict[str, Any], status: str, duration: float) -> None:
        pass

    def cell_shown(self, cell: dict[str, Any]) -> None:
        pass


def _usable(path: Path) -> PrefixRecord | None:
    record = read_record(path.with_suffix(".record"))
    if record is not None and record.status == "ready" and not path.exists():
        return None  # its copy waited for too long, and has ended
    return record


def _why_not_here(execution: Execution) -> str | None:
    from trackbook.jobs.forking.wire import can_fork
    from trackbook.jobs.runner.choice import why_no_runner

    if not can_fork():
        return "processes can't be forked on this system."
    return why_no_runner(execution.kernel)


def execution_cells(execution: Execution) -> dict[str, Any]:
    """Return the notebook that an execution is to run."""
    return parse_notebook(Path(execution.notebook).read_bytes(), execution.notebook)


def _source_at(execution: Execution, position: int) -> str:
    source = execution_cells(execution)["cells"][position]["source"]
    return source if isinstance(source, str) else "".join(source)


def _shared_notebook(execution: Execution, prefix: SharedPrefix) -> dict[str, Any]:
    notebook = execution_cells(execution)
    injected = find_tagged_cell(notebook, INJECTED)
    notebook["cells"] = notebook["cells"][: prefix.length]
    if injected is not None and injected < prefix.length:
        # The place in the history is the one that it has in a notebook that runs as a whole.
        notebook["cells"][injected]["source"] = prefix.constants or "# Parameters"
    return notebook


def _prefix_environment(environment: dict[str, str]) -> dict[str, str]:
    own = {name: value for name, value in environment.items() if name not in _OF_ONE_RUN}
    return own | forkable_caps(os.environ | own)
