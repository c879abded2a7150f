"""Runners that are forked from a template, shell and all: what a kernel costs to start and to end is paid once."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trackbook.config import TEMPLATES
from trackbook.domain.execution import Execution
from trackbook.errors import KernelError
from trackbook.jobs.forking.wire import can_fork
from trackbook.jobs.runner.choice import why_no_runner
from trackbook.jobs.runner.manager import RunnerManager
from trackbook.jobs.warm.finding import check_shadows, check_start, find_template, tell
from trackbook.jobs.warm.folder import NotWarm, Template, is_switched_on, present_folder
from trackbook.jobs.warm.need import needs_kernel, runner_need
from trackbook.jobs.warm.wanted import wanted_modules
from trackbook.notebook.read import is_executed, parse_notebook, source_of

_PATIENCE = 60.0


class WarmRunner(RunnerManager):
    """A runner that is forked from a template with `modules` imported; nothing of a notebook has run there.

    Where none can be, it is started, or, without `or_cold`, `launch` raises NotWarm.
    """

    def __init__(self, modules: Sequence[str], *, or_cold: bool = False) -> None:
        super().__init__()
        self._modules, self._or_cold = modules, or_cold

    async def launch(self, folder: str, environment: dict[str, str], log: Any, timeout: float) -> None:
        """Start the process. Raises KernelError if it can't be, NotWarm if it can't be forked."""
        try:
            await self._launch_warm(folder, environment, log, timeout)
        except NotWarm as reason:
            if not self._or_cold:
                raise
            tell(f"The cells' process was started the ordinary way: {reason}.")
            self._copy = None
            await super().launch(folder, environment, log, timeout)

    async def _launch_warm(self, folder: str, environment: dict[str, str], log: Any, timeout: float) -> None:
        if not can_fork() or not is_switched_on():
            raise NotWarm("warm kernels are switched off, or don't work on this system")
        full = {name: value for name, value in {**os.environ, **environment}.items() if name != TEMPLATES}
        check_start(folder, full)
        need = runner_need(self._modules, full, folder)
        for _ in range(2):
            template = await find_template(need, _PATIENCE)
            check_shadows(template, folder)
            self._copy, self._request = template.path, {"folder": folder}
            try:
                await super().launch(folder, environment, log, timeout)
            except KernelError:  # it was killed, or has retired just now
                forget(template)
                continue
            return
        raise NotWarm("its template does not answer")


def fresh_runner(execution: Execution) -> RunnerManager:
    """Return what is to run a notebook's cells: forked with what they import where that can be, else started."""
    cells = parse_notebook(Path(execution.notebook).read_bytes(), execution.notebook)["cells"]
    modules = wanted_modules([source_of(cell) for cell in cells if is_executed(cell)], execution.folder)
    return RunnerManager() if modules is None else WarmRunner(modules, or_cold=True)


def forget(template: Template) -> None:
    """Have a template that does not answer be found no more."""
    with contextlib.suppress(OSError):
        present_folder().forget(template)


def can_run(kernel: str | None, sources: Sequence[str]) -> bool:
    """Tell whether a notebook's cells can do with a runner in the place of their kernel."""
    if not can_fork() or not is_switched_on() or needs_kernel(sources):
        return False
    return why_no_runner(kernel) is None
