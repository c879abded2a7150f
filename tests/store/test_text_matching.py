"""Patterns of text agree with regular expressions of the standard library, and none takes for ever."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.store.text_matching import TimeLimit, TooSlow, contains, like, matches
from trackbook.store.vocabulary import Vocabulary

texts = st.lists(st.text(alphabet="ab%_.*\n", max_size=8), min_size=1, max_size=5)


@given(pattern=st.text(alphabet="ab%_.*\n", max_size=8), texts=texts)
def test_like_is_a_whole_match(pattern: str, texts: list[str]) -> None:
    signs = {"%": ".*", "_": "."}
    expression = "".join(signs.get(sign, re.escape(sign)) for sign in pattern)
    expected = [re.fullmatch(expression, text, re.DOTALL) is not None for text in texts]
    assert like(pattern)(texts) == expected


def test_like_with_many_wildcards_takes_no_longer_than_the_text() -> None:
    assert like("%a" * 40 + "%b")(["a" * 20_000]) == [False]
    assert like("%a_" * 20 + "%")(["a" * 20_000]) == [True]


def test_contains_knows_no_capitals() -> None:
    assert contains("STRASSE")(["eine straße".casefold(), "weg"]) == [True, False]


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*$", "a*a*a*a*a*a*$", "(?i)a*a*a*a*a*a*$", r"(a*)\1*\1*$"]
)
def test_an_expression_that_takes_too_long_is_ended(pattern: str) -> None:
    with pytest.raises(TooSlow):
        matches(pattern, TimeLimit(0.05))(["a" * 5_000 + "!"] * 3)


def test_many_texts_count_together() -> None:
    with pytest.raises(TooSlow):
        matches("a*b", TimeLimit(0.0))(["aaa"] * 1_000)


@given(texts=st.lists(texts, max_size=4), pattern=st.sampled_from(["^a", "b$", "[ab]+%", "a.b"]))
def test_answers_stay_right_as_texts_are_added(texts: list[list[str]], pattern: str) -> None:
    vocabulary = Vocabulary()
    for more in texts:
        codes = vocabulary.encode(more)
        found = vocabulary.answer(("~", pattern), matches(pattern, TimeLimit()), codes)
        assert found.tolist() == [re.search(pattern, text) is not None for text in more]
        assert vocabulary.decode(codes) == more
        by_rank = sorted(set(more), key=lambda text: vocabulary.ranks()[vocabulary.code(text)])
        assert by_rank == sorted(set(more))
