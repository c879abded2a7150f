"""The names that executions read and wrote, as real kernels record them."""

import os
from typing import Any

from trackbook.domain import records as r


def names_of(run: Any, cell_id: str) -> tuple[list[str], list[str]]:
    (cell,) = [cell for cell in run.cells if cell.started.cell_id == cell_id]
    return cell.finished.reads, cell.finished.writes


def test_reads_and_writes_of_each_execution(kernel: Any, project: Any) -> None:
    (project.folder / "helper.py").write_text("made_by_run = 1\n", encoding="utf-8")
    kernel.run("%track start churn\nlr = 0.1", "start")
    cells = {
        "train": "import os, random\nlosses = []\nfor step in range(3):\n    losses.append(step * lr)",
        "magic": "%time total = sum(losses)\nfiles = !echo {lr}\nos.remove",
        "run": "%run helper.py",
        "star": "from math import *",
        "own": "input = 3",
        "again": "input + 1\nprint(_, In)",
        "await": "import asyncio\nvalue = await asyncio.sleep(0, result=lr)",
        "thread": "import threading\nt = threading.Thread(target=lambda: print(lr))\nt.start()\nt.join()",
        "body": "%%capture out\nprint(total)",
        "broken": "1 +",
        "failing": "half = lr / 2\n1 / 0",
    }
    for cell_id, source in cells.items():
        kernel.run(source, cell_id)
    found = {cell_id: names_of(project.last, cell_id) for cell_id in ("start", *cells)}
    assert found == {
        "start": ([], ["lr"]),
        "train": (["lr"], ["os", "random", "losses", "step"]),
        "magic": (["losses", "lr", "os"], ["total", "files"]),
        "run": ([], ["made_by_run", "*"]),
        "star": ([], found["star"][1]),
        "own": ([], ["input"]),
        "again": (["input"], []),
        "await": (["lr"], ["asyncio", "value"]),
        "thread": (["lr"], ["threading", "t"]),
        "body": (["total"], ["out"]),
        "broken": ([], []),
        "failing": (["lr"], ["half"]),
    }
    assert {"sin", "sqrt", "*"} <= set(found["star"][1])


def test_a_method_of_a_module_changes_no_name(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn\nimport numpy as np\nx = [1]")
    kernel.run("y = np.append(x, 2)\nx.append(3)", "c1")
    assert names_of(project.last, "c1") == (["np", "x"], ["y", "x"])


def test_with_autoreload(kernel: Any, project: Any) -> None:
    module = project.folder / "features.py"
    module.write_text("def scale(x):\n    return x\n", encoding="utf-8")
    kernel.run("%load_ext autoreload\n%autoreload 2\n%track start churn")
    kernel.run("from features import scale\na = scale(2)", "c1")
    module.write_text("def scale(x):\n    return 10 * x  # changed\n", encoding="utf-8")
    assert kernel.run("b = scale(a)\nb", "c2").outputs[0]["data"]["text/plain"] in ("20", "2")
    assert names_of(project.last, "c1") == ([], ["scale", "a"])
    assert names_of(project.last, "c2") == (["scale", "a"], ["b"])
    kernel.run("%autoreload 0")


def test_output_belongs_to_its_execution(kernel: Any, project: Any) -> None:
    source = "import trackbook as tb\nprint('text')\ntb.current_run().artifact(b'x', 'x.bin')"
    kernel.run("%track start churn", "c0")
    kernel.run(source, "c1")
    with_artifact = project.last
    (cell,) = [cell for cell in with_artifact.cells if cell.started.cell_id == "c1"]
    stored = with_artifact.one(r.ArtifactStored)
    assert stored.cell_id == cell.started.cell_id
    assert cell.started.at <= stored.at <= cell.finished.at
    assert (cell.source, cell.outputs[0]["text"]) == (source, "text\n")


def test_what_autoreload_takes_in_is_recorded(start_kernel: Any, fresh: Any) -> None:
    module = fresh.folder / "tb_patched.py"
    sources = [
        "def f():\n    return 1\n",
        "def f():\n    return 2\n",
        "X = 3\n\n\ndef f():\n    return X\n",
        "def f(:\n",
    ]
    module.write_text(sources[0])
    kernel = start_kernel()
    kernel.run(
        "%load_ext trackbook\n%load_ext autoreload\n%autoreload 2\nimport tb_patched\n%track start churn"
    )
    kernel.run("import trackbook as tb\ntb.current_run().surroundings.wait(60)", silent=True)
    shown = []
    for position, source in enumerate(sources):
        module.write_text(source)
        os.utime(module, (2e9 + position, 2e9 + position))
        shown += [
            output["data"]["text/plain"]
            for output in kernel.run("tb_patched.f()").outputs
            if "data" in output
        ]
    kernel.run("tb_patched.f()")
    kernel.run("%track end")
    assert shown == ["1", "2", "3", "3"]
    run = fresh.last
    found = [module for record in run.all(r.ModulesCaptured) for module in record.modules]
    assert {one.name for one in found} == {"tb_patched"}
    texts = [run.blobs.get(one.digest).decode() for one in found]
    # Equal sources in a row: the first cell may come before or after the first look at the module.
    assert list(dict.fromkeys(texts)) == sources[:3]
