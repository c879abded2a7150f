"""Other ways in: encryption, a path of its own, the light install, and a Jupyter server whose store is a served one."""

import json
import os
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trackbook.config import Settings
from trackbook.domain.run import Source
from trackbook.errors import StoreUnreachable
from trackbook.server.events import ProjectLook
from trackbook.server.projects import Projects
from trackbook.services.recorder import RunRecorder
from trackbook.services.remote.connection import Connection
from trackbook.store.paths import create_store

LOG = (
    "import trackbook as tb\n"
    "with tb.start_run('door') as run:\n"
    "    for step in range(50): run.log({'loss': 1.0}, step=step)\n"
    "    run.artifact(b'abc', 'a.bin')\n"
    "print(run.id)"
)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return cert, key


@pytest.fixture
def started(server: Any) -> Callable[..., Any]:
    """Start the server anew with other options."""

    def start(*options: str, scheme: str = "http") -> Any:
        server.stop()
        server.options, server.scheme = list(options), scheme
        return server.start()

    return start


def test_over_tls(
    started: Callable[..., Any],
    certificate: tuple[Path, Path],
    client_of: Callable[..., Any],
    waiting: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cert, key = certificate
    server = started("--certfile", str(cert), "--keyfile", str(key), scheme="https")
    connection = Connection(server.url, server.token())
    with pytest.raises(StoreUnreachable, match="certificate"):
        _ = connection.project
    connection.close()
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    assert ssl.create_default_context().get_ca_certs()
    client = client_of(server)
    run_id = client.run(LOG).strip()
    assert client.call("sync").returncode == 0
    with server.services() as services:
        assert services.series.read(run_id, "loss").steps == list(range(50))


def test_below_a_path(started: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    server = started("--base-url", "/team/runs/")
    client = client_of(server, url=f"{server.url}/team/runs")
    run_id = client.run(LOG).strip()
    listed = client.call("runs", "--json")
    assert [run["id"] for run in json.loads(listed.stdout)] == [run_id]
    assert server.ask("GET", "/team/runs/trackbook/health").status == 200
    assert server.ask("GET", "/trackbook/health").status == 404


def test_beyond_this_machine_it_warns(started: Callable[..., Any], waiting: Callable[..., Any]) -> None:
    server = started("--ip", "0.0.0.0")
    waiting(lambda: any("without TLS" in line for line in server.said))


def test_clear_text_to_another_machine_is_refused(client_of: Callable[..., Any], shared_server: Any) -> None:
    client = client_of(shared_server)
    client.url = "http://trackbook.example:8899"
    done = subprocess.run(
        client.call("runs").args, env=client.environment, cwd=client.folder, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"https://" in done.stderr
    client.url = shared_server.url


def test_the_light_install_tracks_into_a_served_store(
    shared_server: Any,
    client: Any,
    waiting: Callable[..., Any],
    light_env: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        type(client), "environment", property(_without_sources(type(client).environment.fget))
    )
    run_id = client.run(LOG, python=light_env).strip()
    waiting(lambda: not list(client.spool.list_journals()))
    with shared_server.services() as services:
        assert services.runs.get(run_id).status == "finished"
        assert services.series.read(run_id, "loss").steps == list(range(50))
        assert services.artifacts.open(run_id, "a.bin")[1].read_bytes() == b"abc"


def _without_sources(environment: Callable[[Any], dict[str, str]]) -> Callable[[Any], dict[str, str]]:
    return lambda client: {name: value for name, value in environment(client).items() if name != "PYTHONPATH"}


def test_serve_refuses_what_it_can_not_serve(tmp_path: Path, client: Any) -> None:
    done = client.call("serve")
    assert done.returncode == 2
    assert b"is served already" in done.stderr
    done = client.call("serve", "--store", str(tmp_path / "s"), "--keyfile", __file__)
    assert done.returncode == 2
    assert b"--certfile" in done.stderr


def test_a_jupyter_server_shows_a_served_store(
    shared_server: Any, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_TOKEN", client.token)  # for the forwarder that is started
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "a.ipynb").write_text("{}", encoding="utf-8")
    projects = Projects(folder, Settings.load(client.environment))
    try:
        project = projects.find_or_create("a.ipynb")
        look = ProjectLook(projects, projects.open(project.id))
        assert look.look() is None
        run = RunRecorder.start(client.spool, experiment="seen", source=Source("notebook", "a.ipynb"))
        services = projects.services(project.id)
        assert services.runs.refresh(timeout=60.0)
        event = look.look()
        assert event is not None
        assert event["project"] == project.id
        assert [changed["id"] for changed in event["runs"]] == [run.run_id]
        services.snapshots.take(run.run_id, "end", "document", {"cells": [], "metadata": {}})
        run.end()
        assert services.runs.refresh(timeout=60.0)
        assert services.snapshots.notebook(run.run_id, "end") == {"cells": [], "metadata": {}}
        assert services.runs.get(run.run_id).status == "finished"
    finally:
        projects.close()


def test_a_database_is_served_as_a_folder_is(
    server: Any,
    postgresql_url: str,
    client_of: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    let_go: Callable[[Any], None],
) -> None:
    server.stop()
    let_go(server.store)
    client = client_of(server)
    monkeypatch.setenv("TRACKBOOK_STORE", postgresql_url)
    monkeypatch.setenv("TRACKBOOK_SPOOL", str(tmp_path / "server-spool"))
    settings = Settings.load()
    assert settings.folder is not None
    server.store = create_store(settings.folder, settings.remote)
    server.environment = dict(os.environ) | {"PYTHONPATH": client.environment["PYTHONPATH"]}
    server.start()
    client.url, client.token = server.url, server.token()
    run_id = client.run(LOG).strip()
    sent = client.call("sync")
    assert sent.returncode == 0, sent.stderr
    shown = json.loads(client.call("show", run_id, "--json").stdout)
    assert (shown["status"], shown["metrics"], len(shown["artifacts"])) == ("finished", {"loss": 1.0}, 1)
    with server.services() as services:
        assert services.series.read(run_id, "loss").steps == list(range(50))
        assert services.artifacts.open(run_id, "a.bin")[1].read_bytes() == b"abc"
