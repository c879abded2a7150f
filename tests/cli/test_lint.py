"""`trackbook lint` as a command."""

import errno
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import corpus
import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from trackbook.notebook.lint.registry import RULES

ROOT = Path(__file__).parents[2]
Call = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with notebooks, some where nobody wants to see them."""
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("out_of_order", "unused_imports", "simulation"):
        (tmp_path / f"{name}.ipynb").write_bytes(corpus.load(name))
    for hidden in (".ipynb_checkpoints", ".trackbook", "node_modules"):
        (tmp_path / "sub" / hidden).mkdir(parents=True)
        (tmp_path / "sub" / hidden / "no.ipynb").write_bytes(corpus.load("deleted_definition"))
    (tmp_path / "sub" / "deep.ipynb").write_bytes(corpus.load("deleted_definition"))
    return tmp_path


def found(answer: Any) -> list[tuple[str, str, int]]:
    return [
        (one["path"], each["code"], each["cell"])
        for one in json.loads(answer.out)
        for each in one["diagnostics"]
    ]


def test_text(call: Call, folder: Path) -> None:
    answer = call("lint", "out_of_order.ipynb", "unused_imports.ipynb")
    assert answer.code == 1
    assert answer.out.splitlines()[:2] == [
        "out_of_order.ipynb:cell 1:1:1: TB105 It ran (In [3]) after cell 2 below it (In [2]).",
        (
            "out_of_order.ipynb:cell 1:1:13: TB101 "
            "`values` is used here, and cell 2 defines it, which ran before (In [2])."
        ),
    ]
    assert "unused_imports.ipynb:cell 1:1:8: F401 [*] `os` imported but unused.\n" in answer.out
    assert answer.err.endswith(
        "Found 8 problems in 2 of 2 notebooks: 1 error, 7 warnings. [*] 5 can be fixed with --fix.\n"
    )


def test_nothing_found(call: Call, folder: Path) -> None:
    answer = call("lint", "simulation.ipynb")
    assert (answer.code, answer.out, answer.err) == (0, "", "Nothing found in 1 notebook.\n")
    assert [path for path in folder.iterdir() if path.name.startswith(".")] == []


def test_information_alone_is_fine(call: Call, folder: Path) -> None:
    answer = call("lint", "--select", "TB606", ".", "--no-outputs")
    assert (answer.code, answer.out) == (0, "")
    (folder / "empty.ipynb").write_bytes(corpus.load("empty_cells"))
    answer = call("lint", "--select", "TB606", "empty.ipynb")
    assert answer.code == 0
    assert "TB606" in answer.out


def test_folders_are_walked(call: Call, folder: Path) -> None:
    answer = call("lint", "--json", "--select", "TB101,TB102")
    assert found(answer) == [
        ("out_of_order.ipynb", "TB101", 1),
        ("sub/deep.ipynb", "TB102", 2),
        ("sub/deep.ipynb", "TB102", 3),
    ]
    assert [one["path"] for one in json.loads(answer.out)] == [
        "out_of_order.ipynb",
        "simulation.ipynb",
        "unused_imports.ipynb",
        "sub/deep.ipynb",
    ]
    (folder / "pyproject.toml").write_text('[tool.trackbook.lint]\nexclude = ["sub", "un*.ipynb"]\n')
    assert len(json.loads(call("lint", ".", "--json").out)) == 2
    assert len(json.loads(call("lint", "sub/deep.ipynb", "--json").out)) == 1
    assert json.loads(call("lint", "sub/deep.ipynb", "--json", "--force-exclude").out) == []


def test_json(call: Call, folder: Path) -> None:
    (report,) = json.loads(call("lint", "--format", "json", "out_of_order.ipynb").out)
    assert set(report) == {"path", "diagnostics", "counts", "unseen"}
    assert report["counts"] == {"error": 1, "warning": 2, "info": 0}
    assert report["diagnostics"][1] == {
        "code": "TB101",
        "rule": "used-before-defined",
        "severity": "error",
        "message": "`values` is used here, and cell 2 defines it, which ran before (In [2]).",
        "cell": 1,
        "cell_id": report["diagnostics"][0]["cell_id"],
        "line": 1,
        "column": 13,
        "end_line": 1,
        "end_column": 19,
        "names": ["values"],
        "fixable": False,
        "help": RULES["TB101"].help,
    }


def test_sarif(call: Call, folder: Path) -> None:
    for name in ("secrets", "foreign_paths", "nbformat_3", "unicode_names", "one_line"):
        (folder / f"ü {name}.ipynb").write_bytes(corpus.load(name))
    log = json.loads(call("lint", ".", "--format", "sarif", "--outputs").out)
    schema = json.loads((Path(__file__).parent / "sarif.schema.json").read_text())
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} >= {"F401", "TB101", "TB301", "TB401", "TB602"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    one = next(result for result in run["results"] if result["ruleId"] == "TB101")
    place = one["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "out_of_order.ipynb"
    lines = (folder / "out_of_order.ipynb").read_text().splitlines()
    assert '"cell_type"' in lines[place["region"]["startLine"]]
    assert one["message"]["text"].startswith("Cell 1, line 1: ")
    assert any(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("%C3%BC%20")
        for result in run["results"]
    )


def test_github(call: Call, folder: Path) -> None:
    answer = call("lint", "out_of_order.ipynb", "--select", "TB101", "--format", "github")
    line = next(
        n
        for n, text in enumerate((folder / "out_of_order.ipynb").read_text().splitlines(), 1)
        if text == "  {"
    )
    assert answer.out == (
        f"::error file=out_of_order.ipynb,line={line},title=TB101 used-before-defined::Cell 1, line 1: "
        "`values` is used here, and cell 2 defines it, which ran before (In [2]).\n"
    )


def test_statistics(call: Call, folder: Path) -> None:
    rows = json.loads(call("lint", "--statistics", "--json").out)
    assert rows[0] == {
        "code": "F401",
        "rule": "unused-import",
        "severity": "warning",
        "count": 5,
        "fixable": 5,
    }
    assert re.search(r"5\s+F401\s+5\s+unused-import", call("lint", "--statistics").out)
    assert call("lint", "--statistics", "--format", "sarif").code == 2


def test_explain(call: Call) -> None:
    assert call("lint", "--explain", "tb101").out.startswith("TB101 used-before-defined (error)\n")
    assert call("lint", "--explain", "empty-cell").out.endswith("Fixed by `trackbook lint --fix`.\n")
    assert len(json.loads(call("lint", "--explain", "all", "--json").out)) == len(RULES)
    assert "`ruff rule F401` explains it" in call("lint", "--explain", "F401").err
    answer = call("lint", "--explain", "TB1011")
    assert answer.code == 2
    assert "did you mean 'TB101'?" in answer.err


def test_stdin(folder: Path, environment: dict[str, str]) -> None:
    def lint(data: bytes, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-m", "trackbook.cli", "lint", "-", *arguments]
        return subprocess.run(
            command, input=data, cwd=folder, env=environment, capture_output=True, check=False
        )

    done = lint(corpus.load("out_of_order"), "--select", "TB101")
    assert done.returncode == 1
    assert done.stdout.startswith(b"-:cell 1:1:13: TB101 ")
    done = lint(corpus.load("out_of_order"), "--select", "TB101", "--stdin-filename", "sub/new.ipynb")
    assert done.stdout.startswith(b"sub/new.ipynb:cell 1:1:13: TB101 ")
    done = lint(b"no notebook")
    assert (done.returncode, b"TB600" in done.stdout) == (1, True)


def test_files_that_are_no_notebooks_hide_no_others(call: Call, folder: Path) -> None:
    (folder / "a.ipynb").write_text("<<<<<<< HEAD\n")
    (folder / "b.ipynb").write_bytes(b"\xff\xfe")
    answer = call("lint", "a.ipynb", "b.ipynb", "out_of_order.ipynb", "--json", "--select", "TB6,TB101")
    assert answer.code == 1
    assert found(answer) == [
        ("a.ipynb", "TB600", 0),
        ("b.ipynb", "TB600", 0),
        ("out_of_order.ipynb", "TB101", 1),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.ipynb"], "There is no none.ipynb"),
        (["pyproject.toml"], "is no notebook"),
        (["--select", "TB99"], "'TB99', which there is not"),
        (["--ignore", "undefined-nam"], "did you mean 'TB102'?"),
        (["-", "--fix"], "stands alone"),
        (["--json", "--format", "sarif"], "can't go together"),
        (["--stdin-filename", "x.ipynb"], "belongs to '-'"),
        (["--format", "xml"], "'xml' is not one of"),
    ],
)
def test_wrong_usage(call: Call, folder: Path, arguments: list[str], said: str) -> None:
    (folder / "pyproject.toml").touch()
    answer = call("lint", *arguments)
    assert answer.code == 2
    assert said in answer.err


def test_fix(call: Call, folder: Path) -> None:
    path = folder / "unused_imports.ipynb"
    data = path.read_bytes()
    answer = call("lint", "--diff", str(path.name))
    assert answer.code == 1
    assert "--- unused_imports.ipynb:cell 1\n" in answer.out
    assert (
        "-import os\n-import sys\n-import json, re\n-from math import pi, sin\n+import json\n+from math import sin\n"
        in answer.out
    )
    assert answer.err == "5 would be fixed in 1 of 1 notebook.\n"
    assert path.read_bytes() == data
    answer = call("lint", "--fix", path.name)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "Fixed 5 in 1 of 1 notebook.\nNothing found in 1 notebook.\n"
    assert b"import os" not in path.read_bytes()
    assert call("lint", "--diff", path.name).err == "Nothing would be fixed.\n"


def test_a_file_that_cannot_be_written_hinders_no_others(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = folder / "second.ipynb"
    second.write_bytes(corpus.load("unused_imports"))
    copymode = shutil.copymode

    def full(source: Path, target: Any) -> None:
        if source.name == "second.ipynb":
            raise OSError(errno.ENOSPC, "No space left on device")
        copymode(source, target)

    monkeypatch.setattr("trackbook.services.lint.fixing.shutil.copymode", full)
    answer = call("lint", "--fix", "second.ipynb", "unused_imports.ipynb")
    assert answer.code == 1
    assert "second.ipynb: not everything can be fixed: No space left on device." in answer.err
    assert "Fixed 5 in 1 of 2 notebooks." in answer.err
    assert answer.out.count("second.ipynb:cell") == 5
    assert second.read_bytes() == corpus.load("unused_imports")
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []


def test_without_fix_no_file_changes(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in corpus.NAMES:
        (tmp_path / f"{name}.ipynb").write_bytes(corpus.load(name))
    before = state(tmp_path)
    assert call("lint", ".", "--outputs").code == 1
    assert call("lint", ".", "--outputs", "--diff").code == 1
    assert state(tmp_path) == before


def state(folder: Path) -> dict[Path, tuple[int, ...]]:
    """What tells that a file was written, or another put in its place."""
    found = {path: path.stat() for path in folder.iterdir()}
    return {path: (one.st_ino, one.st_mtime_ns, one.st_size, one.st_mode) for path, one in found.items()}


def test_exit_zero(call: Call, folder: Path) -> None:
    assert call("lint", "--exit-zero", ".").code == 0
    assert call("lint", "--exit-zero", "--diff", ".").code == 0


def test_history(call: Call, project: Path) -> None:
    before = call("runs", "--json").out
    (project / "x.ipynb").write_bytes(corpus.load("simulation"))
    assert call("lint", "x.ipynb").code == 0
    assert call("lint", "x.ipynb", "--no-history").code == 0
    assert call("runs", "--json").out == before


def test_the_page_has_the_rules_that_there_are() -> None:
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (TB\d+) \| (\S+) \| (\w+) \| (.*?) \| (yes)? ?\|$", page, flags=re.MULTILINE)
    assert rows == [
        (rule.code, rule.name, rule.severity, rule.summary, "yes" if rule.fixable else "")
        for rule in RULES.values()
    ]
    informing = re.search(r"^(TB\d+(?:, TB\d+)* and TB\d+) are for information", page, flags=re.MULTILINE)
    assert informing is not None
    assert re.findall(r"TB\d+", informing[1]) == [
        rule.code for rule in RULES.values() if rule.severity == "info"
    ]


HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


@pytest.mark.parametrize(
    "hook", [hook for hook in HOOKS if "lint" in hook["id"]], ids=lambda hook: hook["id"]
)
def test_hooks_as_pre_commit_calls_them(
    hook: dict[str, Any], folder: Path, environment: dict[str, str]
) -> None:
    assert set(hook) <= {
        "id",
        "name",
        "description",
        "entry",
        "language",
        "additional_dependencies",
        "types",
        "require_serial",
    }
    names = []
    for number in range(60):
        path = folder / f"notebook {number}.ipynb"
        path.write_bytes(corpus.load("simulation" if number else "unused_imports"))
        names.append(path.name)
    program, *arguments = shlex.split(hook["entry"])
    assert program == "trackbook"
    command = [sys.executable, "-m", "trackbook.cli", *arguments, *names]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, text=True)
    if "--fix" in arguments:
        assert done.returncode == 0, done.stderr
        assert b"import os" not in (folder / names[0]).read_bytes()
    else:
        assert done.returncode == 1
        assert done.stdout.count("F401") == 5
        assert (folder / names[0]).read_bytes() == corpus.load("unused_imports")
