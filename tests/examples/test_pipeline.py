"""The road from an exploration to a job, command by command as its README tells it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "pipeline"
COMMANDS = [
    line.strip().removeprefix("$ ").split()
    for line in (EXAMPLE / "README.md").read_text().splitlines()
    if line.startswith("    $ ")
]
CLEANING = 3  # so many of the commands lead to the cleaned notebook
Done = subprocess.CompletedProcess[str]


def copy(source: Path, target: Path) -> Path:
    """A copy of a project, with an empty store."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".trackbook"))
    (target / ".trackbook").mkdir()
    return target


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, list[Done]]":
    """A copy of the example with the cleaned notebook, and what the commands said that made it."""
    folder = copy(EXAMPLE, tmp_path_factory.mktemp("cleaned") / "pipeline")
    return folder, [execute(folder, command) for command in COMMANDS[:CLEANING]]


@pytest.fixture
def folder(cleaned: "tuple[Path, list[Done]]", tmp_path: Path) -> Path:
    """A project of the test's own in which the notebook is cleaned already."""
    return copy(cleaned[0], tmp_path / "pipeline")


def execute(folder: Path, command: list[str]) -> Done:
    program, *arguments = command
    module = {"trackbook": ["-m", "trackbook.cli"], "python": []}[program]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACKBOOK_")}
    return subprocess.run(
        [sys.executable, *module, *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT / "python")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_exploration_ran_out_of_order() -> None:
    notebook = nbformat.read(EXAMPLE / "explore.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert None not in counts
    assert counts != sorted(counts)


def test_each_command_does_what_the_readme_says(cleaned: "tuple[Path, list[Done]]", folder: Path) -> None:
    said = {}
    for number, command in enumerate(COMMANDS):
        done = cleaned[1][number] if number < CLEANING else execute(folder, command)
        # Only the first look finds errors.
        assert done.returncode == (1 if number == 0 else 0), (command, done.stdout, done.stderr)
        said[" ".join(command[:2])] = done.stdout + done.stderr
    assert (folder / "explore.ipynb").read_bytes() == (EXAMPLE / "explore.ipynb").read_bytes()
    assert "cleaning changes no result" in said["trackbook clean"]
    assert "reproduced" in said["trackbook reproduce"]
    assert "1 passed" in said["trackbook test"]
    assert "1 passed" in said["python -m"]
    cleaned = nbformat.read(folder / "train.ipynb", as_version=nbformat.NO_CONVERT)
    sources = [cell.source for cell in cleaned.cells]
    assert not [source for source in sources if "maybe" in source]
    assert any(cell.metadata.get("tags") == ["parameters"] for cell in cleaned.cells)


def test_the_job_that_was_run_has_its_verdict(folder: Path) -> None:
    assert execute(folder, ["trackbook", "run", "train.ipynb", "--depht", "6"]).returncode == 2
    assert execute(folder, ["trackbook", "run", "train.ipynb", "--depth", "6"]).returncode == 0
    # The data changes: that it is repeated all the same has to be asked for.
    with (folder / "customers.csv").open("a") as file:
        file.write("1600,3,monthly,99.00,4,1\n")
    refused = execute(folder, ["trackbook", "reproduce", "1"])
    assert refused.returncode != 0
    assert "customers.csv" in refused.stderr + refused.stdout
    done = execute(folder, ["trackbook", "reproduce", "1", "--allow-changed-data"])
    assert done.returncode == 1, done.stderr
    (run,) = (
        run
        for run in json.loads(execute(folder, ["trackbook", "runs", "--json"]).stdout)
        if run["number"] == 1
    )
    assert run["reproduction"]["verdict"] == "differs"
