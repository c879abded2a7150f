"""Differences: the notebooks and the code of two runs, and which run a run is best compared with."""

from typing import Annotated

from msgspec import Meta, Struct

from trackbook.domain.celldifference import CellReference, CounterpartKind
from trackbook.server.base import TrackbookHandler, check_id, guarded

_Pair = Annotated[list[str], Meta(min_length=2, max_length=2)]


class _Runs(Struct, frozen=True):
    runs: _Pair
    all: bool = False


class _Cell(Struct, frozen=True):
    runs: _Pair
    left: CellReference | None = None
    right: CellReference | None = None
    all: bool = False


class _Kind(Struct, frozen=True):
    kind: CounterpartKind


class NotebookDifferencesHandler(TrackbookHandler):
    """`/projects/{project}/differences/notebook`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with how the notebooks of two runs differ."""
        asked = self.body(_Runs)
        left, right = _checked(asked.runs)
        await self.reply(project, lambda services: services.differences.notebooks(left, right, all=asked.all))


class CellDifferencesHandler(TrackbookHandler):
    """`/projects/{project}/differences/cell`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with both sides of one cell, and the way from one to the other."""
        asked = self.body(_Cell)
        left, right = _checked(asked.runs)
        await self.reply(
            project,
            lambda services: services.differences.cell(left, right, asked.left, asked.right, all=asked.all),
        )


class CodeDifferencesHandler(TrackbookHandler):
    """`/projects/{project}/differences/code`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with what lies between the code of two runs."""
        left, right = _checked(self.body(_Runs).runs)
        await self.reply(project, lambda services: services.differences.code(left, right))


class CounterpartHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/counterpart`"""

    @guarded("read")
    async def get(self, project: str, run: str) -> None:
        """Answer with the run that a run is best compared with."""
        kind = self.query(_Kind).kind
        await self.reply(
            project, lambda services: services.differences.counterpart(check_id("run", run), kind)
        )


def _checked(runs: list[str]) -> tuple[str, str]:
    left, right = (check_id("run", run) for run in runs)
    return left, right
