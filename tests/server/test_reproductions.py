"""What stands in the way of repeating a run, and repeating it, through REST."""

from collections.abc import Callable
from typing import Any


async def test_a_diagnosis(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    answer = await ask(f"/projects/{sample.project}/runs/{sample.finished}/diagnosis")
    found = conforms(answer.json, "Diagnosis")
    codes = {one["code"]: one["severity"] for one in found["obstacles"]}
    assert codes["module_missing"] == "error"
    assert codes["uncommitted"] == "warning"
    severities = [one["severity"] for one in found["obstacles"]]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    script = await ask(f"/projects/{sample.project}/runs/{sample.child}/diagnosis")
    assert [one["code"] for one in script.json["obstacles"] if one["severity"] == "error"] == ["script"]


async def test_a_reproduction(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any], until: Callable[..., Any]
) -> None:
    runs = f"/projects/{sample.project}/runs"
    answer = await ask(f"{runs}/{sample.finished}/reproduce", "POST", {"ignore": ["loss"], "timeout": 300})
    assert answer.status == 201
    job = conforms(answer.json, "Job")
    assert job["spec"]["reproduction"]["run_id"] == sample.finished
    assert job["spec"]["tags"] == {"reproduces": sample.finished}

    async def verdict() -> Any:
        return (await ask(f"{runs}/{sample.finished}")).json["reproduction"]

    found = await until(verdict, 240)
    detail = conforms((await ask(f"{runs}/{sample.finished}")).json, "RunDetail")
    assert detail["run"]["reproduction"]["run_id"] == job["spec"]["run_id"] == found["run_id"]
    assert found["verdict"] == "differs", found["reason"]  # the sample's metrics came from no cell
    statuses = {check["name"]: check["status"] for check in found["checks"]}
    assert statuses["acc"] == "missing"
    assert not any(name.startswith("loss") for name in statuses)
    assert found["held"]["output"] == 1


async def test_refusals(ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any]) -> None:
    runs = f"/projects/{sample.project}/runs"
    script = await ask(f"{runs}/{sample.child}/reproduce", "POST", {})
    assert (script.status, conforms(script.json, "Error")["code"]) == (400, "usage")
    assert "trackbook compare" in script.json["message"]
    for body in ({"tolerance": -1}, {"tolerance": "wide"}, {"unknown": 1}):
        assert (await ask(f"{runs}/{sample.finished}/reproduce", "POST", body)).status == 400
    unknown = "019aa5b0-0000-7000-8000-000000000000"
    assert (await ask(f"{runs}/{unknown}/reproduce", "POST", {})).status == 404
    assert (await ask(f"{runs}/{unknown}/diagnosis")).status == 404
