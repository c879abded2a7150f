import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def write(folder: Path, *sources: str, tags: tuple[str, ...] = ()) -> Path:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for source in sources
    ]
    cells[0]["metadata"] = {"tags": list(tags)} if tags else {}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / "trial.ipynb"
    path.write_text(
        json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}, indent=1)
    )
    return path


def test_a_notebook_is_shown(empty_folder: Path, call: Call) -> None:
    write(
        empty_folder,
        "lr = 0.1  # rate; (0, 1]\nn = 2",
        "%track start churn\nprint(lr)",
        "n = 3\nprint(n)",
        tags=("parameters",),
    )
    answer = call("inspect", "trial.ipynb")
    assert answer.code == 0
    assert answer.out.splitlines()[:5] == [
        "Kernel      python3",
        "Language    python",
        "Experiment  churn",
        "Cells       3 code",
        "Parameters  cell 1",
    ]
    assert "float above 0 and up to 1" in answer.out
    assert answer.err == "Cell 3 gives 'n' another value: one that is given is lost there.\n"
    told = json.loads(call("inspect", "trial.ipynb", "--json").out)
    assert [parameter["name"] for parameter in told["parameters"]] == ["lr", "n"]
    assert (told["parameters_cell"], told["cells"], told["proposals"]) == (1, {"code": 3}, [])
    assert not (empty_folder / ".trackbook").exists()


@pytest.mark.parametrize(
    ("sources", "problem"),
    [
        (
            ["a: conint(ge=1) = 0", "print(a)"],
            "The default of 'a' is none that it takes: expected int from 1 up, not 0 (int).",
        ),
        (["a = 0", "pass"], "No cell reads 'a'."),
        (["# none", "pass"], "The parameters cell (1) assigns nothing."),
        (["a = 0", "print(a)\na = 1"], ""),
        (["a = 0", "a = a or 1"], ""),
        (["a = 0", "exec('a')"], ""),
    ],
)
def test_problems_are_told(empty_folder: Path, call: Call, sources: list[str], problem: str) -> None:
    write(empty_folder, *sources, tags=("parameters",))
    assert call("inspect", "trial.ipynb").err.strip() == problem


def test_proposals_become_parameters(empty_folder: Path, call: Call) -> None:
    path = write(empty_folder, "import os\nLR = 0.1\nN = 3", "print(LR, N)")
    before = path.read_bytes()
    answer = call("inspect", "trial.ipynb")
    assert "Constants that may be parameters, in cell 1:" in answer.out
    assert "trackbook inspect trial.ipynb --tag" in answer.err
    assert path.read_bytes() == before
    assert call("inspect", "trial.ipynb", "--only", "LR").code == 2
    assert call("inspect", "trial.ipynb", "--tag", "--only", "X").code == 2
    assert path.read_bytes() == before
    path.chmod(0o640)
    answer = call("inspect", "trial.ipynb", "--tag", "--json")
    assert answer.err == "trial.ipynb: LR, N are parameters now.\n"
    assert [parameter["name"] for parameter in json.loads(answer.out)["parameters"]] == ["LR", "N"]
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in empty_folder.iterdir()] == ["trial.ipynb"]
    assert call("inspect", "trial.ipynb", "--tag").code == 2  # there is a parameters cell now


def test_what_can_not_be_read_is_said(empty_folder: Path, call: Call) -> None:
    assert call("inspect", "none.ipynb").code == 2
    assert call("inspect", "none.ipynb", "--tag").code == 2
    write(empty_folder, "a = = 1", tags=("parameters",))
    assert "its parameters cell (1, line 1) is no Python" in call("inspect", "trial.ipynb").err
