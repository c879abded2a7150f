"""The verdict on a run's cells: whether the notebook, run from top to bottom, would do what was done.

It is told from the executions and from the notebook's document, and goes no further than these: what a name held, and
what ran before the run was opened, nobody knows here.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import Struct

from trackbook.domain.secret import MASK

FindingCode = Literal["out_of_order", "edited", "deleted_but_used", "repeated", "never_run"]

_Identity = tuple[str | None, str]
_UNKNOWN = "*"  # a cell that writes it may leave any name behind


class Finding(Struct, frozen=True):
    """Something that running the notebook from top to bottom would not repeat; `names` are those that it is about."""

    code: FindingCode
    message: str
    names: list[str] = []


class CellVerdict(Struct, frozen=True):
    """What is found about one cell. `order` is that of its last execution, None if it has none."""

    cell_id: str | None
    order: int | None
    findings: list[Finding]


class Verdict(Struct, frozen=True):
    """The verdict on a run: clean without any finding. Cells are in the document's order, deleted ones behind.

    `document` says what executions were held against: the notebook as it was when the run ended, the saved file as
    it is now, or nothing, where only repeated executions can be told.
    """

    clean: bool
    cells: list[CellVerdict]
    document: Literal["end", "file"] | None = None


class Ran(NamedTuple):
    """An execution: what ran, when, in which attempt of the run, and the names that it read and wrote."""

    cell_id: str | None
    order: int
    source: str
    reads: Sequence[str]
    writes: Sequence[str]
    started: datetime
    attempt: int = 1


class PresentCell(NamedTuple):
    """A code cell of the document; `executed` is the kernel's In[n], None for one that has not run."""

    cell_id: str | None
    source: str
    executed: int | None
    writes: Sequence[str] = ()


class Document(NamedTuple):
    """The document's code cells from top to bottom. What ran after it was `saved` it can't know; None: it knows all."""

    cells: Sequence[PresentCell]
    saved: datetime | None = None
    origin: Literal["end", "file"] = "end"


def judge(executions: Iterable[Ran], document: Document | None) -> Verdict:
    """Return the verdict on a run with these executions, in any order."""
    judgement = _Judgement(sorted(executions, key=lambda ran: ran.order), document)
    cells = judgement.cells()
    return Verdict(not cells, cells, document.origin if document is not None else None)


def describe_verdict(verdict: Verdict) -> str:
    """Return the verdict as one line, such as "2 cells edited since they ran, 1 never run"."""
    counts: dict[str, int] = {}
    for cell in verdict.cells:
        for finding in cell.findings:
            counts[finding.code] = counts.get(finding.code, 0) + 1
    parts = [f"{counts[code]} {words}" for code, words in _WORDS.items() if code in counts]
    if not parts:
        return "each ran once" + (", in order" if verdict.document is not None else "")
    return ", ".join(parts)


_WORDS: dict[FindingCode, str] = {
    "out_of_order": "run out of order",
    "edited": "edited since",
    "deleted_but_used": "deleted but still used",
    "repeated": "run more than once",
    "never_run": "never run",
}


class _Judgement:
    def __init__(self, executions: list[Ran], document: Document | None) -> None:
        self._executions = executions
        self._document = document
        self._present = list(document.cells) if document is not None else []
        self._positions = {ran: self._position(ran) for ran in map(_identity, executions)}
        self._last = {_identity(ran): ran for ran in executions}
        self._findings: dict[_Identity, list[Finding]] = {}

    def cells(self) -> list[CellVerdict]:
        self._judge_order()
        self._judge_edits()
        self._judge_deleted()
        self._judge_repeated()
        behind = len(self._present)
        found = [
            (
                self._place(identity, behind),
                CellVerdict(self._last[identity].cell_id, self._last[identity].order, findings),
            )
            for identity, findings in self._findings.items()
        ]
        found += self._never_run()
        return [verdict for _, verdict in sorted(found, key=lambda pair: (pair[0], pair[1].order or 0))]

    def _judge_order(self) -> None:
        for attempt in sorted({ran.attempt for ran in self._executions}):
            last = {
                _identity(ran): ran for ran in self._executions if ran.attempt == attempt and _matters(ran)
            }
            placed = [
                (position, ran)
                for identity, ran in last.items()
                if (position := self._positions[identity]) is not None
            ]
            placed.sort(key=lambda pair: pair[0])
            kept = longest_rising([ran.order for _, ran in placed])
            for at, (position, ran) in enumerate(placed):
                if at not in kept:
                    self._find(ran, _out_of_order(position, ran, placed))

    def _judge_edits(self) -> None:
        for identity, ran in self._last.items():
            position = self._positions[identity]
            if (
                position is not None
                and self._knows(ran)
                and not same_source(ran.source, self._present[position].source)
            ):
                self._find(ran, Finding("edited", "Its text has changed since it ran."))

    def _judge_deleted(self) -> None:
        if self._document is None:
            return
        defined = {name for cell in self._present for name in cell.writes}
        defined |= {
            name
            for ran in self._executions
            if self._positions[_identity(ran)] is not None
            for name in ran.writes
        }
        if _UNKNOWN in defined:
            return
        used: dict[_Identity, set[str]] = {}
        for deleted in self._executions:
            if self._positions[_identity(deleted)] is None and self._knows(deleted):
                lost = set(deleted.writes) - defined - {_UNKNOWN}
                used.setdefault(_identity(deleted), set()).update(self._read_later(deleted, lost))
        for identity, names in used.items():
            if names:
                message = f"It is no more in the notebook, and cells that are use {_list(names)}."
                self._find(self._last[identity], Finding("deleted_but_used", message, sorted(names)))

    def _read_later(self, deleted: Ran, names: set[str]) -> set[str]:
        return {
            name
            for ran in self._executions
            if ran.order > deleted.order and ran.attempt == deleted.attempt
            if self._positions[_identity(ran)] is not None
            for name in names.intersection(ran.reads)
        }

    def _judge_repeated(self) -> None:
        times: dict[tuple[_Identity, int], int] = {}
        for ran in filter(_matters, self._executions):
            times[_identity(ran), ran.attempt] = times.get((_identity(ran), ran.attempt), 0) + 1
        most: dict[_Identity, int] = {}
        for (identity, _), count in times.items():
            most[identity] = max(most.get(identity, 0), count)
        for identity, count in most.items():
            if count > 1:
                self._find(self._last[identity], Finding("repeated", f"It ran {count} times."))

    def _never_run(self) -> list[tuple[int, CellVerdict]]:
        ran = {position for position in self._positions.values() if position is not None}
        if not ran or not self._knows(self._executions[-1]):
            return []
        finding = Finding("never_run", "It stands between cells that ran, and did not run itself.")
        return [
            (position, CellVerdict(cell.cell_id, None, [finding]))
            for position, cell in enumerate(self._present)
            # One above them ran before the run was opened, and so did one that has a count.
            if min(ran) < position < max(ran) and position not in ran
            if cell.executed is None and _has_code(cell.source)
        ]

    def _find(self, ran: Ran, finding: Finding) -> None:
        self._findings.setdefault(_identity(ran), []).append(finding)

    def _place(self, identity: _Identity, behind: int) -> int:
        position = self._positions[identity]
        return behind if position is None else position

    def _knows(self, ran: Ran) -> bool:
        return self._document is not None and (
            self._document.saved is None or ran.started <= self._document.saved
        )

    def _position(self, identity: _Identity) -> int | None:
        cell_id, source = identity
        if cell_id is not None and any(cell.cell_id is not None for cell in self._present):
            return next((at for at, cell in enumerate(self._present) if cell.cell_id == cell_id), None)
        # Not every front end tells the cell, and older notebooks have no ids: then the text has to do.
        source = source or self._source_of(cell_id)
        same = [at for at, cell in enumerate(self._present) if same_source(cell.source, source)]
        return same[0] if len(same) == 1 else None

    def _source_of(self, cell_id: str | None) -> str:
        return next((ran.source for ran in reversed(self._executions) if ran.cell_id == cell_id), "")


def _identity(ran: Ran) -> _Identity:
    return (ran.cell_id, "") if ran.cell_id is not None else (None, _normal(ran.source))


def _out_of_order(position: int, ran: Ran, placed: list[tuple[int, Ran]]) -> Finding:
    below = [other for at, other in placed if at > position and other.order < ran.order]
    above = [other for at, other in placed if at < position and other.order > ran.order]
    names: set[str] = set()
    for other in (*below, *above):
        names |= set(ran.writes) & {*other.reads, *other.writes} | set(ran.reads) & set(other.writes)
    names.discard(_UNKNOWN)
    message = "It ran after cells below it" if below else "It ran before cells above it"
    return Finding(
        "out_of_order", f"{message}{f', with {_list(names)} between them' if names else ''}.", sorted(names)
    )


def longest_rising(values: list[int]) -> set[int]:
    """Return the positions of a longest rising subsequence: what has to move to sort the rest is least."""
    ends: list[int] = []
    tails: list[int] = []
    before: list[int | None] = []
    for at, value in enumerate(values):
        length = bisect_left(tails, value)
        before.append(ends[length - 1] if length else None)
        if length == len(tails):
            tails.append(value)
            ends.append(at)
        else:
            tails[length], ends[length] = value, at
    kept: set[int] = set()
    at_or_none = ends[-1] if ends else None
    while at_or_none is not None:
        kept.add(at_or_none)
        at_or_none = before[at_or_none]
    return kept


def _matters(ran: Ran) -> bool:
    # A cell without names, such as one that asks for help, changes nothing when it runs again or elsewhere.
    return bool(ran.reads or ran.writes)


def same_source(one: str, other: str) -> bool:
    """Tell whether two sources are the same text, but for what was masked in one of them and blanks at line ends."""
    one, other = _normal(one), _normal(other)
    if one == other:
        return True
    if MASK not in one and MASK not in other:
        return False
    ones, others = (_PRIVATE_KEY.sub(MASK, text).split("\n") for text in (one, other))
    return len(ones) == len(others) and all(
        _fits(a, b) or _fits(b, a) for a, b in zip(ones, others, strict=True)
    )


# The only secret that has several lines.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*-----|\Z)"
)


def _fits(masked: str, line: str) -> bool:
    # A mask stands for any text that does not end the quotes it stands in.
    first, *rest = masked.split(MASK)
    if not rest:
        return masked == line
    if not line.startswith(first) or not line.endswith(rest[-1]):
        return False
    at, last = len(first), len(line) - len(rest[-1])
    for number, piece in enumerate(rest, start=1):
        end = last if number == len(rest) else line.find(piece, at + 1, last)
        if end <= at:
            return False
        if piece[:1] in ("'", '"') and piece[0] in _ESCAPED.sub("", line[at:end]):
            return False
        at = end + len(piece)
    return True


_ESCAPED = re.compile(r"\\.")


def _normal(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.splitlines()).strip("\n")


def _has_code(source: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in source.splitlines())


def _list(names: Iterable[str], limit: int = 5) -> str:
    ordered = sorted(names)
    shown = ", ".join(f"`{name}`" for name in ordered[:limit])
    return shown if len(ordered) <= limit else f"{shown} and {len(ordered) - limit} more"
