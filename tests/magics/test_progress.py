"""`tb.progress` in a real kernel: a widget meanwhile, and a line that can be read afterwards."""

from typing import Any

WIDGET = "application/vnd.jupyter.widget-view+json"


def test_a_widget_whose_place_a_line_takes(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn")
    kernel.run("import time\nimport trackbook as tb\nimport ipywidgets")
    source = (
        "for step in tb.progress(range(8), desc='fit', metrics='loss'):\n"
        "    loss = 1 / (step + 1)\n"
        "    time.sleep(0.05)"
    )
    message_id = kernel.send(source, "c1")
    shown: list[dict[str, Any]] = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["msg_type"] in ("display_data", "update_display_data"):
            shown.append(message["content"])
        if (
            message["parent_header"].get("msg_id") == message_id
            and message["content"].get("execution_state") == "idle"
        ):
            break
    kernel.client.get_shell_msg(timeout=60)
    first, last = shown[0], shown[-1]
    assert WIDGET in first["data"]
    assert first["data"]["text/plain"].startswith("fit: ")
    assert first["transient"]["display_id"] == last["transient"]["display_id"]
    assert set(last["data"]) == {"text/plain", "text/html"}
    assert "100% ████████████████████ 8/8 · " in last["data"]["text/plain"]
    assert last["data"]["text/plain"].endswith(" · loss 0.125")
    run = project.last
    assert [value for _, value in run.metrics["loss"]] == [1 / (step + 1) for step in range(8)]
    # What is stored with the cell is the line, too.
    (cell,) = [cell for cell in run.cells if cell.started.cell_id == "c1"]
    (output,) = cell.outputs
    assert "8/8" in output["data"]["text/plain"]
    assert WIDGET not in output["data"]


def test_a_short_loop_and_one_that_fails(kernel: Any) -> None:
    kernel.run("import trackbook as tb")
    reply = kernel.run("for x in tb.progress([1, 2]): pass")
    assert " 2/2 · " in reply.line
    reply = kernel.run("for x in tb.progress([1, 0]): 1 / x")
    assert reply.content["ename"] == "ZeroDivisionError"
    assert " 1/2 stopped · " in reply.lines[0]


def test_without_ipywidgets_it_is_a_line_all_along(kernel: Any) -> None:
    kernel.run("import sys, time\nimport trackbook as tb\nsys.modules['ipywidgets'] = None")
    try:
        source = "for x in tb.progress(range(4), desc='load'):\n    time.sleep(0.06)\n    seen = x\n1 / 0"
        reply = kernel.run(source)
        assert "load: 100%" in reply.line
        assert WIDGET not in reply.outputs[0]["data"]
        assert "no module" not in str(reply.outputs).lower()
    finally:
        kernel.run("del sys.modules['ipywidgets']")
