"""Artifacts reach the browser whole, and can't do there what the user could."""

from collections.abc import Callable
from typing import Any

import pytest

from trackbook.server.handlers.artifacts import content_type_of


@pytest.fixture
def base(sample: Any) -> str:
    return f"/projects/{sample.project}/runs/{sample.finished}/artifacts"


@pytest.mark.parametrize(
    ("path", "content_type", "disposition"),
    [
        ("plots/größe.png", "image/png", "inline; filename*=UTF-8''gr%C3%B6%C3%9Fe.png"),
        ("report.html", "application/octet-stream", "attachment; filename*=UTF-8''report.html"),
        ("plot.svg", "image/svg+xml", "attachment; filename*=UTF-8''plot.svg"),
        ("data.csv", "text/plain; charset=utf-8", "inline; filename*=UTF-8''data.csv"),
        ("model.bin", "application/octet-stream", "attachment; filename*=UTF-8''model.bin"),
    ],
)
async def test_headers(
    ask: Callable[..., Any], base: str, path: str, content_type: str, disposition: str
) -> None:
    answer = await ask(f"{base}/{path}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Disposition"] == disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
    assert int(answer.headers["Content-Length"]) == len(answer.body)


async def test_bytes_come_whole(ask: Callable[..., Any], base: str) -> None:
    assert (await ask(f"{base}/data.csv")).body == "a,b\n1,ä\n".encode()
    assert (await ask(f"{base}/model.bin")).body == b"x" * 3_000_000


async def test_download_when_asked(ask: Callable[..., Any], base: str) -> None:
    answer = await ask(f"{base}/data.csv?download=1")
    assert answer.headers["Content-Disposition"].startswith("attachment;")


async def test_an_unchanged_file_is_not_sent_again(ask: Callable[..., Any], base: str) -> None:
    first = await ask(f"{base}/model.bin")
    again = await ask(f"{base}/model.bin", headers={"If-None-Match": first.headers["Etag"]})
    assert (again.status, again.body) == (304, b"")
    other = await ask(f"{base}/model.bin", headers={"If-None-Match": '"0"'})
    assert other.status == 200


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/html", ("application/octet-stream", False)),
        ("TEXT/HTML; charset=utf-8", ("application/octet-stream", False)),
        ("application/xhtml+xml", ("application/octet-stream", False)),
        ("text/xml", ("application/octet-stream", False)),
        ("application/javascript", ("application/octet-stream", False)),
        ("image/svg+xml", ("image/svg+xml", False)),
        ("application/pdf", ("application/pdf", False)),
        ("image/PNG", ("image/png", True)),
        ("text/markdown", ("text/plain; charset=utf-8", True)),
        ("application/x-ipynb+json", ("application/json", True)),
        ("nonsense\r\nX-Header: 1", ("application/octet-stream", False)),
        ("", ("application/octet-stream", False)),
    ],
)
def test_only_safe_types_are_shown(media_type: str, expected: tuple[str, bool]) -> None:
    assert content_type_of(media_type) == expected
