"""Comparison: what differs between runs."""

from typing import Annotated

from msgspec import Meta, Struct

from trackbook.server.base import TrackbookHandler, check_id, guarded


class _Runs(Struct, frozen=True):
    run: Annotated[list[str], Meta(min_length=2, max_length=100)]
    all: bool = False


class CompareHandler(TrackbookHandler):
    """`/projects/{project}/compare`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with what differs between runs."""
        chosen = self.query(_Runs)
        await self.reply(
            project,
            lambda services: services.compare.compare(
                [check_id("run", run) for run in chosen.run], all=chosen.all
            ),
        )
