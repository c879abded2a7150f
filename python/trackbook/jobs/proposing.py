"""What a sweep tries next where that does not depend on results: each combination of a grid, or values by chance.

A trial's values follow from the sweep's seed and the trial's number alone: whoever goes on with a sweep, and however
many trials run at a time, the same ones are tried.
"""

import hashlib
import math
import random
from collections.abc import Sequence
from typing import Any

from trackbook.domain.space import Dimension, grid_point, grid_size
from trackbook.domain.sweep import MOST_TRIALS, SweepSpec


class Listed:
    """Proposes each combination of a grid: in their order, or as they are drawn by the seed."""

    def __init__(self, spec: SweepSpec) -> None:
        self._space, size = spec.space, spec.size or 1
        self._order: Sequence[int] = range(size)
        if spec.drawn:
            # As many in any case, so that a sweep that gets more trials goes on with the same order.
            self._order = random.Random(f"{spec.seed}").sample(range(size), min(size, MOST_TRIALS))

    def propose(self, number: int) -> dict[str, Any]:
        """Return the swept parameters of a trial."""
        return grid_point(self._space, self._order[number])


class Chance:
    """Proposes values by chance, evenly spread over their ranges."""

    def __init__(self, spec: SweepSpec) -> None:
        self._space, self._seed = spec.space, spec.seed

    def propose(self, number: int) -> dict[str, Any]:
        """Return the swept parameters of a trial."""
        return {
            name: draw(dimension, random.Random(f"{self._seed}:{number}:{name}"))
            for name, dimension in self._space.items()
        }


def draw(dimension: Dimension, chance: random.Random) -> Any:
    """Return a value of a dimension by chance."""
    low, high = dimension.low or 0, dimension.high or 0
    if dimension.log and dimension.kind == "int":
        # Half of a whole number's place lies on each side of it.
        return min(
            max(round(math.exp(chance.uniform(math.log(low - 0.5), math.log(high + 0.5)))), int(low)),
            int(high),
        )
    if dimension.log:
        return min(max(math.exp(chance.uniform(math.log(low), math.log(high))), low), high)
    if (count := dimension.count) is not None:
        return dimension.at(chance.randrange(count))
    return chance.uniform(low, high)


def proposer(spec: SweepSpec) -> Listed | Chance | None:
    """Return who proposes without results; None where results decide."""
    if spec.sampler == "grid" or (spec.sampler == "random" and grid_size(spec.space) is not None):
        return Listed(spec)
    return Chance(spec) if spec.sampler == "random" else None


def seed_of(seed: int, number: int) -> int:
    """Return the seed, of 32 bits, with which one trial is chosen."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:4], "little")
