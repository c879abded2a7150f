"""Every error that Trackbook raises on purpose.

    TrackbookError
    ├── UsageError                 what was asked for can't be done as asked; the text says what to do instead
    │   ├── InvalidName            a name of an experiment, parameter, metric, tag or artifact that can't be stored
    │   ├── InvalidValue           a value that can't be stored under that name
    │   ├── NoActiveRun            something was tracked while no run was open
    │   ├── NotebookError          a file that is no notebook, or one that can't be used for this
    │   ├── ParameterError         a notebook's parameter: unknown name, a value that it does not take
    │   │   └── ParameterErrors    several of them, told at once
    │   ├── ExportError            a folder that is no export, or one that is damaged, unfinished or of a newer format
    │   ├── QueryError             a search that can't be read; carries the position in the text
    │   │   └── ColumnError        a column of the run table that can't be read
    │   └── MissingExtra           the light install lacks what this call needs
    ├── AccessDenied               a served store does not take this token, or not for this
    ├── NotFound                   no such run, artifact, snapshot, job or project
    ├── Conflict                   the thing exists, but its state forbids what was asked
    │   └── JournalConflict        a served store has other bytes of a journal than its sender
    ├── WorkFailed                 the user's own work failed: a cell raised
    └── InfrastructureError        not the user's fault: kernel, store, disk
        ├── KernelError            a kernel could not be started, or died
        └── StoreError             the store can't be reached, read or written
            ├── StoreUnreachable   its server does not answer, or takes too long; what is logged waits on this machine
            ├── StoreTooNew        it was written by a newer Trackbook
            ├── CorruptRecord      bytes on disk that fail their checksum
            └── RecordRefused      a record that can be read, but says what the index can't keep

Each carries the values that explain it as attributes, beside the sentence.
"""

from collections.abc import Sequence
from typing import Any


class TrackbookError(Exception):
    """Base of all errors that Trackbook raises on purpose."""

    code = "error"


class UsageError(TrackbookError):
    """What was asked for can't be done as asked."""

    code = "usage"


class InvalidName(UsageError):
    """A name that can't be stored."""

    code = "invalid_name"

    def __init__(self, kind: str, name: object, reason: str) -> None:
        self.kind = kind
        self.name = name
        self.reason = reason
        super().__init__(f"{_shorten(name)} can't be the name of {_with_article(kind)}: {reason}")


class InvalidValue(UsageError):
    """A value that can't be stored under its name."""

    code = "invalid_value"

    def __init__(self, name: str, value: object, reason: str) -> None:
        self.name = name
        self.value_type = type(value).__name__
        self.reason = reason
        super().__init__(f"{name!r} is not stored: {reason}")


class NoActiveRun(UsageError):
    """Something was tracked while no run was open."""

    code = "no_active_run"

    def __init__(self) -> None:
        super().__init__(
            "No run is open. Open one with `%track start EXPERIMENT` or trackbook.start_run('EXPERIMENT')."
        )


class NotebookError(UsageError):
    """A file that is no notebook, or one that can't be used for what was asked."""

    code = "notebook"

    def __init__(self, path: object, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")


class ParameterError(UsageError):
    """A parameter of a notebook has an unknown name or a value of the wrong type."""

    code = "parameter"

    def __init__(self, name: str, reason: str, suggestions: Sequence[str] = ()) -> None:
        self.name = name
        self.reason = reason
        self.suggestions = list(suggestions)
        super().__init__(f"Parameter {name!r}: {reason}")

    def each(self) -> "list[ParameterError]":
        """Return the errors that this one tells of: itself, or the several that it stands for."""
        return [self]


class ParameterErrors(ParameterError):
    """Several parameters of a notebook at once. `problems` has name, reason and suggestions of each."""

    def __init__(self, errors: Sequence[ParameterError]) -> None:
        first = errors[0]
        super().__init__(first.name, first.reason, first.suggestions)
        self.problems: list[dict[str, Any]] = [
            {"name": error.name, "reason": error.reason, "suggestions": error.suggestions} for error in errors
        ]
        lines = "".join(f"\n  {error.name!r}: {error.reason}" for error in errors)
        self.args = (f"{len(errors)} parameters can't be used:{lines}",)

    def each(self) -> list[ParameterError]:
        """Return the single errors."""
        return [
            ParameterError(problem["name"], problem["reason"], problem["suggestions"])
            for problem in self.problems
        ]


def raise_all(errors: Sequence[ParameterError]) -> None:
    """Raise what is wrong with parameters as one error; with none of them nothing happens."""
    flat = [single for error in errors for single in error.each()]
    if len(flat) == 1:
        raise flat[0]
    if flat:
        raise ParameterErrors(flat)


class ExportError(UsageError):
    """A folder that is no export, or one that can't be read: damaged, unfinished, or of a newer format.

    `path` is the file that can't be read, `reason` says why and what to do.
    """

    code = "export"

    def __init__(self, path: object, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")


class QueryError(UsageError):
    """A search that can't be read. `position` counts characters from 0; what is wrong ends before `end`."""

    code = "query"

    def __init__(self, query: str, position: int, reason: str, end: int | None = None) -> None:
        self.query = query
        self.position = position
        self.end = max(position, min(end or position + 1, len(query)))
        self.reason = reason
        super().__init__(f"{reason} (at character {position + 1})\n  {query}\n  {' ' * position}^")


class ColumnError(QueryError):
    """A column that can't be read. `field` and `place` say which of those that a request names."""

    code = "column"

    def __init__(self, error: QueryError, field: str, place: int) -> None:
        super().__init__(error.query, error.position, error.reason, error.end)
        self.field = field
        self.place = place


class MissingExtra(UsageError):
    """The light install lacks what this call needs."""

    code = "missing_extra"

    def __init__(self, what: str, extra: str = "lab") -> None:
        self.what = what
        self.extra = extra
        super().__init__(f'{what} needs more than the light install: pip install "trackbook[{extra}]"')


class NotFound(TrackbookError):
    """No such run, artifact, snapshot, job or project."""

    code = "not_found"

    def __init__(self, kind: str, identity: object) -> None:
        self.kind = kind
        self.identity = str(identity)
        super().__init__(f"There is no {kind} {_shorten(self.identity)}.")


class Conflict(TrackbookError):
    """The thing exists, but its state forbids what was asked."""

    code = "conflict"


class JournalConflict(Conflict):
    """A served store has other bytes of a journal, or fewer, than a sender takes for granted.

    `size` is how far the store has it; nothing is added to one that is `closed`.
    """

    code = "journal_conflict"

    def __init__(self, reason: str, size: int, closed: bool) -> None:
        self.reason = reason
        self.size = size
        self.closed = closed
        super().__init__(f"{reason} The store has {size:,} bytes of this journal.")


class AccessDenied(TrackbookError):
    """A served store does not take this token, or not for what was asked."""

    code = "access"

    def __init__(self, path: object, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"The store {self.path}: {reason}")


class WorkFailed(TrackbookError):
    """The user's own work failed: a cell of the notebook raised."""

    code = "work_failed"

    def __init__(
        self, notebook: str, cell: int | None, ename: str, evalue: str, run_id: str | None = None
    ) -> None:
        self.notebook = notebook
        self.cell = cell
        self.ename = ename
        self.evalue = evalue
        self.run_id = run_id
        where = f"{notebook}, cell {cell}" if cell is not None else notebook
        super().__init__(f"{where}: {ename}: {evalue}")


class InfrastructureError(TrackbookError):
    """Something under Trackbook failed; the user's work is not to blame."""

    code = "infrastructure"


class KernelError(InfrastructureError):
    """A kernel could not be started, or died."""

    code = "kernel"


class StoreError(InfrastructureError):
    """The store can't be reached, read or written."""

    code = "store"

    def __init__(self, path: object, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"The store {self.path}: {reason}")


class StoreUnreachable(StoreError):
    """The store's server does not answer, or has no time. `waiting` counts the records that are kept for it."""

    code = "store_unreachable"

    def __init__(self, path: object, reason: str, waiting: int | None = None) -> None:
        self.because = reason
        self.waiting = waiting
        kept = "What is logged meanwhile is kept on this machine, and sent when the server is back."
        if waiting:
            records = f"{waiting:,} {'record is' if waiting == 1 else 'records are'}"
            kept = f"{records} kept on this machine and will be sent when it is back."
        super().__init__(path, f"its server does not answer ({reason}). {kept}")


class StoreTooNew(StoreError):
    """The store was written by a newer Trackbook."""

    code = "store_too_new"


class CorruptRecord(StoreError):
    """Bytes on disk that fail their checksum."""

    code = "corrupt_record"


class RecordRefused(StoreError):
    """A record can be read, but says what the index can't keep."""

    code = "record_refused"


def _shorten(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[:1] in "aeiou" else f"a {noun}"
