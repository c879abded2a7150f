"""The plan of a resumption: which cells run again, and why."""

from typing import Any

import pytest

from trackbook.errors import UsageError
from trackbook.notebook.inject import INJECTED
from trackbook.notebook.resumption import CellPlan, plan_cells

Cells = dict[str, str]


def notebook(cells: Cells, language: str = "python") -> dict[str, Any]:
    return {
        "cells": [
            {
                "cell_type": "markdown" if name.startswith("m") else "code",
                "id": name,
                "source": source,
                "metadata": {"tags": [INJECTED] if name == INJECTED else []},
            }
            for name, source in cells.items()
        ],
        "metadata": {"kernelspec": {"name": "k", "language": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


BASE: Cells = {
    "m0": "# Title",
    "a": "x = 1",
    "b": "y = slow()",
    "c": "z = x + 1",
    "d": "print(z)\nboom()",
    "e": "print('end')",
}
DONE = ("a", "b", "c")


def plan(new: Cells, **options: Any) -> CellPlan:
    old = options.pop("old", BASE)
    language = options.pop("language", "python")
    done = options.pop("done", DONE)
    return plan_cells(notebook(old, language), notebook(new, language), done, failed="d", **options)


def again(found: CellPlan) -> dict[str, str]:
    return {cell.id: cell.reason for cell in found.cells if cell.again}


def test_it_goes_on_from_the_corrected_cell_with_what_that_needs() -> None:
    found = plan(BASE | {"d": "print(z)"})
    assert again(found) == {
        "a": "cell 4 needs x",
        "c": "cell 5 needs z",
        "d": "it failed",
        "e": "it comes behind",
    }
    assert found.start == 3
    kept = {cell.id: cell.earlier for cell in found.cells if not cell.again}
    assert kept == {"b": "b"}
    assert [cell.number for cell in found.cells] == [2, 3, 4, 5, 6]
    assert [cell.untouched for cell in found.cells] == [True, True, True, False, False]


def test_what_depends_on_a_cell_changed_before_the_failure_runs_again() -> None:
    found = plan(BASE | {"b": "y = slow(2)"})
    assert again(found)["b"] == "it was changed"
    assert [cell.untouched for cell in found.cells][:2] == [True, False]
    found = plan(BASE | {"a": "x = 2"})
    reasons = again(found)
    assert (reasons["a"], reasons["c"]) == ("it was changed", "cell 2, which makes x, is changed")
    assert "b" not in reasons


def test_a_new_cell_runs_and_a_removed_one_is_missed() -> None:
    cells = list(BASE.items())
    found = plan(dict([*cells[:3], ("n", "x = 5"), *cells[3:]]))
    assert again(found)["n"] == "it is new"
    assert again(found)["c"] == "cell 4, which makes x, is changed"
    found = plan({name: source for name, source in BASE.items() if name != "a"})
    assert again(found)["c"] == "a cell that made x is gone"
    assert not any(cell.untouched for cell in found.cells)


def test_cells_that_changed_places_run_again() -> None:
    names = ["m0", "b", "a", "c", "d", "e"]
    found = plan({name: BASE[name] for name in names})
    assert {"a", "b"} & again(found).keys()
    assert not any(cell.untouched for cell in found.cells)


def test_other_parameters_make_what_depends_on_them_run_again() -> None:
    old = {"p": "x = 1", INJECTED: "x = 2", "b": "y = slow()", "c": "z = x", "d": "print(z)"}
    found = plan(old | {INJECTED: "x = 3"}, old=old, done=("p", INJECTED, "b", "c"))
    assert again(found) == {
        INJECTED: "it was changed",
        "c": "the cell of given parameters, which makes x, is changed",
        "d": "it failed",
    }


def test_it_goes_on_from_a_cell_that_is_named() -> None:
    found = plan(BASE, number=4)
    assert found.start == 2
    assert again(found)["c"] == "the run goes on here"
    with pytest.raises(UsageError, match="Cell 6 lies behind cell 5"):
        plan(BASE, number=6)
    with pytest.raises(UsageError, match="Cell 1 is none"):
        plan(BASE, number=1)
    with pytest.raises(UsageError, match="Cell 60"):
        plan(BASE, number=60)


def test_a_failed_cell_that_was_removed_is_said() -> None:
    without = {name: source for name, source in BASE.items() if name != "d"}
    with pytest.raises(UsageError, match=r"Cell 5, which failed, is no longer in the notebook.*--from"):
        plan(without)
    assert plan(without, number=5).start == 3


def test_all_run_again_where_it_is_asked_for() -> None:
    assert len(again(plan(BASE, everything=True))) == 5


def test_of_other_languages_all_run_again() -> None:
    found = plan(BASE, language="R")
    assert len(again(found)) == 5
    assert "Python" in again(found)["b"]


def test_a_run_that_was_cancelled_between_cells_goes_on_with_the_next() -> None:
    old, new = notebook(BASE), notebook(BASE)
    assert plan_cells(old, new, DONE).start == 3
    assert plan_cells(old, new, ()).start == 0


def test_cells_without_ids_are_told_by_their_text() -> None:
    old = {f"cell-{n}": source for n, source in enumerate(BASE.values(), 1)}
    new = {
        f"cell-{n}": s
        for n, s in enumerate(["# Title", "q = 1", *list(BASE.values())[1:4], "print(z)", "1"], 1)
    }
    found = plan_cells(notebook(old), notebook(new), ["cell-2", "cell-3", "cell-4"], failed="cell-5")
    kept = {cell.id: cell.earlier for cell in found.cells if cell.earlier}
    assert kept == {"cell-3": "cell-2", "cell-4": "cell-3", "cell-5": "cell-4"}
    assert found.cells[found.start].id == "cell-6"
