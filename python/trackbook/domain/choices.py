"""Words of which only some can be stored: a record with any other could not be read again."""

from collections.abc import Iterable

from trackbook.errors import UsageError


def check_choice(what: str, value: object, choices: Iterable[str]) -> None:
    """Raise UsageError, which names the `choices`, if `value` is none of them; `what` begins the sentence."""
    known = list(choices)
    if not isinstance(value, str) or value not in known:
        raise UsageError(f"{what} is {', '.join(known[:-1])} or {known[-1]}, not {value!r}.")
