import math

import pytest

from trackbook.domain.tolerance import Tolerance
from trackbook.errors import UsageError


def test_a_user_who_asks_for_none_gets_the_very_same_numbers() -> None:
    assert Tolerance.of(None) == Tolerance()
    assert Tolerance.of(None).holds(1e-12, 9e-10)
    exact = Tolerance.of(0.0, 0.5)
    assert exact.image == 0.5
    assert exact.holds(1e-12, 1e-12)
    assert not exact.holds(1e-12, 1.1e-12)
    assert Tolerance.of(0.1) == Tolerance(relative=0.1)
    with pytest.raises(UsageError):
        Tolerance.of(math.nan)
