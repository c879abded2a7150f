"""Dropping scratch cells: tagged ones, and those whose text proves that nothing that is kept comes from them."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from trackbook.domain.cleaned import CleanOptions
from trackbook.notebook.cleaning.draft import Draft, DraftCell
from trackbook.notebook.cleaning.effects import is_look, is_pure, plain_names
from trackbook.notebook.cleaning.lines import listed
from trackbook.notebook.cleaning.statements import CellCode, magics_in, read_code

_WORD = re.compile(r"[^\W\d]\w*")


def drop(draft: Draft, options: CleanOptions) -> None:
    """Drop empty code cells, cells tagged as scratch, and those that only give names values that nobody reads.

    A tagged cell stays if a cell that is kept needs what it gives. A cell that is not tagged stays if it has any
    output, any tag, any effect that its text does not rule out, or a name that the options keep.
    """
    _drop_empty(draft)
    _drop_tagged(draft, options.scratch_tags)
    if draft.is_python:
        if options.drop_looks:
            _drop_looks(draft)
        _drop_unread(draft, options.keep)


def _drop_empty(draft: Draft) -> None:
    for cell in list(draft.cells):
        if cell.is_code and not cell.source.strip() and not cell.tags and not cell.content.get("outputs"):
            draft.drop(cell, "it is empty")


def _drop_tagged(draft: Draft, tags: Iterable[str]) -> None:
    wanted = set(tags)
    scratch = [cell for cell in draft.cells if wanted & set(cell.tags)]
    while scratch:
        kept = [cell for cell in draft.code() if cell not in scratch]
        needed = {cell: found for cell in scratch if cell.is_code and (found := _needed(cell, kept, draft))}
        if not needed:
            break
        for cell, (names, user) in needed.items():
            tag = next(tag for tag in cell.tags if tag in wanted)
            message = f"It is tagged `{tag}`, but cell {user} needs {listed(names)} from it; it stays."
            draft.note("drop", cell, message, names)
        scratch = [cell for cell in scratch if cell not in needed]
    for cell in scratch:
        draft.drop(cell, f"it is tagged `{next(tag for tag in cell.tags if tag in wanted)}`")


def _needed(cell: DraftCell, kept: Sequence[DraftCell], draft: Draft) -> tuple[list[str], int] | None:
    if not draft.is_python:
        return None
    names = read_code(cell.source).names
    given = {*names.bound, *names.changed}
    imported = _imported(read_code(cell.source))
    above = {
        name
        for other in draft.cells[: draft.cells.index(cell)]
        if other in kept
        for name in read_code(other.source).names.bound
    }
    # Importing the same again gives nothing new.
    given -= imported & above
    for user in kept:
        read = sorted(given.intersection(read_code(user.source).names.reads))
        if read:
            return read, user.number
    return None


def _imported(code: CellCode) -> set[str]:
    statements = code.statements or ()
    return {name for statement in statements if statement.is_import for name in statement.names.bound}


def _drop_looks(draft: Draft) -> None:
    bound = {name for cell in draft.code() for name in read_code(cell.source).names.bound}
    for cell in list(draft.code()):
        code = read_code(cell.source)
        if cell.tags or code.tree is None or not code.tree.body or code.has_directive:
            continue
        if all(is_look(node, bound) for node in code.tree.body):
            draft.drop(cell, "it only looks at something")


def _drop_unread(draft: Draft, keep: Iterable[str]) -> None:
    if any(cell.is_code and _sees_everything(read_code(cell.source)) for cell in draft.cells):
        return
    patterns = tuple(keep)
    while True:
        code = list(draft.code())
        read = [read_code(cell.source) for cell in code]
        # Texts count as well: names stand in queries, templates and magics, too.
        cells_with = Counter(word for one in read for word in _words(one.source))
        unread = [
            at
            for at, cell in enumerate(code)
            if _is_candidate(cell, read[at], patterns)
            and all(cells_with[name] == 1 for name in read[at].names.bound)
        ]
        # The last ones first: what they alone read is unread then, too. Never all: something was meant.
        if not unread or len(code) <= 1:
            return
        plain = plain_names(
            (one.tree for one in read if one.tree is not None),
            {name for one in read for name in one.names.changed},
        )
        bound = {name for one in read for name in one.names.bound}
        proven = [
            at
            for at in reversed(unread)
            if all(is_pure(node, plain, bound) for node in read[at].tree.body)  # type: ignore[union-attr]  # a candidate has one
        ]
        if not proven or all(at in proven or not one.has_code for at, one in enumerate(read)):
            return
        at = proven[0]
        names = list(read[at].names.bound)
        verb = "is" if len(names) == 1 else "are"
        draft.drop(code[at], f"no cell reads {listed(names)}, which {verb} all that it gives")


def _is_candidate(cell: DraftCell, code: CellCode, keep: Sequence[str]) -> bool:
    return (
        code.plain
        and code.tree is not None
        and bool(code.names.bound)
        and not isinstance(code.tree.body[-1], ast.Expr)  # it is shown
        and not code.names.changed
        and not cell.tags
        and not cell.content.get("outputs")
        and not code.has_directive
        and not any(fnmatchcase(name, pattern) for name in code.names.bound for pattern in keep)
        and not any(name.startswith("__") or _is_setting(name) for name in code.names.bound)
    )


def _is_setting(name: str) -> bool:
    # By convention a constant, which others may read who run or import the notebook.
    return len(name) > 1 and name.isupper()


@lru_cache(maxsize=1024)
def _words(source: str) -> frozenset[str]:
    return frozenset(_WORD.findall(source))


def _sees_everything(code: CellCode) -> bool:
    """Tell whether a cell may read any name: by what it executes, or because all that is assigned is tracked."""
    if code.opaque or "user_ns" in code.source:
        return True
    magics = magics_in(code.tree) if code.tree is not None else []
    return "%%track" in code.source or any(
        name in ("store", "save", "notebook", "logstart", "macro", "edit")
        or (name == "track" and words.split()[:1] == ["auto"])
        for name, words in magics
    )
