"""Edits, snapshots, jobs and projects made through REST."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


async def test_edits_are_in_the_answer_and_in_the_store(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]
) -> None:
    path = f"/projects/{sample.project}/runs/{sample.failed}"
    edit = {"name": "läuft 🦉", "notes": "Zeile 1\nZeile 2", "tags": {"team": "nlp", "x": ""}}
    run = conforms((await ask(path, "PATCH", edit)).json, "Run")
    assert (run["name"], run["notes"], run["tags"]) == ("läuft 🦉", "Zeile 1\nZeile 2", edit["tags"])
    run = (await ask(path, "PATCH", {"tags": {"x": None}})).json
    assert (run["name"], run["tags"]) == ("läuft 🦉", {"team": "nlp"})
    assert (await ask(path)).json["run"] == run
    assert (await ask(path, "PATCH", {})).json["name"] == "läuft 🦉"


async def test_trash_and_restore(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    runs, path = f"/projects/{sample.project}/runs", f"/projects/{sample.project}/runs/{sample.failed}"
    assert conforms((await ask(f"{path}/trash", "POST")).json, "Run")["trashed"] is True
    assert (await ask(runs)).json["total"] == 2
    assert [run["id"] for run in (await ask(f"{runs}?trashed=1")).json["runs"]] == [sample.failed]
    assert (await ask(f"{path}/restore", "POST")).json["trashed"] is False
    assert (await ask(runs)).json["total"] == 3


async def test_a_run_in_the_trash_is_deleted_for_good(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]
) -> None:
    runs, path = f"/projects/{sample.project}/runs", f"/projects/{sample.project}/runs/{sample.failed}"
    refused = await ask(path, "DELETE")
    assert (refused.status, refused.json["code"]) == (409, "conflict")
    await ask(f"{path}/trash", "POST")
    assert conforms((await ask(path, "DELETE")).json, "Run")["id"] == sample.failed
    assert (await ask(path)).status == 404
    assert (await ask(path, "DELETE")).status == 404
    assert (await ask(f"{runs}?trashed=1")).json["total"] == 0


async def test_a_run_gets_a_group(ask: Callable[..., Any], sample: Any) -> None:
    path = f"/projects/{sample.project}/runs/{sample.failed}"
    assert (await ask(path, "PATCH", {"group": "cv"})).json["group"] == "cv"
    found = await ask(f"/projects/{sample.project}/runs?query=group%20%3D%20'cv'")
    assert [run["id"] for run in found.json["runs"]] == [sample.failed]
    assert (await ask(path, "PATCH", {"name": "n"})).json["group"] == "cv"
    assert (await ask(path, "PATCH", {"group": None})).json["group"] is None
    assert (await ask(path, "PATCH", {"group": ""})).status == 400


async def test_snapshot_comes_back_equal(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]
) -> None:
    document = json.loads((sample.store.project / "train.ipynb").read_text(encoding="utf-8"))
    document["cells"][2]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["Größe \ud83d\n", "模型 \ud800"]}
    ]
    document["cells"][2]["execution_count"] = 3
    path = f"/projects/{sample.project}/runs/{sample.finished}/snapshots/start"
    kept = await ask(path, "PUT", {"notebook": document})
    assert kept.status == 200, kept.body
    info = conforms(kept.json, "SnapshotInfo")
    assert (info["moment"], info["origin"]) == ("start", "document")
    back = conforms((await ask(path)).json, "Snapshot")
    assert back["notebook"] == document
    assert back["info"]["digest"] == info["digest"]
    answer = await ask(
        f"/projects/{sample.project}/snapshots/missing", "POST", {"digests": [info["digest"], "0" * 64]}
    )
    assert conforms(answer.json, "Missing") == {"missing": ["0" * 64]}


async def test_a_project_is_made_once(
    ask: Callable[..., Any], jp_root_dir: Path, conforms: Callable[..., Any]
) -> None:
    (jp_root_dir / "neu" / "tief").mkdir(parents=True)
    made = await ask("/projects", "POST", {"path": "neu"})
    assert made.status == 201
    project = conforms(made.json, "Project")
    assert (project["name"], project["path"]) == ("neu", "neu")
    assert (await ask("/projects", "POST", {"path": "neu/tief/later.ipynb"})).json == project
    assert (await ask(f"/projects/{project['id']}/runs")).json == {"total": 0, "revision": 0, "runs": []}


async def test_a_submitted_job_runs(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any], until: Callable[..., Any]
) -> None:
    jobs = f"/projects/{sample.project}/jobs"
    assert (await ask(f"{jobs}/{sample.job}/cancel", "POST")).json["status"] == "cancelled"
    answer = await ask(
        jobs,
        "POST",
        {
            "notebook": "work/churn/train.ipynb",
            "params": {"depth": 2},
            "sweep": {"lr": [0.5, "NaN"]},
            "experiment": "sweep",
            "cell_timeout": 100,
            "memory": 4_000_000_000,
            "retries": 2,
            "retry_delay": 0.5,
            "retry_on": ["died", "memory"],
        },
    )
    assert answer.status == 201, answer.body
    submitted = conforms(answer.json, "Jobs")["jobs"]
    limits = [submitted[0]["spec"][name] for name in ("cell_timeout", "memory", "retries", "retry_on")]
    assert limits == [100.0, 4_000_000_000, 2, ["died", "memory"]]
    assert [job["spec"]["params"] for job in submitted] == [
        {"depth": 2, "lr": 0.5},
        {"depth": 2, "lr": "NaN"},
    ]

    async def ended() -> bool:
        found = [(await ask(f"{jobs}/{job['id']}")).json for job in submitted]
        return all(job["status"] in ("finished", "failed", "cancelled") for job in found)

    await until(ended, seconds=180.0)
    for job in submitted:
        done = conforms((await ask(f"{jobs}/{job['id']}")).json, "Job")
        assert (done["status"], done["error"]) == ("finished", None)
        (attempt,) = done["attempts"]
        assert (attempt["outcome"], attempt["run_id"]) == ("finished", done["spec"]["run_id"])
        assert attempt["memory"] > 10_000_000

    async def finished() -> bool:
        page = (await ask(f"/projects/{sample.project}/runs?experiment=sweep")).json
        return [run["status"] for run in page["runs"]] == ["finished", "finished"]

    await until(finished)
    page = conforms(
        (await ask(f"/projects/{sample.project}/runs?experiment=sweep&order_by=number")).json, "RunPage"
    )
    assert [run["params"]["lr"] for run in page["runs"]] == [0.5, "NaN"]
    assert {run["source"]["kind"] for run in page["runs"]} == {"job"}


async def test_proposed_constants_become_parameters(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]
) -> None:
    path = sample.store.project / "plain.ipynb"
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in ("LR = 0.1  # rate", "print(LR)")
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    url = f"/projects/{sample.project}/parameters"
    found = conforms((await ask(f"{url}?notebook=work/churn/plain.ipynb")).json, "Parameters")
    assert found["parameters"] == []
    assert [(row["parameter"]["name"], row["cell"]) for row in found["proposals"]] == [("LR", 1)]
    before = path.read_bytes()
    refused = await ask(url, "POST", {"notebook": "work/churn/plain.ipynb", "names": ["other"]})
    assert (refused.status, refused.json["code"]) == (400, "notebook")
    assert path.read_bytes() == before
    answer = await ask(url, "POST", {"notebook": "work/churn/plain.ipynb", "names": ["LR"]})
    made = conforms(answer.json, "Parameters")
    assert [(row["name"], row["help"]) for row in made["parameters"]] == [("LR", "rate")]
    assert made["proposals"] == []
    assert json.loads(path.read_text())["cells"][0]["metadata"] == {"tags": ["parameters"]}
    for body in (
        {"notebook": "work/churn/plain.ipynb", "names": []},
        {"notebook": "../../x.ipynb", "names": ["LR"]},
    ):
        assert (await ask(url, "POST", body)).status in (400, 404)
