"""Warm kernels as Jupyter's managers see them, and ordinary starts where there can be no warm one."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from tests.jobs.conftest import Bench, wait_for
from tests.jobs.warm.conftest import Warm, python_path

from trackbook.jobs.forking.request import ForkedProcess
from trackbook.jobs.forking.wire import can_fork
from trackbook.jobs.warm import finding
from trackbook.jobs.warm import provisioner as provisioners
from trackbook.jobs.warm.provisioner import WarmProvisioner
from trackbook.jobs.warm.wanted import shadows, wanted_modules

linux = pytest.mark.skipif(not can_fork(), reason="warm kernels need Linux")


class Manager(AsyncKernelManager):
    """An ordinary manager whose kernels have the provisioner, as a kernelspec names it."""

    imports = ("json",)

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        config = {"imports": list(self.imports)}
        metadata = {"kernel_provisioner": {"provisioner_name": "trackbook-warm", "config": config}}
        return KernelSpec(argv=argv, language="python", display_name="w", metadata=metadata)


@pytest.fixture(autouse=True)
def _entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    # As an installed Trackbook registers it.
    value = f"{WarmProvisioner.__module__}:{WarmProvisioner.__qualname__}"
    point = EntryPoint("trackbook-warm", value, KernelProvisionerFactory.GROUP_NAME)
    monkeypatch.setitem(KernelProvisionerFactory.provisioners, "trackbook-warm", point)
    monkeypatch.setattr(finding, "_told", set())


@asynccontextmanager
async def started(**options: Any) -> AsyncIterator[tuple[Manager, AsyncKernelClient]]:
    manager = Manager()
    await manager.start_kernel(**options)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=120)
        yield manager, client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def answer(client: AsyncKernelClient, expression: str) -> Any:
    content = await reply_to(client, client.execute("", user_expressions={"x": expression}))
    return eval(content["user_expressions"]["x"]["data"]["text/plain"])


async def reply_to(client: AsyncKernelClient, message: str) -> Any:
    while True:
        reply = await client.get_shell_msg(timeout=120)
        if reply["parent_header"].get("msg_id") == message:
            return reply["content"]


def process_of(manager: AsyncKernelManager) -> Any:
    return manager.provisioner.process  # type: ignore[union-attr]


@linux
def test_two_kernels_at_once_restart_interrupt_and_shutdown(warm: Warm, tmp_path: Path) -> None:
    async def use() -> None:
        async with started(cwd=str(tmp_path)) as (one, first), started() as (other, second):
            assert isinstance(process_of(one), ForkedProcess)
            assert isinstance(process_of(other), ForkedProcess)
            pids = (
                await answer(first, "__import__('os').getpid()"),
                await answer(second, "__import__('os').getpid()"),
            )
            assert pids == (process_of(one).pid, process_of(other).pid)
            assert await answer(first, "__import__('os').getcwd()") == str(tmp_path)
            assert (await answer(first, "__import__('sys').argv[0]")).endswith("ipykernel_launcher.py")
            # Else what is asked right behind the interrupt may be given up, as that of any kernel.
            cell = "kept = 1; import time; open('begun', 'w').close(); time.sleep(600)"
            asked = first.execute(cell, stop_on_error=False)
            wait_for((tmp_path / "begun").exists)
            await one.interrupt_kernel()
            assert (await reply_to(first, asked))["ename"] == "KeyboardInterrupt"
            assert await answer(first, "kept") == 1
            await one.restart_kernel(now=True)
            await first.wait_for_ready(timeout=120)
            assert await answer(first, "'kept' in globals()") is False
            assert process_of(one).pid != pids[0]
            assert await answer(second, "__import__('os').getpid()") == pids[1]
            await other.shutdown_kernel()
            assert not await other.is_alive()
            assert not _lives(pids[1])

    asyncio.run(use())


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@linux
@pytest.mark.parametrize(
    ("death", "code"), [("os._exit(7)", 7), ("os.kill(os.getpid(), 9)", -signal.SIGKILL)]
)
def test_how_it_ended_is_known(warm: Warm, death: str, code: int) -> None:
    async def use() -> None:
        async with started() as (manager, client):
            process = process_of(manager)
            client.execute(f"import os; {death}")
            while await manager.is_alive():
                await asyncio.sleep(0.05)
            assert process.poll() == code

    asyncio.run(use())


@linux
def test_another_template_follows_one_that_was_killed(
    warm: Warm, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Manager, "imports", ("sndhdr_not_there", "quopri"))

    async def use() -> None:
        async with started() as (_, client):
            killed = await answer(client, "__import__('os').getppid()")
            assert killed in [said["pid"] for said in warm.templates.templates()]
            os.kill(killed, signal.SIGKILL)
            wait_for(lambda: not _lives(killed))
            # The kernel lives on, and the next one is warm again.
            assert await answer(client, "1 + 1") == 2
            async with started() as (other, _):
                assert isinstance(process_of(other), ForkedProcess)
            assert killed not in [said["pid"] for said in warm.templates.templates()]

    with caplog.at_level("WARNING", logger="trackbook.warm"):
        asyncio.run(use())
    # Said once for both templates.
    (record,) = caplog.records
    assert (
        record.getMessage() == "sndhdr_not_there is not imported before kernels start: it can't be imported."
    )


@linux
def test_what_it_started_ends_with_it(warm: Warm, tmp_path: Path) -> None:
    async def use() -> int:
        async with started(cwd=str(tmp_path)) as (_, client):
            source = "__import__('subprocess').Popen(['sleep', '600']).pid"
            return int(await answer(client, source))

    pid = asyncio.run(use())
    wait_for(lambda: not _lives(pid))


@linux
def test_a_job_starts_warm_and_comes_out_as_with_an_ordinary_kernel(
    warm: Warm, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = (
        "import numpy as np, os, sys\nimport matplotlib.pyplot as plt",
        "print(os.getcwd(), sys.argv[0], sorted(set(sys.modules) & {'numpy', 'matplotlib'}))",
        "np.random.seed(3); np.random.rand(3)",
        "plt.plot([1, 2]); print(plt.get_backend())",
        "import logging; logging.warning('logged'); 1 / 0",
    )
    outputs = []
    for switch in ("1", "0"):
        monkeypatch.setenv("TRACKBOOK_WARM", switch)
        outcome = bench.run(*cells)
        assert (outcome.status, outcome.error is not None and outcome.error.ename) == (
            "failed",
            "ZeroDivisionError",
        )
        outputs.append([[_plain(output) for output in cell.outputs] for cell in bench.output().cells])
    assert outputs[0] == outputs[1]
    assert any("image/png" in output.get("data", {}) for output in outputs[0][3])
    assert warm.templates.templates()[0]["names"]
    assert not (bench.folder / "log.txt").read_text()


def _plain(output: Any) -> dict[str, Any]:
    found = {key: value for key, value in dict(output).items() if key not in ("execution_count", "traceback")}
    if "image/png" in found.get("data", {}):
        found["data"] = {
            **found["data"],
            "image/png": len(found["data"]["image/png"]) > 100,
            "text/plain": "",
        }
    return found


@linux
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("shadow", r"wave in its folder has the name of a module that would be there already"),
        ("relative", r"PYTHONPATH names folders relative to the working directory"),
        ("options", r"it is to be started with preexec_fn"),
        ("pipe", r"what it prints is to be piped"),
        ("gone", r"its template does not answer"),
    ],
)
def test_where_it_can_not_start_warm_it_starts_and_says_why(
    warm: Warm,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    spoil: str,
    reason: str,
) -> None:
    options: dict[str, Any] = {"cwd": str(tmp_path)}
    monkeypatch.setattr(Manager, "imports", ("wave",))
    if spoil == "shadow":
        (tmp_path / "wave.py").write_text("x = 1")
    elif spoil == "relative":
        options["env"] = {**os.environ, "PYTHONPATH": python_path("near")}
    elif spoil == "options":
        options["preexec_fn"] = _nothing
    elif spoil == "pipe":
        options["stdout"] = subprocess.PIPE
    else:

        def refuse(*_: Any, **__: Any) -> None:
            raise ConnectionRefusedError(111, "Connection refused")

        monkeypatch.setattr(provisioners, "request_fork", refuse)

    async def use() -> None:
        async with started(**options) as (manager, client):
            assert isinstance(process_of(manager), subprocess.Popen)
            assert await answer(client, "1 + 1") == 2
            cold = manager.provisioner.cold_reason  # type: ignore[union-attr]
            assert cold is not None
            logging.getLogger().info(cold)

    with caplog.at_level("WARNING", logger="trackbook.warm"):
        asyncio.run(use())
    (record,) = caplog.records
    assert record.getMessage().startswith("The kernel was started the ordinary way: ")
    import re

    assert re.search(reason, record.getMessage())


def _nothing() -> None:
    pass


def test_elsewhere_it_starts_as_ever_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(provisioners, "can_fork", lambda: False)

    async def use() -> None:
        async with started() as (manager, client):
            assert isinstance(process_of(manager), subprocess.Popen)
            assert await answer(client, "1 + 1") == 2

    with caplog.at_level("WARNING", logger="trackbook.warm"):
        asyncio.run(use())
    assert caplog.records == []


def test_a_project_says_what_its_kernels_have_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    cells = ["import numpy, near", "from json import dumps"]
    (tmp_path / "near.py").write_text("")
    said = tmp_path / "pyproject.toml"
    expected: list[tuple[str, list[str] | None]] = [
        ("", ["numpy", "json:dumps"]),
        ("[tool.trackbook]\nwarm = true", ["numpy", "json:dumps"]),
        ("[tool.trackbook]\nwarm = ['csv']", ["csv"]),
        ("[tool.trackbook]\nwarm = false", None),
        ("[tool.trackbook]\nwarm = 3", ["numpy", "json:dumps"]),
    ]
    for text, modules in expected:
        said.write_text(textwrap.dedent(text))
        assert wanted_modules(cells, str(tmp_path)) == modules
    monkeypatch.setenv("TRACKBOOK_WARM", "0")
    assert wanted_modules(cells, str(tmp_path)) is None
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "data").mkdir()
    assert shadows(str(tmp_path), ["near", "package", "data", "numpy"]) == ["near", "package"]


def test_the_entry_point_is_declared() -> None:
    import tomllib

    declared = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    points = declared["entry-points"]["jupyter_client.kernel_provisioners"]
    loaded: Callable[..., Any] = EntryPoint("n", points["trackbook-warm"], "g").load()
    assert loaded is WarmProvisioner
