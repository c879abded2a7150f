"""Real kernels, driven as JupyterLab drives them, and what they left in the store's journals."""

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from trackbook.domain import records as r
from trackbook.domain.metric import SYSTEM
from trackbook.domain.records import Record
from trackbook.services.context import Services, open_services
from trackbook.store.blobs import BlobStore, digest_of
from trackbook.store.journal import read_records
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths, create_store

PATIENCE = 120.0


@dataclass
class Reply:
    """What a cell came to: its status, its outputs as a notebook has them, and the request's id."""

    status: str
    content: dict[str, Any]
    outputs: list[dict[str, Any]]
    message_id: str

    @property
    def lines(self) -> list[str]:
        """The lines that Trackbook showed."""
        return [o["data"]["text/plain"] for o in self.outputs if o["output_type"] == "display_data"]

    @property
    def line(self) -> str:
        """The one line that Trackbook showed."""
        (line,) = self.lines
        return line

    @property
    def stdout(self) -> str:
        return "".join(o["text"] for o in self.outputs if o.get("name") == "stdout")

    @property
    def traceback(self) -> str:
        return "\n".join(self.content.get("traceback", []))


class Kernel:
    """A kernel in a folder with a saved notebook."""

    def __init__(
        self, folder: Path, python: str = sys.executable, variables: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.notebook = folder / "train.ipynb"
        self.id = str(uuid.uuid4())
        self._sockets = Path(tempfile.mkdtemp(prefix="tb-"))  # a socket's path has at most 100 characters
        self.manager = KernelManager(
            connection_file=str(self._sockets / f"kernel-{self.id}.json"),
            transport="ipc",
            ip=str(self._sockets / "k"),
        )
        arguments = ["-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
        # On a busy machine a kernel takes its time to end; one that does not hear is terminated after half of this.
        self.manager.shutdown_wait_time = PATIENCE
        self.manager._kernel_spec = KernelSpec(
            argv=[python, *arguments], display_name="test", language="python"
        )
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACKBOOK_")}
        self.manager.start_kernel(
            cwd=str(folder), env={**kept, "JPY_SESSION_NAME": str(self.notebook), **(variables or {})}
        )
        self._connect()

    def _connect(self) -> None:
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, source: str, cell_id: str | None = None, silent: bool = False) -> Reply:
        """Execute a cell and return what it came to."""
        return self.wait(self.send(source, cell_id, silent))

    def send(self, source: str, cell_id: str | None = None, silent: bool = False) -> str:
        """Ask for an execution and return the request's id."""
        content = {
            "code": source,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        metadata = {"cellId": cell_id, "deletedCells": [], "recordTiming": False} if cell_id else {}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def wait(self, message_id: str) -> Reply:
        """Wait for the end of an execution."""
        outputs = Outputs()
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            outputs.take(message)
        while (reply := self.client.get_shell_msg(timeout=PATIENCE))["parent_header"].get(
            "msg_id"
        ) != message_id:
            pass
        return Reply(reply["content"]["status"], reply["content"], outputs.items, message_id)

    def wait_for_text(self, text: str) -> None:
        """Wait until a running cell has written `text`."""
        seen = ""
        while text not in seen:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["msg_type"] == "stream":
                seen += message["content"]["text"]

    def restart(self) -> None:
        """Restart as a user does."""
        self.client.stop_channels()
        self.manager.restart_kernel()
        self._connect()

    def stop(self) -> None:
        """Ask the kernel to shut down, and wait until its process has ended."""
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel()
        self.manager.cleanup_resources()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def kill(self) -> None:
        """Kill the process as nothing else does."""
        self.manager.signal_kernel(9)
        deadline = time.monotonic() + PATIENCE
        while self.manager.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@dataclass
class Outputs:
    """What a front end makes of the messages of one cell."""

    items: list[dict[str, Any]] = field(default_factory=list)
    _displays: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _clear: bool = False

    def take(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "clear_output":
            self._clear = content["wait"]
            self.items = self.items if content["wait"] else []
        elif kind == "update_display_data":
            for shown in self._displays.get(content["transient"]["display_id"], []):
                shown["data"], shown["metadata"] = content["data"], content["metadata"]
        elif kind in ("stream", "display_data", "execute_result", "error"):
            self._add(kind, content)

    def _add(self, kind: str, content: dict[str, Any]) -> None:
        if self._clear:
            self.items, self._clear = [], False
        output = {"output_type": kind, **content}
        identity = output.pop("transient", {}).get("display_id")
        last = self.items[-1] if self.items else {}
        if kind == "stream" and last.get("name") == content["name"]:
            last["text"] += content["text"]
            return
        self.items.append(output)
        if identity:
            self._displays.setdefault(identity, []).append(output)


@dataclass
class Cell:
    """An execution as it was recorded."""

    started: r.CellStarted
    finished: r.CellFinished | None
    source: str
    outputs: list[dict[str, Any]]


class RecordedRun:
    """A run as its journals tell it."""

    def __init__(self, store: StorePaths, run_id: str) -> None:
        self.id = run_id
        self.blobs = BlobStore(store.blobs)
        self.records: list[Record] = []
        for name, path in store.list_journals():
            if name.subject == run_id:
                self.records += read_records(path)
        self._kept = {digest_of(record.data): record.data for record in self.all(r.ContentKept)}

    def all(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]

    def one(self, kind: type[Any]) -> Any:
        (record,) = self.all(kind)
        return record

    @property
    def start(self) -> r.RunStarted:
        return self.one(r.RunStarted)

    @property
    def end(self) -> r.RunEnded:
        return self.one(r.RunEnded)

    @property
    def params(self) -> dict[str, Any]:
        return {k: v for record in self.all(r.ParamsSet) for k, v in record.values.items()}

    @property
    def metrics(self) -> dict[str, list[tuple[int, float]]]:
        """The points of each metric but for system metrics, which a run has when it took long enough."""
        return {key: points for key, points in self._points().items() if not key.startswith(SYSTEM)}

    @property
    def system(self) -> dict[str, list[tuple[int, float]]]:
        """The points of system metrics, without their prefix."""
        points = self._points().items()
        return {key.removeprefix(SYSTEM): values for key, values in points if key.startswith(SYSTEM)}

    def _points(self) -> dict[str, list[tuple[int, float]]]:
        points: dict[str, list[tuple[int, float]]] = {}
        for record in self.all(r.MetricsLogged):
            for key, value in record.values.items():
                points.setdefault(key, []).append((record.step, value))
        return points

    @property
    def cells(self) -> list[Cell]:
        finished = {record.order: record for record in self.all(r.CellFinished)}
        return [self._cell(started, finished.get(started.order)) for started in self.all(r.CellStarted)]

    def _cell(self, started: r.CellStarted, finished: r.CellFinished | None) -> Cell:
        digests = finished.outputs if finished else []
        outputs = [msgspec.json.decode(self.content(digest)) for digest in digests]
        return Cell(started, finished, self.content(started.source_digest).decode(), outputs)

    def content(self, digest: str) -> bytes:
        """The content of this digest, be it in a journal or a blob already."""
        return self._kept[digest] if digest in self._kept else self.blobs.get(digest)


class Project:
    """A folder with a saved notebook, and the runs in its store.

    The project keeps ingesters away, which would turn journals into segments while a test reads them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = create_store(folder / ".trackbook")
        self._ingester = ProcessLock(self.store.ingester_lock)
        assert self._ingester.acquire()
        cell = {"cell_type": "code", "id": "c1", "metadata": {}, "execution_count": None, "outputs": []}
        content = {"cells": [{**cell, "source": "saved"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / "train.ipynb").write_text(json.dumps(content), encoding="utf-8")

    @property
    def runs(self) -> list[RecordedRun]:
        """All runs, in the order in which they were opened."""
        ids = sorted(path.name for path in self.store.journals.iterdir() if path.name != "project")
        return [RecordedRun(self.store, run_id) for run_id in ids]

    def allow_ingesters(self) -> None:
        """Let kernels read: from now on journals may become segments at any moment."""
        self._ingester.release()

    @contextlib.contextmanager
    def services(self) -> Iterator[Services]:
        """Give the ingester's place free, and read the runs as the full install does."""
        self._ingester.release()
        services = open_services(self.store)
        try:
            assert services.runs.refresh(timeout=PATIENCE) is not False
            yield services
        finally:
            services.database.close()

    @property
    def last(self) -> RecordedRun:
        return self.runs[-1]

    def until(self, condition: Callable[["Project"], Any]) -> Any:
        """Wait until a condition holds, and return what it gave."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition(self)):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.02)
        return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project that a module's kernel works in."""
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def module_kernel(project: Project) -> Iterator[Kernel]:
    kernel = Kernel(project.folder)
    try:
        kernel.run("%load_ext trackbook")
        yield kernel
    finally:
        kernel.stop()


@pytest.fixture
def kernel(module_kernel: Kernel) -> Kernel:
    """The module's kernel with the extension loaded, no open run and no variables."""
    module_kernel.run("import trackbook as tb\nwhile tb.current_run() is not None: tb.end_run()")
    module_kernel.run("%reset -f")
    return module_kernel


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A project of the test's own."""
    return Project(tmp_path)


@pytest.fixture
def start_kernel(fresh: Project) -> Iterator[Callable[..., Kernel]]:
    """Start a kernel of the test's own, in the project `fresh`."""
    kernels: list[Kernel] = []

    def start(**options: Any) -> Kernel:
        kernels.append(Kernel(fresh.folder, **options))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.stop()
