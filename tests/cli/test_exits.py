import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trackbook import errors
from trackbook.cli.exits import exit_code

Program = Callable[..., "subprocess.CompletedProcess[bytes]"]


def every_kind(kind: type[errors.TrackbookError]) -> list[type[errors.TrackbookError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in every_kind(child))]


def test_each_error_has_the_code_of_the_contract() -> None:
    expected = {
        errors.WorkFailed: 1,
        errors.UsageError: 2,
        errors.NotFound: 2,
        errors.Conflict: 2,
        errors.InfrastructureError: 3,
        errors.TrackbookError: 3,
    }
    for kind in every_kind(errors.TrackbookError):
        error = kind.__new__(kind)
        base = next(parent for parent in kind.__mro__ if parent in expected)
        assert exit_code(error) == expected[base], kind
    assert exit_code(KeyboardInterrupt()) == 130
    assert exit_code(OSError()) == 3


def test_fine(project: Path, program: Program) -> None:
    done = program("runs", "--json", folder=project)
    assert done.returncode == 0
    assert done.stderr == b""
    assert len(json.loads(done.stdout)) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["runs", "--nope"],
        ["runs", "--limit", "0"],
        ["runs", "metrics.acc >"],
        ["show"],
        ["show", "999"],
        ["compare", "1", "999"],
        ["parameters", "missing.ipynb"],
    ],
)
def test_wrong_usage(project: Path, program: Program, arguments: list[str]) -> None:
    done = program(*arguments, folder=project)
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"Error: " in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_store_that_cannot_be_used(tmp_path: Path, program: Program) -> None:
    (tmp_path / "file").write_text("no folder")
    done = program("runs", folder=tmp_path, variables=[("TRACKBOOK_STORE", str(tmp_path / "file"))])
    assert done.returncode == 3
    assert done.stderr.startswith(b"Error: The store ")
    assert b"Traceback" not in done.stderr


def test_a_reader_that_has_enough_is_no_error(project: Path) -> None:
    command = f"{sys.executable} -m trackbook.cli runs --json | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=project,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"[", b"")


def test_symbols_that_the_output_lacks_are_replaced(project: Path, program: Program) -> None:
    done = program("runs", folder=project, variables=[("PYTHONIOENCODING", "latin-1")])
    assert done.returncode == 0
    assert b"? finished" in done.stdout


@pytest.mark.parametrize("missing", ["click", "sqlalchemy"])
def test_a_library_that_is_missing_is_named(project: Path, missing: str) -> None:
    # None in the place of a module makes its import fail as if it were not installed.
    code = f"import sys; sys.modules[{missing!r}] = None; sys.argv = ['trackbook', 'runs']\n"
    code += "from trackbook.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b'pip install "trackbook[lab]"' in done.stderr
