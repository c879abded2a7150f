"""Texts of a run's environment, which are never more than text to a browser."""

from trackbook.server.base import TrackbookHandler, check_id, guarded


class EnvironmentTextHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/environment/{part}`"""

    @guarded("read")
    async def get(self, project: str, run: str, part: str) -> None:
        """Answer with what was not committed, or with the lock file."""
        text = await self.call(
            project, lambda services: services.environment_texts.read(check_id("run", run), part)
        )
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'self'")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.write(text)
        self.finish(set_content_type="text/plain; charset=utf-8")
