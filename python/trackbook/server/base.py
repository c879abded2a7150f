"""The base of all handlers: who may ask, how requests are read, how answers and errors are written."""

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_origin

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado.web import HTTPError, authenticated

from trackbook.domain.ids import is_id
from trackbook.errors import (
    AccessDenied,
    Conflict,
    InfrastructureError,
    NotFound,
    TrackbookError,
    UsageError,
    WorkFailed,
)
from trackbook.server.wire import encode, encode_as
from trackbook.services.context import Services

if TYPE_CHECKING:
    from trackbook.server.app import TrackbookServer

RESOURCE = "trackbook"

# The one place where an error gets its status; the first class that fits counts.
STATUS: tuple[tuple[type[TrackbookError], int], ...] = (
    (UsageError, 400),
    (NotFound, 404),
    (Conflict, 409),
    (AccessDenied, 403),
    (WorkFailed, 422),
    (InfrastructureError, 503),
)
# Far deeper than any notebook, and far from where Python's recursion ends.
MAX_DEPTH = 100
_HTTP_CODES = {
    400: "usage",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "too_many",
}

Method = TypeVar("Method", bound=Callable[..., Any])
T = TypeVar("T")


def guarded(action: str) -> Callable[[Method], Method]:
    """Let only users in whom Jupyter's authorizer allows `action` ("read", "write", "execute") on Trackbook."""

    def guard(method: Method) -> Method:
        return cast(Method, authenticated(authorized(action, RESOURCE)(method)))

    return guard


class TrackbookHandler(ExtensionHandlerMixin, APIHandler):
    """What all handlers share. Services are called in threads, so that no request stops the kernels' messages."""

    auth_resource = RESOURCE

    @property
    def app(self) -> "TrackbookServer":
        """The extension: projects, threads, events."""
        return cast("TrackbookServer", self.extensionapp)

    async def call(self, project: str, call: Callable[[Services], T]) -> T:
        """Return what `call` returns for the services of a project."""
        return await self.app.in_thread(lambda: call(self._services(project)))

    async def reply(self, project: str, call: Callable[[Services], Any], status: int = 200) -> None:
        """Write what `call` returns for the services of a project."""
        await self.reply_plain(lambda: call(self._services(project)), status)

    async def reply_plain(self, call: Callable[[], Any], status: int = 200) -> None:
        """Write what `call` returns."""
        accepted = self.request.headers.get("Accept", "")
        body, kind = await self.app.in_thread(lambda: encode_as(accepted, call()))
        self.set_status(status)
        self.finish(body, set_content_type=kind)

    def query(self, kind: type[T]) -> T:
        """Return the URL's query as a struct; raises UsageError where it doesn't fit. Unknown names are ignored."""
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(kind):  # type: ignore[arg-type]  # T is a struct; msgspec exports no such bound
            given = self.get_query_arguments(field.encode_name, strip=False)
            if get_origin(_plain_type(field.type)) is list:
                values[field.encode_name] = given
            elif len(given) > 1:
                raise UsageError(f"`{field.encode_name}` is given {len(given)} times; once is enough.")
            elif given:
                values[field.encode_name] = given[0]
        return convert(values, kind, "query", strict=False)

    def body(self, kind: type[T], *, surrogates: bool = False) -> T:
        """Return the request's JSON body as a struct; raises UsageError if it is no JSON or doesn't fit.

        Lone `surrogates`, which have no UTF-8, are refused unless they are said to be fine.
        """
        read: Callable[[bytes], Any] = json.loads if surrogates else msgspec.json.decode
        try:
            content = read(self.request.body)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"The request's body is not JSON: {error}.") from error
        if _is_deeper_than(MAX_DEPTH, content):
            raise UsageError(f"The request's body is nested deeper than {MAX_DEPTH} levels.")
        return convert(content, kind, "body")

    def _services(self, project: str) -> Services:
        return self.app.projects.services(check_id("project", project))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with an error, under the status of its class."""
        error = kwargs.get("exc_info", (None, None))[1]
        super().send_error(_status_of(error) or status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error as JSON."""
        error = kwargs.get("exc_info", (None, None))[1]
        if status_code == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        self.finish(encode(describe_error(status_code, error, self._reason)))

    def log_exception(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Log an error of Trackbook's own in one line, all else with its traceback."""
        if isinstance(error, TrackbookError):
            level = logging.WARNING if isinstance(error, InfrastructureError) else logging.DEBUG
            self.log.log(level, "%s: %s", error.code, error)
        else:
            super().log_exception(kind, error, trace)


def describe_error(status: int, error: BaseException | None, reason: str = "") -> dict[str, Any]:
    """Return an error as its JSON: code, message, and the values that explain it."""
    if isinstance(error, TrackbookError):
        explanation = {name: value for name, value in vars(error).items() if not name.startswith("_")}
        plain = msgspec.to_builtins(explanation, enc_hook=str)
        return {**plain, "code": error.code, "message": str(error)}
    if isinstance(error, HTTPError):
        message = error.log_message % error.args if error.log_message else error.reason
        return {"code": _HTTP_CODES.get(status, "http"), "message": message or reason}
    return {"code": "internal", "message": "Something went wrong in Trackbook; the server's log says what."}


def check_id(kind: str, text: str) -> str:
    """Return `text` if it can be the id of a `kind`; raises NotFound if not, since nothing has such an id."""
    if not is_id(text):
        raise NotFound(kind, text)
    return text


def convert(values: Any, kind: type[T], part: str, *, strict: bool = True) -> T:
    """Return plain values as a `kind`; raises UsageError, which names the `part` of the request, if they are none."""
    try:
        return msgspec.convert(values, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise UsageError(f"The request's {part} can't be used: {error}.") from error


def _status_of(error: BaseException | None) -> int | None:
    return next((status for kind, status in STATUS if isinstance(error, kind)), None)


def _plain_type(kind: Any) -> Any:
    return kind.__origin__ if hasattr(kind, "__metadata__") else kind


def _is_deeper_than(limit: int, value: Any) -> bool:
    level = [value]
    for _ in range(limit + 1):
        nested = [item for item in level if isinstance(item, (dict, list))]
        level = [child for item in nested for child in (item.values() if isinstance(item, dict) else item)]
        if not level:
            return False
    return True
