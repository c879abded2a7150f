"""System metrics in a real kernel: beside cells, with what they start, and never in their way."""

import time
from typing import Any

from trackbook.domain import records as r

OFTEN = {"TRACKBOOK_SYSTEM_INTERVAL": "0.2"}


def last(run: Any, name: str) -> float:
    return float(run.system[name][-1][1])


def test_a_notebook_s_run_says_what_kernel_and_machine_did(start_kernel: Any, fresh: Any) -> None:
    kernel = start_kernel(variables=OFTEN)
    kernel.run("%load_ext trackbook")
    kernel.run("%track start churn")
    kernel.run("import os, subprocess, sys, time\ngrown = bytearray(150_000_000)\nos.getpid()")
    program = "import time; grown = bytearray(80_000_000); print('ready', flush=True); input()"
    start = f"helper = subprocess.Popen([sys.executable, '-c', {program!r}], stdin=-1, stdout=-1)"
    kernel.run(f"{start}\nhelper.stdout.readline()")
    fresh.until(lambda project: project.last.system.get("children.memory"))
    fresh.until(lambda project: last(project.last, "children.memory") > 80e6)
    assert last(fresh.last, "process.memory") > 150e6
    kernel.run("until = time.process_time() + 0.7\nwhile time.process_time() < until: pass")
    reply = kernel.run("helper.communicate(b'\\n')\n%track metric loss=0.5\n%track end")
    assert reply.status == "ok", reply.traceback
    run = fresh.last
    assert max(value for _, value in run.system["process.cpu"]) > 5
    assert run.metrics == {"loss": [(0, 0.5)]}
    units = {record.key: record.unit for record in run.all(r.MetricDefined)}
    assert units["system/process.memory"] == "B"
    with fresh.services() as services:
        (found,) = services.runs.search().runs
        assert found.metrics == {"loss": 0.5}
        assert {one.key for one in services.runs.detail(found.id).series} > {"loss", "system/cpu"}


def test_an_interrupt_still_reaches_the_cell(start_kernel: Any, fresh: Any) -> None:
    kernel = start_kernel(variables=OFTEN)
    kernel.run("%load_ext trackbook")
    kernel.run("%track start churn")
    fresh.until(lambda project: project.last.system)
    message = kernel.send("print('sleeps', flush=True)\nimport time\ntime.sleep(100)")
    kernel.wait_for_text("sleeps")
    began = time.monotonic()
    kernel.manager.interrupt_kernel()
    reply = kernel.wait(message)
    assert reply.content["ename"] == "KeyboardInterrupt"
    assert time.monotonic() - began < 50


def test_a_restart_ends_the_run_with_a_last_sample(start_kernel: Any, fresh: Any) -> None:
    kernel = start_kernel(variables={"TRACKBOOK_SYSTEM_INTERVAL": "1.1"})
    kernel.run("%load_ext trackbook")
    # However busy the machine is, the end waits for its sample.
    kernel.run(
        "from trackbook.services.capturing import system\nsystem._END_SECONDS = 60.0\n%track start churn"
    )
    fresh.until(lambda project: project.last.system)
    time.sleep(0.6)
    kernel.restart()
    run = fresh.last
    assert run.end.status == "killed"
    kinds = [type(record).__name__ for record in run.all(object)]
    assert len(run.system["memory"]) >= 2
    assert kinds[-2:] == ["RunEnded", "WriterClosed"]


def test_it_can_be_left_out(start_kernel: Any, fresh: Any) -> None:
    kernel = start_kernel(variables={**OFTEN, "TRACKBOOK_CAPTURE": "-system"})
    kernel.run("%load_ext trackbook")
    kernel.run("%track start churn")
    kernel.run("import threading, time\ntime.sleep(0.5)")
    reply = kernel.run("print([thread.name for thread in threading.enumerate()])\n%track end")
    assert "trackbook-system" not in reply.stdout
    assert fresh.last.system == {}
