"""Cleaning: what it would change in a notebook, before a job of it is submitted, say."""

from typing import Any

import msgspec
from msgspec import Struct

from trackbook.domain.cleaned import CLEAN_STEPS, CleanStep
from trackbook.notebook.cleaning.plan import plan_cleaning
from trackbook.notebook.read import Notebook, as_notebook, read_notebook
from trackbook.server.base import TrackbookHandler, guarded
from trackbook.services.notebook_cleaning import read_options


class _Which(Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    notebook: dict[str, Any] | None = None
    steps: tuple[CleanStep, ...] | None = None
    keep_outputs: bool | None = None
    drop_looks: bool | None = None
    propose_parameters: bool = False


class CleanHandler(TrackbookHandler):
    """`/clean`"""

    @guarded("read")
    async def post(self) -> None:
        """Answer with a cleaned notebook and what that changes; nothing is written or run."""
        which = self.body(_Which, surrogates=True)
        await self.reply_plain(lambda: self._clean(which))

    def _clean(self, which: _Which) -> dict[str, Any]:
        projects = self.app.projects
        path = projects.file(which.path) if which.notebook is None else projects.place(which.path)
        options = read_options(path.parent)
        wanted = {
            "steps": options.steps
            if which.steps is None
            else tuple(step for step in CLEAN_STEPS if step in which.steps),
            "keep_outputs": options.keep_outputs if which.keep_outputs is None else which.keep_outputs,
            "drop_looks": options.drop_looks if which.drop_looks is None else which.drop_looks,
            "propose_parameters": which.propose_parameters,
        }
        document: Notebook = (
            read_notebook(path) if which.notebook is None else as_notebook(which.notebook, which.path)
        )
        cleaned = plan_cleaning(document, msgspec.structs.replace(options, **wanted))
        return {
            "changed": cleaned.changed,
            "notebook": cleaned.notebook,
            "changes": cleaned.changes,
            "notes": cleaned.notes,
            "cells": cleaned.cells,
        }
