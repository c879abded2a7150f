"""What `%track runs`, `diff` and `watch` show in a kernel, while cells run and afterwards."""

import os
import subprocess
import sys
import time
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>$x^2$\u202eevil"


@pytest.fixture(scope="module")
def readable(project: Any) -> Any:
    """The module's project, whose index may be read."""
    project._ingester.release()
    return project


@pytest.fixture
def shown(kernel: Any, readable: Any) -> Any:
    kernel.run("import trackbook as tb")
    return kernel


def make_runs(kernel: Any) -> list[int]:
    """Track two runs that differ in a parameter, a metric, a tag and a cell; return their numbers."""
    for name, lr, cell in (("first", 0.1, "acc = 80.5"), ("second", 0.2, "acc = 84.126\nextra = 1")):
        kernel.run(f"lr, depth = {lr}, 3\n%track start churn --name {name} --params lr depth", "start")
        kernel.run("%track goal acc max --unit '%'", "goal")
        kernel.run(cell, "work")
        kernel.run("%track metric acc loss=1.0", "metric")
        if name == "second":
            kernel.run("%track tag team=vision", "tag")
        kernel.run("%track end", "end")
    reply = kernel.run("import trackbook as tb\n[int(n) for n in tb.runs(limit=2)['number']]")
    return sorted(map(int, reply.outputs[-1]["data"]["text/plain"].strip("[]").split(",")))


def bundle_of(reply: Any) -> dict[str, str]:
    assert reply.status == "ok", reply.traceback
    (output,) = reply.outputs
    return output["data"]


def messages_of(kernel: Any, message_id: str) -> list[dict[str, Any]]:
    """Everything that the kernel publishes until it has answered a request, also what belongs to none."""
    found = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        mine = message["parent_header"].get("msg_id") == message_id
        if mine and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            kernel.client.get_shell_msg(timeout=60)
            return found
        found.append(message)


def bundles_in(messages: list[dict[str, Any]], kind: str) -> list[dict[str, str]]:
    return [message["content"]["data"] for message in messages if message["msg_type"] == kind]


def test_runs_and_what_differs_between_them(shown: Any) -> None:
    first, second = make_runs(shown)
    data = bundle_of(shown.run("%track runs params.lr >= 0.1 --limit 2"))
    head, *rows = data["text/plain"].splitlines()
    assert head.split() == ["#", "Status", "Name", "acc", "[%]", "loss", "lr", "Time", "Started"]
    assert "★ 84.13" in rows[0]
    assert "second" in rows[0]
    assert "★" not in rows[1]
    assert "The same in all: depth 3" in data["text/plain"]
    assert "<b>★ 84.13</b>" in data["text/html"]
    assert 'title="84.126"' in data["text/html"]
    ordered = bundle_of(shown.run("%track runs --order-by metrics.acc --columns number metrics.acc"))
    assert ordered["text/plain"].splitlines()[0].split() == ["#", "acc", "[%]"]

    grouped = bundle_of(shown.run("%track runs --group-by depth, team --columns acc"))["text/plain"]
    assert grouped.splitlines()[0].split()[:4] == ["depth", "team", "Runs", "acc"]
    assert "2 groups of 2 runs" in grouped

    data = bundle_of(shown.run(f"%track diff #{first} {second}"))
    lines = {
        line.split("  ")[1].strip(): line for line in data["text/plain"].splitlines() if line[:2] == "  "
    }
    assert lines["acc [%]"].split() == ["acc", "[%]", "80.50", "★", "84.13", "+4.5", "%"]
    assert lines["lr"].split() == ["lr", "0.1", "0.2"]
    assert lines["team"].split() == ["team", "–", "vision"]
    assert "loss" not in lines
    assert "depth" not in lines
    assert "source differs" in lines["acc = 80.5"]
    assert "\n  -acc = 80.5\n  +acc = 84.126\n  +extra = 1" in data["text/plain"]
    assert "+extra = 1" in data["text/html"]
    everything = bundle_of(shown.run(f"%track diff {first} {second} --all"))["text/plain"]
    assert "\n  depth" in everything
    assert "Packages\n" in everything


def test_a_comparison_is_a_pandas_table_that_reads_as_a_comparison(shown: Any) -> None:
    first, second = make_runs(shown)
    data = bundle_of(shown.run(f"changes = tb.compare({first}, '#{second}')\nchanges"))
    assert "Cells" in data["text/plain"]
    assert "<table>" in data["text/html"]
    told = shown.run(
        f"import pandas as pd\n(isinstance(changes, pd.DataFrame), changes.loc['params.lr', '#{second}'], "
        "type(changes.head()).__name__, 'metrics.loss' in changes.index)"
    )
    assert bundle_of(told)["text/plain"] == "(True, 0.2, 'DataFrame', False)"
    # What was changed is shown as it is, not as it was.
    data = bundle_of(shown.run("changes.loc['params.lr'] = 7\nchanges"))
    assert "Cells" not in data["text/plain"]
    assert "7" in data["text/html"]


def test_cells_that_ran_in_another_order_are_named(shown: Any) -> None:
    for order in ("abc", "bca"):
        shown.run("%track start order", "start")
        for cell in order:
            shown.run(f"{cell} = 1", cell)
        shown.run("%track end", "end")
    data = bundle_of(shown.run("numbers = list(tb.runs(limit=2)['number'])\ntb.compare(*numbers[::-1]).view"))
    cells = data["text/plain"].partition("Cells\n")[2].splitlines()
    assert [line.split("[")[0].strip() for line in cells if "other order" in line] == ["a = 1"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%track diff 1", "%track diff 41 42"),
        ("%track diff 1 99999", "There is no run"),
        ("%track runs params.lr >", "character"),
        ("%track runs --limit 0", "from 1 to 10,000"),
        ("%track runs --limits 3", "Did you mean --limit?"),
        ("%track runs --columns paramz.lr", "Did you mean params.lr?"),
        ("%track runs --group-by params.lr *", "character"),
        ("%track watch 99999", "There is no run"),
        ("%track watch --seconds 0", "from 0.1 on"),
        ("%track compare 1 2", "Did you mean %track diff?"),
    ],
)
def test_bad_input_says_what_to_do(shown: Any, line: str, said: str) -> None:
    shown.run("%track start churn --params lr=1")
    shown.run("%track end")
    text = bundle_of(shown.run(line))["text/plain"]
    assert text.startswith("%track: ")
    assert said in text


def test_curves_grow_while_the_same_cell_logs(shown: Any) -> None:
    request = shown.send(
        "import time, trackbook as tb\n"
        "with tb.start_run('live', name='grows') as run:\n"
        "    watch = tb.watch(seconds=0.1)\n"
        "    seen, step = set(), 0\n"
        "    while (len(seen) < 4 or step < 60) and step < 3000:\n"
        "        run.log({'loss': 1 / (step + 1)}, step=step)\n"
        "        seen.add(repr(watch))\n"
        "        step += 1\n"
        "        time.sleep(0.01)\n"
        "    run.log({'loss': 0.125}, step=step + 7000)\n"
        "watch"
    )
    messages = messages_of(shown, request)
    assert len(bundles_in(messages, "display_data")) == 1
    assert not bundles_in(messages, "execute_result")
    updates = bundles_in(messages, "update_display_data")
    running = [data for data in updates if "● running" in data["text/plain"]]
    assert len(running) >= 2
    assert "<svg" in running[-1]["text/html"]
    # The cell that ended the run has its last values.
    assert "✓ finished" in updates[-1]["text/plain"]
    assert "0.1250  7," in updates[-1]["text/plain"]
    assert bundle_of(shown.run("watch.live"))["text/plain"] == "False"
    later = bundle_of(
        shown.run("import threading\n[t for t in threading.enumerate() if t.name == 'trackbook-watch']")
    )
    assert later["text/plain"] == "[]"


def test_curves_follow_a_run_of_another_process(shown: Any, readable: Any) -> None:
    go = readable.folder / "go"
    script = (
        "import time, pathlib, trackbook as tb\n"
        "with tb.start_run('far', name='elsewhere') as run:\n"
        "    run.log({'loss': 1.0}, step=0)\n"
        "    print(run.id, flush=True)\n"
        "    while not pathlib.Path('go').exists(): time.sleep(0.01)\n"
        "    for step in range(1, 21):\n"
        "        run.log({'loss': 1 / (step + 1)}, step=step)\n"
        "        time.sleep(0.02)\n"
    )
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TRACKBOOK_")}
    other = subprocess.Popen(
        [sys.executable, "-c", script], cwd=readable.folder, env=variables, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    try:
        identity = other.stdout.readline().strip()
        messages = messages_of(shown, shown.send(f"watch = tb.watch({identity!r}, 'lo*', seconds=0.1)"))
        (first,) = bundles_in(messages, "display_data")
        assert "● running" in first["text/plain"]
        go.touch()
        # The kernel is idle now, and what it shows changes all the same.
        data, deadline = first, time.monotonic() + 60
        while "✓ finished" not in data["text/plain"]:
            assert time.monotonic() < deadline
            message = shown.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "update_display_data":
                data = message["content"]["data"]
        assert "0.04762" in data["text/plain"]
        assert bundle_of(shown.run("watch.wait(60)"))["text/plain"] == "True"
    finally:
        go.touch()
        other.communicate(timeout=60)


def test_a_cell_that_is_executed_again_has_one_watch(shown: Any) -> None:
    shown.run("%track start again")
    for _ in range(3):
        shown.run("%track watch --seconds 0.1")
    alive = (
        "import threading, time\ndeadline = time.monotonic() + 60\n"
        "while (n := sum(t.name == 'trackbook-watch' for t in threading.enumerate())) != 1"
        " and time.monotonic() < deadline: time.sleep(0.05)\nn"
    )
    assert bundle_of(shown.run(alive))["text/plain"] == "1"
    shown.run("%track end")


def test_an_executed_notebook_reads_well_as_a_page_without_scripts(fresh: Any) -> None:
    fresh._ingester.release()
    tracked = f"""
name = {HOSTILE!r}
with tb.start_run(name, name=name, params={{name: name + chr(27) + "[31m"}}, tags={{name: name}}) as run:
    tb.watch(seconds=0.1)
    run.metric("acc", goal="max", unit=name)
    for step in range(20): run.log({{name: step, "acc": step / 20}}, step=step)
    run.log({{name: 3}}, context={{name: name}})
with tb.start_run("b", params={{name: 2}}):
    tb.log({{name: 1, "acc": 0.1}})
"""
    sources = ["%load_ext trackbook\nimport trackbook as tb", tracked, "tb.table()", "tb.compare(1, 2)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    resources = {"metadata": {"path": str(fresh.folder)}}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources)
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert [output.output_type for output in outputs] == ["display_data", "execute_result", "execute_result"]
    watched = outputs[0].data["text/html"]
    assert "✓ finished" in watched
    assert watched.count("<svg") == 2
    for output in outputs:
        page = output.data["text/html"]
        assert set(output.data) == {"text/plain", "text/html"}
        assert "<script" not in page
        assert "<img" not in page
        assert "\u202e" not in page + output.data["text/plain"]
        assert "\x1b" not in page + output.data["text/plain"]
        assert "tex2jax_ignore" in page
        assert "&lt;script&gt;" in page
    exported, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook)
    body = exported.partition("<main>")[2]
    assert "alert(2)&gt;" in body
    assert "<img src=x" not in body
    assert "newest first" in body


def test_a_search_that_can_not_be_read_is_pointed_at(shown: Any) -> None:
    line = shown.run("%track runs status = failed").line
    query, caret = line.splitlines()[-2:]
    assert (query.strip(), caret.index("^")) == ("status=failed", query.index("failed"))
