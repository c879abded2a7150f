"""What a trial orders to be shared is that of its sweep, with values of its own."""

from typing import Any

import pytest
from nbformat import v4

from trackbook.domain.job import JobSpec
from trackbook.jobs.prefix import order
from trackbook.jobs.prefix.order import order_prefix
from trackbook.notebook import prefix
from trackbook.notebook.inject import inject_parameters


def ordered(sweep: str, params: dict[str, Any], swept: list[str], *sources: str) -> Any:
    cells = [
        v4.new_code_cell("lr = 0.1\nname = 'x'", metadata={"tags": ["parameters"]}),
        *map(v4.new_code_cell, sources),
    ]
    notebook = v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}}
    )
    spec = JobSpec(
        run_id=f"r{params}",
        path="n.ipynb",
        experiment="e",
        notebook="".join(sources),
        folder="/",
        params=params,
        sweep_id=sweep,
        swept=swept,
    )
    return order_prefix(notebook, inject_parameters(notebook, params), spec)[0]


def test_trials_of_a_sweep_share_a_look_and_differ_in_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Any] = []
    find = prefix.find_prefix

    def look(notebook: Any, swept: Any) -> Any:
        looked.append(swept)
        return find(notebook, swept)

    monkeypatch.setattr(order, "find_prefix", look)
    sources = ("data = [1, 2]", "print(data, name)", "data[0] * lr")
    one, two = (ordered("s", {"lr": lr, "name": "a"}, ["lr"], *sources) for lr in (0.1, 0.2))
    assert (
        (one.cells, one.key, one.constants)
        == (two.cells, two.key, two.constants)
        == ([0, 2, 3], one.key, one.constants)
    )
    assert "lr = 0.1" in one.own
    assert "lr = 0.2" in two.own
    assert len(looked) == 1
    # Another sweep, another swept name, another notebook.
    assert ordered("t", {"lr": 0.1, "name": "a"}, ["lr"], *sources).key != one.key
    assert ordered("s", {"lr": 0.1, "name": "a"}, ["name"], *sources).cells == [0, 2]
    assert ordered("s", {"lr": 0.1, "name": "a"}, ["lr"], "lr", *sources).cells == [0]
    assert len(looked) == 4


def test_cells_with_values_are_alike_where_only_the_values_differ() -> None:
    shape = order._shape("# Parameters\nlr = 0.1\nname = 'a'")
    assert order._shape("# Parameters\nlr = 2\nname = 'b'") == shape
    others = ("lr = 2", "import datetime as d\nlr = 0.1\nname = d.date(2020, 1, 1)", "lr <- 2")
    assert len({shape, *map(order._shape, others)}) == 4
