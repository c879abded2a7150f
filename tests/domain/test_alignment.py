"""Which cell of one notebook is which of another."""

import hashlib
import random

from hypothesis import given
from hypothesis import strategies as st

from trackbook.domain.alignment import Alignable, Pairing, align, longest_rising


def cell(identity: str | None, text: str, kind: str = "code") -> Alignable:
    return Alignable(identity, kind, hashlib.sha256(text.encode()).hexdigest(), text)


def pairs(found: list[Pairing]) -> list[tuple[int | None, int | None, str | None, bool]]:
    return [(one.left, one.right, one.match, one.moved) for one in found]


CELLS = st.lists(
    st.builds(
        cell,
        st.one_of(st.none(), st.sampled_from([f"c{number}" for number in range(8)])),
        st.lists(st.sampled_from(["a = 1", "b = 2", "fit(x, y)", "plot(a)", ""]), max_size=4).map("\n".join),
        st.sampled_from(["code", "markdown"]),
    ),
    max_size=12,
)


@given(CELLS, CELLS)
def test_every_cell_is_in_exactly_one_pairing(left: list[Alignable], right: list[Alignable]) -> None:
    found = align(left, right)
    assert sorted(one.left for one in found if one.left is not None) == list(range(len(left)))
    assert [one.right for one in found if one.right is not None] == list(range(len(right)))
    assert all(one.left is not None or one.right is not None for one in found)
    still = [one.left for one in found if one.left is not None and one.right is not None and not one.moved]
    assert still == sorted(still)
    for one in found:
        if one.left is not None and one.right is not None:
            a, b = left[one.left], right[one.right]
            assert one.match == "id" or a.kind == b.kind
            assert one.match != "source" or a.digest == b.digest


@given(st.integers(0, 40), st.randoms(use_true_random=False), st.booleans())
def test_cells_that_were_moved_edited_and_deleted_are_found_by_their_ids(
    count: int, chance: random.Random, texts_swapped: bool
) -> None:
    left = [cell(f"c{number}", f"x{number} = {number}\nshow(x{number})") for number in range(count)]
    right = [one for one in left if chance.random() < 0.8]
    chance.shuffle(right)
    texts = [one.text for one in right]
    if texts_swapped:  # what one cell held is in another now: the id still says which cell it is
        chance.shuffle(texts)
    right = [
        cell(one.id, text + chance.choice(["", " # more"])) for one, text in zip(right, texts, strict=True)
    ]
    right.insert(chance.randint(0, len(right)), cell("new", "something_else_entirely()"))
    found = align(left, right)
    for one in found:
        if one.left is not None and one.right is not None:
            assert left[one.left].id == right[one.right].id
    kept = {one.id for one in right} - {"new"}
    assert {left[one.left].id for one in found if one.left is not None and one.right is not None} == kept


def test_without_ids_equal_cells_then_similar_ones_are_the_same() -> None:
    left = [cell(None, "import numpy"), cell(None, "model = fit(x, y, lr=0.1)"), cell(None, "plot(model)")]
    right = [cell("a", "import numpy"), cell("b", "model = fit(x, y, lr=0.2)"), cell("c", "print('done')")]
    assert pairs(align(left, right)) == [
        (0, 0, "source", False),
        (1, 1, "similar", False),
        (None, 2, None, False),
        (2, None, None, False),
    ] or pairs(align(left, right)) == [
        (0, 0, "source", False),
        (1, 1, "similar", False),
        (2, None, None, False),
        (None, 2, None, False),
    ]


def test_a_moved_cell_is_told_as_moved() -> None:
    left = [cell(None, "a = 1"), cell(None, "b = 2"), cell(None, "c = a + b"), cell(None, "print(c)")]
    right = [left[3], left[0], left[1], left[2]]
    assert pairs(align(left, right)) == [
        (3, 0, "source", True),
        (0, 1, "source", False),
        (1, 2, "source", False),
        (2, 3, "source", False),
    ]


def test_what_only_the_left_one_has_stands_where_it_was() -> None:
    left = [cell("a", "1"), cell("gone", "del x"), cell("b", "2")]
    right = [cell("a", "1"), cell("b", "2")]
    assert pairs(align(left, right)) == [(0, 0, "id", False), (1, None, None, False), (2, 1, "id", False)]


def test_an_id_that_stands_twice_says_nothing() -> None:
    left = [cell("same", "a = 1"), cell("same", "b = 2")]
    right = [cell("same", "b = 2")]
    assert pairs(align(left, right)) == [(0, None, None, False), (1, 0, "source", False)]


def test_code_and_text_are_never_the_same_cell_by_what_they_say() -> None:
    assert pairs(align([cell(None, "x")], [cell(None, "x", "markdown")])) == [
        (0, None, None, False),
        (None, 0, None, False),
    ]


def test_hundreds_of_cells_that_were_all_edited_find_each_other() -> None:
    texts = [f"table_{number} = read('{number}.csv')\nshow(table_{number}.head())" for number in range(300)]
    left = [cell(f"a{number}", text) for number, text in enumerate(texts)]
    right = [cell(f"b{number}", f"{text}\n# checked") for number, text in enumerate(texts)]
    found = align(left, right)
    assert [(one.left, one.right, one.match) for one in found] == [(n, n, "similar") for n in range(300)]


@given(st.lists(st.integers(0, 30), unique=True, max_size=20))
def test_longest_rising(values: list[int]) -> None:
    kept = [values[index] for index in sorted(longest_rising(values))]
    assert kept == sorted(kept)
    best = [1] * len(values)
    for index, value in enumerate(values):
        best[index] = 1 + max((best[i] for i in range(index) if values[i] < value), default=0)
    assert len(kept) == max(best, default=0)
