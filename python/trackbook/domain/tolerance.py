"""Tolerance: how far apart two results may be and still count as the same."""

import math

from msgspec import Struct

from trackbook.errors import UsageError


class Tolerance(Struct, frozen=True):
    """How far a result may be from the one that was expected.

    A number may be off by `relative` times the larger of the two, or by `absolute`, whichever allows more. `image` is
    the share of what a picture shows that may look different, from 0 (nothing) to 1. Raises UsageError for what is no
    number of that kind.
    """

    relative: float = 1e-5
    absolute: float = 1e-8
    image: float = 0.01

    @classmethod
    def of(cls, relative: float | None, image: float | None = None) -> "Tolerance":
        """Return what a user asks for, the usual where it is None; 0 asks for the very same numbers."""
        usual = cls()
        return cls(
            usual.relative if relative is None else relative,
            0.0 if relative == 0 else usual.absolute,
            usual.image if image is None else image,
        )

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or not 0 <= value < math.inf:
                raise UsageError(
                    f"The tolerance {name!r} is {value!r}: give a number from 0 on, such as 0.001."
                )

    def holds(self, expected: float, actual: float) -> bool:
        """Whether two numbers count as the same; NaN does with NaN, an infinity with itself alone."""
        if math.isnan(expected) or math.isnan(actual):
            return math.isnan(expected) and math.isnan(actual)
        if math.isinf(expected) or math.isinf(actual):
            return expected == actual
        return math.isclose(expected, actual, rel_tol=min(self.relative, 1e300), abs_tol=self.absolute)

    def allowance(self) -> str:
        """Say for people what is allowed of numbers: `0.001 % or 1e-08`."""
        return f"{self.relative * 100:g} % or {self.absolute:g}"


def deviation(expected: float, actual: float) -> float:
    """Return by what share of the expected number the other one is off; infinity where that can't be said."""
    if expected == actual or (math.isnan(expected) and math.isnan(actual)):
        return 0.0
    if not math.isfinite(expected) or not math.isfinite(actual) or expected == 0:
        return math.inf
    return abs(actual - expected) / abs(expected)
