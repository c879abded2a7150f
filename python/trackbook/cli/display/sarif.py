"""What linting found for other programs: SARIF 2.1.0, and the commands of GitHub's workflows."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from trackbook.domain.lint import Diagnostic, LintReport
from trackbook.notebook.lint.registry import RULES
from trackbook.version import version

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def to_sarif(reports: Sequence[LintReport], lines: Mapping[str, Mapping[int, int]]) -> dict[str, Any]:
    """Return reports as a SARIF log.

    `lines` says on which line of a file each of its cells begins: viewers know lines of files, not cells. The place
    within the cell is in the message and in `properties`.
    """
    every = [diagnostic for report in reports for diagnostic in report.diagnostics]
    codes = sorted({diagnostic.code for diagnostic in every})
    rules = [_rule(code, next(one for one in every if one.code == code)) for code in codes]
    results = [
        _result(report.path, diagnostic, codes.index(diagnostic.code), lines.get(report.path, {}))
        for report in reports
        for diagnostic in report.diagnostics
    ]
    notifications = [
        {"level": "note", "message": {"text": f"{report.path}: {unseen}"}}
        for report in reports
        for unseen in report.unseen
    ]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "trackbook", "version": version(), "rules": rules}},
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }


def to_github(reports: Sequence[LintReport], lines: Mapping[str, Mapping[int, int]]) -> list[str]:
    """Return reports as commands that annotate a pull request on GitHub."""
    return [
        f"::{_COMMANDS[one.severity]} "
        f"file={_property(report.path)},line={lines.get(report.path, {}).get(one.cell, 1)},"
        f"title={_property(f'{one.code} {one.rule}')}::{_data(_message(report.path, one))}"
        for report in reports
        for one in report.diagnostics
    ]


def _rule(code: str, example: Diagnostic) -> dict[str, Any]:
    rule = RULES.get(code)
    if rule is None:
        address = f"https://docs.astral.sh/ruff/rules/{quote(example.rule)}/"
        return {"id": code, "name": example.rule, "helpUri": address}
    return {
        "id": code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(path: str, one: Diagnostic, index: int, lines: Mapping[int, int]) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(path)},
            "region": {"startLine": lines.get(one.cell, 1)},
        }
    }
    if one.cell:
        location["logicalLocations"] = [{"name": f"cell {one.cell}", "kind": "cell"}]
    return {
        "ruleId": one.code,
        "ruleIndex": index,
        "level": _LEVELS[one.severity],
        "message": {"text": _message(path, one)},
        "locations": [location],
        "properties": {
            "cell": one.cell,
            "cellId": one.cell_id,
            "line": one.line,
            "column": one.column,
            "endLine": one.end_line,
            "endColumn": one.end_column,
            "fixable": one.fixable,
        },
    }


def _message(path: str, one: Diagnostic) -> str:
    where = f"Cell {one.cell}, line {one.line}: " if one.cell else ""
    return f"{where}{one.message}"


def _uri(path: str) -> str:
    pure = PurePath(path)
    if pure.is_absolute():
        try:
            pure = PurePath(path).relative_to(Path.cwd())
        except ValueError:
            return PurePath(path).as_uri()
    return quote(pure.as_posix())


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
