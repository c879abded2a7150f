"""Which part of a split a table or an array in memory is, as scikit-learn's `train_test_split` made it."""

import weakref
from collections.abc import Sequence
from typing import Any

from trackbook.domain.data import DataRole

# The roles of the parts by that of what is split: what is left for training is split again for a validation part, or
# what was set aside is split into that and the test part.
_PARTS: dict[DataRole | None, tuple[DataRole, DataRole]] = {
    None: ("train", "test"),
    "train": ("train", "validation"),
    "test": ("validation", "test"),
}
_roles: dict[int, tuple["weakref.ref[Any]", DataRole]] = {}


def note_split(given: Sequence[Any], parts: Sequence[Any]) -> None:
    """Note the roles of the parts into which what was given has been split: two of each, in turn."""
    for whole, first, second in zip(given, parts[::2], parts[1::2], strict=True):
        roles = _PARTS.get(role_of(whole))
        if roles is not None:
            _note(first, roles[0])
            _note(second, roles[1])


def role_of(part: object) -> DataRole | None:
    """Return the role of an object that came out of a split; None for any other."""
    known = _roles.get(id(part))
    return known[1] if known is not None and known[0]() is part else None


def _note(part: Any, role: DataRole) -> None:
    identity = id(part)
    try:
        _roles[identity] = weakref.ref(part, lambda gone: _forget(identity, gone)), role
    except TypeError:  # a list, which nothing refers to but its users
        _roles.pop(identity, None)


def _forget(identity: int, gone: "weakref.ref[Any]") -> None:
    known = _roles.get(identity)
    if known is not None and known[0] is gone:
        del _roles[identity]
