"""What linting a notebook finds, and the rules that find it."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


class Rule(Struct, frozen=True):
    """A rule: its code, its name in kebab case, what it finds, and what to do about that."""

    code: str
    name: str
    severity: Severity
    summary: str
    help: str
    fixable: bool = False


class Diagnostic(Struct, frozen=True):
    """Something that a rule found.

    `cell` is the position in the notebook from 1, 0 for the notebook as a whole; `line` and `column` count from 1
    within the cell, in characters, and the end is that of the last character plus one. `names` are the variables that
    it is about, `help` says what to do.
    """

    code: str
    rule: str
    severity: Severity
    message: str
    cell: int = 0
    cell_id: str | None = None
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1
    names: list[str] = []
    fixable: bool = False
    help: str = ""


class Counts(Struct, frozen=True):
    """How many diagnostics there are of each severity."""

    error: int = 0
    warning: int = 0
    info: int = 0


class LintReport(Struct, frozen=True):
    """What linting one notebook found, in the order of its cells; `unseen` says what could not be checked, and why."""

    path: str
    diagnostics: list[Diagnostic] = []
    unseen: list[str] = []

    @property
    def counts(self) -> Counts:
        """How many diagnostics there are of each severity."""
        return count_severities(self.diagnostics)


def count_severities(diagnostics: Iterable[Diagnostic]) -> Counts:
    """Return how many diagnostics there are of each severity."""
    found = [diagnostic.severity for diagnostic in diagnostics]
    return Counts(found.count("error"), found.count("warning"), found.count("info"))
