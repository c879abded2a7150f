"""Reading what runs recorded, as tables and models."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trackbook.api.project import open_project
from trackbook.api.run import Run

if TYPE_CHECKING:
    import pandas as pd


def load_model(
    reference: str | Run,
    name: str = "model",
    *,
    unsafe: bool = False,
    trusted: Sequence[str] = (),
    into: Any = None,
) -> Any:
    """Return a model that a run stored; the run is a run, its id, or its number such as "#42".

    Of torch's models that is the state dict, or the module `into`, which takes it. Raises UsageError for a pickled one
    without `unsafe=True`, and for types that are not known to be safe and not named in `trusted`.
    """
    services = open_project()
    from trackbook.services.models.loading import load_model as load

    run_id = reference.id if isinstance(reference, Run) else str(reference)
    return load(services, run_id, name, unsafe=unsafe, trusted=trusted, into=into)


def runs(
    query: str | None = None, *, order_by: str | None = None, limit: int | None = None
) -> "pd.DataFrame":
    """Return the project's runs as a table, newest first; a row a run.

    Columns: id, number, experiment, name, status, started, ended, duration, and `params.*`, `metrics.*`, `tags.*`.
    `query` is written in the search language, such as `metrics.acc > 0.9 and params.lr <= 0.1`.
    Raises QueryError for one that can't be read, MissingExtra in the light install.
    """
    services = open_project()  # says which extra is missing, where one is
    from trackbook.services.tables import runs_table

    return runs_table(services, query, order_by, limit)


def values(reference: str | Run, key: str | None = None) -> "pd.DataFrame":
    """Return the rich values of a run as a table, a row a value, by key, context and step.

    Columns: key, step, context, kind, media_type, size (bytes), meta, digest, at. The run is a run, its id, or its
    number such as "#42"; `key` leaves only what is logged under it.
    """
    services = open_project()
    from trackbook.services.tables import values_table

    return values_table(services, reference.id if isinstance(reference, Run) else str(reference), key)
