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
        load_model,
        log,
        metric,
        model,
        note,
        param,
        params,
        runs,
        seed,
        start_run,
        tag,
        values,
    )
    from trackbook.api.equality import compare_with_notebook
    from trackbook.api.sweeping import Sweep, sweep
    from trackbook.integrations.autolog import autolog, no_autolog
    from trackbook.services.values.evaluation import (
        calibration_curve,
        confusion_matrix,
        pr_curve,
        roc_curve,
    )
    from trackbook.services.values.images import Image
    from trackbook.services.values.media import Audio, Video
    from trackbook.services.values.tables import Table
    from trackbook.services.values.texts import Html, Json, Text
    from trackbook.services.values.vectors import Histogram, Vector
    from trackbook.views.comparison import compare
    from trackbook.views.figures import chart
    from trackbook.views.progress import progress
    from trackbook.views.runtable import table
    from trackbook.views.watching import watch

    __version__: str

__all__ = [
    "Audio",
    "Histogram",
    "Html",
    "Image",
    "Json",
    "Run",
    "Sweep",
    "Table",
    "Text",
    "TrackbookError",
    "Vector",
    "Video",
    "__version__",
    "artifact",
    "autolog",
    "calibration_curve",
    "chart",
    "compare",
    "compare_with_notebook",
    "confusion_matrix",
    "current_run",
    "data",
    "end_run",
    "figure",
    "load_model",
    "log",
    "metric",
    "model",
    "no_autolog",
    "note",
    "param",
    "params",
    "pr_curve",
    "progress",
    "roc_curve",
    "runs",
    "seed",
    "start_run",
    "sweep",
    "table",
    "tag",
    "values",
    "watch",
]

# What is at home elsewhere than behind the front door for code.
_HOMES = {
    "Audio": "services.values.media",
    "Histogram": "services.values.vectors",
    "Html": "services.values.texts",
    "Image": "services.values.images",
    "Json": "services.values.texts",
    "Table": "services.values.tables",
    "Text": "services.values.texts",
    "Vector": "services.values.vectors",
    "Video": "services.values.media",
    "autolog": "integrations.autolog",
    "no_autolog": "integrations.autolog",
    "calibration_curve": "services.values.evaluation",
    "confusion_matrix": "services.values.evaluation",
    "pr_curve": "services.values.evaluation",
    "roc_curve": "services.values.evaluation",
    "compare_with_notebook": "api.equality",
    "Sweep": "api.sweeping",
    "sweep": "api.sweeping",
    "chart": "views.figures",
    "compare": "views.comparison",
    "progress": "views.progress",
    "table": "views.runtable",
    "watch": "views.watching",
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

    home = import_module(f"trackbook.{_HOMES.get(name, 'api')}")
    return globals().setdefault(name, getattr(home, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
