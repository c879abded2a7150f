"""What a user gets from the wheel: beside JupyterLab with no Node in sight, and in a kernel's own environment."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

VERSION = json.loads((Path(__file__).parents[2] / "package.json").read_text())["version"]
FIND_ENGINE = (
    "from papermill.engines import papermill_engines; print(papermill_engines.get_engine('trackbook'))"
)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def test_no_node_is_in_sight_of_the_lab_environment(lab_env):
    assert shutil.which("node", path=str(lab_env.scripts)) is None


def test_jupyterlab_lists_the_extension_as_enabled_and_ok(lab_env):
    listed = COLOURS.sub("", lab_env.run("jupyter", "labextension", "list"))
    (line,) = [line.strip() for line in listed.splitlines() if "trackbook v" in line]
    assert line == f"trackbook v{VERSION} enabled OK (python, trackbook)"


def test_jupyter_server_lists_the_extension_as_enabled_and_ok(lab_env):
    listed = COLOURS.sub("", lab_env.run("jupyter", "server", "extension", "list"))
    assert re.search(r"^\s*trackbook enabled$", listed, re.MULTILINE)
    assert re.search(rf"^\s*trackbook {re.escape(VERSION)} OK$", listed, re.MULTILINE)


def test_the_command_line_starts(lab_env):
    assert VERSION in lab_env.run("trackbook", "--version")


def test_papermill_finds_the_engine(lab_env):
    assert "TrackbookEngine" in lab_env.run("python", "-c", FIND_ENGINE)


def run_light(python: Path, code: str) -> str:
    return subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True, cwd=python.parent
    ).stdout


@pytest.mark.parametrize("library", ["numpy", "pandas", "sqlalchemy", "jupyter_server", "papermill", "click"])
def test_the_light_environment_lacks(light_env, library):
    code = f"import importlib.util; print(importlib.util.find_spec({library!r}))"
    assert run_light(light_env, code).strip() == "None"


def test_the_light_environment_imports_trackbook_from_the_wheel(light_env):
    code = "import trackbook; print(trackbook.__version__, trackbook.__file__)"
    version, file = run_light(light_env, code).split(maxsplit=1)
    assert version == VERSION
    assert Path(file.strip()).is_relative_to(light_env.parents[1])


def test_papermill_works_beside_the_light_install(light_papermill_env):
    """It loads every registered engine when it is imported: ours must not need what the base install lacks."""
    assert "TrackbookEngine" in light_papermill_env.run("python", "-c", FIND_ENGINE)
