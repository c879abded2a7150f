"""A template of jobs that are still being prepared: it needs to know no more of them than their notebook.

Its imports take as long as all else that has to be done before the first cell runs, and go on beside it.
"""

import contextlib
import os
import traceback
from pathlib import Path

from trackbook.errors import TrackbookError
from trackbook.jobs.forking.wire import can_fork
from trackbook.jobs.headstart import is_usual
from trackbook.jobs.threads import forkable_caps, thread_caps
from trackbook.jobs.warm.folder import NotWarm, TemplateFolder, is_switched_on
from trackbook.jobs.warm.need import needs_kernel, runner_need
from trackbook.jobs.warm.wanted import wanted_modules
from trackbook.notebook.read import is_executed, kernel_of, read_notebook, source_of


def start_template(folder: Path, notebook: Path, parallel: int, *, shares: bool) -> None:
    """Have a process of its own start the template in a folder that this process claims.

    It is for jobs of `notebook`, `parallel` at a time, and with `shares` for the cells that they share. Where it turns
    out to be of no use nothing is lost but time: jobs look for one that fits.
    """
    TemplateFolder.claim(folder)
    if not can_fork() or not is_switched_on():
        return
    if pid := os.fork():
        os.waitpid(pid, 0)
        return
    try:
        if not os.fork():  # nobody has to wait for it
            _provide(folder, notebook, parallel, shares)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _provide(folder: Path, notebook: Path, parallel: int, shares: bool) -> None:
    # The pipe from whoever says what to work on is not this process's.
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    with contextlib.suppress(OSError, TrackbookError, NotWarm):
        read = read_notebook(notebook)
        sources = [source_of(cell) for cell in read["cells"] if is_executed(cell)]
        place = str(notebook.parent)
        modules = wanted_modules(sources, place)
        if modules is None or needs_kernel(sources) or not is_usual(kernel_of(read)):
            return
        environment = {**os.environ, **thread_caps(parallel, os.environ)}
        if shares:
            environment |= forkable_caps(environment)
        TemplateFolder(folder).provide(runner_need(modules, environment, place), 60.0)
