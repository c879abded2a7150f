import re
from typing import Any

import pytest
from nbformat import v4
from nbval.plugin import get_sanitize_patterns

from trackbook.domain.regression import CellCheck, ExpectedCell, status_of
from trackbook.domain.run import RunError
from trackbook.domain.tolerance import Tolerance
from trackbook.errors import NotebookError
from trackbook.notebook.read import tags_of
from trackbook.notebook.results.cells import compare_cells, expected_cells, has_lost_results, prepare
from trackbook.notebook.results.noise import without_noise
from trackbook.notebook.results.sanitize import sanitize_file

TIGHT = Tolerance()


def code(source: str, text: str = "", identity: str | None = None, **metadata: Any) -> Any:
    outputs = [v4.new_output("stream", name="stdout", text=text)] if text else []
    cell = v4.new_code_cell(source, outputs=outputs, metadata=metadata)
    return {**cell, "id": identity or f"id-{source}"}


def notebook(*cells: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def check(before: list[Any], after: list[Any], **options: Any) -> list[tuple[int, str]]:
    checks, _ = compare_cells(expected_cells(notebook(*before)), notebook(*after), TIGHT, **options)
    return [(one.cell, one.status) for one in checks]


def test_cells_belong_together_by_id_else_by_source() -> None:
    before = [code("a", "1"), code("b", "2"), code("gone\nnow", "3")]
    after = [
        code("new", "9"),
        code("b", "2", "other"),
        v4.new_markdown_cell("#"),
        code("a edited", "4", "id-a"),
    ]
    checks, gone = compare_cells(expected_cells(notebook(*before)), notebook(*after), TIGHT)
    assert [(one.cell, one.status) for one in checks] == [(1, "new"), (2, "same"), (4, "different")]
    assert gone == ["gone"]


def test_a_baseline_of_whose_results_none_is_left_is_told() -> None:
    before = expected_cells(notebook(code("x = 1", ""), code("print(x)", "1")))
    assert [bool(cell.outputs) for cell in before] == [False, True]
    assert has_lost_results(before, notebook(code("x = 1", ""), code("print(x, 2)", "1 2", "other")))
    assert not has_lost_results(before, notebook(code("print(x)", "2", "other")))
    assert not has_lost_results(before[:1], notebook(code("new", "2", "other")))


def test_cells_of_the_same_source_are_paired_in_order() -> None:
    before = [code("x", "1", "i"), code("x", "2", "j")]
    assert check(before, [code("x", "1", "k"), code("x", "2", "l")]) == [(1, "same"), (2, "same")]
    assert check(before, [code("x", "2", "j"), code("x", "1", "k")]) == [(1, "same"), (2, "same")]


def test_an_injected_cell_does_not_count() -> None:
    injected = code("lr = 1", "2", tags=["injected-parameters"])
    assert check([code("a", "1")], [injected, code("a", "1")]) == [(1, "same")]
    assert len(expected_cells(notebook(injected))) == 0


@pytest.mark.parametrize(
    ("source", "tags", "status"),
    [
        ("x", ["ignore-output"], "ignored"),
        ("x", ["nbval-ignore-output"], "ignored"),
        ("# NBVAL_IGNORE_OUTPUT\nx", [], "ignored"),
        ("%time x\n#PYTEST_VALIDATE_IGNORE_OUTPUT", [], "ignored"),
        ("# NBVAL_SKIP", [], "ignored"),
        ("x", ["skip-execution"], "ignored"),
        ("'''\n# NBVAL_IGNORE_OUTPUT\n'''", [], "different"),
        ("x", ["ignore"], "different"),
    ],
)
def test_marks_are_respected(source: str, tags: list[str], status: str) -> None:
    assert check([code(source, "1")], [code(source, "2", tags=tags)]) == [(1, status)]


def test_nbval_s_marks_become_tags_for_the_executor() -> None:
    given = notebook(code("# NBVAL_SKIP"), code("# NBVAL_RAISES_EXCEPTION\n1/0"), code("x", tags=["own"]))
    prepared = prepare(given)
    assert [tags_of(cell) for cell in prepared["cells"]] == [
        ["skip-execution"],
        ["raises-exception"],
        ["own"],
    ]
    assert "tags" not in given["cells"][0]["metadata"]
    assert prepare(prepared) == prepared


def test_a_cell_may_have_a_tolerance_of_its_own() -> None:
    near = [code("x", "1.05")]
    assert check([code("x", "1.0")], near) == [(1, "different")]
    for own in (0.1, {"relative": 0.1}, {"absolute": 0.06}):
        assert check([code("x", "1.0")], [code("x", "1.05", trackbook={"tolerance": own})]) == [(1, "same")]
    for wrong, told in (
        ({"relativ": 1}, "'relativ'; there are relative"),
        ("1", "cell 1: The tolerance 'relative'"),
    ):
        with pytest.raises(NotebookError, match=re.escape(told)):
            check([code("x", "1.0")], [code("x", "1.0", trackbook={"tolerance": wrong})], path="a.ipynb")


def test_what_did_not_run_is_said() -> None:
    before = [code("a", "1"), code("b", "2"), code("c", "3")]
    after = [code("a", "1"), code("b", ""), code("c", "")]
    error = RunError("ValueError", "no", [], 2, "id-b")
    assert check(before, after, error=error) == [(1, "same"), (2, "failed"), (3, "not_run")]
    early = RunError("TimeLimit", "too long")
    assert check(before, after, error=early) == [(1, "not_run"), (2, "not_run"), (3, "not_run")]


def test_outputs_that_were_cut_are_not_compared() -> None:
    cut = ExpectedCell("id-a", "a", [], whole=False)
    checks, _ = compare_cells([cut], notebook(code("a", "1")), TIGHT)
    assert (checks[0].status, checks[0].note) == (
        "ignored",
        "The baseline has only a part of its outputs, for their size.",
    )


def test_the_status_of_a_notebook() -> None:
    same, other = (CellCheck(1, None, "", status) for status in ("same", "different"))
    assert status_of([same], [], None) == "passed"
    assert status_of([same, other], [], None) == "different"
    assert status_of([other], [], RunError("ValueError", "")) == "failed"
    assert status_of([other], [], RunError("KernelDied", "")) == "died"


def test_nbval_reads_the_sanitize_file() -> None:
    patterns = get_sanitize_patterns(sanitize_file())
    texts = ["<a at 0x7f01>", "CPU times: user 3 s", "/tmp/tmpabc123/x", "/tmp/ipykernel_1/2.py:3: W"]
    for text in texts:
        cleaned = text
        for pattern, replacement in patterns:
            cleaned = re.sub(pattern, replacement, cleaned)
        assert cleaned != text
        assert cleaned == without_noise(text)
