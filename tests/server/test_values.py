"""Rich values reach the browser whole, and nothing in them runs there."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from trackbook.domain.rich import RichContent
from trackbook.services.context import open_services
from trackbook.services.recorder import RunRecorder

PLOTLY = "application/vnd.plotly.v1+json"


@pytest.fixture
def run_id(sample: Any) -> str:
    run = RunRecorder.start(sample.store, experiment="values")
    run.log_rich("größe/img", RichContent("image", b"png", "image/png", {}), 3)
    run.log_rich("img", RichContent("image", b"val", "image/png", {}), 0, {"subset": "ü", "a": "b"})
    run.log_rich("page", RichContent("html", b"<script>alert(1)</script>", "text/html; charset=utf-8", {}))
    run.log_rich("fig", RichContent("figure", b'{"data":[]}', PLOTLY, {}))
    run.log_rich("table", RichContent("table", b"PAR1", "application/vnd.apache.parquet", {}))
    run.end()
    services = open_services(sample.store)
    assert services.runs.refresh(timeout=60.0)
    services.database.close()
    return run.run_id


def path(sample: Any, run_id: str, **query: Any) -> str:
    return f"/projects/{sample.project}/runs/{run_id}/values/content?{urlencode(query)}"


@pytest.mark.parametrize(
    ("key", "step", "body", "content_type", "disposition"),
    [
        ("größe/img", 3, b"png", "image/png", "inline; filename*=UTF-8''img-3.png"),
        ("page", 0, b"<script>alert(1)</script>", "application/octet-stream", "attachment;"),
        ("fig", 0, b'{"data":[]}', "application/json", "inline;"),
        ("table", 0, b"PAR1", "application/octet-stream", "attachment;"),
    ],
)
async def test_bytes_and_headers(
    ask: Callable[..., Any],
    sample: Any,
    run_id: str,
    key: str,
    step: int,
    body: bytes,
    content_type: str,
    disposition: str,
) -> None:
    answer = await ask(path(sample, run_id, key=key, step=step))
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Disposition"].startswith(disposition)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
    again = await ask(
        path(sample, run_id, key=key, step=step), headers={"If-None-Match": answer.headers["Etag"]}
    )
    assert (again.status, again.body) == (304, b"")


async def test_a_context_is_json_in_any_order(ask: Callable[..., Any], sample: Any, run_id: str) -> None:
    for text in ('{"a":"b","subset":"ü"}', '{"subset": "\\u00fc", "a": "b"}'):
        answer = await ask(path(sample, run_id, key="img", step=0, context=text))
        assert (answer.status, answer.body) == (200, b"val")


async def test_a_download_when_asked(ask: Callable[..., Any], sample: Any, run_id: str) -> None:
    answer = await ask(path(sample, run_id, key="größe/img", step=3, download=1))
    assert answer.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({"key": "img", "step": 0}, 404, "There is no value 'img at step 0'"),
        ({"key": "img", "step": 9, "context": '{"a":"b","subset":"ü"}'}, 404, "There is no value"),
        ({"key": "img"}, 400, "step"),
        ({"step": 0}, 400, "key"),
        ({"key": "img", "step": "x"}, 400, "step"),
        ({"key": "img", "step": 0, "context": "a"}, 400, "A context is JSON such as"),
        ({"key": "img", "step": 0, "context": '{"a": 1}'}, 400, "A context is JSON such as"),
        ({"key": "img", "step": 0, "context": "[]"}, 400, "A context is JSON such as"),
    ],
)
async def test_what_is_not_there_and_what_makes_no_sense(
    ask: Callable[..., Any], sample: Any, run_id: str, query: dict[str, Any], status: int, says: str
) -> None:
    answer = await ask(path(sample, run_id, **query))
    assert answer.status == status
    assert says in json.loads(answer.body)["message"]


async def test_an_unknown_run(ask: Callable[..., Any], sample: Any, run_id: str) -> None:
    assert (await ask(path(sample, "no-run", key="img", step=0))).status == 404
