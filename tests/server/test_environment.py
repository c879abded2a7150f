"""What was not committed, and the lock file, come as text and as nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from trackbook.domain.environment import Environment, Git, LockFile
from trackbook.services.context import open_services
from trackbook.services.recorder import RunRecorder

DIFF = "diff --git a/größe.py b/größe.py\n+<script>alert(1)</script>\n"


@pytest.fixture
def base(sample: Any) -> str:
    run = RunRecorder.start(sample.store, experiment="churn")
    diff, lock = run.store_blob(DIFF.encode()), run.store_blob(b"numpy==2.3.4\n")
    git = Git("9fceb02", "main", True, None, diff, len(DIFF.encode()))
    run.environment_captured(
        Environment("3.11.9", "Linux", "python", {}, {}, git, lock=LockFile("uv.lock", lock or "", 13))
    )
    run.end()
    services = open_services(sample.store)
    assert services.runs.refresh(timeout=60.0)
    services.close()
    return f"/projects/{sample.project}/runs/{run.run_id}/environment"


async def test_texts_come_as_they_were_stored(ask: Callable[..., Any], base: str) -> None:
    answer = await ask(f"{base}/diff")
    assert (answer.status, answer.body.decode()) == (200, DIFF)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert (await ask(f"{base}/lock")).body == b"numpy==2.3.4\n"


async def test_what_was_not_recorded_is_not_found(ask: Callable[..., Any], base: str, sample: Any) -> None:
    without = f"/projects/{sample.project}/runs/{sample.finished}/environment"
    for path in (f"{without}/diff", f"{without}/lock", f"{base}/packages"):
        answer = await ask(path)
        assert (answer.status, answer.json["code"]) == (404, "not_found"), path
    unknown = base.replace(base.split("/")[-2], sample.project)
    assert (await ask(f"{unknown}/diff")).status == 404
