"""A real Jupyter server with the extension, over a store that the real recorder filled."""

import asyncio
import json
import math
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml
from jsonschema import Draft202012Validator
from pytest_jupyter.jupyter_server import *  # noqa: F403  # fixtures, for this folder alone
from tornado.httpclient import HTTPClientError, HTTPResponse

from trackbook import server
from trackbook.domain.cell import CellError
from trackbook.domain.environment import Environment, Git, Module
from trackbook.domain.run import RunError, Source
from trackbook.services.context import open_services
from trackbook.services.ingester import ensure_ingester
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths, create_store

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf500f00038601805a347d6b0000000049454e44ae426082"
)


@dataclass(frozen=True)
class Sample:
    """A filled project, and the ids in it."""

    store: StorePaths
    finished: str
    failed: str
    child: str
    job: str

    @property
    def project(self) -> str:
        return self.store.id


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"trackbook": True}}}


@pytest.fixture(autouse=True)
def _no_needless_ingesters(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process for each project in which nothing waits to be read would take longer than most tests here."""

    def ensure(store: StorePaths) -> bool:
        return next(store.list_journals(), None) is not None and ensure_ingester(store)

    monkeypatch.setattr("trackbook.server.projects.ensure_ingester", ensure)


@pytest.fixture(scope="session")
def api() -> dict[str, Any]:
    """rest-api.yml."""
    content: dict[str, Any] = yaml.safe_load(
        (Path(server.__file__).parent / "rest-api.yml").read_text(encoding="utf-8")
    )
    return content


@pytest.fixture(scope="session")
def conforms(api: dict[str, Any]) -> Callable[[Any, str], Any]:
    """Check a value against a schema of rest-api.yml, and return it."""

    def conforms(value: Any, schema: str) -> Any:
        wanted = {"$ref": f"#/components/schemas/{schema}", "components": api["components"]}
        Draft202012Validator(wanted).validate(value)
        return value

    return conforms


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A project that was filled once; tests work on copies."""
    return fill(tmp_path_factory.mktemp("filled") / "churn")


@pytest.fixture
def sample(filled: Sample, jp_root_dir: Path) -> Sample:
    """The filled project in the server's folder, at work/churn."""
    folder = jp_root_dir / "work" / "churn"
    shutil.copytree(filled.store.project, folder)
    return replace(filled, store=StorePaths(folder / ".trackbook"))


@pytest.fixture
def ask(jp_fetch: Callable[..., Awaitable[HTTPResponse]]) -> Ask:
    """Ask Trackbook's REST API; an answer of 4xx or 5xx is an answer, too."""

    async def ask(path: str, method: str = "GET", body: Any = None, **options: Any) -> Answer:
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if body is None and method in ("POST", "PUT", "PATCH"):
            body = ""
        path, _, query = path.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        try:
            response = await jp_fetch(
                "trackbook", "api", path, method=method, body=body, params=pairs, **options
            )
        except HTTPClientError as error:
            if error.response is None:  # no answer at all
                raise
            response = error.response
        return Answer(response.code, dict(response.headers), response.body)

    return ask


@pytest.fixture
def until() -> Callable[..., Awaitable[Any]]:
    """Wait until a condition gives something true, and return that."""

    async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 60.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := await condition()):
            assert time.monotonic() < deadline, "waited in vain"
            await asyncio.sleep(0.02)
        return found

    return until


def fill(folder: Path) -> Sample:
    """Fill a new project with runs of several kinds, and index it."""
    folder.mkdir(parents=True)
    (folder / "train.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    store = create_store(folder / ".trackbook")
    finished = _finished_run(store)
    failed = _failed_run(store)
    child = _child_run(store, finished)
    services = open_services(store)
    services.runs.refresh(timeout=60.0)
    job = services.jobs.submit(folder / "train.ipynb", {"depth": 4}, {}, experiment="churn")[0].id
    services.runs.refresh(timeout=60.0)
    services.database.close()
    return Sample(store, finished, failed, child, job)


def notebook(source: str = "lr = 0.1  # learning rate\ndepth = 8") -> dict[str, Any]:
    """Return a notebook with a parameters cell."""
    cells = [
        {"cell_type": "markdown", "id": "c-title", "metadata": {}, "source": "# Größe 模型"},
        {
            "cell_type": "code",
            "id": "c-params",
            "metadata": {"tags": ["parameters"]},
            "execution_count": None,
            "outputs": [],
            "source": source,
        },
        {
            "cell_type": "code",
            "id": "c-train",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": "result = lr * depth",
        },
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _finished_run(store: StorePaths) -> str:
    source = Source("notebook", "train.ipynb", "kernel-1", "c-train", "message-1")
    run = RunRecorder.start(
        store,
        experiment="churn",
        name="Größe µ 模型",
        params={"lr": 0.1, "depth": 8, "layers": [64, 64], "model": {"kind": "tree"}, "limit": math.inf},
        tags={"team": "vision", "baseline": ""},
        source=source,
    )
    run.set_params({"lr": 0.01}, "c-params")
    run.define_metric("acc", "max", "%")
    for step in range(60):
        run.log({"loss": math.nan if step == 30 else 1.0 / (step + 1), "acc": step / 60}, step)
        run.log({"loss": 2.0 / (step + 1)}, step, {"subset": "val"})
    run.log({"never a number": math.nan})
    run.add_note("A note.")
    order = run.cell_started("c-train", 4, "print('Größe')")
    output = {"output_type": "stream", "name": "stdout", "text": "Größe\n"}
    run.cell_finished(order, "ok", 0.5, [output])
    broken = run.cell_started("c-plot", 5, "raise KeyError('target')\n# \ud800")
    run.cell_finished(
        broken, "error", 0.1, [], error=CellError("KeyError", "'target'", ["KeyError: 'target'"])
    )
    run.store_artifact(PNG, "plots/größe.png", kind="figure", cell_id="c-plot")
    run.store_artifact(b"<script>alert(1)</script>", "report.html", kind="output")
    run.store_artifact(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "plot.svg")
    run.store_artifact("a,b\n1,ä\n".encode(), "data.csv")
    run.store_artifact(b"x" * 3_000_000, "model.bin", kind="model")
    run.environment_captured(
        Environment(
            "3.11.9",
            "Linux",
            "/usr/bin/python3",
            {"numpy": "2.3.4"},
            {"cores": 8},
            Git("9fceb02", "main", True),
        )
    )
    run.modules_captured([Module("features", "features.py", run.store_blob(b"x = 1") or "", 5)])
    run.end(message_id="message-2")
    return run.run_id


def _failed_run(store: StorePaths) -> str:
    run = RunRecorder.start(
        store, experiment="churn", params={"lr": 10.0}, source=Source("notebook", "train.ipynb", "kernel-1")
    )
    run.log({"loss": math.inf})
    run.end("failed", error=RunError("ValueError", "Input X contains NaN.", ["ValueError"], 3, "c-train"))
    return run.run_id


def _child_run(store: StorePaths, parent: str) -> str:
    run = RunRecorder.start(
        store, experiment="Größe 模型", parent_id=parent, source=Source("script", "scripts/train.py")
    )
    run.end()
    return run.run_id
