"""Ids: unique, of RFC 9562's form, in the order in which they were made."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from trackbook.domain import ids


def test_ids_are_uuids_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(ids.new_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1
    assert ids.is_id(str(made))


def test_later_ids_sort_behind_earlier_ones() -> None:
    made = [ids.new_id() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_a_clock_that_jumps_back_a_little_does_not_change_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    present = time.time_ns()
    moments = iter([present, present - 900_000_000, present - 900_000_000, present + 1])
    monkeypatch.setattr("trackbook.domain.ids.time.time_ns", lambda: next(moments))
    made = [ids.new_id() for _ in range(4)]
    assert made == sorted(set(made))


def test_a_clock_that_was_days_ahead_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    present = time.time_ns()
    moments = iter([present + 3 * 86_400 * 10**9, present])
    monkeypatch.setattr("trackbook.domain.ids.time.time_ns", lambda: next(moments))
    ahead, right = ids.new_id(), ids.new_id()
    assert right < ahead
    assert uuid.UUID(right).int >> 80 == present // 1_000_000


def test_ids_of_many_threads_differ() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new_id(), range(20_000)))
    assert len(set(made)) == 20_000
