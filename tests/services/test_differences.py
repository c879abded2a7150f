"""Looking closely at what differs between recorded runs."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trackbook.capture.git import read_diff, read_git
from trackbook.domain.celldifference import CellReference
from trackbook.domain.environment import Environment, Git
from trackbook.domain.ids import new_id
from trackbook.domain.run import Source
from trackbook.errors import NotFound, UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths

Cells = list[tuple[str, str]]


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    services = open_services(new_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def document(*cells: dict[str, Any]) -> dict[str, Any]:
    metadata = {"language_info": {"name": "python", "mimetype": "text/x-python"}}
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def code(identity: str, source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": identity,
        "metadata": {},
        "source": source,
        "execution_count": 1,
        "outputs": list(outputs),
    }


def text(identity: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": identity, "metadata": {}, "source": source}


def printed(what: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": what}


def result(what: str, count: int) -> dict[str, Any]:
    data = {"text/plain": what}
    return {"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": data}


def start(services: Services, **options: Any) -> RunRecorder:
    source = Source("notebook", options.pop("notebook", "train.ipynb"))
    return RunRecorder.start(services.store, experiment="e", source=source, **options)


def execute(run: RunRecorder, identity: str | None, source: str, *outputs: dict[str, Any]) -> None:
    order = run.cell_started(identity, None, source)
    run.cell_finished(order, "ok", 0.1, list(outputs))


def finish(services: Services, run: RunRecorder, notebook: dict[str, Any] | None = None) -> str:
    if notebook is not None:
        services.snapshots.take(run.run_id, "end", "document", notebook)
    run.end()
    assert services.runs.refresh(timeout=60)
    return run.run_id


def two_runs(services: Services) -> tuple[str, str]:
    one = start(services)
    execute(one, "a", "import numpy")
    execute(one, "b", "lr = 0.1\nfit(lr)", printed("loss 0.5 at 0x7f001122\n"))
    execute(one, "c", "plot()", result("<Figure at 0x7fabc123>", 3))
    execute(one, "d", "old()")
    left = finish(
        services,
        one,
        document(
            text("t", "# Title"),
            code("a", "import numpy"),
            code("b", "lr = 0.1\nfit(lr)"),
            code("c", "plot()"),
            code("d", "old()"),
        ),
    )
    other = start(services)
    execute(other, "c", "plot()", result("<Figure at 0x7fffffff>", 1))
    execute(other, "a", "import numpy")
    execute(other, "b", "lr = 0.15\nfit(lr)")
    execute(other, "b", "lr = 0.2\nfit(lr)", printed("loss 0.4 at 0x7f999999\n"))
    execute(other, "gone", "x = 1")
    right = finish(
        services,
        other,
        document(
            code("c", "plot()"),
            text("t", "# Title"),
            code("a", "import numpy"),
            code("b", "lr = 0.25\nfit(lr)"),
            code("never", "later()"),
        ),
    )
    return left, right


def told(services: Services, left: str, right: str, everything: bool = False) -> dict[str, list[str]]:
    found = services.differences.notebooks(left, right, all=everything)
    return {
        str(cell.cell_id): list(one.changes)
        for one in found.cells
        if (cell := one.right or one.left) is not None
    }


def test_cells_of_two_notebooks(services: Services) -> None:
    left, right = two_runs(services)
    found = services.differences.notebooks(left, right)
    assert told(services, left, right) == {
        "c": ["moved", "order"],
        "b": ["source", "outputs", "executions"],
        "gone": ["added"],
        "never": ["added"],
        "d": ["removed"],
    }
    assert (found.equal, found.left.cells, found.right.cells) == (2, 5, 6)
    assert (found.left.moment, found.left.language, found.left.problem) == ("end", "python", None)
    changed = next(one for one in found.cells if one.right and one.right.cell_id == "b")
    assert changed.left is not None
    assert changed.right is not None
    # What ran is what counts, and what the document holds otherwise is said.
    assert changed.right.source == "lr = 0.2\nfit(lr)"
    assert (changed.right.executions, changed.right.sources, changed.right.edited) == (2, 2, True)
    assert not changed.left.edited
    gone = next(one.right for one in found.cells if one.right and one.right.cell_id == "gone")
    assert (gone.index, gone.deleted) == (None, True)
    assert len(services.differences.notebooks(left, right, all=True).cells) == 7
    assert told(services, left, left) == {}
    assert services.differences.notebooks(left, left).equal == 5


def test_one_cell_is_read_when_it_is_opened(services: Services) -> None:
    left, right = two_runs(services)
    found = services.differences.cell(left, right, CellReference(index=2), CellReference(index=3))
    assert found.left is not None
    assert found.right is not None
    assert (found.left["source"], found.right["source"]) == ("lr = 0.1\nfit(lr)", "lr = 0.2\nfit(lr)")
    assert [entry["key"] for entry in found.diff] == ["outputs", "source"]
    assert found.right["outputs"] == [printed("loss 0.4 at 0x7f999999\n")]
    assert not found.cut
    alone = services.differences.cell(left, right, None, CellReference(cell_id="gone"))
    assert (alone.left, alone.diff) == (None, [])
    assert alone.right is not None
    assert alone.right["source"] == "x = 1"
    for references in ((CellReference(index=99), None), (None, CellReference(cell_id="nobody"))):
        with pytest.raises(NotFound):
            services.differences.cell(left, right, *references)
    with pytest.raises(UsageError):
        services.differences.cell(left, right, None, None)
    with pytest.raises(NotFound):
        services.differences.notebooks(left, new_id())


def test_long_outputs_are_cut_until_all_is_wanted(services: Services) -> None:
    run = start(services)
    execute(run, "a", "spam()", printed("spam\n" * 10_000))
    identity = finish(services, run, document(code("a", "spam()")))
    cell = CellReference(index=0)
    short = services.differences.cell(identity, identity, cell, cell)
    whole = services.differences.cell(identity, identity, cell, cell, all=True)
    assert (short.cut, whole.cut) == (True, False)
    assert short.left is not None
    assert whole.left is not None
    assert "30,000 more characters" in short.left["outputs"][0]["text"]
    assert whole.left["outputs"][0]["text"] == "spam\n" * 10_000


def test_a_run_without_snapshot_is_compared_by_what_it_executed(services: Services) -> None:
    left, _ = two_runs(services)
    run = start(services)
    execute(run, None, "import numpy")
    execute(run, None, "lr = 0.1\nfit(lr, 7)")
    right = finish(services, run)
    found = services.differences.notebooks(left, right)
    assert found.right.problem is not None
    assert "no snapshot" in found.right.problem
    # The title is text that no run executes: it does not count as removed.
    assert [(one.match, one.changes) for one in found.cells if one.match] == [
        ("similar", ["source", "outputs"])
    ]
    assert {one.left.cell_id for one in found.cells if one.right is None and one.left} == {"c", "d"}


def test_a_snapshot_whose_content_is_gone(services: Services) -> None:
    left, right = two_runs(services)
    digest = services.snapshots.info(right, "end").digest
    source = next(cell.source_digest for cell in services.runs.detail(right).cells if cell.cell_id == "gone")
    for one in (digest, source):
        services.place.blobs.discard(one, before=time.time() + 3600)
    found = services.differences.notebooks(left, right)
    assert found.right.moment is None
    assert found.right.problem is not None
    assert "not in the store any more" in found.right.problem
    lost = next(one.right for one in found.cells if one.right and one.right.cell_id == "gone")
    assert (lost.lost, lost.source) == (True, "")


def test_a_run_that_goes_on(services: Services) -> None:
    left, _ = two_runs(services)
    run = start(services)
    execute(run, "a", "import numpy")
    run.cell_started("b", None, "lr = 0.1\nfit(lr)")
    assert services.runs.refresh(timeout=60)
    found = services.differences.notebooks(left, run.run_id)
    assert found.right.running
    changes = next(one.changes for one in found.cells if one.right and one.right.cell_id == "b")
    assert "status" in changes
    run.end()


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def record_code(services: Services, folder: Path) -> str:
    state, diff = read_git(folder), read_diff(folder)
    assert state is not None
    run = start(services)
    digest = None if diff is None else run.store_blob(diff.data)
    state = Git(state.commit, state.branch, state.dirty, None, digest, diff and diff.size)
    run.environment_captured(Environment("3.11", "Linux", "python", {}, {}, state))
    return finish(services, run)


def test_commits_between_and_what_was_not_committed(services: Services, tmp_path: Path) -> None:
    folder = tmp_path
    git(folder, "init", "-q", "-b", "main")
    (folder / "model.py").write_text("depth = 1\nwidth = 2\n")
    git(folder, "add", "model.py")
    git(folder, "commit", "-q", "-m", "Begin")
    (folder / "model.py").write_text("depth = 1\nwidth = 3\n")
    left = record_code(services, folder)
    git(folder, "commit", "-q", "-a", "-m", "Widen the model")
    (folder / "other.py").write_text("x = 1\n")
    git(folder, "add", "other.py")
    git(folder, "commit", "-q", "-m", "Add größe 🦉")
    (folder / "model.py").write_text("depth = 9\nwidth = 3\n")
    right = record_code(services, folder)
    before = git(folder, "count-objects", "-v")
    found = services.differences.code(left, right)
    assert [commit.subject for commit in found.added] == ["Add größe 🦉", "Widen the model"]
    assert (found.added[0].author, found.removed, found.reason) == ("Ada", [], None)
    # The width was changed before the commit already: between what ran, only the depth differs.
    assert found.exact
    assert "+depth = 9" in found.diff
    assert "+x = 1" in found.diff
    assert "width = 2" not in found.diff
    back = services.differences.code(right, left)
    assert (back.added, len(back.removed)) == ([], 2)
    assert services.differences.code(left, left).diff == ""
    assert git(folder, "count-objects", "-v") == before  # nothing is written into the repository


def test_commits_that_are_not_at_hand(services: Services, tmp_path: Path) -> None:
    runs = []
    for commit in ("a" * 40, "b" * 40):
        run = start(services)
        run.environment_captured(Environment("3.11", "Linux", "python", {}, {}, Git(commit, "main", False)))
        runs.append(finish(services, run))
    found = services.differences.code(*runs)
    assert found.reason is not None
    assert "aaaaaaaaaa and bbbbbbbbbb" in found.reason
    assert found.added == []
    assert found.diff == ""
    bare = finish(services, start(services))
    reason = services.differences.code(runs[0], bare).reason
    assert reason is not None
    assert "No git commit was recorded for #3" in reason


def test_the_best_and_the_previous_run(services: Services) -> None:
    runs = []
    for acc in (0.5, 0.9, 0.7):
        run = start(services)
        run.log({"acc": acc})
        run.define_metric("acc", goal="max")
        runs.append(finish(services, run))
    best = services.differences.counterpart(runs[2], "best")
    assert (best.run_id, best.metric, best.goal, best.reason) == (runs[1], "acc", "max", None)
    itself = services.differences.counterpart(runs[1], "best")
    assert (itself.run_id, itself.reason) == (runs[2], "is_best")
    assert services.differences.counterpart(runs[2], "previous").run_id == runs[1]
    first = services.differences.counterpart(runs[0], "previous")
    assert (first.run_id, first.reason) == (None, "no_previous")
    plain = finish(services, start(services, notebook="other.ipynb"))
    without = services.differences.counterpart(plain, "best")
    assert (without.run_id, without.reason) == (None, "no_goal")
    assert "%track goal" in without.message
    with pytest.raises(NotFound):
        services.differences.counterpart(new_id(), "best")
