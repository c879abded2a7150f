"""Proofs of cleaned notebooks: what they conclude with results made up in this process, and some with real kernels."""

import ast
import contextlib
import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import corpus
import msgspec
import pytest

from trackbook.cli.display.proof import proof_summary
from trackbook.domain.cleaned import Cleaned, CleanOptions
from trackbook.domain.execution import Outcome
from trackbook.domain.proof import Proof
from trackbook.domain.run import RunError
from trackbook.domain.tolerance import Tolerance
from trackbook.jobs import proof
from trackbook.jobs.proof import prove_cleaned
from trackbook.jobs.rerun import Rerun
from trackbook.notebook.cleaning.plan import plan_cleaning
from trackbook.notebook.cleaning.statements import read_code
from trackbook.notebook.read import Notebook, parse_notebook, source_of


def notebook(*sources: str, counts: list[int] | None = None) -> Notebook:
    cells = [
        {
            "cell_type": "code",
            "execution_count": counts[at] if counts else None,
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for at, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


class InProcess:
    """Runs notebooks here, as far as these tests need it; `tracked` is what they leave as metrics."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.times = 0

    def __call__(self, document: Notebook, folder: Path, **how: Any) -> Rerun:
        self.times += 1
        done: Notebook = json.loads(json.dumps(document))
        space: dict[str, Any] = {"times": self.times, **(how["params"] or {})}
        self.ran.append([source_of(cell) for cell in done["cells"]])
        for number, cell in enumerate(done["cells"], start=1):
            if cell["cell_type"] != "code":
                continue
            out = io.StringIO()
            cell["execution_count"] = number
            try:
                with contextlib.redirect_stdout(out):
                    _execute(source_of(cell), space)
            except Exception as error:
                shown = {
                    "output_type": "error",
                    "ename": type(error).__name__,
                    "evalue": str(error),
                    "traceback": [],
                }
                cell["outputs"] = [shown]
                failure = RunError(type(error).__name__, str(error))
                return Rerun(Outcome("failed", failure), done, _metrics(space))
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": out.getvalue()}]
        return Rerun(Outcome("finished"), done, _metrics(space))


def _execute(source: str, space: dict[str, Any]) -> None:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), space)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), space)
        if value is not None:
            sys.stdout.write(f"{value!r}\n")


def _metrics(space: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in space.items() if name.startswith("metric_")}


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> InProcess:
    runner = InProcess()
    monkeypatch.setattr(proof, "run_notebook", runner)
    return runner


def rewritten(original: Notebook, **sources: str) -> Cleaned:
    """A cleaning that did wrong: it changed these cells, `c1` the first."""
    cleaned = plan_cleaning(original, CleanOptions(steps=("order",)))
    changed: Notebook = json.loads(json.dumps(cleaned.notebook))
    for name, source in sources.items():
        changed["cells"][int(name[1:]) - 1]["source"] = source
    return msgspec.structs.replace(cleaned, notebook=changed)


def prove(original: Notebook, cleaned: Cleaned, **how: Any) -> Proof:
    return prove_cleaned(original, cleaned, Path.cwd(), **how)


def test_an_equal_notebook_is_proven_in_two_runs(runner: InProcess) -> None:
    original = notebook("x = 1", "import math\nprint(math.pi * x)", "print(x)")
    cleaned = plan_cleaning(original, CleanOptions(steps=("hoist",)))
    assert cleaned.changed_code
    found = prove(original, cleaned)
    assert (found.verdict, found.compared, found.cells) == ("equal", 3, [])
    assert found.holds
    assert len(runner.ran) == 2


def test_a_changed_result_is_named(runner: InProcess) -> None:
    original = notebook("x = 1", "print(x)", "print('same')")
    found = prove(original, rewritten(original, c1="x = 2"))
    assert (found.verdict, found.holds) == ("changed", False)
    assert [cell.cell for cell in found.cells] == [2]
    assert found.cells[0].differences[0].expected.strip() == "1"


def test_numbers_are_compared_within_the_tolerance(runner: InProcess) -> None:
    original = notebook("x = 1.0", "print(x)")
    cleaned = rewritten(original, c1="x = 1.0009")
    assert prove(original, cleaned).verdict == "changed"
    assert prove(original, cleaned, tolerance=Tolerance(relative=0.01)).verdict == "equal"


def test_metrics_are_compared(runner: InProcess) -> None:
    original = notebook("metric_a = 1.0\nmetric_b = 2.0", "pass")
    found = prove(original, rewritten(original, c1="metric_a = 1.5\nmetric_b = 2.0"))
    assert found.verdict == "changed"
    assert [difference.kind for difference in found.metrics] == ["number"]


def test_a_metric_that_is_no_longer_tracked_is_a_change(runner: InProcess) -> None:
    original = notebook("metric_a = 1.0\nmetric_b = 2.0", "pass")
    found = prove(original, rewritten(original, c1="metric_a = 1.0"))
    assert (found.verdict, [difference.kind for difference in found.metrics]) == ("changed", ["missing"])
    scratch = notebook("metric_a = 1.0", "print(1)\nmetric_b = 2.0", "pass")
    scratch["cells"][1]["metadata"]["tags"] = ["scratch"]
    assert prove(scratch, plan_cleaning(scratch)).verdict == "equal"


def test_an_unsteady_metric_does_not_excuse_one_whose_name_is_part_of_its_own(runner: InProcess) -> None:
    original = notebook("metric_loss_val = float(times)\nmetric_loss = 1.0", "pass")
    found = prove(original, rewritten(original, c1="metric_loss_val = float(times)\nmetric_loss = 2.0"))
    assert (found.verdict, found.unsteady_metrics) == ("changed", ["metric_loss_val"])


def test_what_differs_each_time_is_not_blamed_on_the_cleaning(runner: InProcess) -> None:
    original = notebook("print(times)\nmetric_t = float(times)\nmetric_ = 1.0", "x = 1", "print(x)")
    found = prove(original, rewritten(original, c2="x = 1 "))
    assert (found.verdict, found.unsteady, found.unsteady_metrics) == ("unsteady", [1], ["metric_t"])
    assert found.holds
    changed = prove(original, rewritten(original, c2="x = 2"))
    assert (changed.verdict, changed.unsteady, [cell.cell for cell in changed.cells]) == ("changed", [1], [3])


def test_an_exception_is_never_taken_for_chance(runner: InProcess) -> None:
    original = notebook("print(times)", "print('on')")
    found = prove(original, rewritten(original, c1="print(tims)"))
    assert found.verdict == "changed"
    assert [cell.cell for cell in found.cells] == [1, 2]


def test_an_original_that_fails_is_compared_up_to_there(runner: InProcess) -> None:
    original = notebook("print(1)", "1 / 0", "print(2)")
    same = prove(original, rewritten(original, c3="print(3)"))
    assert (same.verdict, same.compared, same.failure) == ("equal", 2, "ZeroDivisionError: division by zero")
    assert proof_summary(same).startswith(
        "nothing is proven beyond the cell in which the original itself fails"
    )
    other = prove(original, rewritten(original, c1="print(5)"))
    assert [cell.cell for cell in other.cells] == [1]


def test_the_original_runs_as_it_was_executed(runner: InProcess) -> None:
    original = notebook("print(x)", "x = 1", "y = 2", counts=[3, 1, 2])
    cleaned = plan_cleaning(original, CleanOptions(steps=("order",)))
    found = prove(original, cleaned)
    assert (found.verdict, found.order) == ("equal", [2, 3, 1])
    assert runner.ran[0] == ["x = 1", "y = 2", "print(x)"]


def test_an_order_that_cleaning_did_not_make_is_told_apart(runner: InProcess) -> None:
    original = notebook("x = 1", "x = 2", "print(x)", counts=[2, 1, 3])
    cleaned = plan_cleaning(original, CleanOptions(steps=("order",)))
    assert not cleaned.changed
    found = prove(original, cleaned)
    assert (found.verdict, found.holds) == ("reordered", False)
    assert [cell.cell for cell in found.cells] == [3]


def test_a_notebook_without_code_is_equal(runner: InProcess) -> None:
    original = notebook("")
    assert prove(original, plan_cleaning(original)).verdict == "equal"


def _is_plain(document: Notebook) -> bool:
    codes = [read_code(source_of(cell)) for cell in document["cells"] if cell["cell_type"] == "code"]
    return all(code.plain and not code.broken and "await " not in code.source for code in codes)


def _changed() -> list[str]:
    """The notebooks of the corpus that run, without magics, and of which cleaning changes code."""
    found = []
    for name, sample in corpus.SAMPLES.items():
        if sample.runnable or sample.by_counts:
            document = parse_notebook(corpus.load(name), name)
            if _is_plain(document) and plan_cleaning(document, EVERYTHING).changed_code:
                found.append(name)
    return found


EVERYTHING = CleanOptions(propose_parameters=True)
CHANGED = _changed()


def test_cleaning_changes_code_of_many_of_the_corpus() -> None:
    assert len(CHANGED) >= 15


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CHANGED)
def test_cleaned_notebooks_of_the_corpus_give_equal_results(
    name: str, runner: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    original = parse_notebook(corpus.load(name), name)
    found = prove_cleaned(original, plan_cleaning(original, EVERYTHING), tmp_path)
    assert (found.verdict, found.cells, found.metrics, found.failure) == ("equal", [], [], None)


@pytest.mark.parametrize("name", ["late_parameters", "defined_below"])
def test_cleaned_notebooks_give_equal_results_in_real_kernels(name: str, tmp_path: Path) -> None:
    original = parse_notebook(corpus.load(name), name)
    cleaned = plan_cleaning(original, CleanOptions(propose_parameters=True))
    assert cleaned.changed_code
    said: list[str] = []
    found = prove_cleaned(original, cleaned, tmp_path, on_run=said.append)
    assert (found.verdict, found.cells, found.metrics) == ("equal", [], [])
    assert found.compared >= 2
    assert said == ["the original", "the cleaned one"]
