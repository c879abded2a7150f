"""Going on with a failed job's run through REST: what would run again, and running it."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from trackbook.server.debugging import own_client
from trackbook.services.context import open_services


def notebook(*sources: str) -> dict[str, Any]:
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(sources, start=1)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


async def value_of(kernel: Any, name: str, until: Callable[..., Any]) -> Any:
    """A variable of a kernel that has come to where it is to stand, which takes a while."""
    client = own_client(kernel)
    client.start_channels()
    try:

        async def value() -> Any:
            client.execute("", silent=True, user_expressions={"found": name})
            reply = await client.get_shell_msg(timeout=120)
            found = reply["content"].get("user_expressions", {}).get("found", {})
            return found.get("data", {}).get("text/plain")

        return await until(value, 120)
    finally:
        client.stop_channels()


async def test_a_failed_run_goes_on(
    ask: Callable[..., Any],
    sample: Any,
    conforms: Callable[..., Any],
    until: Callable[..., Any],
    jp_serverapp: Any,
) -> None:
    log = "open('ran.txt', 'a').write('{}')"
    cells = [f"x = 1; {log.format(1)}", log.format(2), f"{log.format(3)}; 1 / 0"]
    path = sample.store.project / "fails.ipynb"
    path.write_text(json.dumps(notebook(*cells)))
    jobs = f"/projects/{sample.project}/jobs"
    answer = await ask(jobs, "POST", {"notebook": "work/churn/fails.ipynb"})
    job = answer.json["jobs"][0]

    async def ended(wanted: str) -> Any:
        found = (await ask(f"{jobs}/{wanted}")).json
        return found if found["status"] in ("finished", "failed") else None

    failed = await until(lambda: ended(job["id"]), 240)
    assert failed["status"] == "failed"
    run = f"/projects/{sample.project}/runs/{failed['spec']['run_id']}"
    found = conforms((await ask(f"{run}/resumption")).json, "Resumption")
    assert (found["possible"], found["how"], found["from_cell"]["number"]) == (True, "repeat", 3)
    assert [cell["again"] for cell in found["cells"]] == [False, False, True]
    started = await ask(f"{run}/debug", "POST", {})
    assert started.status == 201
    debug = conforms(started.json, "DebugStarted")
    assert (debug["how"], debug["place"]["number"], debug["cells"]) == ("repeat", 3, [])
    everything = conforms((await ask(f"{run}/debug", "POST", {"everything": True})).json, "DebugStarted")
    assert len(everything["cells"]) == 2
    kernels = jp_serverapp.kernel_manager
    assert await value_of(kernels.get_kernel(everything["kernel"]["id"]), "x", until) == "1"
    sessions = await jp_serverapp.session_manager.list_sessions()
    assert {everything["session"]["id"], debug["session"]["id"]} == {one["id"] for one in sessions}
    for one in (debug, everything):
        await kernels.shutdown_kernel(one["kernel"]["id"], now=True)
    (sample.store.project / "ran.txt").unlink()
    # As it stands in an editor: the file is still the one that fails.
    corrected = notebook(*cells[:2], f"{log.format(3)}; print('x is', x)")
    answer = await ask(f"{run}/resume", "POST", {"notebook": corrected})
    assert answer.status == 201
    job = conforms(answer.json, "Job")
    assert job["spec"]["resumes"] == failed["spec"]["run_id"]
    assert (await until(lambda: ended(job["id"]), 240))["status"] == "finished"
    assert (sample.store.project / "ran.txt").read_text() == "13"
    resumed = f"/projects/{sample.project}/runs/{job['spec']['run_id']}"

    async def is_indexed() -> bool:
        return (await ask(resumed)).json.get("run", {}).get("status") == "finished"

    await until(is_indexed)
    detail = conforms((await ask(resumed)).json, "RunDetail")
    assert detail["run"]["tags"]["resumes"] == failed["spec"]["run_id"]
    done = await ask(f"{resumed}/resumption")
    assert done.json["possible"] is False
    assert "has finished" in done.json["reason"]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"number": 0}, 400), ({"unknown": 1}, 400), ({"notebook": "text"}, 400), ({}, 400)],
)
async def test_refusals(
    ask: Callable[..., Any], sample: Any, conforms: Callable[..., Any], body: Any, status: int
) -> None:
    runs = f"/projects/{sample.project}/runs"
    answer = await ask(f"{runs}/{sample.finished}/resume", "POST", body)
    assert (answer.status, conforms(answer.json, "Error")["code"]) == (status, "usage")
    unknown = "019aa5b0-0000-7000-8000-000000000000"
    assert (await ask(f"{runs}/{unknown}/resume", "POST", {})).status == 404
    assert (await ask(f"{runs}/{unknown}/resumption")).status == 404


@pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")
async def test_a_kernel_from_a_snapshot(
    ask: Callable[..., Any],
    sample: Any,
    conforms: Callable[..., Any],
    until: Callable[..., Any],
    jp_serverapp: Any,
) -> None:
    cells = ["x = [1]", "x.append(2)", "1 / 0"]
    (sample.store.project / "fails.ipynb").write_text(json.dumps(notebook(*cells)))
    jobs = f"/projects/{sample.project}/jobs"
    answer = await ask(jobs, "POST", {"notebook": "work/churn/fails.ipynb", "snapshots": True})
    job = answer.json["jobs"][0]
    assert conforms(job, "Job")["spec"]["snapshots"] is True

    async def failed() -> Any:
        return (await ask(f"{jobs}/{job['id']}")).json["status"] == "failed"

    await until(failed, 240)
    run = f"/projects/{sample.project}/runs/{job['spec']['run_id']}"
    found = conforms((await ask(f"{run}/resumption")).json, "Resumption")
    assert (found["how"], len(found["snapshots"])) == ("snapshot", 2)
    started = conforms((await ask(f"{run}/debug", "POST", {})).json, "DebugStarted")
    assert (started["how"], started["cells"]) == ("snapshot", [])
    kernels = jp_serverapp.kernel_manager
    assert await value_of(kernels.get_kernel(started["kernel"]["id"]), "x", until) == "[1, 2]"
    # It is known for a moment only.
    assert started["kernel"]["name"] not in jp_serverapp.kernel_spec_manager.find_kernel_specs()
    await kernels.shutdown_kernel(started["kernel"]["id"], now=True)
    services = open_services(sample.store)
    try:
        assert services.resumptions.drop_snapshots() == 2
    finally:
        services.close()
