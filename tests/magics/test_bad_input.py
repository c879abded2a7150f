"""Whatever is wrong with a `%track` line: one line that says what to do, no error, and the run stays open."""

from collections.abc import Callable
from typing import Any

import pytest

WITHOUT_A_RUN = [
    ("param lr=1", "No run is open."),
    ("metric acc=1", "No run is open."),
    ("note text", "No run is open."),
    ("tag a=b", "No run is open."),
    ("goal acc max", "No run is open."),
    ("artifact train.ipynb", "No run is open."),
    ("figure", "No run is open."),
    ("end", "No run is open."),
    ("start a b", "One EXPERIMENT is started, not 2"),
    ("start churn --params missing", "There is no variable 'missing'."),
    ("start churn --nmae x", "Did you mean --name?"),
    ("start churn --name", "--name needs a value."),
    ("start 'churn", "A quote is not closed"),
    ("start ''", "can't be the name of an experiment: it is empty"),
    ("start " + "x" * 251, "it has 251 characters, at most 250 are stored"),
]

WITH_A_RUN = [
    ("metrc acc", "no subcommand 'metrc'. Did you mean %track metric?"),
    ("stop", "no subcommand 'stop'. Did you mean %track end?"),
    ("xyzzy", "%track help lists them."),
    ("param", "Say what to record: %track param NAME or NAME=VALUE"),
    ("param detph", "There is no variable 'detph'. Did you mean depth?"),
    ("param lr=", "lr= has no value behind it."),
    ("param lr=dep+1", "There is no variable 'dep'."),
    ("param lr=1/0", "1/0 has no value: ZeroDivisionError: division by zero"),
    ("param day=2026-11-21x", "Text goes in quotes"),
    ("param path=data/train.csv", "There is no variable 'data'. Text goes in quotes."),
    (
        "param thing=object()",
        "'thing' is not stored: a parameter is a number, text, list or dict, not object",
    ),
    ("param thing=[1, (2", "A bracket is not closed"),
    ("param a='x", "A quote is not closed"),
    ("param depth --step 3", "There is no option --step here. It takes none."),
    ("param if", "can't be read as Python"),
    ("param quit_me=exit_now()", "exit_now() has no value: SystemExit"),
    ("metric acc", "There is no variable 'acc'."),
    ("metric acc=high", "There is no variable 'high'."),
    ("metric acc=None", "'acc' is not stored: a value is not None: log a number, a text, a list"),
    ("metric acc=object()", "'acc' is not stored: a value is not object: log a number, a text, a list"),
    ("metric acc=1 --step 1.5", "a step is a whole number, not 1.5"),
    ("metric acc=1 --step later", "There is no variable 'later'."),
    ("metric acc=1 --step", "--step needs a value."),
    ("metric acc=1 0.9", "0.9 is a value without a name: write NAME=0.9, such as acc=0.9"),
    ("metric depth -1", "-1 is a value without a name: write NAME=-1"),
    ("param depth 3", "3 is a value without a name: write NAME=3"),
    ("param depth 'deep'", "'deep' is a value without a name"),
    ("metric acc=1 --context val", "A context is KEY=VALUE, not val: --context subset=val"),
    ("ignore nothing_here --none", "'nothing_here' can't be taken back: nothing is left out."),
    ("goal acc best", "A goal is max or min, not 'best'"),
    ("goal acc", "Say which metric and which goal"),
    ("artifact", "Say which file or folder"),
    ("artifact trian.ipynb", "There is no file 'trian.ipynb' in"),
    ("artifact trian.ipynb", "Did you mean train.ipynb?"),
    ("artifact empty", "There is no file 'empty' in"),
    ("artifact train.ipynb --name ../x", "it must be a relative path inside the run"),
    ("figure depth", "int can't be drawn as PNG"),
    ("figure roc", "There is no variable 'roc'. To name the current figure: %track figure --name roc"),
    ("figure a b", "One figure a line"),
    ("figure", "There is no open matplotlib figure"),
    ("note", "Say what to note: %track note TEXT"),
    ("tag", "Say what to record: %track tag KEY=VALUE"),
    ("tag ''=b", "can't be the name of a tag: it is empty"),
    ("status now", "takes nothing behind it"),
    ("end now", "takes nothing but --failed"),
    ("end --faild", "Did you mean --failed?"),
    ("end --failed=1", "--failed takes no value."),
]


def check(reply: Any, expected: str) -> None:
    assert reply.status == "ok"
    assert [output["output_type"] for output in reply.outputs] == ["display_data"]
    assert expected in reply.line
    assert reply.line.startswith("%track: ")
    assert "\n" not in reply.line
    assert "Trackbook itself failed" not in reply.line


@pytest.mark.parametrize(("line", "expected"), WITHOUT_A_RUN)
def test_without_a_run(kernel: Any, project: Any, line: str, expected: str) -> None:
    before = len(project.runs)
    check(kernel.run(f"%track {line}"), expected)
    assert len(project.runs) == before


@pytest.fixture(scope="module")
def open_kernel(module_kernel: Any) -> Any:
    """The module's kernel with one run that all lines meet."""
    module_kernel.run("%track start churn --name open")
    module_kernel.run("depth = 3\ndef exit_now(): raise SystemExit")
    return module_kernel


@pytest.mark.parametrize(("line", "expected"), WITH_A_RUN)
def test_with_a_run(open_kernel: Any, line: str, expected: str) -> None:
    check(open_kernel.run(f"%track {line}"), expected)
    assert open_kernel.run("%track status").line.startswith("churn · open is open")


def test_the_cell_goes_on_behind_a_bad_line(open_kernel: Any) -> None:
    reply = open_kernel.run("%track nonsense\nprint('went on')\n%track metric acc=0.5")
    assert reply.stdout == "went on\n"
    assert reply.lines[1].endswith("acc 0.5 → recorded")


def test_a_dict_names_its_values_itself(open_kernel: Any) -> None:
    assert open_kernel.run("%track metric {'p': 0.5, 'r': 1}").line.endswith("p 0.5, r 1 → recorded")


def test_a_line_about_an_ended_run(open_kernel: Any) -> None:
    source = "run = tb.current_run()\nrun.end()\nrun.log({'a': 1})"
    reply = open_kernel.run("import trackbook as tb\n" + source)
    assert (reply.status, reply.content["ename"]) == ("error", "UsageError")
    assert "has ended; start another one" in reply.content["evalue"]


def test_a_store_that_can_not_be_made_keeps_the_run_elsewhere(start_kernel: Any, fresh: Any) -> None:
    (fresh.folder / "file").write_text("")
    spool = fresh.folder / "spool"
    store = fresh.folder / "file" / "store"
    kernel = start_kernel(variables={"TRACKBOOK_STORE": str(store), "TRACKBOOK_SPOOL": str(spool)})
    kernel.run("%load_ext trackbook")
    reply = kernel.run("%track start churn")
    assert reply.status == "ok"
    (warning, _) = reply.outputs
    assert "it can't be made here" in warning["text"]
    assert str(spool) in warning["text"]
    kernel.run("%track metric loss=1")
    assert list(spool.rglob("*.journal"))


@pytest.mark.parametrize(("name", "text"), [("CAPTURE", "-dta"), ("SYSTEM_INTERVAL", "often")])
def test_a_typo_in_a_variable_stops_no_notebook(
    start_kernel: Callable[..., Any], fresh: Any, name: str, text: str
) -> None:
    kernel = start_kernel(variables={f"TRACKBOOK_{name}": text})
    reply = kernel.run("%load_ext trackbook\nafter = 1")
    assert reply.status == "ok"
    assert f"TRACKBOOK_{name}" in reply.line
    assert kernel.run("%track start churn\nafter += 1").status == "ok"
    assert kernel.run("print(after)").stdout == "2\n"


def test_names_of_ipython_are_not_suggested(kernel: Any) -> None:
    kernel.run("%track start churn")
    assert "open" not in kernel.run("%track param nope").line
