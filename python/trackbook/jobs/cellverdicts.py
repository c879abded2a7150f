"""How an execution came out, said of its cell in words for people."""

from typing import Literal

from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from trackbook.domain.execution import Outcome
from trackbook.domain.formatting import format_bytes
from trackbook.domain.run import RunError
from trackbook.notebook.inject import INJECTED

StopReason = Literal["timed_out", "aborted", "memory", "cell_timed_out"]

_NO_INPUT = "The cell asks for input, and nobody is there to answer. Make what it asks for a parameter."


class CellVerdicts:
    """Outcomes of the execution of some cells, within limits of bytes and seconds. `used` is the memory in use."""

    def __init__(self, cells: list[NotebookNode], *, memory: int | None, seconds: float | None) -> None:
        self._cells, self._memory, self._seconds = cells, memory, seconds
        self.used = 0

    def failed(self, index: int, error: CellExecutionError) -> Outcome:
        """Return the outcome of a cell that raised; leaving the program well is no failure."""
        if error.ename == "SystemExit" and error.evalue in ("", "0", "None"):
            return Outcome("finished")  # the notebook chose to end here
        evalue = _NO_INPUT if error.ename == "StdinNotImplementedError" else error.evalue
        return Outcome("failed", self.error(index, error.ename, evalue, traceback_of(self._cells[index])))

    def died(self, index: int, reason: str) -> Outcome:
        """Return the outcome of a cell in which the kernel died."""
        return Outcome("died", self.error(index, "KernelDied", f"The kernel died in this cell: {reason}."))

    def stopped(
        self,
        why: StopReason | None,
        index: int | None,
        traceback: list[str] | None,
        cell_limit: float | None = None,
    ) -> Outcome:
        """Return the outcome of an execution that was ended, in a cell or between two (None)."""
        if why == "aborted":
            return Outcome("aborted", self.error(index, "Cancelled", "The job was cancelled.", traceback))
        if why == "memory":
            evalue = (
                f"The kernel and its processes used {format_bytes(self.used)} of memory; "
                f"the limit is {format_bytes(self._memory or 0)}."
            )
            return Outcome("memory", self.error(index, "MemoryLimit", evalue, traceback))
        if why == "cell_timed_out":
            evalue = f"This cell ran longer than {cell_limit or 0:g} seconds."
            return Outcome("timed_out", self.error(index, "CellTimeout", evalue, traceback))
        evalue = f"The notebook ran longer than {self._seconds:g} seconds."
        return Outcome("timed_out", self.error(index, "TimeLimit", evalue, traceback))

    def error(
        self, index: int | None, ename: str, evalue: str, traceback: list[str] | None = None
    ) -> RunError:
        """Return an error of the run, and its cell if there is one."""
        if index is None:
            return RunError(ename, evalue, traceback or [])
        cell = self._cells[index]
        # Cells are counted as in the user's notebook, where there is no injected one.
        number = sum(INJECTED not in other.metadata.get("tags", []) for other in self._cells[: index + 1])
        return RunError(ename, evalue, traceback or [], max(number, 1), cell.get("id"))


def traceback_of(cell: NotebookNode) -> list[str]:
    """Return the lines of the last traceback that a cell has shown."""
    for output in reversed(cell.get("outputs", [])):
        if output.output_type == "error":
            return [str(line) for line in output.get("traceback", [])]
    return []
