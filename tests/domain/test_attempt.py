"""Attempts, made of how a run went on and ended."""

from itertools import permutations

from trackbook.domain.attempt import NOT_A_WORD, Turn, split_attempts

RUNNING = Turn(0, "running", "", None)


def outline(turns: list[Turn], present: Turn) -> list[tuple[int, str, str | None]]:
    return [
        (attempt.number, attempt.status, attempt.reason)
        for attempt in split_attempts(1, "first", turns, present)
    ]


def test_a_run_that_was_never_resumed_has_one_attempt() -> None:
    assert outline([], RUNNING) == [(1, "running", None)]
    (attempt,) = split_attempts(
        1_000_000, "first", [Turn(3_000_000, "finished", "", None)], Turn(3_000_000, "finished", "", None)
    )
    assert attempt.host == "first"
    assert attempt.ended is not None
    assert (attempt.ended - attempt.started).total_seconds() == 2


def test_the_order_in_which_turns_are_read_is_no_matter() -> None:
    turns = [
        Turn(10, "failed", "", "It raised."),
        Turn(20, "resumed", "second", None),
        Turn(30, "lost", "", "silent"),
        Turn(40, "killed", "", NOT_A_WORD),
        Turn(50, "resumed", "third", None),
    ]
    for order in permutations(turns):
        assert outline(list(order), RUNNING) == [
            (1, "failed", "It raised."), (2, "killed", NOT_A_WORD), (3, "running", None)
        ]  # fmt: skip
    assert [attempt.host for attempt in split_attempts(1, "first", turns, RUNNING)] == [
        "first",
        "second",
        "third",
    ]


def test_an_attempt_whose_end_nobody_recorded_was_killed() -> None:
    assert outline([Turn(20, "resumed", "second", None)], RUNNING) == [
        (1, "killed", NOT_A_WORD), (2, "running", None)
    ]  # fmt: skip
    assert split_attempts(1, "first", [Turn(20, "resumed", "second", None)], RUNNING)[0].ended is None


def test_a_later_word_of_the_run_counts_more_than_a_verdict_and_an_end_counts_once() -> None:
    turns = [Turn(10, "lost", "", "silent"), Turn(12, "finished", "", None), Turn(13, "failed", "", None)]
    assert outline([*turns, Turn(20, "resumed", "", None)], RUNNING)[0] == (1, "finished", None)
