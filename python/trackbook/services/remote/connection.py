"""The connection to a served store. Needs nothing beyond the light install."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from trackbook.errors import (
    AccessDenied,
    InfrastructureError,
    StoreError,
    StoreUnreachable,
    TrackbookError,
)

API = "/trackbook/api"
SECONDS = 30.0
_SECONDS_BETWEEN_TRIES = 0.5
_MSGPACK = "application/vnd.msgpack"
_CHUNK = 1024 * 1024
_BUSY = (429, 502, 503, 504)

T = TypeVar("T")
Query = Mapping[str, str | int | float | Sequence[str] | None]


class Reply(NamedTuple):
    """What the server answered: its body, and the type of that."""

    body: bytes
    kind: str


class _Found(msgspec.Struct):
    id: str


class _Projects(msgspec.Struct):
    projects: list[_Found]


class Connection:
    """One connection to a served store, kept open between requests. Safe to use from several threads.

    Errors of the server come as the classes that they have there. StoreUnreachable where it does not answer, or is too
    busy; AccessDenied where it takes no token, or not this one.
    """

    def __init__(self, url: str, token: str | None, seconds: float = SECONDS) -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._token = token
        self._secure = parts.scheme == "https"
        self._address = (parts.hostname or "", parts.port)
        self._base = parts.path.rstrip("/") + API
        self._seconds = seconds
        self._open: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()
        self._project: str | None = None
        self._others: list[Connection] = []
        # For so many seconds a request is made again while the server is away.
        self.patience = 0.0

    @property
    def project(self) -> str:
        """The id of the served project, asked for once."""
        if self._project is None:
            (found,) = self.ask(_Projects, "GET", "/projects").projects
            self._project = found.id
        return self._project

    def another(self) -> "Connection":
        """Return a further connection to the same store, which ends with this one."""
        self._others.append(Connection(self.url, self._token, self._seconds))
        return self._others[-1]

    def in_project(self, *parts: str) -> str:
        """Return the path of something in the served project."""
        return "/".join(["/projects", self.project, *(quote(part, safe="/") for part in parts)])

    def ask(self, kind: type[T], method: str, path: str, query: Query | None = None, body: Any = None) -> T:
        """Send a request, with a JSON body if one is given, and return the answer as a `kind`."""
        data = None if body is None else msgspec.json.encode(body)
        return decode(self.send(method, path, query, data), kind)

    def send(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: bytes | BinaryIO | None = None,
        length: int | None = None,
    ) -> Reply:
        """Send a request and return the answer.

        With `patience` it is sent again while the server does not answer: what is asked for then must bear that.
        """
        until = time.monotonic() + self.patience
        while True:
            try:
                return self._send(method, path, query, body, length)
            except StoreUnreachable:
                is_read_up = body is not None and not isinstance(body, bytes)
                if is_read_up or time.monotonic() > until:
                    raise
                time.sleep(_SECONDS_BETWEEN_TRIES)

    def _send(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: bytes | BinaryIO | None,
        length: int | None,
    ) -> Reply:
        with self._lock, self._request(method, path, query, body, length) as answer:
            return Reply(self._read(answer), answer.headers.get("Content-Type", ""))

    def download(self, path: str, target: Path) -> None:
        """Write the answer of a GET to a file."""
        with self._lock, self._request("GET", path, None, None, None) as answer, target.open("wb") as file:
            while chunk := self._read(answer, _CHUNK):
                file.write(chunk)

    def close(self) -> None:
        """End the connection; the next request opens another."""
        for other in self._others:
            other.close()
        if self._open is not None:
            self._open.close()
            self._open = None

    def _request(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: bytes | BinaryIO | None,
        length: int | None,
    ) -> http.client.HTTPResponse:
        headers = {"Accept": f"{_MSGPACK}, application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if length is not None:
            headers["Content-Length"] = str(length)
        elif body is None and method != "GET":
            body = b""
        address = self._base + path + (f"?{_encode_query(query)}" if query else "")
        try:
            connection = self._connected()
            connection.request(method, address, body, headers)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._unreachable(error) from error
        if answer.status >= 300:
            raise self._error(answer.status, self._read(answer))
        return answer

    def _connected(self) -> http.client.HTTPConnection:
        if self._open is not None and self._open.sock is not None and _is_gone(self._open.sock):
            self.close()  # the server ended it while nothing was asked
        if self._open is None:
            host, port = self._address
            if self._secure:
                self._open = http.client.HTTPSConnection(host, port, timeout=self._seconds)
            else:
                self._open = http.client.HTTPConnection(host, port, timeout=self._seconds)
            self._open.connect()
            self._open.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._open

    def _read(self, answer: http.client.HTTPResponse, size: int | None = None) -> bytes:
        try:
            return answer.read(size)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> StoreUnreachable:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, ssl.SSLError):
            reason = f"its certificate or encryption is not accepted: {reason}"
        return StoreUnreachable(self.url, reason)

    def _error(self, status: int, body: bytes) -> TrackbookError:
        try:
            said = json.loads(body)
            code, message = str(said.pop("code")), str(said.pop("message"))
        except (ValueError, KeyError, AttributeError, TypeError):
            if status in _BUSY:
                return StoreUnreachable(self.url, f"what stands before it answers with {status}")
            return StoreError(self.url, f"it answered {status}: is a `trackbook serve` there?")
        if status in (401, 403):
            return AccessDenied(self.url, message)
        if status == 429:
            return StoreUnreachable(self.url, message)
        kind = _classes().get(code)
        if kind is None:
            kind = InfrastructureError if status >= 500 else TrackbookError
        # The constructors put sentences together; this one is there.
        error = kind.__new__(kind, message)
        error.__dict__.update(said)
        return error


def exact_body(value: Any) -> bytes:
    """Return a request's JSON body in which NaN, infinities and lone surrogates stay what they are."""
    return json.dumps(msgspec.to_builtins(value)).encode()


def decode(reply: Reply, kind: type[T]) -> T:
    """Return an answer as a `kind`; raises StoreError for one that this version does not understand."""
    try:
        if not reply.kind.startswith(_MSGPACK):
            return msgspec.json.decode(reply.body, type=kind, strict=False)
        try:
            return msgspec.msgpack.decode(reply.body, type=kind, ext_hook=_read_surrogates)
        except msgspec.ValidationError:  # a text is none; see server/wire.py
            return msgspec.convert(msgspec.msgpack.decode(reply.body, ext_hook=_read_surrogates), kind)
    except (ValueError, msgspec.MsgspecError) as error:
        raise StoreError("of the server", f"its answer can't be read ({error})") from error


def _read_surrogates(code: int, data: memoryview) -> str:
    return bytes(data).decode("utf-8", "surrogatepass")


def _encode_query(query: Query) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if isinstance(value, (str, int, float)):
            pairs.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
        elif value is not None:
            pairs += [(name, item) for item in value]
    return urlencode(pairs)


def _is_gone(sock: socket.socket) -> bool:
    # An idle connection from which something can be read was ended by the other side.
    timeout = sock.gettimeout()
    try:
        sock.setblocking(False)
        if isinstance(sock, ssl.SSLSocket):
            return sock.recv(1) == b""
        return sock.recv(1, socket.MSG_PEEK) == b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        sock.settimeout(timeout)


def _classes() -> dict[str, type[TrackbookError]]:
    # A subclass elsewhere that says the same in other words is no class of answers.
    return {
        kind.code: kind for kind in _family(TrackbookError) if kind.__module__ == TrackbookError.__module__
    }


def _family(kind: type[TrackbookError]) -> Iterable[type[TrackbookError]]:
    def walk(kind: type[TrackbookError]) -> Iterator[type[TrackbookError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from walk(child)

    return walk(kind)
