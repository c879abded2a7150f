"""System metrics at one moment: the real machine, made-up ones, and cards that a made-up driver shows."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest

from trackbook.capture import nvidia, system
from trackbook.capture.system import SystemProbe, free_space, is_measurable, make_source, unit_of
from trackbook.capture.system_linux import LinuxSource, ProcessUse
from trackbook.capture.system_psutil import PsutilSource

MEGABYTE = 1_000_000
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@contextmanager
def child(code: str) -> Iterator[int]:
    """A child process that runs `code`, says that it is ready, and waits."""
    program = f"{code}\nprint('ready', flush=True)\ninput()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process.pid
        process.communicate("\n")


# The real machine


SAMPLE = """
import json, time
import psutil
from {0.__module__} import {0.__qualname__} as Kind
from trackbook.capture.system import SystemProbe
probe = SystemProbe(Kind())
probe.prime()
began, worked = time.monotonic(), time.process_time()
while time.process_time() < worked + 0.25:
    pass
def share(): return (time.process_time() - worked) / (time.monotonic() - began) * 100
# However little of the machine others leave to this process, be it between two of these lines.
before = share()
found = probe.sample()
print(json.dumps([found, [before, share()], psutil.Process().memory_info().rss]))
"""


@pytest.mark.parametrize("kind", [pytest.param(LinuxSource, marks=linux), PsutilSource])
def test_a_sample_of_this_machine(kind: Any) -> None:
    # In a process of its own: whatever earlier tests left running below this one would count, too.
    done = subprocess.run(
        [sys.executable, "-c", SAMPLE.format(kind)], capture_output=True, text=True, check=True
    )
    found, shares, resident = json.loads(done.stdout)
    assert 0 < found["cpu"] <= 100
    assert 0.7 * min(shares) <= found["process.cpu"] <= 1.3 * max(shares)
    assert found["memory"] == pytest.approx(
        psutil.virtual_memory().total - psutil.virtual_memory().available, rel=0.2
    )
    assert found["process.memory"] == pytest.approx(resident, rel=0.05)
    assert found["network.received"] >= 0
    assert all(unit_of(name) for name in found)


@pytest.mark.parametrize("kind", [pytest.param(LinuxSource, marks=linux), PsutilSource])
def test_children_and_their_children_count_but_for_those_left_out(kind: Any) -> None:
    code = (
        "import subprocess, sys, time\n"
        "until = time.process_time() + 0.1\n"
        "while time.process_time() < until: pass\n"
        f"grown = bytearray({60 * MEGABYTE})\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
    )
    with child(code) as pid:
        whole = kind().processes()
        assert next(iter(whole)) == os.getpid()
        assert pid in whole
        grandchildren = {process.pid for process in psutil.Process(pid).children()}
        assert grandchildren
        assert grandchildren <= whole.keys()
        assert whole[pid].resident > 60 * MEGABYTE
        assert whole[pid].seconds >= 0.1
        without = kind().processes(without={pid})
        assert not ({pid} | grandchildren) & without.keys()
        assert SystemProbe(kind()).sample()["children.memory"] > 60 * MEGABYTE


@linux
def test_both_ways_tell_the_same() -> None:
    one, other = LinuxSource(), PsutilSource()
    # Others may take or give back memory between two looks, but not between all of them.
    assert any(one.memory() == pytest.approx(other.memory(), rel=0.2) for _ in range(20))
    first, second = one.network(), other.network()
    assert first is not None
    assert second is not None
    assert first[0] <= second[0] * 1.01
    cpu, same = one.cpu(), other.cpu()
    assert cpu is not None
    assert same is not None
    assert cpu[0] / cpu[1] == pytest.approx(same[0] / same[1], rel=0.05)
    # The looks themselves take processor time, on a busy machine a good deal.
    before, own, after = (source.processes()[os.getpid()].seconds for source in (one, other, one))
    tick = 0.02
    assert before - tick <= own <= after + tick


def test_free_space(tmp_path: Path) -> None:
    assert free_space(tmp_path) == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)
    assert free_space(tmp_path / "missing") is None


# Machines that are made up

STAT = "cpu  100 20 30 800 50 0 0 0 40 0\ncpu0 1 1 1 1\n"
MEMORY = "MemTotal:  1000 kB\nMemFree:  10 kB\nMemAvailable:  400 kB\n"
DISKS = """
   8       0 sda 10 0 100 5 20 0 200 5 0 0 0
   8       1 sda1 10 0 100 5 20 0 200 5 0 0 0
   7       0 loop0 9 0 900 5 9 0 900 5 0 0 0
 259       0 nvme0n1 1 0 7 5 1 0 9 5 0 0 0
"""
CARDS = """Inter-|   Receive      |  Transmit
 face |bytes    packets errs|bytes
    lo: 5000 1 0 0 0 0 0 0 5000 1 0 0 0 0 0 0
  eth0: 100 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0
docker0:70 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0
"""


class Machine:
    """Folders that look like /proc and /sys."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.sys = folder / "proc", folder / "sys"
        self.proc.mkdir()
        self.source = LinuxSource(self.proc, self.sys)

    def write(self, name: str, text: str) -> None:
        path = self.proc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def process(self, pid: int, parent: int, name: str = "python", ticks: int = 100, pages: int = 10) -> None:
        rest = [*"0" * 9, ticks, 0, 0, 0, *"0" * 6, pages]
        self.write(f"{pid}/stat", f"{pid} ({name}) S {parent} {' '.join(map(str, rest))} 0 0")

    def device(self, name: str) -> None:
        (self.sys / name / "device").mkdir(parents=True)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@linux
def test_a_machine_with_disks_and_cards(machine: Machine) -> None:
    machine.write("stat", STAT)
    machine.write("meminfo", MEMORY)
    machine.write("diskstats", DISKS)
    machine.write("net/dev", CARDS)
    for name in ("block/sda", "block/nvme0n1", "class/net/eth0"):
        machine.device(name)
    assert machine.source.cpu() == (150, 1000)
    assert machine.source.memory() == 600 * 1024
    assert machine.source.disk() == (107 * 512, 209 * 512)
    assert machine.source.network() == (100, 30)


@linux
def test_a_container_has_no_card_of_its_own(machine: Machine) -> None:
    machine.write("net/dev", CARDS)
    assert machine.source.network() == (170, 50)


@linux
def test_what_is_not_told_is_left_out(machine: Machine) -> None:
    source = machine.source
    assert (source.cpu(), source.memory(), source.disk(), source.network()) == (None, None, None, None)
    assert source.processes() == {}
    machine.write("meminfo", "MemTotal: 5 kB\n")
    machine.write("stat", "intr 1 2 3\n")
    assert (source.cpu(), source.memory()) == (None, None)
    probe = SystemProbe(source)
    probe.prime()
    time.sleep(0.11)
    assert set(probe.sample()) <= {"process.cpu"}


@linux
def test_odd_names_of_programs(machine: Machine) -> None:
    own = os.getpid()
    machine.process(own, 1)
    machine.process(own + 1, own, "a ) (b", ticks=300, pages=7)
    machine.process(own + 2, own + 1, "42 (")
    machine.process(own + 3, 1, "somebody else's")
    found = machine.source.processes()
    assert list(found) == [own, own + 1, own + 2]
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    assert found[own + 1] == ProcessUse(300 / tick, 7 * page)


@linux
def test_a_kernel_that_lists_children_is_not_searched(machine: Machine) -> None:
    own = os.getpid()
    machine.process(own, 1)
    for pid in (own + 1, own + 2, own + 3):
        machine.process(pid, 1)  # a search for parents would find none of them
    machine.write(f"{own}/task/{own}/children", f"{own + 1} ")
    machine.write(f"{own}/task/7/children", f"{own + 2} {own + 9} ")
    machine.write(f"{own + 1}/task/{own + 1}/children", f"{own + 3} ")
    assert set(machine.source.processes()) == {own, own + 1, own + 2, own + 3}
    assert set(machine.source.processes(without={own + 1})) == {own, own + 2}


class Scripted:
    """A source that says what it is told to."""

    def __init__(self) -> None:
        self.busy, self.there = 10.0, 100.0
        self.seconds = 1.0
        self.counted: tuple[int, int] | None = (1000, 1000)

    def cpu(self) -> tuple[float, float] | None:
        return self.busy, self.there

    def memory(self) -> int | None:
        return 7

    def disk(self) -> tuple[int, int] | None:
        return self.counted

    def network(self) -> tuple[int, int] | None:
        return None

    def processes(self, without: Any = ()) -> dict[int, ProcessUse]:
        return {1: ProcessUse(self.seconds, 5)}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    clock = SimpleNamespace(at=50.0)
    monkeypatch.setattr(system, "time", SimpleNamespace(monotonic=lambda: clock.at))
    return clock


def test_rates_are_over_the_time_since_the_reading_before(clock: Any) -> None:
    source = Scripted()
    probe = SystemProbe(source)
    assert probe.sample() == {"memory": 7, "process.memory": 5}
    clock.at += 10
    source.busy, source.there, source.seconds, source.counted = 15, 120, 1.5, (6000, 1000)
    assert probe.sample() == {
        "memory": 7, "process.memory": 5, "cpu": 25, "process.cpu": 5, "disk.read": 500, "disk.write": 0,
    }  # fmt: skip
    clock.at += 0.05
    source.seconds += 0.05
    assert "process.cpu" not in probe.sample()  # too little time for a counter that ticks
    clock.at += 0.15
    assert probe.sample()["process.cpu"] == pytest.approx(25)


def test_counters_that_go_back_say_nothing(clock: Any) -> None:
    source = Scripted()
    probe = SystemProbe(source)
    probe.prime()
    clock.at += 10
    source.seconds, source.counted = 0.5, (0, 2000)
    found = probe.sample()
    assert "process.cpu" not in found
    assert "disk.read" not in found
    assert found["disk.write"] == 100
    clock.at += 10
    source.counted = None  # the disk is gone
    assert "disk.write" not in probe.sample()


def test_an_old_reading_is_made_anew(clock: Any) -> None:
    source = Scripted()
    probe = SystemProbe(source)
    probe.prime()
    clock.at += 1000
    source.seconds = 900
    probe.prime(oldest=2000)
    clock.at += 1
    assert probe.sample()["process.cpu"] == pytest.approx(89.8, abs=0.1)
    clock.at += 1000
    source.seconds = 1800
    probe.prime(oldest=20)
    clock.at += 1
    assert probe.sample()["process.cpu"] == 0


def test_another_system_needs_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert is_measurable()
    assert isinstance(make_source(), PsutilSource)
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(ImportError):
        make_source()


def test_a_system_without_psutil_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delitem(sys.modules, "psutil")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not is_measurable()


# Graphics cards


class NVMLError(Exception):
    """What pynvml raises."""


class Driver(ModuleType):
    """A pynvml with two cards; the second one knows its memory alone."""

    NVML_TEMPERATURE_GPU = 0
    nvmlMemory_v2 = 33554472  # noqa: N815

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.processes = [SimpleNamespace(pid=os.getpid(), usedGpuMemory=3 * MEGABYTE)]
        self.works = True

    def nvmlInit(self) -> None:  # noqa: N802
        if not self.works:
            raise NVMLError("driver not loaded")

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetMemoryInfo(self, card: int, version: int | None = None) -> Any:  # noqa: N802
        if card == 1 and version is not None:
            raise NVMLError("not supported")
        return SimpleNamespace(used=(10 if version else 11) * MEGABYTE)

    def nvmlDeviceGetUtilizationRates(self, card: int) -> Any:  # noqa: N802
        self._first_alone(card)
        return SimpleNamespace(gpu=87, memory=30)

    def nvmlDeviceGetPowerUsage(self, card: int) -> int:  # noqa: N802
        self._first_alone(card)
        return 312_500

    def nvmlDeviceGetTemperature(self, card: int, sensor: int) -> int:  # noqa: N802
        self._first_alone(card)
        return 61

    def nvmlDeviceGetComputeRunningProcesses(self, card: int) -> Any:  # noqa: N802
        self._first_alone(card)
        return self.processes

    def _first_alone(self, card: int) -> None:
        if card:
            raise NVMLError("not supported")


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    driver = Driver()
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    return driver


def test_cards_say_what_they_know(driver: Driver) -> None:
    found = SystemProbe().sample()
    cards = {name: value for name, value in found.items() if name.startswith("gpu.")}
    assert cards == {
        "gpu.0.utilization": 87,
        "gpu.0.memory": 10 * MEGABYTE,
        "gpu.0.process.memory": 3 * MEGABYTE,
        "gpu.0.power": 312.5,
        "gpu.0.temperature": 61,
        "gpu.1.memory": 11 * MEGABYTE,
    }
    units = {name: unit_of(name) for name in cards}
    assert units == {
        "gpu.0.utilization": "%",
        "gpu.0.memory": "B",
        "gpu.0.process.memory": "B",
        "gpu.0.power": "W",
        "gpu.0.temperature": "°C",
        "gpu.1.memory": "B",
    }


def test_memory_of_other_processes_is_not_ours(driver: Driver) -> None:
    driver.processes = [SimpleNamespace(pid=1, usedGpuMemory=5), SimpleNamespace(pid=2, usedGpuMemory=7)]
    cards = nvidia.open_cards()
    assert cards is not None
    assert "gpu.0.process.memory" not in cards.read({3})
    assert cards.read({1, 2})["gpu.0.process.memory"] == 12
    driver.processes = [SimpleNamespace(pid=1, usedGpuMemory=None)]  # a driver that does not say
    assert "gpu.0.process.memory" not in cards.read({1})


def test_without_a_driver_there_are_no_cards(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.works = False
    assert nvidia.open_cards() is None
    monkeypatch.setattr(driver, "works", True)
    monkeypatch.setattr(driver, "nvmlDeviceGetCount", lambda: 0)
    assert nvidia.open_cards() is None
    monkeypatch.setitem(sys.modules, "pynvml", None)  # not installed
    assert nvidia.open_cards() is None


@linux
@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is a driver")
def test_the_library_is_not_imported_for_nothing() -> None:
    code = "import sys; from trackbook.capture.nvidia import open_cards; print(open_cards(), 'pynvml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]


@pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="needs an NVIDIA card")
def test_real_gpu() -> None:
    query = "index,memory.used,power.draw,temperature.gpu,utilization.gpu"
    command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader,nounits"]
    found = SystemProbe().sample()
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert shown
    for line in shown:
        index, memory, power, temperature, utilization = (word.strip() for word in line.split(","))
        card = f"gpu.{index}"
        assert {f"{card}.memory", f"{card}.power", f"{card}.temperature"} <= found.keys()
        assert found[f"{card}.memory"] == pytest.approx(float(memory) * 2**20, abs=600 * 2**20)
        assert found[f"{card}.power"] == pytest.approx(float(power), rel=0.5)
        assert found[f"{card}.temperature"] == pytest.approx(float(temperature), abs=10)
        if utilization.isdigit():
            assert 0 <= found[f"{card}.utilization"] <= 100
    cards = {name.split(".")[1] for name in found if name.startswith("gpu.")}
    assert cards == {line.split(",")[0].strip() for line in shown}
