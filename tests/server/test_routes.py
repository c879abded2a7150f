"""Handlers and rest-api.yml say the same; every method asks for a user and for permission."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from jupyter_server.auth.authorizer import Authorizer
from openapi_spec_validator import validate

from trackbook.domain.ids import new_id
from trackbook.server.routes import ROUTES, SERVED, Routes

METHODS = ("get", "post", "put", "patch", "delete")


def routes() -> dict[str, set[str]]:
    """The methods that each registered handler class defines itself."""
    return methods_of(ROUTES)


def methods_of(known: Routes) -> dict[str, set[str]]:
    return {template: {name for name in METHODS if name in vars(handler)} for template, handler in known}


def documented(api: dict[str, Any]) -> dict[str, set[str]]:
    return {path: {name for name in METHODS if name in item} for path, item in api["paths"].items()}


CALLS = [
    (re.sub(r"\{\w+\}", new_id(), template), method.upper())
    for template, methods in routes().items()
    for method in sorted(methods)
]


def test_the_file_is_openapi(api: dict[str, Any]) -> None:
    validate(api)


def test_handlers_and_file_have_the_same_paths_and_methods(api: dict[str, Any]) -> None:
    assert routes() | methods_of(SERVED) == documented(api)


def test_each_operation_has_its_own_id(api: dict[str, Any]) -> None:
    ids = [
        item[method]["operationId"] for item in api["paths"].values() for method in METHODS if method in item
    ]
    assert len(ids) == len(set(ids))


async def test_without_a_user_nothing_is_answered(
    jp_serverapp: Any, http_server_client: Any, jp_base_url: str
) -> None:
    for path, method in [*CALLS, ("/nothing/here", "GET")]:
        body = None if method in ("GET", "DELETE") else "{}"
        answer = await http_server_client.fetch(
            f"{jp_base_url}trackbook/api{path}", method=method, body=body, raise_error=False
        )
        assert answer.code == 403, (method, path)
        assert b'"code":"forbidden"' in answer.body


class Denying(Authorizer):
    """Allows nothing on Trackbook, and keeps what was asked."""

    asked: list[tuple[str, str]] = []

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return resource != "trackbook"


@pytest.fixture
def denying(jp_server_config: dict[str, Any]) -> type[Denying]:
    Denying.asked.clear()
    jp_server_config["ServerApp"]["authorizer_class"] = Denying
    return Denying


@pytest.mark.usefixtures("denying")
async def test_a_user_who_may_not_is_told_so(ask: Callable[..., Any]) -> None:
    for path, method in CALLS:
        answer = await ask(path, method, None if method in ("GET", "DELETE") else "{}")
        assert (answer.status, answer.json["code"]) == (403, "forbidden"), (method, path)
    actions = {"GET": "read", "POST": "write", "PUT": "write", "PATCH": "write", "DELETE": "write"}
    execute = ("jobs", "sweeps", "workers", "cancel", "retry", "reproduce", "resume", "debug")
    reads = ("lint", "clean", "curves", "notebook", "cell", "code", "table", "groups", "check", "frame",
             "importance", "correlation", "sharing")  # fmt: skip
    posts = dict.fromkeys(execute, "execute") | dict.fromkeys(reads, "read")
    wanted = [
        (
            posts.get(path.rpartition("/")[2], actions[method]) if method == "POST" else actions[method],
            "trackbook",
        )
        for path, method in CALLS
    ]
    assert Denying.asked == wanted


async def test_other_paths_and_methods_are_errors_in_json(ask: Callable[..., Any]) -> None:
    for path in ("/", "/projects/x/y/z", "/nothing"):
        assert (await ask(path)).json["code"] == "not_found"
    answer = await ask("/projects", "DELETE")
    assert (answer.status, answer.json["code"]) == (405, "method_not_allowed")
