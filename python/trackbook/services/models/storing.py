"""Stores a model: its file, an example of what it takes, and a description of both."""

import platform
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any

import msgspec

from trackbook.domain.names import check_artifact_path
from trackbook.domain.rich import RichContent
from trackbook.errors import InvalidValue, UsageError
from trackbook.services.models.description import FILE, ModelDescription, class_of
from trackbook.services.models.flavor import Dumped
from trackbook.services.models.flavors import FLAVORS, UNSAFE
from trackbook.services.models.signature import signature_of
from trackbook.services.recorder import RunRecorder
from trackbook.services.values.tables import PARQUET, Table, is_table
from trackbook.services.values.texts import Json


def store_model(
    recorder: RunRecorder,
    model: Any,
    name: str = "model",
    input_example: Any = None,
    unsafe: bool = False,
    cell_id: str | None = None,
) -> str:
    """Store a model as artifacts below `name`, and return the path of its file in the run.

    Raises InvalidValue for a model that no safe format holds unless `unsafe` is true, and for an example that can't be
    stored; MissingExtra where the format's library is missing. Then nothing is stored.
    """
    check_artifact_path(f"{name}/{FILE}")
    flavor, dumped = _dump(model, name, unsafe)
    example = None if input_example is None else _example(name, input_example)
    description = ModelDescription(
        flavor,
        dumped.file,
        class_of(model),
        flavor == UNSAFE,
        platform.python_version(),
        _versions(dumped.libraries),
        None if input_example is None else signature_of(model, input_example),
        None if example is None else _file_of(example),
    )
    text = msgspec.json.format(msgspec.json.encode(description), indent=2)
    files = {dumped.file: (dumped.data, None), FILE: (text, "application/json")}
    if example is not None:
        files[_file_of(example)] = (example.data, example.media_type)
    for file, (data, media_type) in files.items():
        recorder.store_artifact(data, f"{name}/{file}", kind="model", media_type=media_type, cell_id=cell_id)
    return f"{name}/{dumped.file}"


def _dump(model: Any, name: str, unsafe: bool) -> tuple[str, Dumped]:
    """Return the flavor of the first format that holds the model, and its file; a pickle only where it is asked for."""
    problem = f"{type(model).__name__} is of no library with a format that is safe to load"
    for flavor, format_ in FLAVORS.items():
        if flavor == UNSAFE or not format_.fits(model):
            continue
        try:
            return flavor, format_.dump(model)
        except UsageError:
            if not unsafe:
                raise
        except Exception as error:  # a part of it that the format does not know
            problem = f"{flavor} has no safe file of it ({type(error).__name__}: {error})"
        break
    if not unsafe:
        raise InvalidValue(
            name,
            model,
            f"{problem}. unsafe=True pickles it: who loads such a file runs what is in it",
        )
    try:
        return UNSAFE, FLAVORS[UNSAFE].dump(model)
    except Exception as error:  # a lambda, a lock, an open file in it
        raise InvalidValue(name, model, f"it can't be pickled ({type(error).__name__}: {error})") from None


def _example(name: str, example: Any) -> RichContent:
    if is_table(example):
        return Table(example).content(f"{name}'s input_example")
    return Json(_on_host(example)).content(f"{name}'s input_example")


def _on_host(value: Any) -> Any:
    from trackbook.services.values.vectors import to_host

    if isinstance(value, dict):
        return {key: _on_host(item) for key, item in value.items()}
    return to_host(value)


def _file_of(example: RichContent) -> str:
    return "input-example.parquet" if example.media_type == PARQUET else "input-example.json"


def _versions(libraries: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of packages; one that is known by the name of its module is found by that."""
    found: dict[str, str] = {}
    for library in libraries:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            # Slow: it reads what every package has.
            for name in packages_distributions().get(library, ())[:1]:
                found[name] = version(name)
    return found
