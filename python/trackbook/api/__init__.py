"""The front door for code: open runs, log into them, find them again.

Rules for more than one run at a time:

- A run opened by a `with` block is the parent of what starts inside the block.
- A run opened plainly (`start_run(...)`, `%track start`) is closed, as finished, by the next plain start.
- `nested=True` makes the new run a child of the one that is open.
- In the kernel of a job the first start joins the job's run; later ones become its children.
"""

from trackbook.api.current import (
    artifact,
    current_run,
    data,
    end_run,
    figure,
    log,
    metric,
    model,
    note,
    open_runs,
    param,
    params,
    require_run,
    seed,
    set_aside,
    tag,
)
from trackbook.api.ending import end_open_runs
from trackbook.api.project import open_project, open_store
from trackbook.api.reading import load_model, runs, values
from trackbook.api.run import Run, describe_error
from trackbook.api.starting import join_job, leaves_cells, start_run
from trackbook.services.session import put_session as set_session

__all__ = [
    "Run",
    "artifact",
    "current_run",
    "data",
    "describe_error",
    "end_open_runs",
    "end_run",
    "figure",
    "join_job",
    "leaves_cells",
    "load_model",
    "log",
    "metric",
    "model",
    "note",
    "open_project",
    "open_runs",
    "open_store",
    "param",
    "params",
    "require_run",
    "runs",
    "seed",
    "set_aside",
    "set_session",
    "start_run",
    "tag",
    "values",
]
