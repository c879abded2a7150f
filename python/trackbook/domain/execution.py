"""Executing a notebook: what is asked of an executor, what it tells meanwhile, and how it came out."""

from typing import Any, Literal, Protocol

from msgspec import Struct

from trackbook.domain.cell import CellStatus
from trackbook.domain.run import RunError

OutcomeStatus = Literal["finished", "failed", "timed_out", "memory", "aborted", "died", "not_started"]


class SharedPrefix(Struct, frozen=True):
    """What an execution shares with others of its sweep: the first `length` cells of its notebook, which run once.

    `cells` are the positions of those that run. The cell with the injected values is at `values_at` among them, or
    behind them if that is None; `constants` is its source with the values that all trials get, `own` with those of this
    one alone. `seeded` names the libraries that the shared cells seed. `run_id` is this execution's run, `key` the same
    for all executions that share.
    """

    key: str
    length: int
    cells: list[int]
    run_id: str
    values_at: int | None = None
    constants: str = ""
    own: str = ""
    seeded: list[str] = []


class KeepSnapshots(Struct, frozen=True):
    """That copies of the process are kept at the borders between cells, for the run `run_id`.

    They are noted in the file `notes`. At most `most` are kept, with at most `memory` bytes (by default a part of what
    the machine has), and for `seconds` after the end of who executes the notebook.
    """

    run_id: str
    notes: str
    most: int = 8
    memory: int | None = None
    seconds: float = 3600.0


class Execution(Struct, frozen=True):
    """A notebook to be executed. All paths are absolute.

    `notebook` is executed with `folder` as working directory; `output` is where the executed notebook is written,
    `log` takes what the kernel process itself prints. `environment` is set for the kernel beside the process's own.
    `timeout` is in seconds, for the whole notebook, `cell_timeout` for each cell that has no limit of its own; `memory`
    is in bytes, for the kernel and all processes that it starts. Cells whose ids are in `kept` are not executed: their
    outputs are in the notebook already. `prefix` says which cells are shared. `copy` is the
    socket of a copy of a process that has executed the cells before, and `snapshots` asks for such copies.
    """

    notebook: str
    output: str
    folder: str
    log: str
    environment: dict[str, str] = {}
    kernel: str | None = None
    timeout: float | None = None
    cell_timeout: float | None = None
    memory: int | None = None
    kept: list[str] = []
    snapshots: KeepSnapshots | None = None
    copy: str | None = None
    prefix: SharedPrefix | None = None


class Outcome(Struct, frozen=True):
    """How an execution came out: "died" and "not_started" mean the kernel, "memory" that its limit was passed.

    `error` says why, unless it is finished. `not_run` holds the ids of the code cells that never ran. `cpu` (seconds)
    and `memory` (bytes, the most at a time) are what the kernel and its processes used; `problems` are sentences about
    what could not be saved.
    """

    status: OutcomeStatus
    error: RunError | None = None
    not_run: list[str] = []
    cpu: float | None = None
    memory: int | None = None
    problems: list[str] = []


class Observer(Protocol):
    """Hears of an execution as it goes on. Called in the thread that runs the executor."""

    def kernel_ready(self, tracks: bool) -> None:
        """The kernel answers. `tracks`: Trackbook is loaded in it, and records its cells itself."""

    def cell_started(self, position: int, total: int, cell: dict[str, Any]) -> None:
        """A cell begins: `position` counts all cells of the notebook from 1 to `total`."""

    def cell_finished(self, cell: dict[str, Any], status: CellStatus, duration: float) -> None:
        """The code cell that began last has ended after `duration` seconds, with its outputs in it.

        What it used is in its metadata: `trackbook.cpu` in seconds, `trackbook.memory` in bytes.
        """

    def cell_shown(self, cell: dict[str, Any]) -> None:
        """The cell that runs has shown something, which is in its outputs; told now and then, not each time."""


class Executor(Protocol):
    """Executes notebooks, one at a time."""

    def run(self, execution: Execution, observer: Observer) -> Outcome:
        """Execute a notebook and return how it came out; raises KernelError if no kernel could be started."""

    def cancel(self) -> None:
        """Have the present execution end as "aborted", soon; without one nothing happens.

        May be called from any thread and from a signal handler.
        """
