"""The last step of each metric in each context: what points without a step follow."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

# A metric's key, or with a context its key and the context's sorted items.
Slot = str | tuple[str, tuple[tuple[str, str], ...]]


class LastSteps:
    """The last steps of a run's series, as this process knows them. `known` has them by slot."""

    def __init__(self) -> None:
        self.known: dict[Slot, int] = {}

    def go_on_after(self, steps: Iterable[tuple[str, Mapping[str, str], int]]) -> None:
        """Let points without a step follow these last steps, each of a metric in a context."""
        for key, context, step in steps:
            self.known[slot_of(key, context)] = step

    def all(self) -> list[tuple[str, dict[str, str], int]]:
        """Return the last step of each metric in each context, as `go_on_after` takes them."""
        return [
            (slot, {}, step) if isinstance(slot, str) else (slot[0], dict(slot[1]), step)
            for slot, step in list(self.known.items())
        ]

    def highest(self, prefix: str) -> int:
        """Return the last step of all metrics without a context whose keys begin so, -1 without one."""
        return max(
            (step for slot, step in self.known.items() if isinstance(slot, str) and slot.startswith(prefix)),
            default=-1,
        )

    def next(self, keys: Iterable[str], context: Mapping[str, str] | None = None) -> int:
        """Return the step of a call that logs these keys and names none: one more than their last, from 0 on."""
        return 1 + max((self.known.get(slot_of(key, context), -1) for key in keys), default=-1)


class PlainContext(NamedTuple):
    """A context as it is stored: texts, in the order of their names; as a mapping and as pairs."""

    values: dict[str, str]
    items: tuple[tuple[str, str], ...]


def plain_context_of(context: Mapping[str, str]) -> PlainContext:
    """Return a context as it is stored."""
    items = tuple(sorted((str(name), str(value)) for name, value in context.items()))
    return PlainContext(dict(items), items)


def slot_of(key: str, context: Mapping[str, str] | None) -> Slot:
    """Return under what the last step of a metric in a context is kept."""
    return (key, plain_context_of(context).items) if context else key
