"""What the execution of a notebook asks of the process that runs its cells, be it a kernel or a runner."""

from typing import Any, Protocol

from trackbook.jobs.dialogue import Dialogue


class KernelProcess(Protocol):
    """One process: started once, stopped once. `goodbye` is code to be run before it is asked to end."""

    goodbye: str | None

    @property
    def pid(self) -> int | None:
        """The process's id, where it is one of this machine."""

    async def launch(self, folder: str, environment: dict[str, str], log: Any, timeout: float) -> None:
        """Start the process; raises KernelError if it can't be."""

    async def connect(self, timeout: float) -> Any:
        """Return a client once it answers; raises KernelError if it does not within `timeout` s."""

    def converse(self, client: Any) -> Dialogue:
        """Return the dialogue with it."""

    async def stop(self, client: Any, patience: float) -> None:
        """Ask it to end, and kill it after `patience` seconds; with 0 at once."""

    async def kill(self) -> None:
        """End it at once, and what it started in its process group."""

    async def interrupt_kernel(self) -> None:
        """Interrupt the cell that runs."""

    async def is_alive(self) -> bool:
        """Tell whether the process runs."""

    def exit_reason(self) -> str:
        """Say how the process ended."""
