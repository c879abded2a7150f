"""What is recorded of each execution, in a real kernel: as the front end shows it."""

import ast
from typing import Any

import pytest

from trackbook.domain import records as r

PNG = (
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf500f000386"
    "01805a347d6b0000000049454e44ae426082"
)

SHOWN = {
    "nothing": "x = 1",
    "text": "print('a')\nprint('b', end='')",
    "both streams": "import sys\nprint('out')\nsys.stderr.write('err\\n')\nprint('out again')",
    "a result": "'Größe 模型 🚀'",
    "a result held back": "1 + 1;",
    "displays": "from IPython.display import HTML, Markdown\ndisplay(HTML('<b>x</b>'), Markdown('# y'), {'a': 1})",
    "an image": f"from IPython.display import Image\ndisplay(Image(data=bytes.fromhex('{PNG}')))",
    "json": "from IPython.display import JSON\ndisplay(JSON({'a': [1, None], 'ü': 'µ'}))",
    "metadata": "from IPython.display import Image\nImage(data=b'\\x89PNG\\r\\n\\x1a\\n', format='png', width=40)",
    "an update": "h = display('old', display_id=True)\nprint('between')\nh.update('new')",
    "cleared": "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('kept')",
    "cleared later": "from IPython.display import clear_output\nprint('gone')\nclear_output(wait=True)\nprint('kept')",
    "an error": "def f():\n    raise ValueError('x' * 3)\nprint('before')\nf()",
    "a syntax error": "x = (1,\ny = 2",
    "a shell command": "!echo from the shell",
    "a figure": "import matplotlib.pyplot as plt\n%matplotlib inline\n_ = plt.plot([1, 2])",
    "await": "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')\n7",
    "a thread": (
        "import threading\n"
        # One write a thread: between a text and the newline that print adds, another thread may come.
        "whole = {'args': ('thread\\n' * 50,), 'kwargs': {'end': ''}}\n"
        "threads = [threading.Thread(target=print, **whole) for _ in range(4)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()"
    ),
    "a log handler made before": "import logging\nlogging.getLogger('x').warning('careful')",
    "captured": "from IPython.utils.capture import capture_output\n"
    "with capture_output() as c:\n    print('hidden')\nprint('x')",
}


@pytest.fixture(scope="module")
def open_kernel(module_kernel: Any) -> Any:
    """The module's kernel with one run that all cells meet."""
    module_kernel.run("import logging, matplotlib\nlogging.basicConfig()")
    module_kernel.run("%track start churn")
    return module_kernel


@pytest.mark.parametrize("name", SHOWN)
def test_outputs_are_what_was_shown(open_kernel: Any, project: Any, name: str) -> None:
    reply = open_kernel.run(SHOWN[name], f"cell-{name}")
    cell = project.last.cells[-1]
    assert cell.source == SHOWN[name]
    assert cell.started.cell_id == f"cell-{name}"
    assert cell.started.count == reply.content["execution_count"]
    assert cell.finished.status == ("ok" if reply.status == "ok" else "error")
    assert not cell.finished.truncated
    assert _joined(cell.outputs) == _joined(reply.outputs)


def test_errors_have_their_traceback(open_kernel: Any, project: Any) -> None:
    reply = open_kernel.run("raise KeyError('target')")
    error = project.last.cells[-1].finished.error
    assert (error.ename, error.evalue) == ("KeyError", "'target'")
    assert error.traceback == reply.content["traceback"]


def test_orders_and_durations(open_kernel: Any, project: Any) -> None:
    first = len(project.last.cells)
    open_kernel.run("import time\ntime.sleep(0.2)", "slow")
    open_kernel.run("1", "quick")
    slow, quick = project.last.cells[first:]
    assert (slow.started.order, quick.started.order) == (first + 1, first + 2)
    assert 0.2 <= slow.finished.duration < 60
    assert slow.finished.at - slow.started.at >= 200_000


def test_long_text_keeps_its_beginning_and_its_end(open_kernel: Any, project: Any) -> None:
    reply = open_kernel.run("for i in range(150_000): print('line', i)")
    cell = project.last.cells[-1]
    assert cell.finished.truncated
    (output,) = cell.outputs
    assert len(output["text"]) < 1_100_000
    assert output["text"].startswith("line 0\nline 1\n")
    assert "characters left out" in output["text"]
    assert output["text"].endswith("line 149999\n")
    assert len(reply.stdout) == len("line \n") * 150_000 + sum(len(str(i)) for i in range(150_000))


def test_a_progress_bar_is_one_line(open_kernel: Any, project: Any) -> None:
    open_kernel.run("for i in range(20_000): print(f'\\rstep {i} of 20000', end='')\nprint()")
    assert project.last.cells[-1].outputs == [
        {"output_type": "stream", "name": "stdout", "text": "step 19999 of 20000\n"}
    ]


def test_large_displays_are_left_out(open_kernel: Any, project: Any) -> None:
    open_kernel.run("display({'text/plain': 'big', 'text/html': 'x' * 11_000_000}, raw=True)\n1")
    cell = project.last.cells[-1]
    assert cell.finished.truncated
    assert cell.outputs[0]["data"] == {"text/plain": "big\n(left out: too large to keep)"}
    assert cell.outputs[1]["data"] == {"text/plain": "1"}


def test_cells_inside_cells_are_part_of_them(open_kernel: Any, project: Any) -> None:
    before = len(project.last.cells)
    open_kernel.run("get_ipython().run_cell('print(1)')\nget_ipython().run_cell('')\nprint(2)")
    (cell,) = project.last.cells[before:]
    assert cell.outputs[0]["text"] == "1\n2\n"


def test_silent_requests_and_blank_cells_are_no_cells(open_kernel: Any, project: Any) -> None:
    before = len(project.last.cells)
    open_kernel.run("print(1)", silent=True)
    open_kernel.run("\n  \n")
    assert len(project.last.cells) == before
    open_kernel.run("print(2)")
    assert len(project.last.cells) == before + 1


def test_nothing_listens_without_a_run(open_kernel: Any) -> None:
    look = (
        "import sys\nip = get_ipython()\n"
        "names = ('write', 'publish', 'clear_output', 'write_format_data', '_showtraceback')\n"
        "[name for o in (sys.stdout, sys.stderr, ip.display_pub, ip.displayhook, ip) for name in names "
        "if 'OutputTap' in repr(vars(o).get(name))]"
    )
    listening = ast.literal_eval(open_kernel.run(look).outputs[0]["data"]["text/plain"])
    assert listening == ["write", "write", "publish", "clear_output", "write_format_data", "_showtraceback"]
    open_kernel.run("import trackbook as tb\ntb.end_run()")
    assert open_kernel.run(look).outputs[0]["data"]["text/plain"] == "[]"
    open_kernel.run("%track start churn")


def test_a_run_inside_a_cell_has_its_part_of_it(kernel: Any, project: Any) -> None:
    source = (
        "import trackbook as tb\n"
        "print('before')\n"
        "with tb.start_run('churn', name='outer'):\n"
        "    print('outer')\n"
        "    for i in range(2):\n"
        "        with tb.start_run(nested=True, name=f'inner {i}'):\n"
        "            print('inner', i)\n"
        "print('after')\n"
    )
    kernel.run(source, "c1")
    outer, first, second = project.runs[-3:]
    assert [run.cells[0].outputs[0]["text"] for run in (first, second)] == ["inner 0\n", "inner 1\n"]
    assert outer.cells[0].outputs[0]["text"] == "outer\ninner 0\ninner 1\n"
    assert {run.cells[0].source for run in (outer, first, second)} == {source}
    assert first.start.parent_id == outer.id
    kernel.run("from trackbook.services.surroundings import wait_for_captures; wait_for_captures(60)")
    assert all(len(run.all(r.EnvironmentCaptured)) == 1 for run in project.runs[-3:])


def test_a_run_that_fails_inside_a_cell_says_so_on_its_cell(kernel: Any, project: Any) -> None:
    kernel.run("import trackbook as tb\nwith tb.start_run('churn'):\n    print('x')\n    1 / 0")
    run = project.last
    assert run.end.status == "failed"
    assert run.cells[0].finished.status == "error"
    assert run.cells[0].finished.error.ename == "ZeroDivisionError"


def test_unloading_ends_the_recording(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn")
    kernel.run("%unload_ext trackbook")
    before = len(project.last.cells)
    kernel.run("print(1)")
    assert len(project.last.cells) == before
    assert "not found" in "".join(o.get("text", "") for o in kernel.run("%track status").outputs)
    kernel.run("%load_ext trackbook")
    kernel.run("print(2)")
    assert project.last.cells[-1].source == "print(2)"


def test_the_record_costs_little(kernel: Any, project: Any) -> None:
    """No time is asserted, only that what is written for a small cell is two records, with what they name."""
    kernel.run("%track start churn")
    before = len(project.last.records)
    kernel.run("print('small')")
    kinds = [type(record).__name__ for record in project.last.records[before:]]
    assert [kind for kind in kinds if kind.startswith(("Cell", "Content"))] == [
        "ContentKept",
        "CellStarted",
        "ContentKept",
        "CellFinished",
    ]


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # A front end may get one stream in several messages, in an order of its own between the two streams.
    texts: dict[str, str] = {}
    others = []
    for output in outputs:
        if output["output_type"] == "stream":
            texts[output["name"]] = texts.get(output["name"], "") + output["text"]
        else:
            others.append(output)
    return [*({"name": name, "text": text} for name, text in sorted(texts.items())), *others]
