"""Trackbook: runs, snapshots, comparison and jobs for notebooks.

import trackbook as tb

with tb.start_run("churn", params={"lr": 0.1}) as run:
    run.log({"loss": 0.3}, step=1)
"""

from typing import TYPE_CHECKING, Any

from trackbook.errors import TrackbookError

if TYPE_CHECKING:
    from trackbook.api import (
        Run,
        artifact,
        current_run,
        data,
        end_run,
        figure,
        log,
        metric,
        note,
        param,
        params,
        runs,
        start_run,
        tag,
    )
    from trackbook.views.comparison import compare
    from trackbook.views.runtable import table
    from trackbook.views.watching import watch

    __version__: str

__all__ = [
    "Run",
    "TrackbookError",
    "__version__",
    "artifact",
    "compare",
    "current_run",
    "data",
    "end_run",
    "figure",
    "log",
    "metric",
    "note",
    "param",
    "params",
    "runs",
    "start_run",
    "table",
    "tag",
    "watch",
]

# What is shown in notebooks lies above the API, a module each.
_VIEWS = {
    "compare": "trackbook.views.comparison",
    "table": "trackbook.views.runtable",
    "watch": "trackbook.views.watching",
}


def load_ipython_extension(shell: Any) -> None:
    """Bring `%track` and `%%track` into an IPython session (`%load_ext trackbook`)."""
    from trackbook.magics import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics out again."""
    from trackbook.magics import unload_ipython_extension as unload

    unload(shell)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from trackbook.server.app import TrackbookServer

    return [{"module": "trackbook.server", "app": TrackbookServer}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "trackbook"}]


def __getattr__(name: str) -> Any:
    # What a program only imports costs it next to nothing: the door opens when it is used first.
    if name == "__version__":
        from trackbook.version import version

        return version()
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(_VIEWS.get(name, "trackbook.api"))
    return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
