"""A real `trackbook serve` in a process of its own, spools that send to it, and a network that fails on demand."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from trackbook.services.context import Services, open_services
from trackbook.services.forward import Forwarder
from trackbook.services.remote.connection import Connection
from trackbook.services.tokens import Tokens
from trackbook.store.locks import ProcessLock, is_held
from trackbook.store.paths import StorePaths, create_store

ROOT = Path(__file__).parents[2]


def wait_for(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until a condition gives something true, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def variables(**more: str) -> dict[str, str]:
    """The environment of a process with this source tree and no store."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACKBOOK_")}
    return kept | {"PYTHONPATH": str(ROOT / "python")} | more


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """A `trackbook serve` over a store of its own; it comes back at the same address."""

    store: StorePaths
    options: list[str] = field(default_factory=list)
    scheme: str = "http"
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    said: list[str] = field(default_factory=list)
    environment: dict[str, str] | None = None  # of a server that finds its store there

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def project(self) -> str:
        return self.store.id

    def start(self) -> "Server":
        command = [sys.executable, "-W", "error", "-m", "trackbook.server.serve", "--port", str(self.port)]
        named = ["--store", str(self.store.root)] if self.environment is None else []
        self.process = subprocess.Popen(
            [*command, *named, *self.options],
            env=self.environment or variables(),
            cwd=self.store.root,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline().decode()
        assert line.startswith("Serving"), line + self.process.stderr.read().decode()
        self.port = int(line.split(" at ")[1].strip().split(":")[2].partition("/")[0])
        self._listen(self.process.stderr)
        return self

    def _listen(self, stream: Any) -> None:
        def read() -> None:
            with stream:
                self.said.extend(line.decode() for line in stream)

        threading.Thread(target=read, daemon=True).start()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(120) == 0, self.said

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(120)

    def token(self, scope: Any = "write", days: float | None = None) -> str:
        tokens = Tokens(self.store)
        return tokens.create(f"{scope} {len(tokens.list())}", scope, days)

    def ask(
        self, method: str, path: str, token: str | None = None, body: Any = None, **headers: str
    ) -> Answer:
        """Send a request; an answer of 4xx or 5xx is an answer, too. `{p}` is the project."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = self.url + path.replace("{p}", f"/trackbook/api/projects/{self.project}")
        request = urllib.request.Request(url, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    @contextlib.contextmanager
    def services(self) -> Iterator[Services]:
        """The services over the store itself, with all that has arrived in its index."""
        services = open_services(self.store)
        try:
            services.runs.refresh(timeout=60.0)
            yield services
        finally:
            services.close()


@dataclass
class Client:
    """A machine that writes into a spool for a server."""

    url: str
    token: str
    folder: Path
    opened: list[Connection] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return variables(
            TRACKBOOK_STORE=self.url, TRACKBOOK_TOKEN=self.token, TRACKBOOK_SPOOL=str(self.folder)
        )

    @property
    def spool(self) -> StorePaths:
        """The spool as processes with `environment` find it."""
        from trackbook.config import Settings

        settings = Settings.load(self.environment)
        assert settings.folder is not None
        return create_store(settings.folder, settings.remote)

    def forwarder(self) -> Forwarder:
        """A forwarder in this process, that makes a pass when it is told to."""
        self.opened.append(Connection(self.url, self.token, seconds=5.0))
        return Forwarder(self.spool, self.opened[-1])

    def send(self) -> None:
        """Send everything, in this process."""
        forwarder = self.forwarder()
        while forwarder.run_pass():
            pass

    def run(self, code: str, *, python: str | Path = sys.executable) -> str:
        """Run code as a program; returns what it printed."""
        done = subprocess.run(
            [python, "-W", "error::ResourceWarning", "-c", code],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def start(self, code: str) -> "subprocess.Popen[bytes]":
        """Start code as a program."""
        return subprocess.Popen(
            [sys.executable, "-c", code], env=self.environment, cwd=self.folder, stdout=subprocess.PIPE
        )

    def call(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        """Call the command line."""
        return subprocess.run(
            [sys.executable, "-m", "trackbook.cli", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    def forwarder_pid(self) -> int | None:
        """The process that sends the spool, if one does."""
        lock = self.spool.ingester_lock
        if not is_held(lock):
            return None
        with contextlib.suppress(ValueError, OSError):
            return int(json.loads(lock.read_bytes())["pid"])
        return None

    def kill_forwarder(self) -> None:
        if (pid := self.forwarder_pid()) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def end_processes(store: StorePaths) -> None:
    """Have the ingester or forwarder of a folder end."""
    request = ProcessLock(store.ingester_request)
    assert request.acquire(timeout=60.0)
    wait_for(lambda: not is_held(store.ingester_lock))
    request.release(remove=True)


class Proxy:
    """A network between clients and a server: `fault` is called with each connection's pieces, and may hurt them.

    It gets "up" or "down" and the bytes, and returns what goes on, None to cut the connection.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self.fault: Callable[[str, bytes], bytes | None] = lambda way, data: data
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._listener.close()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self._open += [client, server]
            for way, source, sink in (("up", client, server), ("down", server, client)):
                threading.Thread(target=self._pump, args=(way, source, sink), daemon=True).start()

    def _pump(self, way: str, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                passed = self.fault(way, data)
                if passed is None:
                    break
                sink.sendall(passed)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests that leave it alone."""
    server = Server(create_store(tmp_path_factory.mktemp("shared") / "größe" / ".trackbook")).start()
    yield server
    server.stop()
    end_processes(server.store)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that a test may stop, kill and start again."""
    server = Server(create_store(tmp_path / "server" / ".trackbook")).start()
    yield server
    if server.process is not None and server.process.poll() is None:
        server.stop()
    end_processes(server.store)


@pytest.fixture
def client_of(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Make clients of a server, or of what stands before it."""
    made: list[Client] = []

    def make(server: Server, url: str | None = None, token: str | None = None) -> Client:
        folder = tmp_path / f"client-{len(made)}"
        folder.mkdir()
        client = Client(url or server.url, server.token() if token is None else token, folder)
        made.append(client)
        return client

    yield make
    for client in made:
        for connection in client.opened:
            connection.close()
        end_processes(client.spool)


@pytest.fixture
def client(shared_server: Server, client_of: Callable[..., Client]) -> Client:
    """A client of the shared server."""
    return client_of(shared_server)


@pytest.fixture
def proxy_to() -> Iterator[Callable[[Server], Proxy]]:
    """Put a network before a server."""
    made: list[Proxy] = []

    def make(server: Server) -> Proxy:
        made.append(Proxy(server.port))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


@pytest.fixture
def waiting() -> Callable[..., Any]:
    """Wait until a condition gives something true, and return that."""
    return wait_for


@pytest.fixture
def let_go() -> Callable[[StorePaths], None]:
    """Have the ingester or forwarder of a folder end."""
    return end_processes
