import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from trackbook.domain.run import RunDetail
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
