"""Executes a notebook in a runner, with a copy of its state at each border; or goes on from such a copy."""

import contextlib
from typing import Any

from nbclient.exceptions import DeadKernelError

from trackbook.domain.execution import Execution, KeepSnapshots, Outcome
from trackbook.jobs.client import JobNotebookClient
from trackbook.jobs.runner.client import RunnerDialogue
from trackbook.jobs.runner.manager import RunnerManager
from trackbook.jobs.snapshots.borders import Borders
from trackbook.jobs.warm.runner import fresh_runner
from trackbook.notebook.inject import INJECTED

# Trackbook is loaded in the copy already, and writes into the run that failed: from now on into this one.
_MOVE_ON = """\
try:
    __import__("trackbook.api.starting", fromlist=["move_on"]).move_on()
except ImportError:
    pass
"""
_SETTLE = """\
try:
    __import__("trackbook.services.surroundings", fromlist=["x"]).wait_for_captures(3.0)
except Exception:
    pass
"""
_PATIENCE = 60.0


class TakesBorders(JobNotebookClient):
    """Takes a copy before each cell that is executed but the first one, as `keep` says."""

    def __init__(self, *arguments: Any, keep: KeepSnapshots | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._borders = Borders(keep) if keep is not None else None
        # Whether there is a state worth a copy.
        self._has_executed = False
        self._has_settled = False

    async def _execute_cells(self) -> Outcome:
        outcome: Outcome | None = None
        try:
            outcome = await super()._execute_cells()
            return outcome
        finally:
            if self._borders is not None:
                self._borders.close(succeeded=outcome is not None and outcome.status == "finished")

    async def _execute_one(self, index: int, total: int) -> Outcome | None:
        if self._borders is not None and self._has_executed and self._is_own(index):
            await self._take_border(self._borders, index)
        self._has_executed = True
        return await super()._execute_one(index, total)

    def _is_own(self, index: int) -> bool:
        """Tell whether a cell is executed here."""
        return True

    async def _take_border(self, borders: Borders, index: int) -> None:
        if not self._has_settled:
            # What Trackbook captures when a run begins, in a thread and with git, is over soon.
            self._has_settled = True
            assert self._dialogue is not None
            exchange = self._dialogue.ask(_SETTLE, silent=True, store_history=False)
            with contextlib.suppress(DeadKernelError):
                await exchange.reply
        self._do_rest()  # what the cell before has shown is stored first
        cell = self.nb.cells[index]
        number = sum(INJECTED not in one.metadata.get("tags", []) for one in self.nb.cells[: index + 1])
        assert isinstance(self._dialogue, RunnerDialogue)
        path, owner = borders.begin()
        # Collecting garbage would take longer than all else, and there are many borders.
        wanted = {"path": path, "owner": owner, "collects": False}
        answer = await self._dialogue.ask_control("snapshot", wanted, _PATIENCE)
        borders.note(index, str(cell.get("id")), max(number, 1), path, answer)


class SnapshotClient(TakesBorders):
    """Executes a notebook in a runner of its own, or in one that `goes_on` from a copy."""

    def __init__(self, *arguments: Any, goes_on: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if goes_on:
            self.hello = _MOVE_ON
        self._has_executed = goes_on


def snapshot_client(execution: Execution) -> Any:
    """Return what makes the client of an execution that keeps copies, or goes on from one."""

    def make(*arguments: Any, **options: Any) -> SnapshotClient:
        copy = execution.copy
        kernel = RunnerManager(copy, {"keep_random": True}) if copy is not None else fresh_runner(execution)
        keep, goes_on = execution.snapshots, copy is not None
        return SnapshotClient(*arguments, keep=keep, goes_on=goes_on, kernel=kernel, **options)

    return make


def why_no_snapshots(kernel: str | None) -> str | None:
    """Return why no copies can be taken of a notebook's process, as a sentence; None if they can."""
    from trackbook.jobs.forking.wire import can_fork
    from trackbook.jobs.runner.choice import why_no_runner

    if not can_fork():
        return "Processes can't be copied on this system."
    reason = why_no_runner(kernel)
    return None if reason is None else f"{reason[0].upper()}{reason[1:]}"
