"""Captures in a real kernel: listed, switched, and a faulty one that says so once and gives up."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from trackbook.config import CAPTURES
from trackbook.domain import records as r

RESET = """
from trackbook.services.capturing import switches
switches._on.clear(); switches._off.clear()
"""


@pytest.fixture
def plain(kernel: Any) -> Iterator[Any]:
    yield kernel
    kernel.run(RESET, silent=True)


def test_they_are_listed(plain: Any) -> None:
    assert plain.run("%track capture").line == f"on: {', '.join(sorted(CAPTURES))}"
    assert plain.run("%track capture outputs data off").line == "outputs, data off in this session"
    plain.run("%track start churn")
    listed = plain.run("%track capture").line
    assert listed.endswith("off: data (in this session), outputs (in this session)")
    assert plain.run("%track capture data on").line == "data on in this session, from the next run on"
    assert plain.run("%track capture outputs on").line == "outputs on in this session"
    plain.run("%track end")
    assert "off" not in plain.run("%track capture").line


def test_what_can_not_be(plain: Any) -> None:
    assert (
        "There is no capture 'output'. Did you mean outputs?" in plain.run("%track capture output off").line
    )
    assert "There are: cells, data," in plain.run("%track capture xyzzy on").line
    assert "Say which, and on or off" in plain.run("%track capture data").line
    assert "Say which, and on or off" in plain.run("%track capture off").line


def test_cells_and_outputs_obey_at_once(plain: Any, project: Any) -> None:
    plain.run("%track start churn")
    plain.run("print(1)")
    plain.run("%track capture outputs off")
    plain.run("print(2)")
    plain.run("%track capture cells off")
    plain.run("print(3)")
    plain.run("%track capture cells outputs on")
    plain.run("print(4)")
    cells = project.last.cells
    assert [cell.source for cell in cells if cell.source.startswith("print")] == [
        "print(1)",
        "print(2)",
        "print(4)",
    ]
    assert [len(cell.outputs) for cell in cells if cell.source.startswith("print")] == [1, 0, 1]
    assert all(cell.finished is not None for cell in cells)


def test_settings_leave_out_what_they_name(start_kernel: Callable[..., Any], fresh: Any) -> None:
    (fresh.folder / "pyproject.toml").write_text(
        '[tool.trackbook]\ncapture = ["-environment", "-modules", "-notebook"]\n'
    )
    kernel = start_kernel(variables={"OMP_NUM_THREADS": "2"})
    kernel.run("%load_ext trackbook\n%track start churn")
    kernel.run("import sys; sys.path.insert(0, '.')")
    (fresh.folder / "own.py").write_text("x = 1\n")
    kernel.run("import own")
    kernel.run("import trackbook as tb; tb.current_run().surroundings.wait(60)")
    assert (
        "off: environment (by the settings), modules (by the settings)" in kernel.run("%track capture").line
    )
    kernel.run("%track capture modules on")
    kernel.run("1")
    run = fresh.last
    environment = run.one(r.EnvironmentCaptured).environment
    assert (environment.python, environment.hardware) == ("", {})
    assert environment.variables["OMP_NUM_THREADS"] == "2"
    assert run.blobs.get(run.one(r.EnvironmentCaptured).packages_digest) == b"{}"
    assert not run.all(r.SnapshotTaken)
    assert [module.path for module in run.one(r.ModulesCaptured).modules] == ["own.py"]
    kernel.run("%track end")

    # TRACKBOOK_CAPTURE has the last word.
    other = start_kernel(variables={"TRACKBOOK_CAPTURE": "cells"})
    other.run("%load_ext trackbook\n%track start other")
    other.run("print('shown')\nimport trackbook as tb; tb.current_run().surroundings.wait(60)")
    run = fresh.last
    assert not run.all(r.EnvironmentCaptured)
    assert [cell.outputs for cell in run.cells if "shown" in cell.source] == [[]]


FAULTS = {
    "environment": "import trackbook.services.capturing.environment as m\nm.prepare_environment = broken",
    "modules": "from trackbook.capture.modules import ModuleWatch\nModuleWatch.changes = broken",
    "notebook": "import trackbook.capture.notebook as m\nm.parse_notebook = broken",
    "own": (
        "import sys, types\nfrom trackbook.services.capturing import captures\n"
        "own = types.ModuleType('own_capture'); sys.modules['own_capture'] = own\n"
        "parts = dict.fromkeys(('begin', 'update', 'finish'), broken)\n"
        "own.Own = type('Own', (), {'__init__': lambda *_: None, **parts})\n"
        "captures._KINDS['own'] = 'own_capture:Own'\nfrom trackbook.services.capturing import switches\n"
        "switches.switch_on('own')"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_that_fails_says_so_once_and_gives_up(
    start_kernel: Callable[..., Any], fresh: Any, name: str
) -> None:
    kernel = start_kernel()
    kernel.run("def broken(*_, **__): raise RuntimeError('a fault')\n" + FAULTS[name])
    # What a thread says belongs to the cell that started it, which therefore waits for it.
    wait = "\nimport trackbook as tb; tb.current_run().surroundings.wait(60)"
    replies = [kernel.run(f"%load_ext trackbook\n%track start churn{wait}")]
    replies.append(kernel.run("print('goes on')"))
    replies.append(kernel.run(f"%track start again{wait}"))
    replies.append(kernel.run("%track end"))
    assert [reply.status for reply in replies] == ["ok"] * 4
    said = "".join(o["text"] for reply in replies for o in reply.outputs if o.get("name") == "stderr")
    assert said.count(f"Trackbook stops recording {name} in this process (RuntimeError: a fault)") == 1
    first, second = fresh.runs
    assert [cell.outputs[0]["text"] for cell in first.cells if "goes on" in cell.source] == ["goes on\n"]
    assert second.end.status == "finished"
    if name != "environment":
        assert first.all(r.EnvironmentCaptured)
        assert second.all(r.EnvironmentCaptured)
