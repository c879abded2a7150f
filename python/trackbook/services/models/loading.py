"""Loads a model that a run stored."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from trackbook.domain.names import check_artifact_path
from trackbook.errors import NotFound, UsageError
from trackbook.services.context import Services
from trackbook.services.models.description import FILE, FORMAT, ModelDescription
from trackbook.services.models.flavor import Loading
from trackbook.services.models.flavors import FLAVORS, UNSAFE


def load_model(
    services: Services,
    reference: str,
    name: str = "model",
    *,
    unsafe: bool = False,
    trusted: Sequence[str] = (),
    into: Any = None,
) -> Any:
    """Return the model that a run stored under `name`.

    Raises NotFound without the run or the model, UsageError for one that is unsafe to load unless `unsafe` is true, or
    that has types which are neither known nor `trusted`, or that this installation can't load.
    """
    services.runs.refresh()
    run_id = services.runs.get(reference).id
    description = read_description(services, run_id, name)
    flavor = FLAVORS[description.flavor]
    # What a file is decides, and not only what its description says of itself.
    is_unsafe = description.unsafe or description.flavor == UNSAFE
    if is_unsafe and not unsafe:
        raise UsageError(
            f"The model {name!r} is pickled ({description.kind}): loading it can run any code. If you know where "
            "it comes from: tb.load_model(..., unsafe=True)"
        )
    file = _open(services, run_id, f"{name}/{description.file}")
    try:
        return flavor.load(file, description, Loading(name, trusted, into))
    except UsageError:
        raise
    except Exception as error:  # of the model's library, which may be another version
        made = ", ".join(f"{library} {version}" for library, version in description.libraries.items())
        raise UsageError(
            f"The model {name!r} can't be loaded here ({type(error).__name__}: {error}). It was stored with Python "
            f"{description.python}{', ' if made else ''}{made}."
        ) from error


def read_description(services: Services, run_id: str, name: str) -> ModelDescription:
    """Return what is said of a model; raises NotFound, with the models that there are, where there is none."""
    try:
        data = _open(services, run_id, f"{name}/{FILE}").read_bytes()
    except NotFound:
        names = models_of(services, run_id)
        known = f" The run has {', '.join(map(repr, names))}." if names else " The run has no models."
        missing = NotFound("model", name)
        missing.args = (f"{missing}{known}",)
        raise missing from None
    try:
        description = msgspec.json.decode(data, type=ModelDescription)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{name}/{FILE} is no description of a model ({error}).") from None
    if description.format > FORMAT or description.flavor not in FLAVORS:
        raise UsageError(
            f"The model {name!r} was stored by a newer Trackbook, as {description.flavor!r}; update this one."
        )
    if "/" in description.file:
        raise UsageError(f"{name}/{FILE} names a file that is not beside it.")
    return description


def models_of(services: Services, run_id: str) -> list[str]:
    """Return the names of the models that a run stored."""
    suffix = f"/{FILE}"
    return [
        artifact.path.removesuffix(suffix)
        for artifact in services.artifacts.list(run_id)
        if artifact.kind == "model" and artifact.path.endswith(suffix)
    ]


def _open(services: Services, run_id: str, path: str) -> Path:
    return services.artifacts.open(run_id, check_artifact_path(path))[1]
