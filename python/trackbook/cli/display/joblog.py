"""What a job shows, told as it comes: the cells and their outputs as text, and what the kernel itself has printed."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from trackbook.cli.output import say
from trackbook.domain.cell import CellExecution
from trackbook.domain.formatting import format_duration
from trackbook.domain.job import JOB_ENDED
from trackbook.errors import NotFound

if TYPE_CHECKING:
    from trackbook.services.context import Services

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class JobTeller:
    """Prints a job's outputs, each piece once. Headings go to stderr, outputs to stdout.

    What a cell's code prints beside Python is in its outputs and in the kernel's log: the log's lines that a cell has
    shown are left out.
    """

    def __init__(self, services: "Services", job_id: str) -> None:
        self._services = services
        self.job_id = job_id
        self._run_id = ""
        self._told: dict[int, str] = {}
        self._repeated: Counter[str] = Counter()
        self._closed: set[int] = set()
        self._offset = 0

    def tell(self) -> bool:
        """Print what is new; True once the job has ended and all is told."""
        has_ended = (job := self._services.jobs.get(self.job_id)).status in JOB_ENDED
        self._services.runs.refresh()
        if job.spec.run_id != self._run_id:
            if self._run_id:
                say(f"Attempt {job.attempt or len(job.attempts) + 1}", "bold")
            self._run_id, self._offset = job.spec.run_id, 0
            self._told.clear()
            self._repeated.clear()
            self._closed.clear()
        try:
            cells = self._services.runs.detail(self._run_id).cells
        except NotFound:  # it has not begun
            cells = []
        for cell in cells:
            self._tell_cell(cell)
        self._tell_log()
        if has_ended and job.error is not None:
            say(f"{job.error.ename}: {job.error.evalue}", "red")
        return has_ended

    def _tell_cell(self, cell: CellExecution) -> None:
        if cell.order in self._closed:
            return
        if cell.order not in self._told:
            self._told[cell.order] = ""
            say(f"── cell {cell.order} ", "dim")
        text = "".join(map(_text, self._services.snapshots.cell(self._run_id, cell.order).outputs))
        if new := text[len(self._told[cell.order]) :]:
            click.echo(new, nl=cell.status != "running" and not new.endswith("\n"))
            self._told[cell.order] = text
        if cell.status != "running":
            self._closed.add(cell.order)
            if cell.status != "ok":
                say(f"── {cell.status} after {format_duration(cell.duration)}", "red")

    def _tell_log(self) -> None:
        while True:
            piece = self._services.job_logs.read(self.job_id, self._offset)
            if not piece.text:
                return
            if text := self._without_repeated(piece.text):
                say("── kernel ", "dim")
                click.echo(text, nl=not text.endswith("\n"))
            self._offset = piece.offset

    def _without_repeated(self, text: str) -> str:
        shown = Counter(line for told in self._told.values() for line in told.splitlines()) - self._repeated
        kept = []
        for line in text.splitlines(keepends=True):
            if shown[bare := line.rstrip("\r\n")]:
                shown[bare] -= 1
                self._repeated[bare] += 1
            else:
                kept.append(line)
        return "".join(kept)


def _text(output: Mapping[str, Any]) -> str:
    """Return an output (nbformat 4) as plain text."""
    match output.get("output_type"):
        case "stream":
            return _joined(output["text"])
        case "error":
            return _COLOURS.sub("", "\n".join(output.get("traceback", []))) + "\n"
        case "display_data" | "execute_result":
            data = output.get("data", {})
            if "text/plain" in data:
                return _joined(data["text/plain"]) + "\n"
            return f"[{', '.join(sorted(data))}]\n"
    return ""


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)
