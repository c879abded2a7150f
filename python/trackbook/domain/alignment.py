"""Alignment of two notebooks' cells: which cell of the one is which of the other, and which of them moved."""

import bisect
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from difflib import SequenceMatcher
from functools import cache
from itertools import chain, pairwise, product
from typing import Literal

from msgspec import Struct

Match = Literal["id", "source", "similar"]

# Cells are the same when so much of their text is; further apart in the notebooks, it has to be more.
_NEAR, _FAR = 0.5, 0.75
_MOST_TEXT = 20_000  # characters that are looked at
# Cells without a line in common are compared each with each up to so many pairs. A line that more than `_RARE` cells
# have tells nothing.
_MOST_PAIRS, _RARE, _MOST_CANDIDATES = 4_000, 8, 4
_NAME = re.compile(r"\w+")
_WORD = re.compile(r"\w+|[^\w\s]")


class Alignable(Struct, frozen=True):
    """What is looked at of a cell: its id, its kind, and the digest and the text of its source."""

    id: str | None
    kind: str
    digest: str
    text: str


class Pairing(Struct, frozen=True):
    """One cell by its places in both notebooks; None on the side that has no such cell.

    `match` says by what they were found to be the same, `moved` that its place among the others changed.
    """

    left: int | None
    right: int | None
    match: Match | None = None
    moved: bool = False


def align(left: Sequence[Alignable], right: Sequence[Alignable]) -> list[Pairing]:
    """Pair the cells of two notebooks: by id, else by equal source, else by similar text of the same kind.

    Every cell of both is in exactly one pairing. The pairings stand in the order of the right notebook; what only the
    left one has stands behind what it followed there.
    """
    found: dict[int, tuple[int, Match]] = {}
    _pair_ids(left, right, found)
    _pair_sources(left, right, found)
    _pair_similar(left, right, found)
    return _in_order(len(left), len(right), found)


def longest_rising(values: Sequence[int]) -> set[int]:
    """Return the indices of a longest subsequence of rising values."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int | None] = []
    for index, value in enumerate(values):
        length = bisect.bisect_left(tails, value)
        before.append(ends[length - 1] if length else None)
        tails[length : length + 1] = [value]
        ends[length : length + 1] = [index]
    kept: set[int] = set()
    at = ends[-1] if ends else None
    while at is not None:
        kept.add(at)
        at = before[at]
    return kept


def _pair_ids(
    left: Sequence[Alignable], right: Sequence[Alignable], found: dict[int, tuple[int, Match]]
) -> None:
    # An id that stands twice in a notebook, as merges by hand leave it, says nothing.
    mine, theirs = _unique_ids(left), _unique_ids(right)
    for identity, place in mine.items():
        if identity in theirs:
            found[place] = (theirs[identity], "id")


def _unique_ids(cells: Sequence[Alignable]) -> dict[str, int]:
    counts = Counter(cell.id for cell in cells if cell.id)
    return {cell.id: place for place, cell in enumerate(cells) if cell.id and counts[cell.id] == 1}


def _pair_sources(
    left: Sequence[Alignable], right: Sequence[Alignable], found: dict[int, tuple[int, Match]]
) -> None:
    taken = {place for place, _ in found.values()}
    open_left = [place for place in range(len(left)) if place not in found]
    open_right = [place for place in range(len(right)) if place not in taken]
    keys = [(left[place].kind, left[place].digest) for place in open_left]
    others = [(right[place].kind, right[place].digest) for place in open_right]
    # Those in the same order first: of several equal cells each keeps its neighbours.
    for block in SequenceMatcher(None, keys, others, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            found[open_left[block.a + step]] = (open_right[block.b + step], "source")
    taken = {place for place, _ in found.values()}
    waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place in reversed(open_right):
        if place not in taken:
            waiting[right[place].kind, right[place].digest].append(place)
    for place in open_left:
        same = waiting.get((left[place].kind, left[place].digest))
        if place not in found and same:
            found[place] = (same.pop(), "source")


def _pair_similar(
    left: Sequence[Alignable], right: Sequence[Alignable], found: dict[int, tuple[int, Match]]
) -> None:
    taken = {place for place, _ in found.values()}
    open_left = [place for place in range(len(left)) if place not in found and left[place].text.strip()]
    open_right = [place for place in range(len(right)) if place not in taken and right[place].text.strip()]
    if not open_left or not open_right:
        return
    gaps = _gaps(len(right), found)
    mine = {place: left[place].text for place in open_left}
    theirs = {place: right[place].text for place in open_right}
    lines, names, shingles = cache(_lines), cache(_names), cache(_shingles)
    candidates = []
    for one, other in _worth_comparing(mine, theirs):
        if left[one].kind == right[other].kind:
            low, high = _gap_of(one, found, gaps)
            score = _dice(lines(mine[one]), lines(theirs[other]))
            if score < _FAR:  # most edits leave most lines as they were; only then words are looked at
                # Names count as much as all else: brackets and commas are alike everywhere.
                named = _dice(names(mine[one]), names(theirs[other]))
                score = max(score, (named + _dice(shingles(mine[one]), shingles(theirs[other]))) / 2)
            if score >= (_NEAR if low <= other < high else _FAR):
                candidates.append((-score, abs(one - other), one, other))
    for _, _, one, other in sorted(candidates):
        if one not in found and other not in taken:
            found[one] = (other, "similar")
            taken.add(other)


def _names(text: str) -> Set[str]:
    return frozenset(_NAME.findall(text[:_MOST_TEXT]))


def _shingles(text: str) -> Set[str]:
    words = _WORD.findall(text[:_MOST_TEXT])
    return frozenset([*words, *map(" ".join, pairwise(words))])


def _worth_comparing(mine: Mapping[int, str], theirs: Mapping[int, str]) -> Iterator[tuple[int, int]]:
    """Yield, for each cell, those that share most of the lines that few others have; all, where none does."""
    holders: dict[str, list[int]] = defaultdict(list)
    for other, text in theirs.items():
        for line in _lines(text):
            holders[line].append(other)
    alone = []
    for one, text in mine.items():
        shared = [holders[line] for line in _lines(text) if 0 < len(holders.get(line, ())) <= _RARE]
        votes = Counter(chain.from_iterable(shared))
        if not votes:
            alone.append(one)
        for other, _ in votes.most_common(_MOST_CANDIDATES):
            yield one, other
    if len(alone) * len(theirs) <= _MOST_PAIRS:
        yield from product(alone, theirs)


def _dice(one: Set[str], other: Set[str]) -> float:
    return 2 * len(one & other) / max(1, len(one) + len(other))


def _lines(text: str) -> Set[str]:
    return {line.strip() for line in text[:_MOST_TEXT].splitlines()} - {""}


def _gaps(right: int, found: dict[int, tuple[int, Match]]) -> list[tuple[int, int]]:
    """Return the pairs that keep their order, with both ends, by their places in both notebooks."""
    pairs = sorted((one, other) for one, (other, _) in found.items())
    kept = longest_rising([other for _, other in pairs])
    return [(-1, -1), *(pair for index, pair in enumerate(pairs) if index in kept), (1 << 62, right)]


def _gap_of(
    place: int, found: dict[int, tuple[int, Match]], gaps: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    index = bisect.bisect_left(gaps, (place, -1))
    return gaps[index - 1][1] + 1, gaps[index][1]


def _in_order(left: int, right: int, found: dict[int, tuple[int, Match]]) -> list[Pairing]:
    pairs = sorted((one, other) for one, (other, _) in found.items())
    kept = longest_rising([other for _, other in pairs])
    still = {pair for index, pair in enumerate(pairs) if index in kept}
    partner = {other: one for one, other in pairs}
    behind: dict[int | None, list[int]] = defaultdict(list)
    anchor: int | None = None
    for place in range(left):
        if place not in found:
            behind[anchor].append(place)
        elif (place, found[place][0]) in still:
            anchor = found[place][0]
    ordered = [Pairing(place, None) for place in behind[None]]
    for place in range(right):
        one = partner.get(place)
        if one is None:
            ordered.append(Pairing(None, place))
        else:
            ordered.append(Pairing(one, place, found[one][1], (one, place) not in still))
        ordered += [Pairing(gone, None) for gone in behind[place]]
    return ordered
