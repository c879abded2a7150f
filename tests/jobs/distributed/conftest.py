"""A real Dask scheduler and real workers, each as on a machine of its own: other names, homes, spools and temporary
folders, and nothing shared but the store."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from tests.remote.conftest import Server, end_processes

from trackbook.config import Settings
from trackbook.services.context import Services, open_services
from trackbook.store.paths import StorePaths, create_store

ROOT = Path(__file__).parents[3]
# What a process finds as the name of its machine, the kernels of its jobs too.
NAMED = """\
import os
if name := os.environ.get("TEST_HOST"):
    _uname = os.uname
    os.uname = lambda: os.uname_result((_uname()[0], name, *_uname()[2:]))
"""


def wait_for(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until a condition holds; fail when it does not within a generous time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@dataclass
class Dask:
    """A scheduler, and workers that can be added and killed."""

    folder: Path
    address: str = ""
    workers: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    scheduler: "subprocess.Popen[bytes] | None" = None

    def start(self) -> "Dask":
        file = self.folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
        self.scheduler = self._popen(["scheduler", *options], "scheduler")
        wait_for(file.is_file)
        from distributed import Client

        with Client(scheduler_file=str(file), set_as_default=False) as client:
            self.address = client.scheduler.address
        return self

    def add(self, name: str, jobs: int = 1) -> None:
        """Start a worker for so many jobs at a time, as on a machine of this name."""
        threads = ["--nthreads", str(jobs)]
        options = ["--host", "127.0.0.1", "--no-nanny", "--no-dashboard", *threads, "--name", name]
        self.workers[name] = self._popen(["worker", self.address, *options], name)

    def kill(self, name: str) -> None:
        """End a worker as a power cut does."""
        worker = self.workers.pop(name)
        worker.kill()
        worker.wait()

    def end(self) -> None:
        for process in (*self.workers.values(), self.scheduler):
            if process is not None:
                process.send_signal(signal.SIGTERM)
        for process in (*self.workers.values(), self.scheduler):
            if process is not None:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _popen(self, arguments: list[str], name: str) -> "subprocess.Popen[bytes]":
        home = self.folder / name
        (home / "site").mkdir(parents=True, exist_ok=True)
        (home / "tmp").mkdir(exist_ok=True)
        (home / "site" / "sitecustomize.py").write_text(NAMED)
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("TRACKBOOK_", "DASK_"))
        }
        paths = os.pathsep.join([str(home / "site"), str(ROOT / "python")])
        own = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONPATH": paths, "TEST_HOST": name}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                env=kept | own,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


@dataclass
class Submitter:
    """The machine that submits: a project whose store is elsewhere."""

    folder: Path
    services: Services

    @property
    def store(self) -> StorePaths:
        return self.services.store

    def notebook(self, *sources: str, parameters: str, name: str = "train.ipynb") -> Path:
        """Write a notebook into a folder of its own."""
        cells = [v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources, start=1)]
        cells.insert(0, v4.new_code_cell(parameters, id="p", metadata={"tags": ["parameters"]}))
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
        return path


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """A scheduler and two workers."""
    dask = Dask(tmp_path_factory.mktemp("dask")).start()
    try:
        dask.add("machine-a")
        dask.add("machine-b")
        yield dask
    finally:
        dask.end()


@pytest.fixture(scope="module", params=["postgresql", "served"])
def submitter(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Submitter]:
    """A submitting machine, for a store of each kind that others reach."""
    folder = tmp_path_factory.mktemp("submitter")
    with pytest.MonkeyPatch.context() as monkeypatch, ExitStack() as stack:
        monkeypatch.setenv("TRACKBOOK_SPOOL", str(folder / "spool"))
        if request.param == "postgresql":
            url = request.getfixturevalue("postgresql")
            monkeypatch.setenv("TRACKBOOK_STORE", f"{url}&schema=dask_{os.getpid()}")
        else:
            server = Server(create_store(tmp_path_factory.mktemp("server") / ".trackbook")).start()
            stack.callback(end_processes, server.store)
            stack.callback(server.stop)
            monkeypatch.setenv("TRACKBOOK_STORE", server.url)
            monkeypatch.setenv("TRACKBOOK_TOKEN", server.token("execute"))
        settings = Settings.load()
        assert settings.folder is not None
        services = open_services(create_store(settings.folder, settings.remote), settings.token)
        stack.callback(end_processes, services.store)
        stack.callback(services.close)
        yield Submitter(folder / "project", services)
