"""Trials that share their first cells come out as trials that run as a whole: cell by cell, in real processes."""

import json
import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest
from nbformat import v4
from tests.jobs.conftest import Project, Seen, wait_for

from trackbook.domain.execution import Execution, Outcome, SharedPrefix
from trackbook.domain.job import JobSpec
from trackbook.jobs.executor import PapermillExecutor
from trackbook.jobs.pool import run_jobs
from trackbook.jobs.prefix.executor import SharingExecutor
from trackbook.jobs.prefix.order import order_prefix
from trackbook.jobs.prefix.record import read_record
from trackbook.notebook.inject import inject_parameters
from trackbook.services.resumption import ResumeRequest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")

CELLS = {
    "count": "with open('executed.txt', 'a') as f:\n    f.write('x')",
    "imports": "import os, random, sys, numpy as np, pandas as pd\nimport matplotlib.pyplot as plt",
    "seeds": "random.seed(1)\nnp.random.seed(2)\nrng = np.random.default_rng(3)",
    "draws": "random.random(), np.random.rand(), rng.random()",
    "data": "from sklearn.datasets import load_iris\nX, y = load_iris(return_X_y=True)\nX.shape",
    "openmp": (
        "from sklearn.ensemble import HistGradientBoostingClassifier as H\n"
        "print(H(max_iter=3, random_state=0).fit(X, y).score(X, y))"
    ),
    "frame": "frame = pd.DataFrame(X)\nframe.describe().iloc[1:3, :2]",
    "display": "from IPython.display import display, Markdown\nhandle = display(Markdown('first'), display_id='d')",
    "streams": "print('out')\nprint('err', file=sys.stderr)\nos.system('echo below')",
    "figure": "%matplotlib inline\nfigure, axes = plt.subplots()\naxes.plot([1, 2, 3])",
    "kept figure": "kept, its_axes = plt.subplots()\nits_axes.set_title('kept')\nplt.close(kept)",
    "file": "lines = open('data.txt')\nlines.readline()",
    "module": "import own\nown.state.append(1)\nown.state",
    "folder": "os.makedirs('below', exist_ok=True)\nos.chdir('below')\nos.environ['SET'] = 'in a shared cell'",
    "reload": "%load_ext autoreload\n%autoreload 2",
    "closure": "calls = []\ndef count():\n    calls.append(1)\n    return len(calls)\ncount()",
    "result": "40 + 2",
    "parameters": "C = 1.0\nkind = 'a'",
    "still shared": "later = [kind] * 2\nlater",
    "values": "C, kind, later",
    "history": "_, In[-2:], Out[17], get_ipython().execution_count",
    "draws again": "random.random(), np.random.rand(), rng.random(), list(np.random.permutation(5))",
    "openmp again": "print(H(max_iter=3, learning_rate=C, random_state=0).fit(X, y).score(X, y))",
    "linear": "from sklearn.linear_model import LogisticRegression as L\nround(L(C=C).fit(X, y).score(X, y), 6)",
    "frame again": "frame.groupby(y).mean().round(3)",
    "update": "handle.update(Markdown(f'second {C}'))",
    "draw again": "its_axes.plot([C, 2])\nkept",
    "new figure": "plt.plot([C, 1])",
    "read on": "lines.readline(), lines.readline()",
    "where": "os.path.basename(os.getcwd()), os.environ['SET'], os.environ['TRACKBOOK_RUN']",
    "state": "own.state.append(C)\nown.state",
    "count again": "count()",
    "thread": "import threading\nt = threading.Thread(target=print, args=('in a thread',))\nt.start(); t.join()",
    "await": "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
    "process": "import subprocess\nsubprocess.run(['echo', str(C)], check=True).returncode",
    "pool": (
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n"
        "    print(list(pool.map(abs, [-1, -2])))"
    ),
    "joblib": "from joblib import Parallel, delayed\nParallel(n_jobs=1)(delayed(abs)(-i) for i in range(3))",
    "input": "In[18]",
}
SHARED = list(CELLS)[: list(CELLS).index("still shared") + 1]


def make_cells(sources: dict[str, str]) -> list[Any]:
    return [
        v4.new_code_cell(
            source,
            id=name.replace(" ", "-"),
            metadata={"tags": ["parameters"]} if name == "parameters" else {},
        )
        for name, source in sources.items()
    ]


class Sweep:
    """Executes trials of one notebook, shared or not, in a folder of its own for each kind."""

    def __init__(self, folder: Path, sources: dict[str, str], swept: list[str] | None = None) -> None:
        self.folder = folder
        self.swept = swept or ["C"]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        self.notebook = json.loads(
            nbformat.writes(v4.new_notebook(cells=make_cells(sources), metadata={"kernelspec": kernel}))
        )
        folder.mkdir(exist_ok=True)
        (folder / "data.txt").write_text("one\ntwo\nthree\n")
        (folder / "own.py").write_text("state = []\n")

    def execution(self, values: dict[str, Any], run: str, *, shared: bool, **options: Any) -> Execution:
        injected = inject_parameters(self.notebook, values)
        path = self.folder / f"{run}.ipynb"
        path.write_text(json.dumps(injected))
        spec = JobSpec(
            "digest", "n.ipynb", str(self.folder), values, "e", run, sweep_id="s", swept=self.swept
        )
        prefix, _ = order_prefix(self.notebook, injected, spec) if shared else (None, "")
        assert prefix is not None or not shared
        environment = options.pop("environment", {}) | {"TRACKBOOK_RUN": run}
        return Execution(
            str(path),
            str(self.folder / f"{run}.out.ipynb"),
            str(self.folder),
            str(self.folder / f"{run}.log"),
            environment=environment,
            kernel="python3",
            prefix=prefix,
            **options,
        )

    def output(self, run: str) -> Any:
        found = nbformat.read(self.folder / f"{run}.out.ipynb", 4)
        nbformat.validate(found)
        return found


@pytest.fixture(scope="module")
def sharing() -> Iterator[SharingExecutor]:
    with tempfile.TemporaryDirectory(prefix="tb-") as folder:
        yield SharingExecutor(Path(folder), os.getpid())


TRIALS = [{"C": 0.1, "kind": "a"}, {"C": 10.0, "kind": "a"}]


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, sharing: SharingExecutor
) -> Iterator[dict[str, list[Any]]]:
    # The import of scikit-learn draws from `random`, which in a warm kernel is done beforehand.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKBOOK_WARM", "0")
        yield _run_both(tmp_path_factory, sharing)


def _run_both(tmp_path_factory: pytest.TempPathFactory, sharing: SharingExecutor) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, executor in (("whole", PapermillExecutor()), ("shared", sharing)):
        sweep = Sweep(tmp_path_factory.mktemp(name) / "work", CELLS)
        caps = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1"}
        for number, values in enumerate(TRIALS):
            ordered = sweep.execution(values, f"run{number}", shared=name == "shared", environment=caps)
            outcome = executor.run(ordered, Seen())
            assert outcome.status == "finished", outcome
            found.setdefault(name, []).append(sweep.output(f"run{number}"))
            found.setdefault("problems", []).extend(outcome.problems)
        found[f"{name} executed"] = [len((sweep.folder / "executed.txt").read_text())]
    return found


def shown(cell: Any) -> Any:
    """What a cell shows; how its streams mix is a matter of timing in a kernel."""
    streams: dict[str, str] = {}
    others = []
    for output in cell.outputs:
        if output.output_type == "stream":
            streams[output.name] = streams.get(output.name, "") + output.text
        else:
            others.append(re.sub(r"0x[0-9a-f]+", "0x", repr(dict(output))))
    if "below" in streams.get("stdout", ""):
        streams["stdout"] = "".join(sorted(streams["stdout"].splitlines(keepends=True)))
    return cell.source, cell.execution_count, streams, others


@pytest.mark.parametrize("name", CELLS)
def test_each_cell_shows_what_it_shows_in_a_trial_that_runs_as_a_whole(
    both: dict[str, list[Any]], name: str
) -> None:
    for whole, shared in zip(both["whole"], both["shared"], strict=True):
        pair = [
            next(cell for cell in found.cells if cell.id == name.replace(" ", "-"))
            for found in (whole, shared)
        ]
        if name == "streams" and not any("below" in o.get("text", "") for o in pair[0].outputs):
            # Under load a kernel loses what was written below Python at the end of a cell.
            assert shown(pair[1])[2]["stderr"] == shown(pair[0])[2]["stderr"]
            continue
        if name == "process":
            assert shown(pair[1])[3] == shown(pair[0])[3]
            continue
        assert shown(pair[1]) == shown(pair[0])


def test_shared_cells_ran_once_and_say_who_executed_them(both: dict[str, list[Any]]) -> None:
    said = "Cells 1 to 19 ran once for all trials of the sweep"
    assert both["problems"] == [f"{said}.", f"{said}, in run run0."]
    assert both["whole executed"] == [2]
    assert both["shared executed"] == [1]
    for found in both["shared"]:
        marked = [c.id for c in found.cells if c.metadata.trackbook.get("shared")]
        assert marked == [name.replace(" ", "-") for name in SHARED]
        assert {c.metadata.trackbook["shared_run"] for c in found.cells if c.id in marked} == {"run0"}
        assert all(c.metadata.papermill.status == "completed" for c in found.cells)


def test_trials_that_nobody_seeded_draw_numbers_of_their_own(
    tmp_path: Path, sharing: SharingExecutor
) -> None:
    sources = {
        "imports": "import random, numpy as np\nx = np.arange(3)",
        "parameters": "C = 1.0",
        "draws": "print(C, random.random(), np.random.rand())",
    }
    sweep = Sweep(tmp_path / "w", sources)
    seen = set()
    for number in range(2):
        ordered = sweep.execution({"C": 1.0}, f"r{number}", shared=True)
        assert sharing.run(ordered, Seen()).status == "finished"
        seen.add(sweep.output(f"r{number}").cells[-1].outputs[0].text)
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (
            "import threading, time\nthreading.Thread(target=time.sleep, args=(900,), daemon=True).start()",
            "thread",
        ),
        ("f = open('log.txt', 'w')", "log.txt"),
        ("import socket\ns = socket.socket()", "socket"),
        ("from utils import draw\ndraw()", "Random numbers"),
    ],
)
def test_what_can_not_be_copied_is_not_shared_and_the_trials_run_as_a_whole(
    tmp_path: Path, sharing: SharingExecutor, source: str, word: str
) -> None:
    sweep = Sweep(tmp_path / "w", {"first": source, "parameters": "C = 1.0", "last": "print(C)"})
    (sweep.folder / "utils.py").write_text("import numpy as np\ndef draw():\n    return np.random.rand()\n")
    seen = Seen()
    outcome = sharing.run(sweep.execution({"C": 2.0}, "r", shared=True), seen)
    assert outcome.status == "finished"
    assert len(outcome.problems) == 1
    assert outcome.problems[0].startswith("No cells were shared with other trials: ")
    assert word in outcome.problems[0]
    assert sweep.output("r").cells[-1].outputs[0].text == "2.0\n"
    assert not any((cell.metadata.trackbook or {}).get("shared") for cell in sweep.output("r").cells)
    assert [state for _, state in seen.finished] == ["ok"] * 4


def test_where_a_shared_cell_fails_each_trial_fails_there_with_its_error(
    tmp_path: Path, sharing: SharingExecutor
) -> None:
    sources = {
        "first": "with open('executed.txt', 'a') as f:\n    f.write('x')",
        "fails": "print('so far')\nraise ValueError('no data')",
        "parameters": "C = 1.0",
        "never": "C",
    }
    sweep = Sweep(tmp_path / "w", sources)
    for number in range(2):
        seen = Seen()
        outcome = sharing.run(sweep.execution({"C": float(number)}, f"r{number}", shared=True), seen)
        assert outcome.status == "failed"
        assert outcome.error is not None
        assert (outcome.error.ename, outcome.error.evalue, outcome.error.cell) == ("ValueError", "no data", 2)
        assert outcome.not_run == ["parameters", "injected-parameters", "never"]
        assert seen.finished == [("first", "ok"), ("fails", "error")]
        cell = sweep.output(f"r{number}").cells[1]
        assert [output.output_type for output in cell.outputs] == ["stream", "error"]
    assert (sweep.folder / "executed.txt").read_text() == "x"


def test_a_copy_that_hangs_is_killed_and_the_notebook_runs_again_as_a_whole(
    tmp_path: Path, sharing: SharingExecutor
) -> None:
    # A lock that was held in the moment of the fork, as libraries have them: in the copy nobody gives it back.
    sources = {
        "first": "import threading\nlock = threading.Lock()\nlock.acquire()\nimport os\nowner = os.getpid()",
        "parameters": "C = 1.0",
        "waits": "if os.getpid() != owner:\n    lock.acquire()\nprint('through', C)",
    }
    sweep = Sweep(tmp_path / "w", sources)
    outcome = sharing.run(sweep.execution({"C": 2.0}, "r", shared=True), Seen())
    assert outcome.status == "finished"
    assert "hung" in outcome.problems[0]
    assert sweep.output("r").cells[-1].outputs[0].text == "through 2.0\n"


def test_a_copy_that_was_killed_is_made_anew(tmp_path: Path, sharing: SharingExecutor) -> None:
    sources = {
        "first": "with open('executed.txt', 'a') as f:\n    f.write('x')",
        "parameters": "C = 1.0",
        "last": "import os\nprint(C, os.getppid())",
    }
    sweep = Sweep(tmp_path / "w", sources)
    for number in range(3):
        outcome = sharing.run(sweep.execution({"C": 2.0}, f"r{number}", shared=True), Seen())
        assert outcome.status == "finished"
        pid = int(sweep.output(f"r{number}").cells[-1].outputs[0].text.split()[1])
        if number == 0:
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda pid=pid: not Path(f"/proc/{pid}/exe").exists())
        elif number == 1:
            # It ran as a whole, since there was nothing to be forked, and said so.
            assert "No cells were shared" in outcome.problems[0]
    assert (sweep.folder / "executed.txt").read_text() == "xxx"
    assert "ran once for all trials" in outcome.problems[0]


def test_trials_at_once_share_one_run_of_the_cells(tmp_path: Path) -> None:
    sources = {
        "first": "import time\ntime.sleep(0.5)\nwith open('executed.txt', 'a') as f:\n    f.write('x')",
        "parameters": "C = 1.0",
        "last": "print(C)",
    }
    sweep = Sweep(tmp_path / "w", sources)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="tb-") as folder:

        def run(number: int) -> None:
            executor = SharingExecutor(Path(folder), os.getpid())
            outcomes.append(executor.run(sweep.execution({"C": 1.0}, f"r{number}", shared=True), Seen()))

        threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [outcome.status for outcome in outcomes] == ["finished"] * 3
    assert (sweep.folder / "executed.txt").read_text() == "x"


def test_a_job_that_is_cancelled_while_the_shared_cells_run_ends(tmp_path: Path) -> None:
    sweep = Sweep(
        tmp_path / "w",
        {"first": "open('began', 'w').close()\nimport time\ntime.sleep(900)", "parameters": "C = 1.0"},
    )
    executor = SharingExecutor()
    try:
        threading.Thread(
            target=lambda: (wait_for((sweep.folder / "began").exists), executor.cancel()), daemon=True
        ).start()
        assert executor.run(sweep.execution({"C": 1.0}, "r", shared=True), Seen()).status == "aborted"
    finally:
        executor.close()


def test_another_interpreters_kernel_is_not_shared(tmp_path: Path, sharing: SharingExecutor) -> None:
    sweep = Sweep(tmp_path / "w", {"first": "x = 1", "parameters": "C = 1.0"})
    kernels = tmp_path / "share" / "jupyter" / "kernels" / "other"
    kernels.mkdir(parents=True)
    spec = {"argv": ["/elsewhere/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    (kernels / "kernel.json").write_text(json.dumps(spec | {"display_name": "Other", "language": "python"}))
    from trackbook.jobs.runner.choice import why_no_runner

    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = str(kernels.parent.parent)
    try:
        assert "/elsewhere" in (why_no_runner("other") or "")
        assert why_no_runner("python3") is None
        assert "no kernel" in (why_no_runner("none") or "")
    finally:
        os.environ.pop("JUPYTER_PATH")
        if before is not None:
            os.environ["JUPYTER_PATH"] = before
    assert sweep.notebook


def test_records_that_can_not_be_read_are_none(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(b"\xc1 torn")
    assert read_record(tmp_path / "r") is None
    assert read_record(tmp_path / "none") is None


def test_an_order_travels_as_json() -> None:
    order = SharedPrefix("k", 3, [0, 2], "r", 1, "n = 1", "C = 2", ["numpy"])
    assert msgspec.json.decode(msgspec.json.encode(order), type=SharedPrefix) == order


def test_trials_of_a_real_sweep_track_into_runs_of_their_own(project: Project) -> None:
    path = project.notebook(
        "%load_ext trackbook\nimport trackbook as tb",
        "with open('executed.txt', 'a') as f:\n    f.write('x')",
        "%track metric loss=1/C\n%track param used=C",
        "tb.log({'again': C})",
        parameters="C = 1.0\nn = 1",
    )
    jobs = project.services.jobs.submit(path, {"n": 2}, {"C": [1.0, 2.0, 4.0]}, share_prefix=True)
    outcomes = run_jobs(project.store, jobs, parallel=2)
    assert outcomes.exit_code == 0, outcomes
    for job, value in zip(outcomes.jobs, (1.0, 2.0, 4.0), strict=True):
        found = project.detail(job.spec.run_id)
        assert found.run.metrics == {"loss": 1 / value, "again": value}
        assert found.run.params["used"] == value
        assert found.run.params["n"] == 2
        assert [cell.status for cell in found.cells] == ["ok"] * 6
        assert "Cells 1 to 3 ran once for all trials of the sweep" in (found.run.notes or "")
    assert (project.folder / "executed.txt").read_text() == "x"


def test_a_trial_goes_on_from_a_snapshot_behind_the_shared_cells(project: Project) -> None:
    def write(last: str) -> Path:
        return project.notebook(
            "def ran(cell):\n    with open('ran.txt', 'a') as file: file.write(cell)",
            "ran('1')\nbase = [1, 2, 3]",
            "ran('2')\nmine = [x * one for one in base]",
            "ran('3')\n" + last,
            parameters="x = 1",
        )

    services = project.services
    jobs = services.jobs.submit(
        write("mine[10]"), sweep={"x": [2, 3]}, share_prefix=True, snapshots=True, timeout=300
    )
    assert [job.spec.snapshots and job.spec.share_prefix for job in jobs] == [True, True]
    outcomes = run_jobs(project.store, jobs).jobs
    assert services.runs.refresh(timeout=60)
    assert [job.status for job in outcomes] == ["failed", "failed"]
    ran = project.folder / "ran.txt"
    assert sorted(ran.read_text()) == list("12233")
    ran.write_text("")
    write("total = sum(mine)\nprint(total)")
    run_id = jobs[1].spec.run_id
    again, plan = services.resumptions.submit(run_id, ResumeRequest())
    assert (plan.how, plan.reason) == ("snapshot", None), plan.snapshots
    (done,) = run_jobs(project.store, [again]).jobs
    assert services.runs.refresh(timeout=60)
    assert (done.status, ran.read_text()) == ("finished", "3")
    _, path = services.artifacts.open(again.spec.run_id, "output.ipynb")
    assert "18\n" in path.read_text("utf-8").replace("\\n", "\n")
    services.resumptions.drop_snapshots()
