"""`trackbook serve`: one store over HTTP, for writers and readers on other machines.

Run as `python -m trackbook.server.serve`. It is no Jupyter server: a Jupyter token opens a shell, by kernels, terminals
and files, and whatever is installed beside it. Here a plain web application has Trackbook's own routes and nothing
else; the handlers are those of the Jupyter extension, which find tokens and scopes where Jupyter has its users.
"""

import argparse
import asyncio
import contextlib
import ipaddress
import logging
import signal
import ssl
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body

from trackbook.config import Settings
from trackbook.errors import TrackbookError, UsageError
from trackbook.server.access import ScopeAuthorizer, TokenIdentity
from trackbook.server.base import TrackbookHandler, describe_error
from trackbook.server.routes import BASE, SERVED, handlers
from trackbook.server.stored import ServedStore, StoreHandler
from trackbook.server.upload import too_large
from trackbook.server.wire import encode
from trackbook.services.ingester import is_served
from trackbook.store.paths import StorePaths, create_store, find_store

# Bodies that are kept in memory as a whole; batches of journals and blobs have limits of their own.
MAX_BODY = 32 * 1024 * 1024
# So much of a body that is refused is read all the same, so that its sender reads the answer.
MAX_DRAINED = 1024**3
_HEADERS = {
    "Server": "trackbook",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


class HealthHandler(RequestHandler):
    """`/trackbook/health`: the one answer without a token, for load balancers."""

    def set_default_headers(self) -> None:
        """Say nothing of what is behind it."""
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def get(self) -> None:
        """Say that the server is up."""
        self.set_header("Content-Type", "application/json")
        self.finish(encode({"status": "ok"}))

    head = get

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error as JSON."""
        self.set_header("Content-Type", "application/json")
        error = kwargs.get("exc_info", (None, None))[1]
        self.finish(encode(describe_error(status_code, error, self._reason)))


class NothingHandler(HealthHandler):
    """All other paths."""

    def prepare(self) -> None:
        """Say that there is nothing."""
        raise HTTPError(404, "%s", f"There is nothing here; Trackbook's API is below {BASE}.")


@stream_request_body
class TooLargeHandler(StoreHandler):
    """Stands in for any handler whose request is too large to be kept in memory."""

    async def begin(self) -> None:
        """Have the body read, so that its sender comes to read the answer; but not without end."""
        if self._size() > MAX_DRAINED:
            self._refuse()
        self.request.connection.set_max_body_size(MAX_DRAINED)  # type: ignore[union-attr]

    def data_received(self, chunk: bytes) -> None:
        """Drop what comes."""

    def post(self, **_: str) -> None:
        """Say that it is too much."""
        self._refuse()

    get = put = patch = delete = head = post

    def _size(self) -> int:
        return int(self.request.headers.get("Content-Length") or 0)

    def _refuse(self) -> NoReturn:
        raise HTTPError(413, "%s", too_large(self._size(), MAX_BODY))


class StoreApplication(Application):
    """Trackbook's routes over one store."""

    def __init__(self, served: ServedStore, base_url: str = "/") -> None:
        base = base_url.rstrip("/")
        identity = TokenIdentity()
        identity.tokens = served.tokens
        routes: list[Any] = [
            (f"{base}{pattern}", handler, {"name": "trackbook"}) for pattern, handler in handlers(SERVED)
        ]
        super().__init__(
            [*routes, (f"{base}/trackbook/health", HealthHandler)],
            default_handler_class=NothingHandler,
            base_url=f"{base}/",
            headers=_HEADERS,
            identity_provider=identity,
            authorizer=ScopeAuthorizer(),
            allow_remote_access=True,  # a token opens the door, whatever name the server was called by
            disable_check_xsrf=True,  # there are no cookies
            log_function=_log_request,
            trackbook=served,
        )

    def get_handler_delegate(
        self,
        request: HTTPServerRequest,
        target_class: type[RequestHandler],
        target_kwargs: dict[str, Any] | None = None,
        path_args: list[bytes] | None = None,
        path_kwargs: dict[str, bytes] | None = None,
    ) -> Any:
        """Return what handles a request; one that is too large is answered before its body is read."""
        length = request.headers.get("Content-Length") or "0"
        streams = getattr(target_class, "_stream_request_body", False)
        known = issubclass(target_class, TrackbookHandler) and not streams
        if known and length.isdigit() and int(length) > MAX_BODY:
            target_class = TooLargeHandler
        return super().get_handler_delegate(request, target_class, target_kwargs, path_args, path_kwargs)


async def serve(
    store: StorePaths,
    settings: Settings,
    *,
    ip: str,
    port: int,
    base_url: str = "/",
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve a store until the process is told to end. Port 0 takes a free one; the address is printed."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    served = ServedStore(store, settings)
    server = HTTPServer(
        StoreApplication(served, base_url),
        ssl_options=tls,
        max_body_size=MAX_BODY,
        max_header_size=64 * 1024,
        idle_connection_timeout=120.0,
        body_timeout=600.0,
    )
    server.listen(port, ip)
    listening = next(iter(server._sockets.values())).getsockname()[1]
    scheme = "http" if tls is None else "https"
    host = f"[{ip}]" if ":" in ip else ip
    _say(f"Serving {store.root} at {scheme}://{host}:{listening}{base_url.rstrip('/')}")
    if tls is None and not _is_loopback(ip):
        _say(
            "Warning: without TLS, tokens and data travel in clear for everyone on the way to read. "
            "Give --certfile and --keyfile, or listen on 127.0.0.1 behind a reverse proxy that has TLS."
        )
    if not served.tokens.list():
        _say("No token opens it yet. Make one: trackbook token create NAME --scope write")
    reading = asyncio.create_task(served.keep_reading())
    try:
        await ended.wait()
    finally:
        reading.cancel()
        server.stop()
        await server.close_all_connections()
        served.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the store that the arguments name, else TRACKBOOK_STORE, else the one of the working directory."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # a refused request is its sender's affair
    try:
        store, settings = _store(options.store)
        tls = _tls(options.certfile, options.keyfile)
        asyncio.run(
            serve(store, settings, ip=options.ip, port=options.port, base_url=options.base_url, tls=tls)
        )
    except UsageError as error:
        _say(f"Error: {error}")
        return 2
    except (TrackbookError, OSError) as error:
        _say(f"Error: {error}")
        return 3
    except KeyboardInterrupt:
        pass
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("trackbook serve")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--ip", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8899)
    parser.add_argument("--certfile", type=Path)
    parser.add_argument("--keyfile", type=Path)
    parser.add_argument("--base-url", default="/")
    return parser.parse_args(arguments)


def _store(folder: Path | None) -> tuple[StorePaths, Settings]:
    settings = Settings.load()
    if folder is not None:
        settings = replace(settings, store=folder, store_url=None)
    if is_served(settings.remote):
        raise UsageError(f"{settings.remote} is served already; name the folder or the database behind it.")
    if settings.folder is not None:
        return create_store(settings.folder, settings.remote), settings
    found = find_store(Path.cwd())
    if found is None:
        raise UsageError(f"There is no project in {Path.cwd()} or above it; name its store: --store FOLDER")
    return found, replace(settings, store=found.root)


def _tls(certfile: Path | None, keyfile: Path | None) -> ssl.SSLContext | None:
    if certfile is None:
        if keyfile is not None:
            raise UsageError("--keyfile needs --certfile, the certificate that belongs to the key.")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certfile, keyfile)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"The certificate {certfile} can't be used: {error}.") from error
    return context


def _is_loopback(ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return ip == "localhost"


def _log_request(handler: RequestHandler) -> None:
    if handler.get_status() >= 500:
        logging.getLogger("trackbook.serve").warning(
            "%d %s %s", handler.get_status(), handler.request.method, handler.request.path
        )


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
