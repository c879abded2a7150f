"""Series: points of metrics."""

import json
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from trackbook.domain.metric import Context, Series
from trackbook.errors import UsageError
from trackbook.server.base import TrackbookHandler, check_id, guarded
from trackbook.services.context import Services


class _Points(Struct, frozen=True):
    run: Annotated[list[str], Meta(min_length=1, max_length=100)]
    key: str
    context: str | None = None
    max_points: Annotated[int, Meta(ge=2, le=100_000)] = 500
    whole: bool = False


class SeriesHandler(TrackbookHandler):
    """`/projects/{project}/series`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the points of one metric in some runs."""
        points = self.query(_Points)
        context = None if points.context is None else _read_context(points.context)
        await self.reply(project, lambda services: {"series": _read(services, points, context)})


def _read(services: Services, points: _Points, context: Context | None) -> list[Series]:
    found: list[Series] = []
    most = None if points.whole else points.max_points
    for run in points.run:
        all_contexts = services.series.read_all(check_id("run", run), points.key, most)
        found += [series for series in all_contexts if context is None or series.context == context]
    return found


def _read_context(text: str) -> Context:
    try:
        return msgspec.convert(json.loads(text), dict[str, str])
    except (ValueError, RecursionError) as error:
        raise UsageError(f"`context` is a JSON object of texts, not {text[:60]!r}: {error}.") from error
