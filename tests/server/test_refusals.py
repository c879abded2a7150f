"""Bad input is answered with 4xx and JSON that says what is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trackbook.domain.ids import new_id
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store

QUERIES = [
    "runs?limit=1000000000",
    "runs?limit=501",
    "runs?limit=0",
    "runs?limit=ten",
    "runs?limit=1&limit=2",
    "runs?offset=-1",
    "runs?offset=99999999999999999999",
    "runs?trashed=perhaps",
    "runs?notebook=../secret.ipynb",
    "series?key=loss",
    "series?run={finished}",
    "series?run={finished}&key=loss&max_points=1000001",
    "series?run={finished}&key=loss&context=[1]",
    'series?run={finished}&key=loss&context={{"a":1}}',
    "series?run={finished}&key=loss&context={{",
    "compare?run={finished}",
    "jobs?status=lost",
    "jobs?limit=1000000000",
    "parameters",
    "parameters?notebook=../../etc/passwd",
]

BODIES = [
    ("PATCH", "runs/{finished}", '{{"name": '),
    ("PATCH", "runs/{finished}", ""),
    ("PATCH", "runs/{finished}", "[1, 2]"),
    ("PATCH", "runs/{finished}", '{{"nmae": "x"}}'),
    ("PATCH", "runs/{finished}", '{{"name": 7}}'),
    ("PATCH", "runs/{finished}", '{{"name": null}}'),
    ("PATCH", "runs/{finished}", '{{"tags": {{"a": 1}}}}'),
    ("PATCH", "runs/{finished}", "[" * 200_000),
    ("PATCH", "runs/{finished}", '{{"notes": "\\ud800"}}'),
    ("POST", "jobs", '{{"notebook": "work/churn/train.ipynb", "timeout": NaN}}'),
    (
        "POST",
        "jobs",
        '{{"notebook": "work/churn/train.ipynb", "params": ' + '{{"a":' * 300 + "1" + "}}" * 301,
    ),
    ("PUT", "runs/{finished}/snapshots/start", '{{"notebook": []}}'),
    ("PUT", "runs/{finished}/snapshots/start", "{{}}"),
    (
        "PUT",
        "runs/{finished}/snapshots/start",
        '{{"notebook": {{"cells": [1], "metadata": {{}}, "nbformat": 4}}}}',
    ),
    ("PUT", "runs/{finished}/snapshots/start", '{{"notebook": {{"worksheets": [], "nbformat": 3}}}}'),
    ("PUT", "runs/{finished}/snapshots/start", '{{"notebook": ' + '{{"a":' * 500 + "1" + "}}" * 501),
    ("POST", "snapshots/missing", '{{"digests": ["../../etc/passwd"]}}'),
    ("POST", "snapshots/missing", '{{"digests": "all"}}'),
    ("POST", "jobs", "{{}}"),
    ("POST", "jobs", '{{"notebook": "work/churn/train.ipynb", "sweep": {{"lr": []}}}}'),
    ("POST", "jobs", '{{"notebook": "work/churn/train.ipynb", "parallel": 0}}'),
    ("POST", "jobs", '{{"notebook": "work/churn/train.ipynb", "timeout": -1}}'),
    ("POST", "jobs", '{{"notebook": "work/churn/train.ipynb", "cell_timeout": 0}}'),
    ("POST", "jobs", '{{"notebook": "work/churn/train.ipynb", "memory": 5}}'),
    ("POST", "jobs", '{{"notebook": "work/churn/train.ipynb", "retries": -1}}'),
    ("POST", "jobs", '{{"notebook": "work/churn/train.ipynb", "retry_on": ["rain"]}}'),
    ("POST", "jobs", '{{"notebook": "../train.ipynb"}}'),
]

MISSING = [
    "runs/{unknown}",
    "runs/42",
    "runs/..%2f..",
    "runs/{finished}/cells/99",
    "runs/{finished}/cells/0",
    "runs/{finished}/cells/one",
    "runs/{finished}/cells/1e400",
    "runs/{finished}/snapshots/end",
    "runs/{finished}/snapshots/middle",
    "runs/{unknown}/artifacts",
    "runs/{finished}/artifacts/none.txt",
    "runs/{unknown}/artifacts/data.csv",
    "series?run={unknown}&key=loss",
    "compare?run={finished}&run={unknown}",
    "jobs/{unknown}",
    "jobs/x",
    "parameters?notebook=work/churn/none.ipynb",
    "experiments/churn",
]


@pytest.fixture
def fields(sample: Any) -> dict[str, str]:
    return {"finished": sample.finished, "unknown": new_id()}


async def test_queries_that_do_not_fit(ask: Callable[..., Any], sample: Any, fields: dict[str, str]) -> None:
    for query in QUERIES:
        answer = await ask(f"/projects/{sample.project}/{query.format(**fields)}")
        assert (answer.status, answer.json["code"]) == (400, "usage"), (query, answer.body)
        assert answer.json["message"]


async def test_bodies_that_do_not_fit(ask: Callable[..., Any], sample: Any, fields: dict[str, str]) -> None:
    for method, path, body in BODIES:
        answer = await ask(
            f"/projects/{sample.project}/{path.format(**fields)}", method, body.format(**fields)
        )
        assert (answer.status, answer.json["code"]) == (400, "usage"), (path, body[:80], answer.body)


async def test_a_body_that_is_no_text(ask: Callable[..., Any], sample: Any) -> None:
    answer = await ask(f"/projects/{sample.project}/runs/{sample.failed}", "PATCH", b"\xff\xfe\x00\xd8")
    assert (answer.status, answer.json["code"]) == (400, "usage")


async def test_things_that_are_not_there(
    ask: Callable[..., Any], sample: Any, fields: dict[str, str]
) -> None:
    for path in MISSING:
        answer = await ask(f"/projects/{sample.project}/{path.format(**fields)}")
        assert (answer.status, answer.json["code"]) == (404, "not_found"), (path, answer.body)


async def test_unknown_projects(ask: Callable[..., Any], sample: Any) -> None:
    for project in (new_id(), "x", "..%2f..", "%00"):
        for path in ("runs", f"runs/{sample.finished}", "jobs", "experiments"):
            answer = await ask(f"/projects/{project}/{path}")
            assert (answer.status, answer.json["code"]) == (404, "not_found"), (project, path, answer.body)


@pytest.mark.parametrize(
    "path",
    [
        "../data.csv",
        "plots/../../x",
        "/etc/passwd",
        "..%2f..%2fstore.json",
        "%2fetc%2fpasswd",
        "a%00b",
        "plots//x",
    ],
)
async def test_artifact_paths_stay_in_the_run(ask: Callable[..., Any], sample: Any, path: str) -> None:
    answer = await ask(f"/projects/{sample.project}/runs/{sample.finished}/artifacts/{path}")
    assert answer.status in (400, 404), answer.body
    assert answer.json["code"] in ("usage", "invalid_name", "not_found")


async def test_a_run_of_another_project_is_not_found(
    ask: Callable[..., Any], sample: Any, jp_root_dir: Path
) -> None:
    other = create_store(jp_root_dir / "other" / ".trackbook")
    run = RunRecorder.start(other, experiment="secret")
    run.store_artifact(b"secret", "secret.txt")
    run.end()
    calls = [
        ("GET", "", None),
        ("PATCH", "", {"name": "mine"}),
        ("POST", "/trash", None),
        ("POST", "/restore", None),
        ("GET", "/artifacts", None),
        ("GET", "/artifacts/secret.txt", None),
        ("GET", "/cells/1", None),
        ("GET", "/snapshots/start", None),
        (
            "PUT",
            "/snapshots/start",
            {"notebook": {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}},
        ),
    ]
    for method, path, body in calls:
        answer = await ask(f"/projects/{sample.project}/runs/{run.run_id}{path}", method, body)
        assert (answer.status, answer.json["code"]) == (404, "not_found"), (method, path, answer.body)
    assert not (sample.store.journals / run.run_id).exists()


async def test_a_search_that_can_not_be_read_says_where(ask: Callable[..., Any], sample: Any) -> None:
    answer = await ask(f"/projects/{sample.project}/runs?query=metrics.acc >> 1")
    assert (answer.status, answer.json["code"]) == (400, "query")
    assert answer.json["position"] == len("metrics.acc >")
    assert answer.json["reason"]
    order = await ask(f"/projects/{sample.project}/runs?order_by=metrics.acc sideways")
    assert (order.status, order.json["code"]) == (400, "query")


async def test_names_that_can_not_be_stored(ask: Callable[..., Any], sample: Any) -> None:
    path = f"/projects/{sample.project}/runs/{sample.failed}"
    for body in (
        {"name": ""},
        {"name": "x" * 251},
        {"name": "a\0b"},
        {"tags": {"": "x"}},
    ):
        answer = await ask(path, "PATCH", body)
        assert (answer.status, answer.json["code"]) == (400, "invalid_name"), (body, answer.body)


async def test_wrong_parameters_are_refused_before_anything_runs(
    ask: Callable[..., Any], sample: Any
) -> None:
    jobs = f"/projects/{sample.project}/jobs"
    for params in ({"lrr": 1}, {"depth": "deep"}):
        answer = await ask(jobs, "POST", {"notebook": "work/churn/train.ipynb", "params": params})
        assert (answer.status, answer.json["code"]) == (400, "parameter"), answer.body
    assert answer.json["name"] == "depth"
    several = {
        "notebook": "work/churn/train.ipynb",
        "params": {"lrr": 1, "lr": "x"},
        "sweep": {"depth": ["deep"]},
    }
    answer = await ask(jobs, "POST", several)
    assert (answer.status, answer.json["code"], answer.json["name"]) == (400, "parameter", "lrr")
    assert answer.json["problems"] == [
        {
            "name": "lrr",
            "reason": "the notebook has no such parameter; did you mean 'lr'?",
            "suggestions": ["lr"],
        },
        {"name": "lr", "reason": "expected float, not 'x' (str)", "suggestions": []},
        {"name": "depth", "reason": "expected int, not 'deep' (str)", "suggestions": []},
    ]
    (sample.store.project / "broken.ipynb").write_text("{", encoding="utf-8")
    broken = await ask(jobs, "POST", {"notebook": "work/churn/broken.ipynb"})
    assert (broken.status, broken.json["code"]) == (400, "notebook")
    assert len((await ask(jobs)).json["jobs"]) == 1
