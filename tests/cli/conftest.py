"""What tests of the command line share: a project with runs in it, and the command called within this process."""

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import trackbook as tb
from trackbook.cli.app import run
from trackbook.domain.run import RunError
from trackbook.services.surroundings import wait_for_captures

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _plain_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a terminal or a CI system says of colours and widths is not for these tests."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def call(capsysbinary: pytest.CaptureFixture[bytes]) -> Call:
    """Call the command in this process."""

    def call_command(*arguments: str) -> Answer:
        capsysbinary.readouterr()
        code = run(arguments)
        said = capsysbinary.readouterr()
        return Answer(code, said.out.decode(), said.err.decode())

    return call_command


@pytest.fixture
def program() -> Callable[..., "subprocess.CompletedProcess[bytes]"]:
    """Run the command as a program of its own."""

    def run_program(
        *arguments: str, folder: Path, variables: Sequence[tuple[str, str]] = ()
    ) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-m", "trackbook.cli", *arguments],
            cwd=folder,
            env=program_environment() | dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    return run_program


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment variables of the command when it runs as a program."""
    return program_environment()


def program_environment() -> dict[str, str]:
    """The environment of a command run as a program: this source tree, no store but the folder's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACKBOOK_")}
    return kept | {"PYTHONPATH": str(ROOT / "python")}


@pytest.fixture
def project(journals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with four runs: #1 to #3 of `churn`, of which #3 failed, and #4 of `digits`. It is the cwd."""
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(journals, tmp_path / ".trackbook")
    return tmp_path


@pytest.fixture(scope="session")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of `project` as its writers leave it: no index yet, and no ingester."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TRACKBOOK_STORE", raising=False)
        patch.setattr("trackbook.api.starting.ensure_ingester", lambda store: False)
        # On a busy machine these runs take long enough to have samples of it.
        patch.setenv("TRACKBOOK_CAPTURE", "-system")
        for number in (1, 2, 3):
            params = {"lr": 10.0**-number, "depth": 8}
            run = tb.start_run(
                "churn", name=f"run-{number}", params=params, tags={"team": "vision"}, folder=folder
            )
            run.metric("acc", goal="max")
            for step in range(50):
                run.log({"acc": 1 - math.exp(-(step + 1) / (10 * number)), "loss": 1 / (step + 1)}, step=step)
            run.artifact(b"0123456789" * 100, "data.bin")
            if number == 3:
                run.end("failed", error=_error())
            else:
                run.end()
        params = {"text": "two\nlines", "missing": math.nan}
        tb.start_run("digits", name="other", params=params, folder=folder).end()
        wait_for_captures(60)  # the store is copied
    return folder / ".trackbook"


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a project, which is the cwd."""
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _error() -> RunError:
    try:
        int("[bold]no number[/bold]")
    except ValueError as error:
        return tb.api.describe_error(error)
    raise AssertionError
