"""Who wants to be told of jobs that end is told: a real web server that fails at first, and one that is not there."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from nbformat import v4, write

from trackbook.config import notify_in
from trackbook.domain.run import RunError
from trackbook.errors import UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.job_records import attempt_of
from trackbook.services.notifying import send
from trackbook.services.queue import JobQueue
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store

TOKEN = "ghp_" + "a1B2c3D4e5" * 4


class Told:
    """What a server was told, and with what it answers each time; 200 once that is used up."""

    def __init__(self, *answers: int) -> None:
        self.messages: list[dict[str, Any]] = []
        self.answers = list(answers)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def url(told: Told) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = told.answers.pop(0) if told.answers else 200
            if status == 200:
                told.messages.append(body)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook/secret"
        server.shutdown()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    write(v4.new_notebook(cells=[v4.new_code_cell("1")]), tmp_path / "a.ipynb")
    opened = open_services(create_store(tmp_path / ".trackbook"))
    yield opened
    opened.place.close()


def end(services: Services, outcome: Any, error: RunError | None = None) -> str:
    services.jobs.submit(services.store.project / "a.ipynb")
    queue = JobQueue(services.place)
    job = queue.claim()
    assert job is not None
    status = "failed" if outcome == "failed" else "finished"
    RunRecorder.start(services.store, experiment="a", run_id=job.spec.run_id).end(status)  # type: ignore[arg-type]
    started = time.monotonic()
    assert queue.finish(job, attempt_of(job, outcome, error))
    assert time.monotonic() - started < 30  # it waits for nobody
    return job.id


def wait_for_messages(told: Told, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(told.messages) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_job_that_ended_is_told(services: Services, told: Told, url: str, tmp_path: Path) -> None:
    told.answers.append(503)  # it is asked again
    (tmp_path / "pyproject.toml").write_text(f'[tool.trackbook.notify]\nurl = "{url}"\non = ["failed"]\n')
    end(services, "finished")
    job_id = end(services, "failed", RunError("ValueError", f"no login with {TOKEN}", ["..."], 2, "c2"))
    wait_for_messages(told, 1)
    (message,) = told.messages
    assert (message["job"], message["status"], message["notebook"]) == (job_id, "failed", "a.ipynb")
    assert (message["number"], message["project"]) == (2, tmp_path.name)
    assert message["error"] == {"ename": "ValueError", "evalue": "no login with •••", "cell": 2}
    assert message["text"].startswith("#2 a.ipynb failed after ")
    assert message["text"].endswith(" in cell 2: ValueError: no login with •••")
    assert message["duration"] >= 0


def test_the_environment_names_the_address(
    services: Services, told: Told, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_NOTIFY_URL", url)
    end(services, "finished")
    wait_for_messages(told, 1)
    assert told.messages[0]["error"] is None


def test_an_address_that_is_wrong_fails_nothing(
    services: Services, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = services.store.jobs / "notify.log"
    monkeypatch.setenv("TRACKBOOK_NOTIFY_URL", "ftp://example.org")
    job_id = end(services, "finished")
    assert services.jobs.get(job_id).status == "finished"
    assert "is no https:// one" in log.read_text()


def test_what_is_refused_is_not_sent_again_and_what_may_pass_is(told: Told, url: str) -> None:
    told.answers += [404]
    with pytest.raises(OSError, match="answered with 404"):
        send(url, {"text": "a"}, waits=(0.0,))
    told.answers += [500, 429]
    send(url, {"text": "b"}, waits=(0.0, 0.0))
    told.answers += [500, 500]
    with pytest.raises(OSError, match="500"):
        send(url, {"text": "c"}, waits=(0.0,))
    with pytest.raises(OSError, match="refused"):
        send("http://127.0.0.1:1/", {"text": "d"}, waits=(0.0,))
    assert [message["text"] for message in told.messages] == ["b"]


@pytest.mark.parametrize(
    "text",
    ['notify = "x"', "[tool.trackbook.notify]\nurl = 5", "[tool.trackbook.notify]\nurl='https://a'\non='x'"],
)
def test_settings_that_can_not_be_are_refused(tmp_path: Path, text: str) -> None:
    head = "" if text.startswith("[") else "[tool.trackbook]\n"
    (tmp_path / "pyproject.toml").write_text(head + text)
    with pytest.raises(UsageError):
        notify_in(tmp_path)
