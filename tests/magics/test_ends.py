"""How runs end that nobody ends: restarted, shut down, killed and busy kernels."""

from collections.abc import Callable
from typing import Any

from trackbook.domain import records as r
from trackbook.store.locks import is_held

RESTARTED = ("killed", "The kernel was restarted.")
STOPPED = ("finished", "The kernel was shut down.")


def test_a_restart_kills_the_run(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn")
    kernel.restart()
    run = fresh.last
    assert (run.end.status, run.end.reason) == RESTARTED
    assert run.end.message_id is None
    kernel.run("%load_ext trackbook\n%track start churn")
    assert not fresh.last.all(r.RunEnded)
    assert len(fresh.runs) == 2


def test_after_a_restart_the_run_is_resumed(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn --group cv --tags old=1\n%track metric loss=0.5")
    run_id = fresh.last.id
    kernel.restart()
    with fresh.services():
        pass  # the index has it from now on
    reply = kernel.run(f"%load_ext trackbook\n%track start --resume {run_id}")
    assert reply.lines[-1].endswith(" resumed")
    reply = kernel.run(f"%track start --resume {run_id}\n%track metric loss=0.25\n%track untag old")
    assert reply.lines[0].endswith(" is open already")
    assert kernel.run("%track rename better").lines[-1].endswith(" is better now")
    reply = kernel.run(f"%track start --fork {run_id} --at-step 0")
    assert " started · forked at step 0" in reply.lines[-1]
    kernel.run("%track end")
    with fresh.services() as services:
        detail = services.runs.detail(run_id)
        assert [(a.status, a.reason) for a in detail.attempts] == [
            RESTARTED, ("finished", "Another run was started.")
        ]  # fmt: skip
        assert (detail.run.name, detail.run.group, detail.run.tags) == ("better", "cv", {})
        assert services.series.read(run_id, "loss").steps == [0, 1]
        assert services.series.read(detail.forks[0], "loss").values == [0.5]
        # The cells of both attempts are there, those of the second behind those of the first.
        assert len(detail.cells) >= 4
        assert detail.cells[0].status == "ok"


def test_a_restart_in_the_middle_of_a_cell(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn")
    kernel.send("import time\nprint('training', flush=True)\nwhile True: time.sleep(0.05)")
    kernel.wait_for_text("training")
    kernel.restart()
    run = fresh.last
    assert (run.end.status, run.end.reason) == RESTARTED
    assert run.cells[-1].finished.status == "aborted"


def test_a_restart_of_a_cell_that_can_not_be_interrupted(
    start_kernel: Callable[..., Any], fresh: Any
) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn")
    kernel.send(
        "import time\nprint('stubborn', flush=True)\n"
        "while True:\n    try:\n        while True: time.sleep(0.01)\n    except KeyboardInterrupt: pass"
    )
    kernel.wait_for_text("stubborn")
    kernel.manager.shutdown_wait_time = 12.0
    kernel.restart()
    run = fresh.last
    assert (run.end.status, run.end.reason) == RESTARTED
    assert run.cells[-1].finished.status == "aborted"
    assert run.cells[-1].outputs[0]["text"] == "stubborn\n"


def test_a_shutdown_finishes_the_run(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn\nimport trackbook as tb\ntb.start_run(nested=True)")
    kernel.run("1 / 0")
    kernel.stop()
    assert [(run.end.status, run.end.reason) for run in fresh.runs] == [STOPPED, STOPPED]


def test_a_kernel_ends_by_itself_while_it_flushes(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn")
    # The thread that heard of the shutdown comes between: it flushes once the output is closed, if that comes first.
    kernel.run(
        "import collections, sys, threading\n"
        "publisher = sys.stdout.pub_thread\n"
        "class Late(collections.deque):\n"
        "    def append(self, event):\n"
        "        if threading.current_thread() is get_ipython().kernel.parent.control_thread and asked:\n"
        "            publisher.thread.join(0.5)\n"
        "        super().append(event)\n"
        "asked, do_shutdown = [], get_ipython().kernel.do_shutdown\n"
        "def late(restart):\n"
        "    asked.append(restart)\n"
        "    return do_shutdown(restart)\n"
        "get_ipython().kernel.do_shutdown = late\n"
        "publisher._events = Late(publisher._events)"
    )
    process = kernel.manager.provisioner.process
    kernel.stop()
    assert process.returncode == 0  # nobody had to kill it
    assert (fresh.last.end.status, fresh.last.end.reason) == STOPPED


def test_exit_in_a_cell_finishes_the_run(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn")
    kernel.send("exit")
    fresh.until(lambda project: project.last.all(r.RunEnded))
    assert fresh.last.end.status == "finished"


def test_a_killed_kernel_is_found(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn --name victim --params lr=0.1")
    kernel.send(
        "import trackbook as tb, time\ntb.log({'loss': 0.5})\nprint('up', flush=True)\ntime.sleep(600)"
    )
    kernel.wait_for_text("up")
    kernel.kill()
    run = fresh.last
    assert not run.all(r.RunEnded)
    with fresh.services() as services:
        found = services.runs.get(run.id)
        assert (found.status, found.name, found.params) == ("killed", "victim", {"lr": 0.1})
        assert found.reason
        assert found.metrics == {"loss": 0.5}
        detail = services.runs.detail(run.id)
        assert [cell.status for cell in detail.cells] == ["ok", "aborted"]


def test_a_kernel_that_lives_is_not_taken_for_dead(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn")
    locks = list(fresh.store.journals.glob("*/*.lock"))
    assert locks
    assert all(is_held(lock) for lock in locks)
    with fresh.services() as services:
        assert (
            services.runs.get(fresh.store.journals.glob("*/*.lock").__next__().parent.name).status
            == "running"
        )


def test_a_job_s_kernel_joins_its_run(start_kernel: Callable[..., Any], fresh: Any) -> None:
    from trackbook.domain.run import Source
    from trackbook.services.recorder import RunRecorder

    owner = RunRecorder.start(fresh.store, experiment="churn", source=Source("job", "train.ipynb"))
    output = fresh.folder / "outputs"
    kernel = start_kernel(
        variables={
            "TRACKBOOK_STORE": str(fresh.store.root),
            "TRACKBOOK_RUN": owner.run_id,
            "TRACKBOOK_JOB": "job",
            "TRACKBOOK_OUTPUT_DIR": str(output),
        }
    )
    kernel.run("%load_ext trackbook", silent=True)
    kernel.run("print('first')", "c1")
    reply = kernel.run("%track start other --params lr=0.1\nimport trackbook as tb", "c2")
    assert "joined" in reply.line
    kernel.run("tb.current_run().output_dir.joinpath('made.txt').write_text('x')", "c3")
    assert kernel.run("%track end", "c4").line.endswith("goes on until its job ends")
    child = kernel.run("with tb.start_run('inner') as run: print(run.id)", "c5").stdout.strip()
    kernel.run("tb.current_run().end()", "c6")
    later = kernel.run("with tb.start_run('later') as run: print(run.id)", "c7").stdout.strip()
    kernel.stop()
    owner.end()
    run = next(run for run in fresh.runs if run.id == owner.run_id)
    assert [cell.started.cell_id for cell in run.cells] == ["c1", "c2", "c3", "c4", "c5", "c6"]
    assert run.cells[0].outputs[0]["text"] == "first\n"
    assert run.params == {"lr": 0.1}
    assert run.end.status == "finished"
    assert not run.all(r.SnapshotTaken)
    assert run.all(r.EnvironmentCaptured)
    assert (output / "made.txt").read_text() == "x"
    inner = next(run for run in fresh.runs if run.id == child)
    assert (inner.start.parent_id, inner.start.source.job_id) == (owner.run_id, "job")
    assert next(run for run in fresh.runs if run.id == later).start.parent_id == owner.run_id


def test_neither_a_cell_nor_the_end_waits_for_what_is_captured(
    start_kernel: Callable[..., Any], fresh: Any
) -> None:
    tools = fresh.folder / "bin"
    tools.mkdir()
    git = tools / "git"
    git.write_text("#!/bin/sh\nwhile ! [ -e go ]; do sleep 0.02; done\nexit 1\n")
    git.chmod(0o755)
    kernel = start_kernel(variables={"PATH": f"{tools}:/usr/bin:/bin"})
    kernel.run("%load_ext trackbook\n%track start churn")
    kernel.run("%track end")
    assert fresh.last.end.status == "finished"
    assert not fresh.last.all(r.EnvironmentCaptured)
    (fresh.folder / "go").touch()
    (captured,) = fresh.until(lambda project: project.last.all(r.EnvironmentCaptured))
    assert captured.environment.git is None
    assert [record.role for record in fresh.last.all(r.WriterOpened)] == ["owner", "editor"]


def test_a_notebook_that_was_renamed_is_no_error(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    (fresh.folder / "train.ipynb").rename(fresh.folder / "renamed.ipynb")
    kernel.run("%load_ext trackbook\n%track start churn", "c1")
    source = fresh.last.start.source
    assert (source.kind, source.path, source.kernel_id) == ("notebook", None, kernel.id)
    kernel.run(f"__vsc_ipynb_file__ = {str(fresh.folder / 'renamed.ipynb')!r}")
    kernel.run("%track start churn", "c1")
    assert fresh.last.start.source.path == "renamed.ipynb"


def test_a_forked_child_logs_and_records_no_cell(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn\nimport trackbook as tb, os")
    source = (
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    tb.log({'child': 1.0})\n"
        "    tb.end_run()\n"
        "    os._exit(0)\n"
        "print(os.waitpid(pid, 0)[1])"
    )
    assert kernel.run(source).stdout == "0\n"
    kernel.run("tb.log({'parent': 1.0})")
    run = fresh.last
    assert set(run.metrics) == {"child", "parent"}
    assert [cell.finished.status for cell in run.cells] == ["ok", "ok", "ok"]
    assert not run.all(r.RunEnded)
