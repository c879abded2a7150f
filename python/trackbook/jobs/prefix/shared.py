"""Runs the shared cells and asks for a copy of their state; runs a trial that goes on from it."""

import asyncio
import contextlib
from typing import Any

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from trackbook.capture.processtree import Usage
from trackbook.domain.execution import Outcome, SharedPrefix
from trackbook.jobs.client import JobNotebookClient
from trackbook.jobs.dialogue import Exchange
from trackbook.jobs.prefix.deadlock import is_deadlocked
from trackbook.jobs.prefix.record import PrefixRecord, SharedCell
from trackbook.jobs.runner.client import RunnerDialogue
from trackbook.jobs.snapshots.client import TakesBorders

_PATIENCE = 60.0  # seconds for a copy to be made
_IDLE = 120.0  # seconds for which a copy waits for another trial
_KEPT = ("header", "msg_type", "parent_header", "metadata", "content", "buffers")


# What the hello of each trial needs is imported once. Nothing else of Trackbook is there in the shared cells: what it
# records belongs to the run of each trial.
_GET_READY = """\
try:
    import trackbook.magics.extension
except BaseException:
    pass
"""
# A shared cell may have loaded Trackbook, without a run; it is to be loaded anew, into the trial's.
_FORGET = """\
try:
    from trackbook.magics.extension import unload_ipython_extension
    unload_ipython_extension(get_ipython())
    get_ipython().extension_manager.loaded.discard("trackbook")
    del unload_ipython_extension
except BaseException:
    pass
"""
_LOOKS_FOR_HUNG = 20  # ten a second


class PrefixClient(JobNotebookClient):
    """Executes the shared cells, keeps what they show, and leaves a copy of their state at `path`.

    `record` is there once `execute_all` has returned.
    """

    def __init__(self, *arguments: Any, prefix: SharedPrefix, path: str, owner: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._prefix, self._path, self._owner = prefix, path, owner
        self._messages: dict[int, list[dict[str, Any]]] = {}
        self.hazards: list[str] = []

    async def _execute_cells(self) -> Outcome:
        outcome = await super()._execute_cells()
        if outcome.status == "finished":
            assert isinstance(self._dialogue, RunnerDialogue)
            wanted = {"path": self._path, "owner": self._owner, "idle": _IDLE, "drawn": self._prefix.seeded}
            answer = await self._dialogue.ask_control("snapshot", wanted, _PATIENCE)
            if answer["status"] != "ok":
                self.hazards = answer.get("hazards") or [str(answer.get("evalue"))]
        return outcome

    async def _say_hello(self) -> bool:
        assert self._dialogue is not None
        exchange = self._dialogue.ask(_GET_READY, silent=True, store_history=False)
        with contextlib.suppress(DeadKernelError):
            await exchange.reply
            return False
        return await super()._say_hello()  # which says how it died

    def _take(self, message: dict[str, Any], cell: NotebookNode, index: int) -> None:
        self._messages.setdefault(index, []).append({key: message.get(key) for key in _KEPT})
        super()._take(message, cell, index)

    def record(self, outcome: Outcome) -> PrefixRecord:
        """Return what there is to know about the shared cells."""
        cells = {}
        for index in self._messages:
            cell = self.nb.cells[index]
            own = cell.metadata.get("trackbook") or {}
            cells[index] = SharedCell(
                _joined(self._messages[index]),
                cell.get("execution_count"),
                float(cell.metadata.papermill.get("duration") or 0.0),
                own.get("cpu"),
                own.get("memory"),
            )
        if outcome.status == "finished" and self.hazards:
            return PrefixRecord("refused", {}, self._prefix.run_id, None, " ".join(self.hazards))
        if outcome.status == "finished":
            return PrefixRecord("ready", cells, self._prefix.run_id)
        if outcome.status == "failed":
            return PrefixRecord("failed", cells, self._prefix.run_id, outcome)
        evalue = outcome.error.evalue if outcome.error is not None else outcome.status
        return PrefixRecord("refused", {}, self._prefix.run_id, None, evalue)


class TrialClient(TakesBorders):
    """Executes a notebook of which some cells have run already, in a runner that has their state."""

    def __init__(self, *arguments: Any, prefix: SharedPrefix, shared: PrefixRecord, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._prefix, self._shared = prefix, shared
        self._waits = 0
        self.hung = False

    def _is_own(self, index: int) -> bool:
        """Tell whether a cell is executed here, and not taken from those that are shared."""
        return index not in self._prefix.cells or index not in self._shared.cells

    hello = _FORGET + JobNotebookClient.hello

    def _look(self) -> None:
        super()._look()
        pid = self._kernel.pid if self._kernel is not None else None
        if pid is None or self.hung or self._shared.status != "ready":
            return
        self._waits = self._waits + 1 if is_deadlocked(pid) else 0
        if self._waits >= _LOOKS_FOR_HUNG:
            self.hung = True
            self._begin_killing()

    async def _execute_one(self, index: int, total: int) -> Outcome | None:
        if index in self._prefix.cells and index in self._shared.cells:
            return await self._adopt(index, total, self._shared.cells[index])
        return await super()._execute_one(index, total)

    def _ask(self, index: int, take: Any, stop_on_error: bool) -> Exchange:
        if index != self._prefix.values_at:
            return super()._ask(index, take, stop_on_error)
        # It has its place in the history already: there, the shared cells have left room for it.
        assert self._dialogue is not None
        return self._dialogue.ask(
            self._prefix.own, {}, take, store_history=False, stop_on_error=stop_on_error
        )

    def _count(self, index: int, told: int | None) -> int | None:
        if index == self._prefix.values_at and index in self._shared.cells:
            return self._shared.cells[index].count
        return super()._count(index, told)

    async def _adopt(self, index: int, total: int, shared: SharedCell) -> Outcome | None:
        cell = self.nb.cells[index]
        self._do_rest()
        cell.outputs = []
        self.clear_before_next_output = False
        own = cell.metadata.get("trackbook")
        noted = {"shared": True, "shared_run": self._shared.run_id}
        cell.metadata["trackbook"] = (dict(own) if isinstance(own, dict) else {}) | noted
        if self.record_timing:
            cell.metadata["execution"] = {}
        self._manager.cell_start(cell, index)
        if self._observer is not None:
            self._observer.cell_started(index + 1, total, cell)
        for message in shared.messages:
            self._take(message, cell, index)
        self._streams.settle(cell.outputs)
        cell["execution_count"] = shared.count
        failed = self._shared.outcome
        outcome = None
        if failed is not None and failed.error is not None and failed.error.cell_id == cell.get("id"):
            outcome = Outcome(failed.status, failed.error)
        usage = Usage(shared.cpu, shared.memory)
        self._rest = lambda: self._finish(index, cell, outcome, shared.duration, usage)
        await asyncio.sleep(0)  # whoever wants to stop it has a turn
        return outcome


def _joined(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages with the pieces of one stream that follow each other joined: there may be thousands."""
    joined: list[dict[str, Any]] = []
    pieces: list[str] = []
    for message in messages:
        content = message["content"]
        last = joined[-1] if joined else None
        if message["msg_type"] == "stream":
            if last is not None and pieces and last["content"]["name"] == content["name"]:
                pieces.append(content["text"])
                continue
            _settle(joined, pieces)
            pieces = [content["text"]]
            joined.append({**message, "content": dict(content)})
            continue
        _settle(joined, pieces)
        pieces = []
        joined.append(message)
    _settle(joined, pieces)
    return joined


def _settle(joined: list[dict[str, Any]], pieces: list[str]) -> None:
    if pieces:
        joined[-1]["content"]["text"] = "".join(pieces)
