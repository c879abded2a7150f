import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
Program = Callable[..., "subprocess.CompletedProcess[bytes]"]
PARAMETERS = """\
from datetime import date
import enum
class Mode(enum.Enum):
    FAST = 1
    EXACT = 2
learning_rate: float = 0.5  # how far each step goes; (0, 1]
layers: list[int] = [8]
verbose: bool = False  # say more
mode = Mode.FAST
since: date = date(2026, 1, 1)
kernel = "rbf"  # of the machine
options = {"a": 1}
seed: int | None = None
"""
WORK = """\
%load_ext trackbook
%track start trial
assert kernel in ("rbf", "linear")
print(learning_rate, layers, verbose, mode.name, since, kernel, options, seed)
%track metric score=learning_rate*2
"""


@pytest.fixture
def notebook(empty_folder: Path) -> Path:
    def cell(source: str, *tags: str) -> dict[str, Any]:
        metadata = {"tags": list(tags)} if tags else {}
        return {
            "cell_type": "code",
            "metadata": metadata,
            "source": source,
            "outputs": [],
            "execution_count": None,
        }

    path = empty_folder / "trial.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [cell(PARAMETERS, "parameters"), cell(WORK)]
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}))
    return path


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_the_parameters_are_in_the_help(notebook: Path, call: Call, command: str) -> None:
    said = " ".join(call(command, "trial.ipynb", "--help").out.split())
    assert (
        "Parameters of the notebook: --learning-rate FLOAT how far each step goes [above 0 and up to 1; default: 0.5]"
        in said
    )
    assert "--layers LIST[INT] [may be repeated, or a JSON list; default: [8]]" in said
    assert "--verbose / --no-verbose say more [default: false]" in said
    assert "--mode MODE [FAST | EXACT; default: FAST]" in said
    assert "--since DATE [default: 2026-01-01]" in said
    # A sweep has a seed of its own; the parameter is reached by -p.
    assert ("--seed INT | NONE [default: None]" in said) == (command == "run")
    assert said.count("--kernel") == 1  # Trackbook's own; the parameter is reached by -p


def test_help_without_a_notebook_or_with_one_that_can_not_be_read(notebook: Path, call: Call) -> None:
    assert "Parameters of" not in call("run", "--help").out
    assert "Parameters of" not in call("run", "none.ipynb", "--help").out
    notebook.write_text("{")
    assert call("run", "trial.ipynb", "--help").code == 0
    assert call("run", "trial.ipynb", "--learning-rate", "1").code == 2


def test_options_reach_the_notebook(notebook: Path, program: Program) -> None:
    (notebook.parent / "params.yaml").write_text(
        "learning_rate: 0.1\nsince: 2026-02-03\nseed: 7\nkernel: linear\n"
    )
    done = program(
        "run", "--layers", "64", "trial.ipynb", "--layers", "32", "--learning_rate", "0.25", "--verbose",
        "--mode", "exact", "-p", 'options={"b": 2}', "-f", "params.yaml", "--no-verbose", "--json",
        folder=notebook.parent,
    )  # fmt: skip
    assert done.returncode == 2, "the enum's values are numbers"
    assert b"'mode': expected one of FAST, EXACT, not 'exact' (str)" in done.stderr
    done = program(
        "run", "--layers", "64", "trial.ipynb", "--layers", "32", "--learning_rate", "0.25", "--no-verbose",
        "--mode", "EXACT", "-p", 'options={"b": 2}', "-f", "params.yaml", "--verbose", "--json",
        folder=notebook.parent,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    run = json.loads(done.stdout)
    assert run["metrics"] == {"score": 0.5}  # an option goes before the file
    assert run["params"] == {
        "learning_rate": 0.25,
        "layers": [64, 32],
        "verbose": True,
        "mode": "EXACT",
        "since": "2026-02-03",
        "kernel": "linear",
        "options.b": 2,
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--learning-rate", "2"], "'learning_rate': expected float above 0 and up to 1, not 2 (int)"),
        (["--layers", "a"], "'layers': expected int, not 'a' (str)"),
        (["--layers", '["a"]'], "'layers': item 1: expected int, not 'a' (str)"),
        (["--since", "soon"], "'since': expected a date such as 2026-01-31, not 'soon' (str)"),
        (["--mode", "FST"], "did you mean 'FAST'?"),
        (["--learning-rat", "1"], "--learning-rate"),
        (["--seed", "1", "-p", "seed=2"], "given by -p and as an option"),
        (["--options", "[1]"], "'options': expected dict"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    notebook: Path, call: Call, arguments: list[str], said: str
) -> None:
    answer = call("run", "trial.ipynb", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert not (notebook.parent / ".trackbook").exists()


def test_all_that_is_wrong_is_said_at_once(notebook: Path, call: Call) -> None:
    (notebook.parent / "params.yaml").write_text("verbose: true\nsed: 1\nlayers: 5\n")
    answer = call("run", "trial.ipynb", "-f", "params.yaml", "-p", "learning_rate=9", "--since", "soon")
    assert answer.code == 2
    assert [line.strip() for line in answer.err.splitlines()] == [
        "Error: 4 parameters can't be used:",
        "'sed': the notebook has no such parameter; did you mean 'seed'? (params.yaml, line 2)",
        "'layers': expected list[int], not 5 (int) (params.yaml, line 3)",
        "'learning_rate': expected float above 0 and up to 1, not 9 (int)",
        "'since': expected a date such as 2026-01-31, not 'soon' (str)",
    ]
    answer = call("sweep", "trial.ipynb", "-s", "learning_rate=0.1,5", "-s", "dept=1,2", "-p", "seed=x")
    assert answer.code == 2
    assert "3 parameters can't be used" in answer.err


def test_a_sweep_goes_before_the_file(notebook: Path, program: Program) -> None:
    (notebook.parent / "params.toml").write_text("learning_rate = 0.1\nsince = 2026-02-03\n")
    done = program(
        "sweep", "trial.ipynb", "-s", "learning_rate=0.2,0.3", "-f", "params.toml", "-p", "seed=3", "--json",
        folder=notebook.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)
    assert sorted(run["params"]["learning_rate"] for run in runs) == [0.2, 0.3]
    assert {(run["params"]["seed"], run["params"]["since"]) for run in runs} == {(3, "2026-02-03")}


def test_a_shell_completes_names_and_choices(notebook: Path, environment: dict[str, str]) -> None:
    def complete(*words: str) -> list[str]:
        variables = environment | {
            "_TRACKBOOK_COMPLETE": "zsh_complete",
            "COMP_WORDS": " ".join(["trackbook", *words]),
            "COMP_CWORD": str(len(words)),
        }
        script = "from trackbook.cli.app import cli; cli(prog_name='trackbook')"
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=variables, cwd=notebook.parent, capture_output=True, check=False)
        return done.stdout.decode().split("\n")[1::3]

    assert "--learning-rate" in complete("run", "trial.ipynb", "--le")
    assert complete("run", "trial.ipynb", "--mode", "F") == ["FAST"]
