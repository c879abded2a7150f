"""What charts ask for, over REST."""

from collections.abc import Callable
from typing import Any


async def test_columns_of_values(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    path = f"/projects/{sample.project}/frame"
    scope = {"notebook": "work/churn/train.ipynb"}
    answer = await ask(path, "POST", {"scope": scope, "columns": ["status", "params.lr"], "max_rows": 10})
    assert answer.status == 200, answer.body
    frame = conforms(answer.json, "Frame")
    assert (frame["total"], frame["sampled"]) == (len(frame["ids"]), False)
    assert sample.finished in frame["ids"]
    named = await ask(path, "POST", {"runs": [sample.failed], "columns": ["status"]})
    assert conforms(named.json, "Frame")["columns"] == [["failed"]]


async def test_importance_and_correlation(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]
) -> None:
    base = f"/projects/{sample.project}"
    asked = {"scope": {}, "target": "duration"}
    answer = await ask(f"{base}/importance", "POST", asked)
    assert answer.status == 200, answer.body
    assert conforms(answer.json, "Importance")["reason"]
    answer = await ask(f"{base}/correlation", "POST", {"scope": {}, "columns": ["number", "duration"]})
    assert answer.status == 200, answer.body
    assert conforms(answer.json, "Correlation")["columns"] == ["number", "duration"]


async def test_what_can_not_be_asked(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]
) -> None:
    path = f"/projects/{sample.project}/frame"
    for body, code in (
        ({"columns": []}, "usage"),
        ({"columns": [], "scope": {}, "runs": []}, "usage"),
        ({"columns": ["number"], "scope": {}, "max_rows": 0}, "usage"),
        ({"columns": ["number"] * 65, "scope": {}}, "usage"),
        ({"columns": ["number"], "scope": {"nothing": 1}}, "usage"),
        ({"columns": ["metrics.acc >"], "scope": {}}, "column"),
        ({"columns": [], "scope": {"query": "metrics.acc >"}}, "query"),
    ):
        answer = await ask(path, "POST", body)
        assert (answer.status, conforms(answer.json, "Error")["code"]) == (400, code), body
