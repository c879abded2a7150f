"""Through the same doors: what is read from a served store is what the store itself says."""

import inspect
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from trackbook.domain.cell import CellError
from trackbook.domain.celldifference import CellReference
from trackbook.domain.curve import CurveQuery
from trackbook.domain.environment import Environment, Git
from trackbook.domain.frame import CorrelationRequest, FrameRequest, ImportanceRequest
from trackbook.domain.rich import RichContent
from trackbook.domain.scope import RunScope
from trackbook.domain.table import CheckRequest, GroupsRequest, GroupValue, TableRequest
from trackbook.errors import AccessDenied, NotFound, QueryError, StoreUnreachable, UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.past import find_past
from trackbook.services.recorder import RunRecorder
from trackbook.services.remote.services import RemoteServices
from trackbook.services.snapshots import store_notebook
from trackbook.store.blobs import BlobStore

NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": "x", "outputs": []}
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}

TABLE = TableRequest(
    RunScope("params.lr >= 0"),
    "params.lr desc",
    [
        "params.lr",
        "params.bad",
        "params.layers",
        "params.far",
        "started",
        "metrics.loss",
        "min(metrics.loss)",
    ],
    ["loss"],
    [GroupValue("params.bad", math.nan)],
)


@pytest.fixture
def remote(client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteServices]:
    """The services over the served store, as its client has them."""
    monkeypatch.setenv("TRACKBOOK_TOKEN", client.token)  # for the forwarder that is started
    services = open_services(client.spool, client.token)
    assert isinstance(services, RemoteServices)
    yield services
    services.close()


def fill(client: Any) -> list[str]:
    """Two runs of all kinds of content; returns their ids."""
    ids = []
    for number in range(2):
        run = RunRecorder.start(
            client.spool,
            experiment="Größe 模型",
            params={"lr": 0.1 * number, "bad": math.nan, "layers": [1, 2], "far": math.inf},
            tags={"team": "vision"},
        )
        run.define_metric("loss", "min", "nat")
        for step in range(700):
            run.log({"loss": math.nan if step == 3 else 1 / (step + 1)}, step=step)
            run.log({"loss": 2.0}, step=step, context={"subset": "val"})
        order = run.cell_started("c1", 1, f"print({number})\n# \ud800")
        run.cell_finished(order, "error", 0.5, [{"output_type": "stream", "name": "stdout", "text": "ü"}],
                          error=CellError("KeyError", "'x'", ["KeyError"]))  # fmt: skip
        run.store_artifact(b"\x00\xff" * 1000, "dir/größe µ.bin")
        run.log_rich(
            "img", RichContent("image", b"png", "image/png", {"width": 3}), 2, {"subset": "ü", "a": "b"}
        )
        git = Git("9fceb02", "main", True, diff=run.store_blob("+ größe\n".encode()))
        run.environment_captured(Environment("3.11", "Linux", "python", {"numpy": "2.0"}, {"cores": 2}, git))
        run.snapshot_taken("end", "document", store_notebook(BlobStore(client.spool.blobs), NOTEBOOK))
        run.end()
        ids.append(run.run_id)
    return ids


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal, NaN to NaN."""
    return repr(msgspec.to_builtins(one)) == repr(msgspec.to_builtins(other))


def test_each_service_answers_as_the_one_over_the_store(
    shared_server: Any, client: Any, remote: RemoteServices
) -> None:
    first, second = fill(client)
    assert remote.runs.refresh(timeout=60.0)
    with shared_server.services() as local:
        number = local.runs.get(first).number
        calls: list[Callable[[Services], Any]] = [
            lambda s: s.runs.search("metrics.loss < 1", order_by="params.lr desc", limit=2, experiment="Größe 模型"),
            lambda s: s.runs.search(limit=0),
            lambda s: s.runs.search(offset=1, limit=1),
            lambda s: s.runs.get(first),
            lambda s: s.runs.get(f"#{number}"),
            lambda s: s.runs.get(first[:30]),
            lambda s: s.runs.detail(second),
            lambda s: s.runs.experiments(),
            lambda s: s.runs.revision(),
            lambda s: s.runs.changed_since(0),
            lambda s: s.run_tables.window(TABLE),
            lambda s: s.run_tables.groups(GroupsRequest(["params.lr", "params.bad"], columns=["metrics.loss"])),
            lambda s: s.run_tables.columns(),
            lambda s: s.frames.frame(FrameRequest(["params.lr", "params.bad", "name"], scope=RunScope())),
            lambda s: s.frames.frame(FrameRequest(["metrics.loss"], runs=[second, first], max_rows=1)),
            lambda s: s.frames.importance(ImportanceRequest("metrics.loss", scope=RunScope())),
            lambda s: s.frames.correlation(CorrelationRequest(["number", "params.lr"], runs=[first, second])),
            lambda s: s.run_tables.check(CheckRequest("metrics.loss >")),
            lambda s: s.series.read(first, "loss"),
            lambda s: s.series.read(first, "loss", {"subset": "val"}, 50),
            lambda s: s.series.read_all(first, "loss", 20),
            lambda s: s.series.read_all(first, "nothing"),
            lambda s: s.curves.read(CurveQuery(["loss"], [first, second], max_points=5)),
            lambda s: s.curves.read(CurveQuery(["loss"], scope=RunScope("metrics.loss < 9"), x="time", start=0.0)),
            lambda s: s.curves.read(CurveQuery(["loss"], [first, second], group_by="params.lr")),
            lambda s: s.compare.compare([f"#{number}", second]),
            lambda s: s.compare.compare([first, second], all=True),
            lambda s: s.differences.notebooks(f"#{number}", second, all=True),
            lambda s: s.differences.cell(first, second, CellReference(index=0), CellReference(order=1)),
            lambda s: s.differences.code(first, second),
            lambda s: s.differences.counterpart(second, "previous"),
            lambda s: s.artifacts.list(first),
            lambda s: s.artifacts.open(first, "dir/größe µ.bin")[1].read_bytes(),
            lambda s: s.values.list(first),
            lambda s: s.values.open(first, "img", 2, {"a": "b", "subset": "ü"})[0],
            lambda s: s.values.open(first, "img", 2, {"a": "b", "subset": "ü"})[1].read_bytes(),
            lambda s: s.environment_texts.read(first, "diff"),
            lambda s: s.snapshots.infos(first),
            lambda s: s.snapshots.info(first, "end"),
            lambda s: s.snapshots.notebook(first, "end"),
            lambda s: s.snapshots.cell(first, 1),
            lambda s: s.snapshots.sources(first),
            lambda s: s.snapshots.missing(["0" * 64]),
            lambda s: s.jobs.list(),
        ]  # fmt: skip
        for call in calls:
            assert same(call(remote), call(local)), inspect.getsource(call)


def test_errors_are_those_of_the_store(shared_server: Any, client: Any, remote: RemoteServices) -> None:
    (run_id, _) = fill(client)
    remote.runs.refresh(timeout=60.0)
    calls: list[Callable[[Services], Any]] = [
        lambda s: s.runs.search("metrics.loss <"),
        lambda s: s.run_tables.window(TableRequest(columns=["name", "lr"])),
        lambda s: s.run_tables.groups(GroupsRequest(["name"], order_by="started")),
        lambda s: s.runs.get("#999999"),
        lambda s: s.runs.get("nonsense"),
        lambda s: s.runs.get(""),
        lambda s: s.runs.search(limit=-1),
        lambda s: s.series.read(run_id, "nothing"),
        lambda s: s.series.read(run_id, "loss", max_points=1),
        lambda s: s.artifacts.open(run_id, "../x"),
        lambda s: s.artifacts.open(run_id, "nothing"),
        lambda s: s.values.open(run_id, "img", 2),
        lambda s: s.environment_texts.read(run_id, "lock"),
        lambda s: s.environment_texts.read(run_id, "packages"),
        lambda s: s.compare.compare([run_id]),
        lambda s: s.snapshots.info(run_id, "start"),
        lambda s: s.snapshots.cell(run_id, 99),
        lambda s: s.snapshots.missing(["x"]),
    ]
    with shared_server.services() as local:
        for call in calls:
            errors = []
            for services in (remote, local):
                with pytest.raises((UsageError, NotFound)) as caught:
                    call(services)
                errors.append(caught.value)
            assert type(errors[0]) is type(errors[1]), inspect.getsource(call)
            assert str(errors[0]) == str(errors[1])
            assert {k: str(v) for k, v in vars(errors[0]).items()} == {
                k: str(v) for k, v in vars(errors[1]).items()
            }
    with pytest.raises(QueryError) as pointed:
        remote.runs.search("metrics.loss <")
    assert pointed.value.position == 14


def test_no_method_of_a_service_is_forgotten(remote: RemoteServices) -> None:
    """A method that is not written anew would look for an index that is not there."""
    fine = {
        "take",
        "store_parts",
        "info",
        "parameters",
        "kernel",
        "submit",
        "retry",
        "queue",
        "template",
        "failed",
    }  # made of others that are
    fine |= {"code", "counterpart"}  # git is asked here, and the rest of runs
    fine |= {"announce"}  # a note of a worker
    # Of sweeps:
    fine |= {"define", "plan", "add", "extend", "find", "check_idle", "mark_best", "runs_of", "ended_runs_of"}
    fine |= {"last_at", "trashed_at"}  # for resuming, forking and cleaning, which need the store itself
    for name, prop in vars(Services).items():
        if name.startswith("_") or not hasattr(prop, "func"):
            continue
        if name not in vars(RemoteServices):
            with pytest.raises(UsageError, match="call it where"):
                getattr(remote, name)
            continue
        served = vars(RemoteServices)[name].func.__annotations__["return"]
        # By its name, since services are imported late; the served one is a kind of it.
        (kind,) = [one for one in served.__mro__ if one.__name__ == prop.func.__annotations__["return"]]
        if kind is served:  # works on the spool
            continue
        public = {n for n, f in vars(kind).items() if inspect.isfunction(f) and not n.startswith("_")}
        assert public - set(vars(served)) <= fine, (name, public - set(vars(served)) - fine)


def test_going_on_from_a_run_is_refused_with_a_sentence(remote: RemoteServices) -> None:
    with pytest.raises(UsageError, match="where the store is"):
        find_past(remote.store, "#1")


def test_a_run_is_seen_by_the_process_that_wrote_it(client: Any) -> None:
    code = (
        "import trackbook as tb\n"
        "run = tb.start_run('own', params={'lr': 0.1})\nrun.log({'loss': 1.0})\n"
        "open_ones = tb.runs(f\"id = '{run.id}'\")\nassert list(open_ones.status) == ['running'], open_ones\n"
        "run.end()\ntable = tb.runs(f\"id = '{run.id}'\")\n"
        "assert list(table.status) == ['finished'], table\nassert table['metrics.loss'][0] == 1.0\n"
        "other = tb.start_run('own'); other.end()\nprint(tb.compare(run, other).to_dict('index')['params.lr'])"
    )
    assert "0.1" in client.run(code)


def test_the_command_line_reads_and_edits(shared_server: Any, client: Any, remote: RemoteServices) -> None:
    run_id, other = fill(client)
    remote.runs.refresh(timeout=60.0)
    number = str(remote.runs.get(run_id).number)
    listed = client.call("runs", f"id = '{run_id}'", "--json")
    assert [run["id"] for run in json.loads(listed.stdout)] == [run_id]
    shown = client.call("show", number, "--json")
    assert json.loads(shown.stdout)["params"]["layers"] == [1, 2]
    assert client.call("compare", number, other).returncode == 0
    assert client.call("trash", number).returncode == 0
    assert json.loads(client.call("runs", f"id = '{run_id}'", "--json").stdout) == []
    with shared_server.services() as local:
        assert local.runs.get(run_id).trashed
    assert client.call("restore", number).returncode == 0
    assert len(json.loads(client.call("runs", f"id = '{run_id}'", "--json").stdout)) == 1


def test_what_needs_the_store_itself_says_so(client: Any) -> None:
    for command in ("doctor", "rebuild"):
        done = client.call(command)
        assert done.returncode == 2
        assert b"call it where" in done.stderr


def test_a_notebook_runs_as_a_job_for_who_may_run_code(
    shared_server: Any, client: Any, client_of: Callable[..., Any]
) -> None:
    may = client_of(shared_server, token=shared_server.token("execute"))
    for machine in (client, may):
        text = json.dumps(NOTEBOOK).replace('"x"', '"x = 1"')
        (machine.folder / "n.ipynb").write_text(text, encoding="utf-8")
    refused = client.call("run", "n.ipynb")
    assert refused.returncode == 3
    assert b"needs 'execute'" in refused.stderr
    done = may.call("run", "n.ipynb", "--json")
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    with shared_server.services() as local:
        assert local.runs.get(run["id"]).status == "finished"
        assert [a.path for a in local.runs.detail(run["id"]).artifacts] == ["output.ipynb"]
    (job,) = [
        job for job in json.loads(may.call("jobs", "--json").stdout) if job["id"] == run["source"]["job_id"]
    ]
    assert (job["status"], job["attempt"]) == ("finished", 1)


def test_a_reader_needs_no_more_than_the_scope_read(
    shared_server: Any, client: Any, client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, _ = fill(client)
    client.send()
    reader = client_of(shared_server, token=shared_server.token("read"))
    listed = reader.call("runs", f"id = '{run_id}'", "--json")
    assert listed.returncode == 0, listed.stderr
    assert client.call("show", run_id, "--json").returncode == 0
    monkeypatch.setenv("TRACKBOOK_TOKEN", reader.token)
    services = open_services(reader.spool, reader.token)
    try:
        services.edits.rename(run_id, "other")
        with pytest.raises(AccessDenied, match="needs 'write'"):
            services.runs.refresh(timeout=30.0)
    finally:
        services.close()


def test_without_a_server_a_reader_is_told_what_waits(server: Any, client_of: Callable[..., Any]) -> None:
    client = client_of(server)
    server.stop()
    run = RunRecorder.start(client.spool, experiment="e")
    services = open_services(client.spool, client.token)
    try:
        for call in (services.runs.refresh, services.runs.search, services.runs.experiments):
            with pytest.raises(
                StoreUnreachable, match=r"2 records are kept on this machine and will be sent"
            ):
                call()
    finally:
        services.close()
        run.end()
