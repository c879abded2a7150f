"""The run table over REST: the bodies of the contract, its answers, and what is refused."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest


async def test_windows_and_groups(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    base = f"/projects/{sample.project}"
    body = {
        "scope": {"query": "", "notebook": "work/churn/train.ipynb", "experiment": None, "trashed": False},
        "order_by": "metrics.acc desc",
        "columns": ["name", "params.lr", "metrics.`never a number`", "params.limit", "started", "git.commit"],
        "sparks": ["loss"],
    }
    page = conforms((await ask(f"{base}/table", "POST", body)).json, "TablePage")
    assert (page["total"], page["ids"]) == (2, [sample.finished, sample.failed])
    names, rates, never, limit, started, commit = page["columns"]
    assert (names[0], rates, never, limit) == ("Größe µ 模型", [0.01, 10], ["NaN", None], ["Infinity", None])
    assert started[0].endswith("Z")
    assert commit == ["9fceb02", None]
    assert page["sparks"][0][1] == ["Infinity"]
    asked = {"group_by": ["experiment"], "columns": ["metrics.acc"], "order_by": "count desc"}
    groups = conforms((await ask(f"{base}/table/groups", "POST", asked)).json, "GroupPage")
    assert [(group["values"], group["count"]) for group in groups["groups"]] == [
        (["churn"], 2),
        (["Größe 模型"], 1),
    ]
    assert groups["groups"][0]["best"] == sample.finished
    rows = {"group": [{"column": "experiment", "value": "churn"}]}
    assert (await ask(f"{base}/table", "POST", rows)).json["ids"] == [sample.failed, sample.finished]
    columns = conforms((await ask(f"{base}/columns")).json, "TableColumns")["columns"]
    assert {"column": "metrics.acc", "kind": "metric", "type": "number", "count": 1, "goal": "max"} in columns


@pytest.mark.parametrize(
    ("path", "body", "code", "says"),
    [
        (
            "table",
            {"columns": ["name", "params.lr +"]},
            "column",
            {"place": 1, "field": "columns", "position": 11},
        ),
        ("table", {"group": [{"column": "x", "value": 1}]}, "column", {"place": 0, "field": "group"}),
        ("table", {"scope": {"query": "metrics.acc >"}}, "query", {"position": 13, "end": 13}),
        ("table", {"order_by": "name,, id"}, "query", {"position": 5}),
        ("table", {"limit": 1001}, "usage", {}),
        ("table", {"columns": ["name"] * 65}, "usage", {}),
        ("table", {"nonsense": 1}, "usage", {}),
        ("table/groups", {"group_by": []}, "usage", {}),
        ("table/groups", {"group_by": ["name", "stats"]}, "column", {"place": 1, "field": "group_by"}),
        ("query/check", {"query": 1}, "usage", {}),
    ],
)
async def test_refusals(
    ask: Callable[..., Any], sample: Any, path: str, body: Any, code: str, says: dict[str, Any]
) -> None:
    answer = await ask(f"/projects/{sample.project}/{path}", "POST", body)
    assert (answer.status, answer.json["code"]) == (400, code)
    assert {name: answer.json[name] for name in says} == says


async def test_a_check(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    path = f"/projects/{sample.project}/query/check"
    found = conforms((await ask(path, "POST", {"query": "metrics.acc > "})).json, "QueryCheck")
    assert (found["error"]["field"], found["error"]["start"]) == ("query", 13)
    fine = {"query": "acc order by started", "order_by": "", "columns": ["max(metrics.acc)"]}
    assert (await ask(path, "POST", fine)).json == {"error": None}


async def test_views_and_many_runs(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]
) -> None:
    base = f"/projects/{sample.project}"
    draft = {"name": "Größe", "kind": "board", "content": {"charts": [1.5, None]}}
    created = await ask(f"{base}/views", "POST", draft)
    assert created.status == 201
    view = conforms(created.json, "View")
    again = await ask(f"{base}/views", "POST", draft)
    assert (again.status, again.json["code"]) == (409, "conflict")
    path = f"{base}/views/{view['id']}"
    changed = conforms((await ask(path, "PUT", {"revision": 1, "content": {}})).json, "View")
    assert (changed["name"], changed["revision"]) == ("Größe", 2)
    assert (await ask(path, "PUT", {"revision": 1})).status == 409
    assert (await ask(path, "PUT", {"name": "x"})).status == 400
    assert conforms((await ask(f"{base}/views")).json, "Views")["views"] == [changed]
    assert (await ask(path)).json == (await ask(path, "DELETE")).json == changed
    assert (await ask(path)).status == 404
    body = {"runs": [sample.finished, sample.failed], "action": "trash"}
    result = conforms((await ask(f"{base}/runs/bulk", "POST", body)).json, "BulkResult")
    assert result == {"changed": [sample.finished, sample.failed], "failed": []}
    assert (await ask(f"{base}/runs")).json["total"] == 1
    assert (await ask(f"{base}/runs/bulk", "POST", {"runs": [], "action": "trash"})).status == 400


async def test_what_a_table_shows_is_read_before_it_is_sorted(
    ask: Callable[..., Any],
    until: Callable[..., Awaitable[Any]],
    sample: Any,
    jp_serverapp: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A window reads values of its own runs alone; sorting needs those of all, and finds them in memory."""
    monkeypatch.setattr("trackbook.services.run_tables._WORTH_AHEAD", 1)
    (app,) = jp_serverapp.extension_manager.extension_apps["trackbook"]
    searcher = app.projects.services(sample.project).runs.searcher
    column = "metrics.acc"
    await ask(f"/projects/{sample.project}/table", "POST", {"columns": [column], "offset": 50})
    before = searcher.taken

    async def is_read() -> bool:
        return bool(searcher.taken > before)

    await until(is_read)
    read = searcher.taken
    page = (await ask(f"/projects/{sample.project}/table", "POST", {"order_by": f"{column} desc"})).json
    assert page["ids"][0] == sample.finished
    assert searcher.taken == read
