"""Whatever is killed, when: each acknowledged point arrives, once."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

WRITER = """
import sys
import time
import trackbook as tb

run = tb.start_run("kills")
print(run.id, flush=True)
for step in range(100_000):
    run.log({"loss": float(step)}, step=step)
    sys.stdout.write(f"{step}\\n")
    sys.stdout.flush()
    if step % 500 == 0:
        run.artifact(b"x" * 100_000 + str(step).encode(), f"{step}.bin")
    time.sleep(0.001)
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_forwarder_server_and_writer_are_killed_at_random(
    server: Any, client_of: Callable[..., Any], waiting: Callable[..., Any], seed: int
) -> None:
    client = client_of(server)
    chance = random.Random(seed)
    program = client.start(WRITER)
    run_id = program.stdout.readline().decode().strip()
    for round_ in range(8):
        time.sleep(chance.uniform(0.05, 0.4))  # not waiting: any moment will do
        if round_ % 2:
            server.kill()
            time.sleep(chance.uniform(0.0, 0.3))
            server.start()
        else:
            client.kill_forwarder()
    program.kill()
    acknowledged = [int(line) for line in program.stdout.read().decode().splitlines()[:-1]]
    program.stdout.close()
    program.wait()
    sent = client.call("sync", "--wait", "60")
    assert sent.returncode == 0, sent.stderr.decode()
    with server.services() as services:
        steps = services.series.read(run_id, "loss").steps
        assert steps == list(range(len(steps)))
        assert len(steps) >= len(acknowledged) > 0
        assert services.runs.get(run_id).status == "killed"
        for artifact in services.artifacts.list(run_id):
            assert services.artifacts.open(run_id, artifact.path)[1].stat().st_size == artifact.size
    assert [name for name, _ in client.spool.list_journals()] == []


def test_logging_goes_on_while_the_server_is_away(
    server: Any, client_of: Callable[..., Any], waiting: Callable[..., Any]
) -> None:
    client = client_of(server)
    server.stop()
    code = (
        "import trackbook as tb, warnings\nwarnings.simplefilter('error')\n"
        "with tb.start_run('away', params={'lr': 0.1}) as run:\n"
        "    for step in range(1000): run.log({'loss': 1.0}, step=step)\n"
        "    run.artifact(b'abc', 'a.bin')\n"
        "print(run.id)"
    )
    run_id = client.run(code).strip()
    shown = client.call("sync", "--wait", "0")
    assert shown.returncode == 3
    assert run_id in shown.stdout.decode()
    assert client.call("sync", "--wait", "1").returncode == 3
    listed = client.call("runs")
    assert listed.returncode == 3
    said = listed.stderr.decode()
    assert "its server does not answer (Connection refused)" in said
    assert "records are kept on this machine and will be sent when it is back" in said
    assert "Traceback" not in said
    server.start()
    sent = client.call("sync", "--wait", "60")
    assert sent.returncode == 0, sent.stderr.decode()
    assert "Everything is in the store" in sent.stderr.decode()
    with server.services() as services:
        assert services.series.read(run_id, "loss").steps == list(range(1000))
        assert services.runs.get(run_id).status == "finished"


def test_a_second_machine_sends_to_the_same_store(server: Any, client_of: Callable[..., Any]) -> None:
    code = (
        "import trackbook as tb\n"
        "for n in range(5):\n"
        "    with tb.start_run('two') as run:\n"
        "        for step in range(20): run.log({'loss': 1.0}, step=step)\n"
    )
    first, second = client_of(server), client_of(server)
    programs = [first.start(code), second.start(code)]
    for program in programs:
        assert program.wait(60) == 0
        program.stdout.close()
    for client in (first, second):
        assert client.call("sync").returncode == 0
    with server.services() as services:
        page = services.runs.search("experiment = 'two'")
        assert sorted(run.number for run in page.runs) == list(range(1, 11))
        assert {run.status for run in page.runs} == {"finished"}
