"""What a spool holds arrives in the server's store, once, over any network; what has arrived leaves the spool."""

import hashlib
import os
import random
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from trackbook.errors import AccessDenied, InfrastructureError
from trackbook.services.recorder import RunRecorder
from trackbook.services.snapshots import store_notebook
from trackbook.store.blobs import BlobStore
from trackbook.store.journal import scan
from trackbook.store.segments import parse_segment


def record(client: Any, points: int = 30, **more: Any) -> RunRecorder:
    """A run in this process, with content of every kind, that is still open."""
    run = RunRecorder.start(
        client.spool, experiment="Größe 模型", params={"lr": 0.1, "nan": float("nan")}, **more
    )
    for step in range(points):
        run.log({"loss": float(step), "nan": float("nan")}, step=step)
    return run


def steps(server: Any, run_id: str) -> list[int]:
    with server.services() as services:
        return list(services.series.read(run_id, "loss").steps)


def status(server: Any, run_id: str) -> str:
    with server.services() as services:
        return str(services.runs.get(run_id).status)


def files(client: Any) -> list[str]:
    root = client.spool.root
    return sorted(
        path.relative_to(root).as_posix()
        for folder in ("journals", "blobs")
        for path in (root / folder).rglob("*")
        if path.is_file() and path.suffix != ".lock"
    )


def test_a_run_arrives_as_it_was_written_and_leaves_the_spool_empty(shared_server: Any, client: Any) -> None:
    run = record(client, name="µ 🙂", tags={"team": "模型"})
    order = run.cell_started("c1", 1, "print('Größe')\n# \ud800")
    run.cell_finished(order, "ok", 0.5, [{"output_type": "stream", "name": "stdout", "text": "hi"}])
    run.store_artifact("a,ä\n".encode(), "dir/größe.csv")
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "execution_count": 3,
        "source": "x",
        "outputs": [],
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    run.snapshot_taken("start", "document", store_notebook(BlobStore(client.spool.blobs), notebook))
    client.send()
    assert status(shared_server, run.run_id) == "running"
    run.end()
    client.send()
    assert files(client) == []
    with shared_server.services() as services:
        detail = services.runs.detail(run.run_id)
        assert (detail.run.name, detail.run.status, detail.run.tags) == ("µ 🙂", "finished", {"team": "模型"})
        assert services.series.read(run.run_id, "loss").steps == list(range(30))
        assert services.artifacts.open(run.run_id, "dir/größe.csv")[1].read_bytes() == "a,ä\n".encode()
        assert services.snapshots.sources(run.run_id) == {1: "print('Größe')\n# \ud800"}
        assert services.snapshots.notebook(run.run_id, "start") == notebook


def test_content_is_there_before_the_record_that_names_it(
    shared_server: Any, client_of: Callable[..., Any], proxy_to: Callable[..., Any]
) -> None:
    proxy = proxy_to(shared_server)
    client = client_of(shared_server, url=proxy.url)
    run = record(client, points=1)
    run.store_artifact(b"content" * 1000, "a.bin")
    seen: list[bytes] = []

    def listen(way: str, data: bytes) -> bytes:
        if way == "up":
            seen.append(data)
        return data

    proxy.fault = listen
    client.send()
    run.end()
    said = b"".join(seen)
    assert 0 < said.index(b"PUT ") < said.index(b"?position=0")


def test_a_large_artifact_and_a_large_record_arrive(shared_server: Any, client: Any) -> None:
    data = os.urandom(1024 * 1024) * 64
    run = record(client, points=1)
    run.store_artifact(data, "model.bin")
    run.add_note("ä" * 4_000_000)
    run.log({"loss": 1.0}, step=1)
    run.end()
    client.send()
    with shared_server.services() as services:
        artifact, file = services.artifacts.open(run.run_id, "model.bin")
        assert artifact.size == len(data)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == hashlib.sha256(data).hexdigest()
        assert len(services.runs.get(run.run_id).notes) == 4_000_000
    assert steps(shared_server, run.run_id) == [0, 1]


def test_the_files_of_a_writer_that_goes_on_arrive_in_their_order(shared_server: Any, client: Any) -> None:
    run = record(client, points=0)
    run._writer.rotate_at = 2000
    for step in range(300):
        run.log({"loss": float(step)}, step=step)
        if step % 90 == 0:
            client.send()
    run.end()
    client.send()
    assert run._writer.part > 2
    assert steps(shared_server, run.run_id) == list(range(300))
    assert files(client) == []


def test_a_network_that_fails_at_every_turn_doubles_nothing(
    shared_server: Any, client_of: Callable[..., Any], proxy_to: Callable[..., Any]
) -> None:
    """Requests are cut in the middle, and answers are dropped after the server did what was asked."""
    proxy = proxy_to(shared_server)
    client = client_of(shared_server, url=proxy.url)
    chance = random.Random(11)

    def fail(way: str, data: bytes) -> bytes | None:
        if chance.random() < 0.2:
            return None  # of an answer: it was done all the same
        return data[: len(data) // 2] if chance.random() < 0.03 else data

    run = record(client, points=0)
    forwarder = client.forwarder()
    forwarder.connection._seconds = 0.5  # what was cut in half is never answered
    failures = 0
    for step in range(400):
        run.log({"loss": float(step)}, step=step)
        if step % 40 == 0:
            run.store_artifact(os.urandom(300_000), f"{step}.bin")
        if step % 7 == 0:
            proxy.fault = fail
            try:
                forwarder.run_pass()
            except InfrastructureError:
                failures += 1
    run.end()
    proxy.fault = lambda way, data: data
    client.send()
    assert failures > 5
    assert steps(shared_server, run.run_id) == list(range(400))
    assert status(shared_server, run.run_id) == "finished"
    with shared_server.services() as services:
        assert len(services.artifacts.list(run.run_id)) == 10
        assert all(services.artifacts.open(run.run_id, f"{n}.bin")[1].exists() for n in range(0, 400, 40))
    assert files(client) == []


def test_a_slow_network_holds_no_log_call_up(
    shared_server: Any,
    client_of: Callable[..., Any],
    proxy_to: Callable[..., Any],
    waiting: Callable[..., Any],
) -> None:
    proxy = proxy_to(shared_server)
    asked: list[float] = []

    def slow(way: str, data: bytes) -> bytes:
        asked.append(time.monotonic())
        time.sleep(0.4)
        return data

    proxy.fault = slow
    client = client_of(shared_server, url=proxy.url)
    code = (
        "import trackbook as tb, time\nrun = tb.start_run('slow')\nbegan = time.perf_counter()\n"
        "for step in range(2000): run.log({'loss': 1.0}, step=step)\n"
        "print(run.id, time.perf_counter() - began)\nrun.end()"
    )
    run_id, _ = client.run(code).split()
    assert len(asked) < 200  # many records went together, else the network would be asked for each
    proxy.fault = lambda way, data: data
    waiting(lambda: files(client) == [])
    assert steps(shared_server, run_id) == list(range(2000))


def test_what_the_server_closed_meanwhile_goes_on(shared_server: Any, client: Any) -> None:
    """A laptop slept, and the server took its writer for dead; after the second time, too."""
    run = record(client, points=10)
    client.send()
    for more in (10, 20):
        (writer,) = {name.writer for name, _ in client.spool.list_journals()}
        body = {"ended": [{"subject": run.run_id, "writer": writer}]}
        assert shared_server.ask("POST", "{p}/writers", client.token, body).status == 200
        assert status(shared_server, run.run_id) == "killed"
        for step in range(more, more + 10):
            run.log({"loss": float(step)}, step=step)
        client.send()
        client.send()
        assert steps(shared_server, run.run_id) == list(range(more + 10))
    run.end()
    client.send()
    assert steps(shared_server, run.run_id) == list(range(30))
    assert files(client) == []


def test_an_owner_that_was_killed_leaves_a_killed_run(
    shared_server: Any, client: Any, waiting: Callable[..., Any]
) -> None:
    program = client.start(
        "import trackbook as tb, time\nrun = tb.start_run('killed')\n"
        "for step in range(100): run.log({'loss': 1.0}, step=step)\nprint(run.id, flush=True)\ntime.sleep(600)"
    )
    run_id = program.stdout.readline().decode().strip()
    program.kill()
    program.wait()
    program.stdout.close()
    waiting(lambda: files(client) == [])
    assert status(shared_server, run_id) == "killed"
    assert steps(shared_server, run_id) == list(range(100))


def test_a_torn_and_a_broken_record_stop_nothing(shared_server: Any, client: Any) -> None:
    run = record(client, points=20)
    (path,) = [path for _, path in client.spool.list_journals()]
    data = bytearray(path.read_bytes())
    ends = [item.end for item in scan(bytes(data))]
    data[ends[8] + 14] ^= 0xFF
    path.write_bytes(data)
    client.send()
    run.end()
    client.send()
    assert len(steps(shared_server, run.run_id)) == 19
    assert files(client) == []


def test_other_bytes_on_the_server_stop_that_journal_alone(shared_server: Any, client: Any) -> None:
    first, second = record(client), record(client)
    client.send()
    name = next(name for name, _ in client.spool.list_journals() if name.subject == first.run_id)
    path = client.spool.journal(name)
    stored = shared_server.store.journal(name)
    # As after a backup was put back on this machine: the same place, another history.
    first.log({"loss": 1.0}, step=100)
    grown = path.read_bytes()
    forwarder = client.forwarder()
    forwarder.run_pass()
    assert stored.read_bytes() == grown
    forwarder._courses[name].sent = [item.end for item in scan(grown)][-2]
    last = list(scan(grown))[-1]
    first._writer.append(last.record)
    data = bytearray(grown)
    other = data[last.position : last.end]
    other[-9] ^= 1
    struct.pack_into("<I", other, 8, zlib.crc32(bytes(other[12:])))
    path.write_bytes(bytes(data[: last.position]) + bytes(other))
    second.log({"loss": 100.0}, step=100)
    forwarder.run_pass()
    assert "others" in forwarder.status.stopped[f"{name.subject}/{name.stem}"]
    assert stored.read_bytes() == grown
    assert steps(shared_server, second.run_id)[-1] == 100
    first.close()
    second.end()


def test_a_server_that_was_set_back_gets_everything_again(
    server: Any, client_of: Callable[..., Any], let_go: Callable[[Any], None]
) -> None:
    client = client_of(server)
    run = record(client)
    forwarder = client.forwarder()
    forwarder.run_pass()
    assert steps(server, run.run_id) == list(range(30))
    server.stop()
    let_go(server.store)
    for path in (*server.store.root.glob("index.sqlite*"), *server.store.journals.rglob("*.journal")):
        path.unlink()
    server.start()
    run.log({"loss": 30.0}, step=30)
    forwarder.run_pass()
    forwarder.run_pass()
    assert steps(server, run.run_id) == list(range(31))
    run.end()
    client.send()
    assert status(server, run.run_id) == "finished"


def test_a_token_that_may_not_write_sends_nothing_and_keeps_everything(
    shared_server: Any, client_of: Callable[..., Any]
) -> None:
    for token, words in (
        (shared_server.token("read"), "needs 'write'"),
        ("wrong", "unknown, or was revoked"),
    ):
        client = client_of(shared_server, token=token)
        run = record(client)
        before = files(client)
        with pytest.raises(AccessDenied, match=words):
            client.forwarder().run_pass()
        assert before == files(client)
        run.end()


def test_segments_hold_how_long_the_journal_was(
    shared_server: Any, client: Any, waiting: Callable[..., Any]
) -> None:
    run = record(client)
    (path,) = [path for _, path in client.spool.list_journals()]
    run.end()
    size = path.stat().st_size
    client.send()
    assert status(shared_server, run.run_id) == "finished"
    (segment,) = waiting(
        lambda: [p for name, p in shared_server.store.list_segments() if name.subject == run.run_id]
    )
    assert parse_segment(segment, segment.read_bytes()).length == size
