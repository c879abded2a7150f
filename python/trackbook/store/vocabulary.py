"""The distinct texts of a column, each with a code: what is asked of a text is worked out once for each."""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import count, islice

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]
Ask = Callable[[list[str]], list[bool]]

_MOST_QUESTIONS = 16
_OPEN, _NO, _YES = -1, 0, 1


class Vocabulary:
    """Texts and their codes. Texts are only added, so that codes given out before stay right.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._codes: defaultdict[str, int] = defaultdict(count().__next__)
        self._texts: list[str] = []
        self._folded: list[str] = []
        self._order: list[int] = []
        self._ranks: Codes = np.empty(0, np.int32)
        self._answers: OrderedDict[Hashable, NDArray[np.int8]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def nbytes(self) -> int:
        """About how much memory this takes."""
        per_text = 240  # the object, its place in the dictionary and in the lists, what else is derived
        return len(self._texts) * per_text + sum(map(len, self._texts[::16])) * 16

    def encode(self, texts: Iterable[str]) -> Codes:
        """Return the codes of texts; new ones get one."""
        with self._lock:
            codes = np.fromiter(map(self._codes.__getitem__, texts), np.int32)
            added = islice(reversed(self._codes), len(self._codes) - len(self._texts))
            self._texts.extend(reversed(list(added)))
        return codes

    def decode(self, codes: Codes) -> list[str]:
        """Return the texts of codes."""
        return [self._texts[code] for code in codes.tolist()]

    def code(self, text: str) -> int | None:
        """Return the code of a text, None if it is not here."""
        return self._codes.get(text)

    def ranks(self) -> Codes:
        """Return the rank of each code's text among all, by code point."""
        with self._lock:
            if len(self._ranks) < len(self._texts):
                # Nearly sorted after a few new texts, which Python's sort makes use of.
                self._order.extend(range(len(self._order), len(self._texts)))
                self._order.sort(key=self._texts.__getitem__)
                ranks = np.empty(len(self._order), np.int32)
                ranks[self._order] = np.arange(len(self._order), dtype=np.int32)
                self._ranks = ranks
            return self._ranks

    def answer(self, question: Hashable, ask: Ask, codes: Codes, folded: bool = False) -> Mask:
        """Return the answer for each of these codes; `ask` is put the texts whose answer is not known yet.

        `folded`: it is put the texts without their difference of capital and small. Answers are remembered under
        `question`.
        """
        with self._lock:
            texts = self._fold() if folded else self._texts
            known = self._known(question)
            wanted = np.zeros(len(known), np.bool_)
            wanted[codes] = True
            missing = np.flatnonzero(wanted & (known == _OPEN))
        if len(missing):
            chosen = (
                texts[: len(known)] if len(missing) == len(known) else [texts[i] for i in missing.tolist()]
            )
            known[missing] = ask(chosen)
        yes: Mask = known[codes] == _YES
        return yes

    def _known(self, question: Hashable) -> NDArray[np.int8]:
        known = self._answers.pop(question, None)
        if known is None or len(known) < len(self._texts):
            before = known if known is not None else np.empty(0, np.int8)
            known = np.full(len(self._texts), _OPEN, np.int8)
            known[: len(before)] = before
        self._answers[question] = known
        while len(self._answers) > _MOST_QUESTIONS:
            self._answers.popitem(last=False)
        return known

    def _fold(self) -> list[str]:
        self._folded.extend(text.casefold() for text in self._texts[len(self._folded) :])
        return self._folded
