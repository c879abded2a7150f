"""What differs between two runs, over REST."""

from collections.abc import Callable
from typing import Any

from .conftest import Ask, Sample

Conforms = Callable[[Any, str], Any]


async def test_differences_of_two_runs(ask: Ask, sample: Sample, conforms: Conforms) -> None:
    base = f"/projects/{sample.project}"
    runs = [sample.finished, sample.failed]
    answer = await ask(f"{base}/differences/notebook", "POST", {"runs": runs, "all": True})
    found = conforms(answer.json, "NotebookDifferences")
    assert (answer.status, found["left"]["run_id"], found["right"]["run_id"]) == (200, *runs)
    cell = next(one for one in found["cells"] if one["left"])
    side = {key: cell["left"][key] for key in ("index", "cell_id", "order")}
    answer = await ask(f"{base}/differences/cell", "POST", {"runs": runs, "left": side})
    compared = conforms(answer.json, "CellComparison")
    assert (compared["left"]["source"], compared["right"]) == (cell["left"]["source"], None)
    answer = await ask(f"{base}/differences/code", "POST", {"runs": runs})
    assert conforms(answer.json, "CodeDifferences")["reason"] is not None
    conforms((await ask(f"{base}/compare?run={runs[0]}&run={runs[1]}")).json, "Comparison")
    for kind in ("best", "previous"):
        answer = await ask(f"{base}/runs/{sample.finished}/counterpart?kind={kind}")
        assert conforms(answer.json, "Counterpart")["kind"] == kind


async def test_what_can_not_be_compared_is_refused(ask: Ask, sample: Sample) -> None:
    base = f"/projects/{sample.project}"
    run = sample.finished
    for path, body, status in (
        ("notebook", {"runs": [run]}, 400),
        ("notebook", {"runs": [run, run, run]}, 400),
        ("notebook", {"runs": [run, "nobody"]}, 404),
        ("cell", {"runs": [run, run]}, 400),
        ("cell", {"runs": [run, run], "left": {"index": 999}}, 404),
        ("cell", {"runs": [run, run], "left": 3}, 400),
        ("code", {}, 400),
    ):
        assert (await ask(f"{base}/differences/{path}", "POST", body)).status == status, (path, body)
    assert (await ask(f"{base}/runs/{run}/counterpart?kind=worst")).status == 400
    assert (await ask(f"{base}/runs/{sample.project[:-1]}0/counterpart?kind=best")).status == 404
