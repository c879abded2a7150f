"""NVIDIA graphics cards at one moment, through nvidia-ml-py; nothing where there is no card, driver or library."""

import contextlib
import importlib
import sys
from collections.abc import Callable, Collection, Iterator
from typing import Any


class Cards:
    """The graphics cards of this machine, as many as the driver shows, in its order. Made by `open_cards`."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        count = int(nvml.nvmlDeviceGetCount())
        self._cards = {index: nvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)}

    def read(self, pids: Collection[int]) -> dict[str, float]:
        """Return of each card N, as far as it tells: `gpu.N.utilization` in percent, `gpu.N.memory` in bytes,
        `gpu.N.power` in watts, `gpu.N.temperature` in °C, and `gpu.N.process.memory`, what these processes have of it.
        """
        found: dict[str, float] = {}
        for index, card in self._cards.items():
            for name, value in self._read_card(card, pids):
                found[f"gpu.{index}.{name}"] = value
        return found

    def _read_card(self, card: Any, pids: Collection[int]) -> Iterator[tuple[str, float]]:
        nvml = self._nvml
        questions: tuple[tuple[str, Callable[[], float | None]], ...] = (
            ("utilization", lambda: nvml.nvmlDeviceGetUtilizationRates(card).gpu),
            ("memory", lambda: self._used_memory(card)),
            ("process.memory", lambda: self._memory_of(card, pids)),
            ("power", lambda: nvml.nvmlDeviceGetPowerUsage(card) / 1000),
            ("temperature", lambda: nvml.nvmlDeviceGetTemperature(card, nvml.NVML_TEMPERATURE_GPU)),
        )
        for name, ask in questions:
            # A card may know one thing and not another, or be gone; drivers have many ways to say so.
            with contextlib.suppress(Exception):
                if (value := ask()) is not None:
                    yield name, float(value)

    def _used_memory(self, card: Any) -> float:
        # The second version leaves out what the driver keeps for itself, as nvidia-smi does.
        version = getattr(self._nvml, "nvmlMemory_v2", None)
        if version is not None:
            with contextlib.suppress(Exception):
                return float(self._nvml.nvmlDeviceGetMemoryInfo(card, version=version).used)
        return float(self._nvml.nvmlDeviceGetMemoryInfo(card).used)

    def _memory_of(self, card: Any, pids: Collection[int]) -> float | None:
        used = [
            process.usedGpuMemory
            for process in self._nvml.nvmlDeviceGetComputeRunningProcesses(card)
            if process.pid in pids and process.usedGpuMemory is not None
        ]
        return float(sum(used)) if used else None


def open_cards() -> Cards | None:
    """Return the graphics cards; None without one."""
    if not _has_driver():
        return None
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
        cards = Cards(nvml)
    except Exception:  # no library, no driver, no permission, a driver that is just being updated
        return None
    return cards if cards._cards else None


def _has_driver() -> bool:
    # The library takes many times as long to import as it takes to see that there is nothing for it here.
    if "pynvml" in sys.modules or not sys.platform.startswith("linux"):
        return True
    import ctypes

    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True
