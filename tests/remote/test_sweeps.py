"""Sweeps of a served store: worked off from machines that reach it over HTTP, by real workers, some of them killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest
from nbformat import v4

from trackbook.domain.trial import Trial
from trackbook.errors import AccessDenied, Conflict, NotFound, UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")

# It logs until it is let go on; values that promise nothing go on for ever.
BEGIN = """\
import os, pathlib, time
%load_ext trackbook
%track goal loss min
pathlib.Path(f"begun-{x}-{os.environ['TRACKBOOK_RUN']}").touch()
os.write(1, f"kernel of {x}\\n".encode())
"""
LOG = """\
import trackbook as tb
step = 0
while x > 5 or not pathlib.Path(f"go-{x}").exists():
    tb.log({"loss": x}, step=step)
    step += 1
    time.sleep(0.05)
tb.log({"loss": x}, step=step)
"""


def write(folder: Path, *sources: str, parameters: str = "x = 1") -> Path:
    cells = [v4.new_code_cell(source) for source in sources]
    cells.insert(0, v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "train.ipynb"
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


@pytest.fixture
def services_of() -> Iterator[Callable[[Any], Services]]:
    """Open the services that a client has."""
    opened: list[Services] = []

    def open_them(client: Any) -> Services:
        opened.append(open_services(client.spool, client.token))
        return opened[-1]

    yield open_them
    for services in opened:
        services.close()


def start(client: Any, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "trackbook.cli", *arguments],
        env=client.environment,
        cwd=client.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_sweep_survives_its_server_and_its_workers_and_goes_on_elsewhere(
    server: Any,
    client_of: Callable[..., Any],
    services_of: Callable[[Any], Services],
    waiting: Callable[..., Any],
) -> None:
    here, there = (client_of(server, token=server.token("execute")) for _ in range(2))
    folder = here.folder
    write(folder, BEGIN, LOG)
    services = services_of(here)
    pruned = ["--pruner", "threshold:upper=5", "--objective", "loss:min"]
    sweep = start(here, "sweep", "train.ipynb", "-s", "x=1,9,2", "--jobs", "2", *pruned)

    def begun(x: int) -> list[Path]:
        return list(folder.glob(f"begun-{x}-*"))

    def trial(x: int) -> Any:
        return next(job for job in services.sweeps.trials(sweep_id) if job.spec.params["x"] == x)

    try:
        waiting(lambda: begun(1), 120)
        sweep_id = services.sweeps.find("last")
        # The one that promises nothing is stopped in its cell, and another one takes its place.
        waiting(lambda: begun(9) and trial(9).status == "pruned", 120)
        waiting(lambda: begun(2), 120)
        assert services.sweeps.find(sweep_id) == sweep_id
        run = services.runs.get(sweep_id)
        assert services.sweeps.find(str(run.number)) == sweep_id
        assert services.sweeps.find(trial(1).spec.run_id) == sweep_id

        # Who works, seen from elsewhere.
        (worker,) = services_of(there).workers.list()
        assert (worker.capacity, worker.standing, sorted(worker.current)) == (
            2,
            False,
            sorted([trial(1).id, trial(2).id]),
        )

        # It has one controller, wherever somebody asks for another.
        for client in (here, there):
            refused = client.call("sweep", "--resume", "last")
            assert refused.returncode == 2, refused.stderr
            assert b"Another process works this sweep off" in refused.stderr

        server.kill()
        server.start()
        # A worker that dies is found out by its spool, and its trial begins again.
        worker_name = trial(1).worker
        assert worker_name.startswith(f"{worker.id}/")
        os.kill(int(worker_name.partition("@")[0].rpartition("/")[2]), signal.SIGKILL)
        waiting(lambda: len(begun(1)) == 2, 120)
        assert [attempt.outcome for attempt in trial(1).attempts] == ["lost"]

        sweep.send_signal(signal.SIGINT)
        _, said = sweep.communicate(timeout=120)
        assert sweep.returncode == 130, said.decode()
        assert b"1 of 3 trials have ended" in said
    finally:
        if sweep.poll() is None:
            sweep.kill()
            sweep.communicate()
    detail = services.sweeps.get(sweep_id)
    assert (detail.status, detail.trials.pruned, detail.trials.cancelled) == ("aborted", 1, 2)
    assert detail.reason == "It was interrupted; it can be resumed."

    # Another machine goes on; trials that have ended stay as they are.
    (folder / "go-1").touch()
    (folder / "go-2").touch()
    done = there.call("sweep", "--resume", "last", "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert {run["params"]["x"]: run["status"] for run in json.loads(done.stdout)} == {
        1: "finished",
        2: "finished",
        9: "pruned",
    }
    assert len(begun(9)) == 1
    shown = json.loads(here.call("sweeps", "show", "last", "--json").stdout)
    assert (shown["status"], shown["best"]["params"], shown["best"]["value"]) == ("finished", {"x": 1}, 1.0)
    assert [row["best"] for row in shown["runs"]] == [True, False, False]
    assert services.runs.refresh(timeout=60)
    (best,) = json.loads(here.call("runs", "tags.best = 'true'", "--json").stdout)
    assert best["id"] == shown["best"]["run"]
    # What kernels printed themselves, read where they did not run.
    logs = here.call("jobs", "logs", trial(1).id)
    assert logs.returncode == 0, logs.stderr
    assert b"kernel of 1\n" in logs.stdout


def test_a_sweep_needs_a_token_that_may_execute(
    shared_server: Any, client_of: Callable[..., Any], services_of: Callable[[Any], Services]
) -> None:
    client = client_of(shared_server)
    path = write(client.folder, "1")
    with pytest.raises(AccessDenied, match="needs 'execute'"):
        services_of(client).sweeps.define(path, {}, {"x": [1, 2]})


def test_what_is_no_sweep_is_refused(
    shared_server: Any, client_of: Callable[..., Any], services_of: Callable[[Any], Services]
) -> None:
    client = client_of(shared_server, token=shared_server.token("execute"))
    services = services_of(client)
    path = write(client.folder, "1", parameters="x = 1.0")
    sweep_id = services.sweeps.define(path, {}, {"x": [float("inf"), 2]}, max_time=60)
    spec = services.sweeps.spec(sweep_id)
    assert (spec.trials, spec.space["x"].values[0], spec.max_time) == (2, float("inf"), 60)
    assert services.sweeps.get(sweep_id).status == "queued"
    assert [one.id for one in services.sweeps.list(1)] == [sweep_id]
    assert services.sweeps.extend(sweep_id, parallel=3).parallel == 3
    assert services.sweeps.spec(sweep_id).parallel == 3
    # What another client might send.
    body = msgspec.to_builtins(spec)
    for change, status in (
        ({"max_failures": 0}, 400),
        ({"trials": "many"}, 400),
        ({"seed": -1}, 400),
        ({"job": body["job"] | {"notebook": "0" * 64}}, 409),
        ({"job": body["job"] | {"notebook": "../x"}}, 400),
        ({"job": body["job"] | {"parent_id": "../x"}}, 404),
    ):
        said = {"sweep": sweep_id, "spec": body | change}
        answer = shared_server.ask("POST", "{p}/queue/sweeps", client.token, said)
        assert answer.status == status, (change, answer.body)
    assert services.sweeps.spec(sweep_id).parallel == 3
    # One machine at a time has it, until it gives it back.
    with services.sweeps.hold(sweep_id):
        with pytest.raises(Conflict, match="Another process"):
            services.sweeps.check_idle(sweep_id)
        other = services_of(client_of(shared_server, token=client.token))
        with pytest.raises(Conflict, match="Another process"), other.sweeps.hold(sweep_id):
            pass
        assert services.sweeps.is_end_requested(sweep_id) is False
        other.sweeps.request_end(sweep_id)
        assert services.sweeps.is_end_requested(sweep_id) is True
        other.sweeps.withdraw_end(sweep_id)
        assert services.sweeps.is_end_requested(sweep_id) is False
    services.sweeps.check_idle(sweep_id)
    with other.sweeps.hold(sweep_id):
        pass
    # A run that is none.
    recorder = RunRecorder.start(client.spool, experiment="plain")
    recorder.end("finished")
    client.send()
    assert services.runs.refresh(timeout=60)
    with pytest.raises(UsageError, match="is no sweep"):
        services.sweeps.find(recorder.run_id)
    with pytest.raises(NotFound):
        services.sweeps.find("999999")
    # A trial that is queued again by one who did not hear the answer is the same.
    trial = msgspec.structs.replace(spec.job, run_id=sweep_id, trial=Trial(0, sweep_id), sweep_id=sweep_id)
    first, again = (services.jobs.queue([trial]) for _ in range(2))
    assert [one.id for one in first] == [one.id for one in again]
    assert services.sweeps.cancel_open(sweep_id) == 1


def test_jobs_are_listed_to_the_last_however_many_a_page_holds(
    shared_server: Any,
    client_of: Callable[..., Any],
    services_of: Callable[[Any], Services],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trackbook.services.remote.jobs._AT_ONCE", 3)
    client = client_of(shared_server, token=shared_server.token("execute"))
    jobs = services_of(client).jobs
    queued = jobs.submit(write(client.folder, "x"), sweep={"x": list(range(8))}, executor="dask")
    newest_first = [job.id for job in reversed(queued)]
    sweep_id = queued[0].spec.sweep_id
    assert sweep_id
    for limit, offset in ((None, 0), (8, 0), (7, 0), (100, 0), (1, 0), (None, 3), (2, 5), (None, 8), (0, 0)):
        listed = jobs.list(limit=limit, sweep_id=sweep_id, offset=offset)
        end = None if limit is None else offset + limit
        assert [job.id for job in listed] == newest_first[offset:end], (limit, offset)
    assert jobs.counts()["queued"] == len(queued)
    # Of any of them, and not only of those that one page holds.
    assert [jobs.find(job.id[-12:]).id for job in queued] == [job.id for job in queued]
    assert jobs.find(queued[0].id).id == queued[0].id
    assert {job.id for job in jobs.matching(queued[0].id[-6:])} >= {queued[0].id}
    for nothing in ("0123456789ab", "%%%%%%"):
        with pytest.raises(NotFound):
            jobs.find(nothing)
    with pytest.raises(UsageError, match="6 characters or more of its end"):
        jobs.find(queued[0].id[-5:])
    for job in queued:
        jobs.cancel(job.id)
    assert "queued" not in jobs.counts()
