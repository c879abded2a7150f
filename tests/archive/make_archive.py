"""Save a store as this version writes it, to be read by all later ones.

    python tests/archive/make_archive.py tests/archive/VERSION

Run once per release, when the format of journals or segments, or the schema of the index, is new. Never change what
was saved before.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs

os.environ["LOGNAME"] = "somebody"

from trackbook.domain import records as r
from trackbook.domain.cell import CellError
from trackbook.domain.clock import now
from trackbook.domain.data import Column, DataInput
from trackbook.domain.environment import Editable, Environment, Git, LockFile, Module
from trackbook.domain.job import FrozenContext, FrozenModule, JobAttempt, JobSpec
from trackbook.domain.reproduction import Check, Reproduction
from trackbook.domain.resumption import KeptCell
from trackbook.domain.rich import RichContent
from trackbook.domain.run import Fork, RunError, Source
from trackbook.domain.space import Dimension
from trackbook.domain.sweep import Objective, Pruner, SweepSpec
from trackbook.domain.trial import Trial
from trackbook.services import recorder as recorder_module
from trackbook.services import runwriter as runwriter_module
from trackbook.services.catchup import catch_up
from trackbook.services.edits import Edits
from trackbook.services.opening import open_place
from trackbook.services.recorder import RunRecorder
from trackbook.services.snapshots import store_notebook
from trackbook.store.paths import PROJECT_SUBJECT, StorePaths, create_store

recorder_module.os_host = runwriter_module.os_host = lambda: "somewhere"

JOB = "01a1fe05-0000-7000-8000-000000000001"
REPETITION = "01a1fe05-0000-7000-8000-000000000002"
ATTEMPT = "01a1fe05-0000-7000-8000-000000000003"
SWEEP = "01a1fe05-0000-7000-8000-000000000004"
TRIAL = "01a1fe05-0000-7000-8000-000000000005"
TRIAL_JOB = "01a1fe05-0000-7000-8000-000000000006"
RESUMED = "01a1fe05-0000-7000-8000-000000000007"
RESUMED_JOB = "01a1fe05-0000-7000-8000-000000000008"
VIEW = "01a1fe05-0000-7000-8000-000000000009"
GONE_VIEW = "01a1fe05-0000-7000-8000-00000000000a"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "cells": [
        {"cell_type": "markdown", "id": "intro", "metadata": {}, "source": "# Ünïcode"},
        {
            "cell_type": "code",
            "id": "work",
            "metadata": {"tags": ["parameters"]},
            "execution_count": 1,
            "source": "lr = 0.1",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "hi\n"}],
        },
    ],
}


def main(folder: Path) -> None:
    store = create_store(folder / "store")
    finished_run(store)
    failed_run(store)
    edited_run(store)
    surrounded_run(store)
    queued_job(store)
    swept_notebook(store)
    saved_views(store)
    place = open_place(store)
    catch_up(place)
    place.close()
    # What the index has not read yet, by a writer that died: an unsealed journal.
    subprocess.run([sys.executable, __file__, "--die", str(folder)], check=False)
    for leftover in (store.root / ".gitignore", *store.root.rglob("*.lock")):
        leftover.unlink()


def finished_run(store: StorePaths) -> None:
    run = RunRecorder.start(
        store,
        experiment="churn",
        name="first",
        params={"lr": 0.1, "model": {"depth": 3, "kinds": ["a", None, True]}, "odd": float("nan")},
        tags={"team": "vision"},
        source=Source("notebook", "train.ipynb", "kernel-1", "work", "message-1"),
    )
    run.define_metric("acc", "max", "%")
    for step in range(300):
        run.log({"loss": 1 / (step + 1), "acc": step / 3}, step)
        run.log({"loss": 2 / (step + 1)}, step, {"subset": "val"})
    run.log({"odd": float("nan")})
    run.log({"odd": float("inf")})
    run.log({"odd": float("-inf")})
    run.set_params({"lr": 0.2}, "work")
    run.add_note("a line")
    run.store_artifact(b"weights", "models/best.bin", kind="model")
    order = run.cell_started("work", 1, "lr = 0.1")
    run.cell_finished(order, "ok", 0.25, NOTEBOOK["cells"][1]["outputs"])
    run.snapshot_taken("start", "document", store_notebook(run.blobs, NOTEBOOK))
    run.environment_captured(
        Environment(
            "3.11.0", "Linux", "python", {"numpy": "2.0"}, {"cpu": "some"}, Git("a" * 40, "main", True)
        )
    )
    run.modules_captured([Module("helpers", "helpers.py", run.store_blob(b"x = 1") or "", 5)])
    run.end(message_id="message-9")
    checks = [
        Check("metric", "acc", "differs", "0.5 came.", "99.67", "0.5"),
        Check("output", "cell 1", "holds", order=1),
    ]
    found = Reproduction(
        REPETITION, "differs", MOMENT, "1 metric differs.", 1e-5, True, {"metric": 1}, {"output": 1}, checks
    )
    judge = RunRecorder.join(store, run.run_id, role="editor")
    judge.append(r.RunReproduced(now(), found))
    judge.close()


def failed_run(store: StorePaths) -> None:
    run = RunRecorder.start(store, experiment="churn", name="second")
    order = run.cell_started("work", 1, "1 / 0")
    run.cell_finished(
        order,
        "error",
        0.5,
        [],
        error=CellError("ZeroDivisionError", "division by zero", ["line"]),
        cpu=0.25,
        memory=50_000_000,
    )
    run.end(
        "failed",
        error=RunError("ZeroDivisionError", "division by zero", ["line"], 2, "work"),
        reason="It raised.",
    )


def edited_run(store: StorePaths) -> None:
    run = RunRecorder.start(store, experiment="other", name="third", tags={"team": "a", "gone": "x"})
    run.end()
    edits = Edits(store)
    edits.rename(run.run_id, "renamed")
    edits.set_tags(run.run_id, {"gone": None, "new": "ü"})
    edits.set_notes(run.run_id, "replaced")
    edits.trash(run.run_id)


def surrounded_run(store: StorePaths) -> None:
    """A run with what schema 6 knows of data, values, seeds, secrets, names and surroundings; resumed, then forked."""
    run = RunRecorder.start(
        store, experiment="other", name="fourth", group="folds", params={"api_key": "abcdefgh12345678"}
    )
    run.log({"loss": 0.5}, 0)
    digest, manifest = run.store_blob(b"a,b\n1,2\n") or "", run.store_blob(b"[]") or ""
    columns = [Column("a", "int64"), Column("b", "int64")]
    run.data_used(
        DataInput("train", "data/train.csv", "file", "declared", digest, 8, "train", "pandas", 1, columns),
        "work",
    )
    run.data_used(DataInput("far", "https://example.org/far.csv", "other", "observed", problem="not opened"))
    run.data_used(DataInput("images", "images", "folder", "declared", digest, 8, files=2, manifest=manifest))
    run.log_rich("note", RichContent("text", "grüße".encode(), "text/plain", {"preview": "grüße"}), 3)
    meta = {"labels": ["a", "b"]}
    matrix = RichContent("confusion_matrix", b'{"counts":[[1,0],[0,2]]}', "application/json", meta)
    run.log_rich("confusion", matrix, 4, {"subset": "val"}, "work")
    run.seed_set(42, ["random", "numpy"], "work")
    order = run.cell_started("work", 1, "y = f(x)")
    run.cell_finished(order, "ok", 0.5, [], reads=["f", "x"], writes=["y"])
    diff = run.store_blob(b"+ a line") or ""
    run.environment_captured(
        Environment(
            "3.12.1", "Linux", "python", {"mine": "0.3"}, {"cpu": "some"},
            Git("b" * 40, "topic", True, "https://example.org/a.git", diff, 8, True),
            {"mine": Editable("/src/mine", "c" * 40, True)},
            LockFile("uv.lock", run.store_blob(b"locked") or "", 6),
            {"OMP_NUM_THREADS": "4"},
        )
    )  # fmt: skip
    run.end("failed", reason="It was stopped.")
    again = RunRecorder.resume(store, run.run_id, experiment="other", name="fourth", after=now())
    again.log({"loss": 0.25}, 1)
    again.end()
    fork = RunRecorder.start(store, experiment="other", name="fifth", fork=Fork(run.run_id, 0, now()))
    fork.log({"loss": 0.125}, 1)
    fork.end()


def queued_job(store: StorePaths) -> None:
    writer = RunRecorder.join(store, JOB, role="editor")
    frozen = writer.store_blob(b"{}") or ""
    spec = JobSpec(
        frozen, "train.ipynb", "notebooks", {"lr": 0.3}, "churn", REPETITION, cell_timeout=60.0, retries=2
    )
    writer.append(r.JobSubmitted(now(), spec))
    died = RunError("KernelDied", "Its process was ended by SIGKILL.")
    attempt = JobAttempt(1, ATTEMPT, "died", MOMENT, MOMENT, died, ["work"], 60_000_000, 1.5)
    writer.append(r.JobAttempted(now(), attempt, not_before=now()))
    writer.close()


def swept_notebook(store: StorePaths) -> None:
    """A sweep with a pruned trial, and a job that goes on from a failed one; what schema 10 knows of them."""
    writer = RunRecorder.join(store, SWEEP, role="editor")
    frozen = writer.store_blob(b"{}") or ""
    context = FrozenContext(frozen, [FrozenModule("helpers.py", frozen)])
    common = JobSpec(
        frozen, "train.ipynb", "notebooks", {"depth": 3}, "churn", "", snapshots=True, frozen=context,
        share_prefix=True, swept=["lr"],
    )  # fmt: skip
    space = {
        "lr": Dimension("float", low=0.001, high=0.1, log=True),
        "kind": Dimension("choices", ["a", "b"]),
    }
    spec = SweepSpec(
        job=common, space=space, sampler="tpe", trials=20, seed=7, parallel=2,
        objectives=[Objective("acc", "max")], pruner=Pruner("median", {"startup": 3.0}),
    )  # fmt: skip
    writer.append(r.SweepDefined(now(), spec))
    writer.close()
    run = RunRecorder.start(store, experiment="churn", name="sweep", run_id=SWEEP)
    run.end("aborted", reason="It was interrupted; it can be resumed.")
    trial = structs.replace(
        common, run_id=TRIAL, sweep_id=SWEEP, parent_id=SWEEP, trial=Trial(0, SWEEP), params={"lr": 0.01}
    )
    resumed = structs.replace(
        common, run_id=RESUMED, resumes=ATTEMPT, kept=[KeptCell("work", ATTEMPT, 1, again=True)], retry_of=JOB
    )
    for job_id, one in ((TRIAL_JOB, trial), (RESUMED_JOB, resumed)):
        writer = RunRecorder.join(store, job_id, role="editor")
        writer.append(r.JobSubmitted(now(), one))
        if one is trial:
            writer.append(r.JobFinished(now(), "pruned", None, None))
        writer.close()


def saved_views(store: StorePaths) -> None:
    """A view that was saved twice, and one that was deleted; what schema 11 knows of them."""
    writer = RunRecorder.join(store, PROJECT_SUBJECT, role="editor")
    created = now()
    for revision, name in ((1, "first"), (2, "Größe nach acc")):
        content = '{"columns":["metrics.acc"],"order_by":"metrics.acc desc"}'
        writer.append(r.ViewSaved(now(), VIEW, "table", name, content, created, revision))
    writer.append(r.ViewSaved(now(), GONE_VIEW, "board", "gone", "{}", now(), 1))
    writer.append(r.ViewDeleted(now() + 1, GONE_VIEW))
    writer.close()


def die(folder: Path) -> None:
    run = RunRecorder.start(create_store(folder / "store"), experiment="churn", name="killed")
    run.log({"loss": 0.5}, 0)
    os._exit(9)


if __name__ == "__main__":
    die(Path(sys.argv[2])) if sys.argv[1] == "--die" else main(Path(sys.argv[1]))
