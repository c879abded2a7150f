"""Linting: what would keep a notebook from running again."""

from typing import Any

from msgspec import Struct

from trackbook.domain.lint import LintReport
from trackbook.notebook.read import as_notebook, read_notebook
from trackbook.server.base import TrackbookHandler, guarded
from trackbook.services.linting import Linting


class _Which(Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    notebook: dict[str, Any] | None = None


class LintHandler(TrackbookHandler):
    """`/lint`"""

    @guarded("read")
    async def post(self) -> None:
        """Answer with what is found about a notebook: one that is open in an editor, or the saved file."""
        which = self.body(_Which, surrogates=True)
        await self.reply_plain(lambda: self._lint(which))

    def _lint(self, which: _Which) -> dict[str, Any]:
        projects = self.app.projects
        if which.notebook is None:
            path = projects.file(which.path)
            document = read_notebook(path)
        else:
            path = projects.place(which.path)
            document = as_notebook(which.notebook, which.path)
        linting = Linting(projects.services_near(which.path))
        return _wire(linting.notebook(document, path, which.path))


def _wire(report: LintReport) -> dict[str, Any]:
    return {"diagnostics": report.diagnostics, "counts": report.counts, "unseen": report.unseen}
