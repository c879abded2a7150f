"""`trackbook enable` and `trackbook disable`, and what real sessions make of their file."""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trackbook.config import Settings
from trackbook.errors import StoreError, UsageError
from trackbook.services import startup


def session(folder: Path, ipython: Path, *cells: str) -> str:
    arguments = ["--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=nocolor"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TRACKBOOK_")}
    done = subprocess.run(
        [sys.executable, "-m", "IPython", *arguments, "--HistoryManager.enabled=False"],
        input="\n".join([*cells, ""]),
        cwd=folder,
        env={**variables, "IPYTHONDIR": str(ipython)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(ipython=tmp_path / "ipython")


def test_sessions_have_it_and_lose_it_again(fresh: Any, settings: Settings) -> None:
    folder = settings.ipython_folder
    enabled = startup.enable(settings=settings)
    shown = session(fresh.folder, folder, "%track start churn", "error", "dir()", "%track end")
    assert "churn · " in shown
    assert "NameError: name 'error' is not defined" in shown
    assert fresh.last.cells[0].source == "%track start churn"
    assert startup.disable(settings=settings) == (enabled.path, True)
    assert "UsageError: Line magic function `%track` not found" in session(fresh.folder, folder, "%track")


def test_kernels_have_it(start_kernel: Callable[..., Any], fresh: Any, settings: Settings) -> None:
    startup.enable(settings=settings)
    kernel = start_kernel(variables={"IPYTHONDIR": str(settings.ipython_folder)})
    assert " started" in kernel.run("%track start churn", "c1").line
    assert kernel.run("%load_ext trackbook").status == "ok"
    kernel.run("x = 1", "c2")
    run = fresh.last
    assert [cell.started.cell_id for cell in run.cells][::2] == ["c1", "c2"]
    assert run.start.source.path == "train.ipynb"


def test_a_notebook_with_a_parameters_cell_is_recorded_without_a_line_of_ours(
    start_kernel: Callable[..., Any], fresh: Any, settings: Settings
) -> None:
    startup.enable(auto=True, settings=settings)
    cells = [
        {"cell_type": "code", "id": name, "metadata": {"tags": tags}, "execution_count": None, "source": source,
         "outputs": []}
        for name, tags, source in (("p", ["parameters"], "depth = 3"), ("w", [], "acc = depth / 4"))
    ]  # fmt: skip
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (fresh.folder / "train.ipynb").write_text(json.dumps(notebook))
    kernel = start_kernel(variables={"IPYTHONDIR": str(settings.ipython_folder)})
    for cell in cells:
        kernel.run(cell["source"], cell["id"])
    run = fresh.last
    assert run.params == {"depth": 3}
    assert run.metrics == {"acc": [(0, 0.75)]}
    startup.enable(settings=settings)
    assert "TRACKBOOK_AUTO" not in startup.startup_state(settings=settings).path.read_text()


def test_it_says_nothing_where_trackbook_is_not_installed(tmp_path: Path, settings: Settings) -> None:
    path = startup.enable(settings=settings).path
    # IPython runs the file with `get_ipython` among the builtins, in an environment of its own.
    venv.create(tmp_path / "bare", with_pip=False)
    program = (
        "import importlib, sys, types\n"
        "manager = types.SimpleNamespace(load_extension=importlib.import_module)\n"
        "names = {'get_ipython': lambda: types.SimpleNamespace(extension_manager=manager)}\n"
        "before = set(names) | {'__builtins__'}\n"
        f"exec(open({str(path)!r}).read(), names)\n"
        "assert set(names) == before, names\n"
    )
    done = subprocess.run(
        [tmp_path / "bare" / "bin" / "python", "-I", "-c", program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_fault_of_ours_is_one_line(fresh: Any, settings: Settings) -> None:
    startup.enable(settings=settings)
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "-c", "print('works')", "--HistoryManager.enabled=False"],
        cwd=fresh.folder,
        env={**os.environ, "IPYTHONDIR": str(settings.ipython_folder), "TRACKBOOK_SYNC": "often"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "works" in done.stdout
    (told,) = [line for line in done.stdout.splitlines() if "TRACKBOOK_SYNC is 'often'" in line]
    assert told.startswith("%track: ")
    assert "Traceback" not in done.stdout + done.stderr


def test_again_changes_nothing_and_nothing_else_is_touched(settings: Settings) -> None:
    profile = settings.ipython_folder / "profile_default"
    (profile / "startup").mkdir(parents=True)
    own = {
        "ipython_config.py": "c = get_config()\n",
        "startup/00-mine.py": "x = 1\n",
        "startup/README": "about\n",
    }
    for name, text in own.items():
        (profile / name).write_text(text)
    assert not startup.startup_state(settings=settings).is_on
    enabled = startup.enable(settings=settings)
    stamp = enabled.path.stat().st_mtime_ns
    assert startup.enable(settings=settings) == enabled
    assert enabled.path.stat().st_mtime_ns == stamp
    assert startup.startup_state(settings=settings) == (enabled.path, True)
    assert startup.disable(settings=settings) == (enabled.path, True)
    assert startup.disable(settings=settings) == (enabled.path, False)
    assert {str(p.relative_to(profile)): p.read_text() for p in profile.rglob("*") if p.is_file()} == own


def test_a_file_of_somebody_else_stays(settings: Settings) -> None:
    path = startup.startup_state(settings=settings).path
    path.parent.mkdir(parents=True)
    path.write_text("mine = 1\n")
    with pytest.raises(UsageError, match="is not Trackbook's; move it away first"):
        startup.enable(settings=settings)
    assert startup.disable(settings=settings) == (path, False)
    assert path.read_text() == "mine = 1\n"


def test_profiles_and_environments(settings: Settings) -> None:
    work = startup.enable("work", settings=settings)
    assert work.path.parent == settings.ipython_folder / "profile_work" / "startup"
    assert not startup.startup_state(settings=settings).is_on
    everywhere = startup.startup_state(environment=True, settings=settings).path
    assert everywhere == Path(sys.prefix) / "etc" / "ipython" / "startup" / startup.FILE
    for name in ("", "../else", "a/b"):
        with pytest.raises(UsageError, match="no name of an IPython profile"):
            startup.enable(name, settings=settings)


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be written"):
        startup.enable(settings=Settings(ipython=tmp_path / "file"))
