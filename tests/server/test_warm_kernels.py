"""Warm kernels of a real Jupyter server: started, interrupted, restarted, killed and shut down."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from trackbook.jobs.forking.request import ForkedProcess
from trackbook.jobs.forking.wire import can_fork
from trackbook.jobs.warm import folder as folders
from trackbook.jobs.warm.folder import TemplateFolder, present_folder
from trackbook.jobs.warm.kernelspec import install_kernel
from trackbook.jobs.warm.provisioner import WarmProvisioner

pytestmark = pytest.mark.skipif(not can_fork(), reason="warm kernels need Linux")


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TemplateFolder]:
    """The templates of this process, which is the server's."""
    monkeypatch.setenv("TRACKBOOK_CACHE", str(tmp_path / "cache"))
    value = f"{WarmProvisioner.__module__}:{WarmProvisioner.__qualname__}"
    point = EntryPoint("trackbook-warm", value, KernelProvisionerFactory.GROUP_NAME)
    monkeypatch.setitem(KernelProvisionerFactory.provisioners, "trackbook-warm", point)
    folders.use_folder(None)
    yield present_folder()
    present_folder().close()
    folders.use_folder(None)


async def _until(condition: Any) -> None:
    for _ in range(2400):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about")


async def test_kernels_of_a_server(
    jp_fetch: Any, jp_serverapp: Any, templates: TemplateFolder, tmp_path: Path
) -> None:
    install_kernel(imports=["json"])
    body = json.dumps({"name": "trackbook-warm"})
    ids = [
        json.loads((await jp_fetch("api", "kernels", method="POST", body=body)).body)["id"] for _ in range(2)
    ]
    managers = [jp_serverapp.kernel_manager.get_kernel(kernel_id) for kernel_id in ids]
    processes = [manager.provisioner.process for manager in managers]
    assert all(isinstance(process, ForkedProcess) for process in processes)
    assert templates.owner == os.getpid()
    assert len(templates.templates()) == 1

    client = managers[0].client()
    client.start_channels()
    await client.wait_for_ready(timeout=120)

    async def ask(code: str) -> Any:
        message = client.execute(code)
        while True:
            reply = await client.get_shell_msg(timeout=120)
            if reply["parent_header"].get("msg_id") == message:
                return reply["content"]

    assert (await ask("kept = 1"))["status"] == "ok"
    begun = tmp_path / "begun"
    running = asyncio.ensure_future(ask(f"import time; open({str(begun)!r}, 'w').close(); time.sleep(600)"))

    async def has_begun() -> bool:
        return begun.exists()

    await _until(has_begun)

    async def is_interrupted() -> bool:
        # Again and again: one that comes where Python ignores exceptions is lost, as in any kernel.
        await jp_fetch("api", "kernels", ids[0], "interrupt", method="POST", allow_nonstandard_methods=True)
        await asyncio.sleep(0.5)
        return running.done()

    await _until(is_interrupted)
    assert (await running)["ename"] == "KeyboardInterrupt"
    await jp_fetch("api", "kernels", ids[0], "restart", method="POST", allow_nonstandard_methods=True)
    restarted = managers[0].provisioner.process
    assert restarted.pid != processes[0].pid
    await client.wait_for_ready(timeout=120)
    assert (await ask("kept"))["ename"] == "NameError"

    # One that dies is seen to, as any kernel is.
    os.kill(restarted.pid, signal.SIGKILL)

    async def has_followed() -> bool:
        process = managers[0].provisioner.process
        return process is not None and process.pid != restarted.pid and process.poll() is None

    await _until(has_followed)
    client.stop_channels()
    for kernel_id in ids:
        await jp_fetch("api", "kernels", kernel_id, method="DELETE")
    assert json.loads((await jp_fetch("api", "kernels")).body) == []
    assert processes[1].poll() is not None
