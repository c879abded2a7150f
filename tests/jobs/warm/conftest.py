"""What tests of warm kernels share: one folder of templates, and kernels that run a probe and end."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.connect import write_connection_file

from trackbook.jobs.forking.request import ForkedProcess, request_fork
from trackbook.jobs.warm import folder as folders
from trackbook.jobs.warm.command import LAUNCHER, read_command
from trackbook.jobs.warm.folder import Need, Template, TemplateFolder

KERNEL = [sys.executable, "-c", LAUNCHER]


def python_path(folder: Path | str) -> str:
    """Return a PYTHONPATH with `folder` before what is there already."""
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path is short enough for that of a socket."""
    with tempfile.TemporaryDirectory(prefix="tb-", dir="/tmp") as folder:
        yield Path(folder)


@dataclass
class Warm:
    """Templates, and kernels of them that execute a file before they serve anybody."""

    templates: TemplateFolder
    folder: Path

    def need(self, *modules: str, folder: Path | None = None, **environment: str) -> Need:
        command = read_command(KERNEL)
        assert command is not None
        return Need(command, modules, {**os.environ, **environment}, str(folder or self.folder))

    def provide(self, need: Need) -> Template:
        return self.templates.find(need) or self.templates.provide(need, 120)

    def arguments(self, code: str, name: str) -> list[str]:
        path, connection = self.folder / f"{name}.py", self.folder / f"{name}.json"
        path.write_text(code)
        if not connection.exists():
            write_connection_file(str(connection), transport="ipc", ip=str(self.folder / name))
        line = f"exec(open({str(path)!r}).read())"
        return [
            "-f",
            str(connection),
            "--HistoryManager.hist_file=:memory:",
            f"--IPKernelApp.exec_lines={line}",
        ]

    def fork(self, need: Need, code: str, name: str, output: Path) -> ForkedProcess:
        """Start a warm kernel; `code` decides how it goes on."""
        arguments = self.arguments(code, name)
        request: dict[str, Any] = {
            "folder": need.folder,
            "environment": dict(need.environment),
            "program": "-c",
            "arguments": arguments,
            "command": [*KERNEL, *arguments],
            "independent": False,
        }
        with output.open("wb") as file:
            return request_fork(self.provide(need).path, request, file, file)

    def probe(self, need: Need, code: str, name: str = "p") -> Any:
        """What a warm kernel answers: `code` leaves it in `answer`."""
        output = self.folder / f"{name}.out"
        process = self.fork(need, _LOAD + code + self._answer(name), name, output)
        assert process.wait(120) == 0, output.read_text()
        return json.loads((self.folder / f"{name}.answer").read_text())

    def probe_ordinary(self, need: Need, code: str, name: str = "o") -> Any:
        """What an ordinary kernel answers, which first imports what the warm one needs."""
        imports = "".join(
            f"from {module.partition(':')[0]} import {module.partition(':')[2]}\n"
            if ":" in module
            else f"import {module}\n"
            for module in need.modules
        )
        clean = f"exec({imports!r}, {{}})\n"
        output = self.folder / f"{name}.out"
        with output.open("wb") as file:
            done = subprocess.run(
                [*KERNEL, *self.arguments(_LOAD + clean + code + self._answer(name), name)],
                cwd=need.folder,
                env={**need.environment, "JPY_PARENT_PID": str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                check=False,
            )
        assert done.returncode == 0, output.read_text()
        return json.loads((self.folder / f"{name}.answer").read_text())

    def _answer(self, name: str) -> str:
        path = str(self.folder / f"{name}.answer")
        return f"\nimport json, os\nwith open({path!r}, 'w') as file: json.dump(answer, file)\nos._exit(0)\n"


_LOAD = "get_ipython().run_line_magic('load_ext', 'trackbook')\n"


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    patch = pytest.MonkeyPatch()
    patch.setenv("TRACKBOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
    made = TemplateFolder.make()
    folders.use_folder(made.path)
    yield Warm(made, tmp_path_factory.mktemp("w"))
    folders.use_folder(None)
    made.close()
    patch.undo()
