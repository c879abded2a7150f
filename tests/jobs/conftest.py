import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from trackbook.domain.execution import Execution, Outcome
from trackbook.domain.run import RunDetail
from trackbook.jobs.executor import PapermillExecutor
from trackbook.services.context import Services, open_services
from trackbook.store.paths import StorePaths, create_store


@dataclass
class Project:
    """A project folder with a store of its own, in which notebooks can be written."""

    folder: Path
    services: Services

    @property
    def store(self) -> StorePaths:
        return self.services.store

    def notebook(self, *sources: str, parameters: str | None = None, name: str = "train.ipynb") -> Path:
        """Write a notebook with a code cell for each source, `parameters` in one of its own before them."""
        cells = [v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources, start=1)]
        if parameters is not None:
            cell = v4.new_code_cell(parameters, id="p", metadata={"tags": ["parameters"]})
            cells.insert(0, cell)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
        return path

    def detail(self, run_id: str) -> RunDetail:
        """Everything about a run, once all that was written is indexed."""
        assert self.services.runs.refresh(timeout=60)
        return self.services.runs.detail(run_id)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "pro {ject} ü"
    folder.mkdir()
    services = open_services(create_store(folder / ".trackbook"))
    yield Project(folder, services)
    services.database.close()


def wait_for(condition: Callable[[], object], timeout: float = 120.0) -> None:
    """Wait until `condition` holds; fail when it does not within a generous time."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


class Seen:
    """An observer that keeps what it hears."""

    def __init__(self) -> None:
        self.tracks: bool | None = None
        self.started: list[tuple[int, int, str]] = []
        self.finished: list[tuple[str, str]] = []
        self.shown: list[str] = []

    def kernel_ready(self, tracks: bool) -> None:
        self.tracks = tracks

    def cell_started(self, position: int, total: int, cell: dict[str, Any]) -> None:
        self.started.append((position, total, cell["id"]))

    def cell_shown(self, cell: dict[str, Any]) -> None:
        self.shown.append("".join(output.get("text", "") for output in cell["outputs"]))

    def cell_finished(self, cell: dict[str, Any], status: str, duration: float) -> None:
        assert duration >= 0
        self.finished.append((cell["id"], status))


class Bench:
    """Executes cells in a folder with braces and a space in its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a {b} c"
        self.folder.mkdir()
        self.seen = Seen()
        self.executor = PapermillExecutor()

    def write(self, *cells: Any) -> Path:
        made = [
            v4.new_code_cell(cell, id=f"c{number}") if isinstance(cell, str) else cell
            for number, cell in enumerate(cells, start=1)
        ]
        path = self.folder / "in.ipynb"
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
        return path

    def run(self, *cells: Any, **options: Any) -> Outcome:
        execution = Execution(
            notebook=str(self.write(*cells)),
            output=str(self.folder / "out.ipynb"),
            folder=str(self.folder),
            log=str(self.folder / "log.txt"),
            **options,
        )
        return self.executor.run(execution, self.seen)

    def cancel_when(self, condition: Callable[[], object]) -> None:
        """Cancel what runs next once a condition holds."""

        def cancel() -> None:
            wait_for(condition)
            self.executor.cancel()

        threading.Thread(target=cancel, daemon=True).start()

    def output(self) -> Any:
        notebook = nbformat.read(self.folder / "out.ipynb", 4)
        nbformat.validate(notebook)
        return notebook

    def states(self) -> list[tuple[str, bool | None]]:
        noted = [cell.metadata.papermill for cell in self.output().cells]
        return [(note["status"], note["exception"]) for note in noted]

    def own_states(self) -> list[str | None]:
        return [(cell.metadata.get("trackbook") or {}).get("status") for cell in self.output().cells]

    def texts(self) -> list[str]:
        return ["".join(o.get("text", "") for o in cell.outputs) for cell in self.output().cells]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
