"""What `NAME/model.json` says of a stored model."""

from typing import Any

from msgspec import Struct

FILE = "model.json"
FORMAT = 1


class Signature(Struct, frozen=True, omit_defaults=True):
    """What a model takes and gives: columns with name and type, or one array with its shape, None where it varies."""

    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]] | None = None
    problem: str | None = None


class ModelDescription(Struct, frozen=True):
    """A stored model. `file` and `input_example` lie beside this description; `kind` is the model's class.

    `unsafe` says that loading it can run any code. `libraries` has the versions that it was stored with.
    """

    flavor: str
    file: str
    kind: str
    unsafe: bool
    python: str
    libraries: dict[str, str]
    signature: Signature | None = None
    input_example: str | None = None
    format: int = FORMAT


def class_of(value: object) -> str:
    """Return a value's class with its module."""
    return f"{type(value).__module__}.{type(value).__qualname__}"
