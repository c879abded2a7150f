"""What a notebook needs of the process that runs its cells. Imports nothing heavy."""

import re
import sys
from collections.abc import Mapping, Sequence

from trackbook.jobs.warm.command import KernelCommand
from trackbook.jobs.warm.folder import Need

# What speaks of a kernel's sockets, its file, its threads or its loops for windows, none of which a runner has.
_OF_KERNELS = re.compile(
    r"\b(?:ipykernel|jupyter_client|ipyparallel|ipcluster|zmq|embed_kernel|get_connection_\w+|connect_qtconsole|"
    r"debugpy|nest_asyncio)\b|%(?:gui|connect_info|qtconsole|autopx|px|subshell|pylab)\b|%matplotlib +(?!inline|agg)\w"
)


def needs_kernel(sources: Sequence[str]) -> bool:
    """Tell whether cells ask for what only a kernel has, to which others can connect."""
    return any(_OF_KERNELS.search(source) for source in sources)


def runner_need(modules: Sequence[str], environment: Mapping[str, str], folder: str) -> Need:
    """Return what a runner needs of its template."""
    return Need(KernelCommand(sys.executable, [], "-c", [], False, runs=True), modules, environment, folder)
