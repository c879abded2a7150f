"""A template of jobs that are still being prepared: it needs to know no more of them than their notebook.

Its imports take as long as all else that has to be done before the first cell runs, and go on beside it.
"""

import contextlib
import os
from pathlib import Path

from trackbook.errors import TrackbookError
from trackbook.jobs.forking.wire import can_fork
from trackbook.jobs.headstart import is_usual
from trackbook.jobs.threads import forkable_caps, thread_caps
from trackbook.jobs.warm.folder import NotWarm, TemplateFolder, is_switched_on
from trackbook.jobs.warm.need import needs_kernel, runner_need
from trackbook.jobs.warm.offering import offered_templates
from trackbook.jobs.warm.wanted import wanted_modules
from trackbook.notebook.read import is_executed, kernel_of, read_notebook, source_of
from trackbook.services.forked import fork_module, may_fork
from trackbook.store.paths import StorePaths


def start_template(
    store: StorePaths, folder: Path, notebook: Path, parallel: int, log: Path, *, shares: bool
) -> None:
    """Have a process of its own start the template, unless there is one.

    It is in the folder that others offer for the store, or in `folder`, which this process claims then.

    It is for jobs of `notebook`, `parallel` at a time, and with `shares` for the cells that they share. Where it turns
    out to be of no use nothing is lost but time: jobs look for one that fits. What goes wrong is written to `log`.
    """
    templates = offered_templates(store) or TemplateFolder.claim(folder)
    if not can_fork() or not may_fork() or not is_switched_on():
        return
    fork_module(
        "trackbook.jobs.ahead",
        main=lambda: _provide(templates, notebook, parallel, shares),
        folder=folder,
        log=log,
    )


def _provide(templates: TemplateFolder, notebook: Path, parallel: int, shares: bool) -> None:
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
        templates.provide(runner_need(modules, environment, place), 60.0)
