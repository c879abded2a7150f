"""A map whose keys are objects themselves, not what they equal, and that keeps none of them alive."""

import weakref
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class IdentityMap(Generic[Value]):
    """Values by the identity of objects that may be neither hashable nor comparable, such as arrays."""

    def __init__(self) -> None:
        self._items: dict[int, tuple[weakref.ref[Any], Value]] = {}

    def put(self, key: object, value: Value) -> bool:
        """Remember a value for an object; False for one that can't be referred to weakly, such as a list."""
        number = id(key)

        def gone(reference: "weakref.ref[Any]") -> None:
            # Another object may have come to stand at the same place in memory meanwhile.
            if (item := self._items.get(number)) is not None and item[0] is reference:
                self._items.pop(number, None)

        try:
            self._items[number] = weakref.ref(key, gone), value
        except TypeError:
            return False
        return True

    def get(self, key: object) -> Value | None:
        """Return the value for an object, None where there is none."""
        item = self._items.get(id(key))
        return item[1] if item is not None and item[0]() is key else None

    def __len__(self) -> int:
        return len(self._items)

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()
