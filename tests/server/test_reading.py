"""Every GET, on a real store, against the schemas of rest-api.yml."""

from collections.abc import Callable
from typing import Any

import pytest


async def test_project_of_a_path(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    for path in ("work/churn/train.ipynb", "work/churn", "/work/churn/not-saved-yet.ipynb"):
        answer = await ask(f"/projects?path={path}")
        projects = conforms(answer.json, "Projects")["projects"]
        assert projects == [{"id": sample.project, "name": "churn", "path": "work/churn"}]
    assert (await ask("/projects")).json == {"projects": []}
    assert (await ask("/projects?path=work")).json == {"projects": []}


async def test_experiments(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    answer = conforms((await ask(f"/projects/{sample.project}/experiments")).json, "Experiments")
    assert {row["name"]: row["runs"] for row in answer["experiments"]} == {"churn": 2, "Größe 模型": 1}


async def test_runs(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    page = conforms((await ask(f"/projects/{sample.project}/runs")).json, "RunPage")
    assert page["total"] == 3
    assert [run["id"] for run in page["runs"]] == [sample.child, sample.failed, sample.finished]
    assert page["revision"] >= max(run["revision"] for run in page["runs"])
    finished = page["runs"][2]
    assert finished["name"] == "Größe µ 模型"
    assert finished["params"] == {
        "lr": 0.01,
        "depth": 8,
        "layers": [64, 64],
        "model.kind": "tree",
        "limit": "Infinity",
    }
    assert finished["metrics"]["never a number"] == "NaN"
    assert finished["goals"] == {"acc": "max"}
    assert finished["source"]["message_id"] == "message-1"
    assert page["runs"][1]["metrics"] == {"loss": "Infinity"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("query=params.lr > 1", ["failed"]),
        ("query=metrics.acc > 0.5 and tags.team = 'vision'", ["finished"]),
        ("order_by=started", ["finished", "failed", "child"]),
        ("order_by=started&limit=1&offset=1", ["failed"]),
        ("offset=50", []),
        ("notebook=work/churn/train.ipynb", ["failed", "finished"]),
        ("notebook=work/churn/other.ipynb", []),
        ("experiment=Größe 模型", ["child"]),
        ("trashed=true", []),
        ("trashed=0&query=", ["child", "failed", "finished"]),
    ],
)
async def test_windows_of_runs(ask: Callable[..., Any], sample: Any, query: str, names: list[str]) -> None:
    answer = await ask(f"/projects/{sample.project}/runs?{query}")
    assert [run["id"] for run in answer.json["runs"]] == [getattr(sample, name) for name in names]


async def test_run_detail(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    detail = conforms((await ask(f"/projects/{sample.project}/runs/{sample.finished}")).json, "RunDetail")
    assert [(row["key"], row["value"]) for row in detail["revisions"] if row["key"] == "lr"] == [
        ("lr", 0.1),
        ("lr", 0.01),
    ]
    assert {artifact["path"] for artifact in detail["artifacts"]} == {
        "plots/größe.png",
        "report.html",
        "plot.svg",
        "data.csv",
        "model.bin",
    }
    assert [cell["status"] for cell in detail["cells"]] == ["ok", "error"]
    assert detail["environment"]["packages"] == {"numpy": "2.3.4"}
    assert detail["children"] == [sample.child]
    never = next(row for row in detail["series"] if row["key"] == "never a number")
    assert (never["last"], never["min"], never["max"], never["count"]) == ("NaN", None, None, 1)
    failed = await ask(f"/projects/{sample.project}/runs/{sample.failed}")
    assert conforms(failed.json, "RunDetail")["run"]["error"]["cell"] == 3


async def test_series(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    base = f"/projects/{sample.project}/series?run={sample.finished}&run={sample.failed}&key=loss"
    every = conforms((await ask(base)).json, "SeriesList")["series"]
    assert [(row["run_id"], row["context"]) for row in every] == [
        (sample.finished, {}),
        (sample.finished, {"subset": "val"}),
        (sample.failed, {}),
    ]
    assert every[0]["values"][30] == "NaN"
    assert every[0]["total"] == len(every[0]["steps"]) == len(every[0]["times"]) == 60
    one = (await ask(f'{base}&context={{"subset":"val"}}&max_points=10')).json["series"]
    assert [row["total"] for row in one] == [60]
    assert len(one[0]["values"]) <= 10
    assert (one[0]["values"][0], one[0]["values"][-1]) == (2.0, 2.0 / 60)
    plain = (await ask(f"{base}&context={{}}")).json["series"]
    assert [row["context"] for row in plain] == [{}, {}]
    assert (await ask(f"{base}2")).json == {"series": []}


async def test_artifacts(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    answer = await ask(f"/projects/{sample.project}/runs/{sample.finished}/artifacts")
    artifacts = conforms(answer.json, "Artifacts")["artifacts"]
    assert [row["path"] for row in artifacts] == sorted(row["path"] for row in artifacts)


async def test_cell(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    base = f"/projects/{sample.project}/runs/{sample.finished}/cells"
    cell = conforms((await ask(f"{base}/1")).json, "CellContent")
    assert cell["source"] == "print('Größe')"
    assert cell["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "Größe\n"}]
    broken = conforms((await ask(f"{base}/2")).json, "CellContent")
    assert broken["source"] == "raise KeyError('target')\n# \ud800"  # a lone surrogate survives as an escape
    assert broken["execution"]["error"]["ename"] == "KeyError"


async def test_compare(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    base = f"/projects/{sample.project}/compare?run={sample.finished}&run={sample.failed}"
    differences = conforms((await ask(base)).json, "Comparison")
    assert [run["id"] for run in differences["runs"]] == [sample.finished, sample.failed]
    rows = {row["key"]: row["values"] for row in differences["params"]}
    assert (rows["lr"], rows["depth"]) == ([0.01, 10.0], [8, None])
    assert all(row["differs"] for row in differences["params"])
    same = (await ask(f"/projects/{sample.project}/compare?run={sample.failed}&run={sample.failed}")).json
    assert same["params"] == []
    everything = (
        await ask(f"/projects/{sample.project}/compare?run={sample.failed}&run={sample.failed}&all=1")
    ).json
    assert conforms(everything, "Comparison")["params"][0]["values"] == [10.0, 10.0]


async def test_parameters(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    answer = await ask(f"/projects/{sample.project}/parameters?notebook=work/churn/train.ipynb")
    found = conforms(answer.json, "Parameters")
    assert found["kernel"] == "python3"
    assert [(row["name"], row["type"], row["default"], row["help"]) for row in found["parameters"]] == [
        ("lr", "float", 0.1, "learning rate"),
        ("depth", "int", 8, ""),
    ]


async def test_jobs(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    page = conforms((await ask(f"/projects/{sample.project}/jobs")).json, "JobPage")
    assert (page["total"], page["counts"]) == (1, {"queued": 1})
    jobs = page["jobs"]
    assert [(job["id"], job["status"], job["spec"]["params"]) for job in jobs] == [
        (sample.job, "queued", {"depth": 4})
    ]
    none = {"jobs": [], "total": 0, "counts": {"queued": 1}}
    assert (await ask(f"/projects/{sample.project}/jobs?status=finished")).json == none
    assert (await ask(f"/projects/{sample.project}/jobs?offset=1")).json == none | {"total": 1}
    assert (await ask(f"/projects/{sample.project}/jobs?offset=-1")).status == 400
    one = await ask(f"/projects/{sample.project}/jobs/{sample.job}")
    assert conforms(one.json, "Job") == jobs[0]


async def test_verdict(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    base = f"/projects/{sample.project}/runs"
    verdict = conforms((await ask(f"{base}/{sample.finished}/verdict")).json, "Verdict")
    # It is held against the saved notebook, which was written before its cells ran.
    assert verdict == {"document": "file", "clean": True, "cells": []}
    (sample.store.project / "train.ipynb").touch()  # from now on it knows what ran, and says something else
    edited = conforms((await ask(f"{base}/{sample.finished}/verdict")).json, "Verdict")
    (cell,) = edited["cells"]
    assert (cell["cell_id"], cell["order"], cell["findings"][0]["code"]) == ("c-train", 1, "edited")
    without = conforms((await ask(f"{base}/{sample.failed}/verdict")).json, "Verdict")
    assert (without["clean"], without["cells"]) == (True, [])
    assert (await ask(f"{base}/019b0000-0000-7000-8000-000000000000/verdict")).status == 404


async def test_curves(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    url = f"/projects/{sample.project}/curves"
    runs = [sample.finished, sample.failed]
    page = conforms((await ask(url, "POST", {"keys": ["loss"], "runs": runs})).json, "CurvePage")
    assert [(curve["run_id"], curve["context"]) for curve in page["curves"]] == [
        (sample.finished, {}),
        (sample.finished, {"subset": "val"}),
        (sample.failed, {}),
    ]
    assert page["curves"][0]["values"][30] == "NaN"
    few = {"keys": ["loss"], "runs": runs, "max_points": 10, "from": 0, "to": 58.5, "context": {}}
    (thinned, infinite) = conforms((await ask(url, "POST", few)).json, "CurvePage")["curves"]
    assert (len(thinned["x"]), thinned["min"].count("NaN")) == (
        12,
        1,
    )  # a gap, and the point behind the window
    assert infinite["values"] == ["Infinity"]
    scope = {"notebook": "work/churn/train.ipynb", "query": "params.lr < 1"}
    grouped = {"keys": ["acc"], "scope": scope, "group_by": "params.lr"}
    page = conforms((await ask(url, "POST", grouped)).json, "CurvePage")
    assert [(curve["group"], curve["runs"], curve["total"]) for curve in page["curves"]] == [(0.01, 1, 60)]
    for wrong in (
        {},
        {"keys": []},
        {"keys": ["loss"]},
        {"keys": ["loss"], "runs": runs, "max_points": 1},
        {"keys": ["loss"], "runs": runs, "wrong": 1},
        {"keys": ["loss"], "scope": {"query": "params.lr >"}},
    ):
        answer = await ask(url, "POST", wrong)
        assert answer.status == 400, wrong
    assert (await ask(url, "POST", {"keys": ["loss"], "scope": {"query": "params.lr >"}})).json[
        "position"
    ] == 11
