"""What has to be a mapping, and is said to be none where it is not."""

from collections.abc import Mapping

from trackbook.errors import UsageError


def check_mapping(what: str, value: object, example: str) -> None:
    """Raise UsageError, with an `example` of what is meant, for a value that is no mapping."""
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} is a mapping of names to values, such as {example}, not {value!r:.60}.")
