"""The same magics in IPython in a terminal."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from trackbook.domain import records as r


def session(folder: Path, *cells: str) -> str:
    """Type cells of one line each into IPython, and return what it showed."""
    arguments = ["--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=nocolor"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TRACKBOOK_")}
    done = subprocess.run(
        [sys.executable, "-m", "IPython", *arguments, "--HistoryManager.enabled=False"],
        input="\n".join([*cells, ""]),
        cwd=folder,
        env={**variables, "IPYTHONDIR": str(folder / "ipython")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_session(fresh: Any) -> None:
    shown = session(
        fresh.folder,
        "%load_ext trackbook",
        "%track start churn --name typed --params lr=0.1",
        "print('hello'); 6 * 7",
        "display({'text/plain': 'shown', 'text/html': '<b>shown</b>'}, raw=True)",
        "for i in range(40): get_ipython().run_line_magic('track', 'metric loss=1/(i+1)')",
        "1 / 0",
        "%track metrc x",
    )
    assert "churn · typed started · lr 0.1" in shown
    assert "hello\nOut[3]: 42" in shown
    assert "Did you mean %track metric?" in shown
    run = fresh.last
    assert (run.start.source.kind, run.start.source.kernel_id) == ("console", None)
    first, printed, displayed, loop, failed, bad = run.cells
    assert first.outputs[0]["data"]["text/plain"] == "churn · typed started · lr 0.1"
    assert [output["output_type"] for output in printed.outputs] == ["stream", "execute_result"]
    assert printed.outputs[0]["text"] == "hello\n"
    assert printed.outputs[1]["data"] == {"text/plain": "42"}
    assert printed.outputs[1]["execution_count"] == 3
    assert displayed.outputs[0]["data"] == {"text/plain": "shown", "text/html": "<b>shown</b>"}
    assert len(loop.outputs) <= 2
    assert (failed.finished.status, failed.outputs[0]["ename"]) == ("error", "ZeroDivisionError")
    assert len(bad.outputs) == 1
    # An error that was seen long ago does not make the session fail.
    assert run.end.status == "finished"


def test_what_there_is_is_shown_as_text(fresh: Any) -> None:
    fresh._ingester.release()
    shown = session(
        fresh.folder,
        "%load_ext trackbook",
        "import trackbook as tb",
        "%track start churn --name one --params lr=0.1",
        "for step in range(30): tb.log({'loss': 1 / (step + 1)}, step=step)",
        "%track watch",
        "%track start churn --name two --params lr=0.2",
        "%track end",
        "%track runs",
        "%track diff 1 2",
        "tb.compare(1, 2)",
        "tb.watch(1)",
    )
    assert "#1 one · churn · ● running" in shown
    assert shown.count("#1 one · churn · ✓ finished") == 1
    assert "loss    █" in shown
    assert "0.03333" in shown
    assert "2 runs · newest first" in shown
    assert len(re.findall(r"\n  lr +0\.1 +0\.2\n", shown)) == 2
    assert "<" not in shown.replace("<module>", "")


def test_without_the_extension_code_has_its_cells_recorded(fresh: Any) -> None:
    session(
        fresh.folder,
        "import trackbook as tb",
        "run = tb.start_run('code'); print('in the run')",
        "tb.log({'loss': 0.5})",
    )
    run = fresh.last
    opened, logged = run.cells
    assert opened.source.strip() == "run = tb.start_run('code'); print('in the run')"
    assert logged.source.strip() == "tb.log({'loss': 0.5})"
    assert run.cells[0].outputs[0]["text"] == "in the run\n"
    assert run.metrics == {"loss": [(0, 0.5)]}


def test_an_error_whose_text_utf8_can_not_hold(fresh: Any) -> None:
    session(
        fresh.folder,
        "import trackbook as tb; run = tb.start_run('code')",
        "run.note('a\\ud800b'); run.param('text', 'ä\\ud800'); run.end()",
    )
    run = fresh.last
    assert run.one(r.NoteWritten).text == "a\\ud800b"
    assert run.params == {"text": "ä\\ud800"}
    assert run.end.status == "finished"


def test_a_script_s_run_has_its_surroundings(fresh: Any) -> None:
    (fresh.folder / "helper.py").write_text("VALUE = 1\n")
    (fresh.folder / "train.py").write_text(
        "import trackbook as tb, helper\nwith tb.start_run('script') as run:\n    run.log({'value': helper.VALUE})\n"
    )
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TRACKBOOK_")}
    subprocess.run([sys.executable, "train.py"], cwd=fresh.folder, env=variables, check=True)
    run = fresh.last
    assert (run.start.source.kind, run.start.source.path) == ("script", "train.py")
    assert run.one(r.EnvironmentCaptured).environment.executable == sys.executable
    assert [module.path for record in run.all(r.ModulesCaptured) for module in record.modules] == [
        "helper.py"
    ]
