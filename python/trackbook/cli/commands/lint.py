"""`trackbook lint`: what would keep notebooks from running again."""

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackbook.cli.exits import FINE, WORK_FAILED
from trackbook.cli.options import json_option
from trackbook.domain.lint import LintReport
from trackbook.errors import UsageError

if TYPE_CHECKING:
    from trackbook.services.lint.batches import Linted
    from trackbook.services.linting import LintOptions

_STDIN = Path("-")
_FORMATS = ("text", "json", "sarif", "github")


@click.command()
@click.argument(
    "notebooks", metavar="NOTEBOOK...", nargs=-1, type=click.Path(path_type=Path, allow_dash=True)
)
@click.option(
    "--select",
    metavar="CODES",
    multiple=True,
    help="Only rules with these codes or beginnings, such as 'TB1,F401'; 'ALL' is all.",
)
@click.option("--ignore", metavar="CODES", multiple=True, help="No rules with these codes or beginnings.")
@click.option(
    "--fix",
    is_flag=True,
    help="Mend what can be mended safely: unused imports, outputs that are committed, empty cells, ids.",
)
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(_FORMATS),
    default=None,
    help="How to print what was found; text by default.",
)
@click.option("--statistics", "counts", is_flag=True, help="Count by rule instead.")
@click.option(
    "--explain", metavar="CODE", help="Explain a rule, by code or name, and lint nothing; 'all' lists them."
)
@click.option(
    "--outputs/--no-outputs",
    default=None,
    help="Report outputs in any notebook, or in none; by default in those that git tracks.",
)
@click.option("--no-history", is_flag=True, help="Leave out what the last recorded run says.")
@click.option(
    "--stdin-filename",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Where the notebook read from stdin ('-') would lie.",
)
@click.option(
    "--force-exclude", is_flag=True, help="Leave out what the configuration excludes, even if it is named."
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever was found.")
@json_option
def lint(
    notebooks: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    diff: bool,
    kind: str | None,
    counts: bool,
    explain: str | None,
    outputs: bool | None,
    no_history: bool,
    stdin_filename: Path | None,
    force_exclude: bool,
    exit_zero: bool,
    as_json: bool,
) -> int:
    """Say what would keep notebooks from running again.

    Names used before they are defined, execution out of order, parameters, paths, the network, secrets, seeds, outputs;
    and what ruff and detect-secrets find. Folders are walked, '-' is stdin; without any it is the working directory.
    Exits with 1 if there are errors or warnings.
    """
    from trackbook.services.lint.config import check_codes
    from trackbook.services.linting import LintOptions

    if kind is not None and as_json and kind != "json":
        raise UsageError(f"--json and --format {kind} can't go together.")
    kind = "json" if as_json else kind or "text"
    if explain is not None:
        return _explain(explain, kind)
    chosen, ignored = _codes(select), _codes(ignore)
    check_codes(chosen, "--select")
    check_codes(ignored, "--ignore")
    options = LintOptions(chosen, ignored, outputs, history=not no_history)
    named = list(notebooks) or [Path()]
    if _STDIN in named:
        if len(named) > 1 or fix or diff:
            raise UsageError("'-' stands alone, without other notebooks, --fix and --diff.")
        return _finish(_lint_stdin(options, stdin_filename), kind, counts, exit_zero)
    if stdin_filename is not None:
        raise UsageError("--stdin-filename belongs to '-', a notebook from stdin.")
    from trackbook.services.lint.files import find_notebooks

    paths = find_notebooks(named, force_exclude=force_exclude)
    if fix or diff:
        return _fix(paths, options, diff, kind, counts, exit_zero)
    return _finish(_lint(paths, options), kind, counts, exit_zero)


def _codes(given: Sequence[str]) -> list[str]:
    return [code.strip() for text in given for code in text.split(",") if code.strip()]


def _explain(code: str, kind: str) -> int:
    from trackbook.cli.display.lint import rule_text, rules_table
    from trackbook.cli.output import print_data, print_json
    from trackbook.notebook.lint.registry import RULES
    from trackbook.services.lint.config import check_codes

    rules = [
        rule
        for rule in RULES.values()
        if code.lower() == "all" or rule.code == code.upper() or rule.name == code.lower()
    ]
    if not rules:
        if re.fullmatch(r"(?!TB)[A-Z]{1,8}[0-9]{1,4}", code.upper()):
            raise UsageError(f"{code} is ruff's: `ruff rule {code.upper()}` explains it.")
        check_codes([code.upper() if code.upper().startswith("TB") else code], "--explain")
        raise UsageError(
            f"--explain takes a whole code, such as TB101; {code!r} is the beginning of several."
        )
    if kind == "json":
        print_json(rules)
    else:
        print_data(rule_text(rules[0]) if len(rules) == 1 else rules_table(rules))
    return FINE


def _lint(paths: Sequence[Path], options: "LintOptions") -> list["Linted"]:
    from trackbook.services.lint.batches import Batches

    with Batches(options) as batches:
        return batches.lint(paths)


def _lint_stdin(options: "LintOptions", named: Path | None) -> list["Linted"]:
    from trackbook.services.lint.batches import Batches

    with Batches(options) as batches:
        return [batches.lint_data(sys.stdin.buffer.read(), named or Path("stdin.ipynb"), str(named or "-"))]


def _fix(
    paths: Sequence[Path], options: "LintOptions", diff: bool, kind: str, counts: bool, exit_zero: bool
) -> int:
    from trackbook.cli.display.lint import count_notebooks, fix_diff
    from trackbook.cli.output import say
    from trackbook.services.lint.batches import Batches

    linted, fixed, files = [], 0, 0
    with Batches(options) as batches:
        for path in paths:
            one, file = batches.fix(path, write=not diff)
            linted.append(one)
            if file is None:
                continue
            if file.kept:
                say(f"{path}: not everything can be fixed: {file.kept}.", "yellow")
            if file.made:
                fixed, files = fixed + len(file.made), files + 1
                if diff:
                    click.echo(fix_diff(str(path), file.before, file.after, file.made))
    looked = count_notebooks(len(paths))
    if diff:
        say(f"{fixed} would be fixed in {files} of {looked}." if fixed else "Nothing would be fixed.")
        return FINE if exit_zero or not fixed else WORK_FAILED
    if fixed:
        say(f"Fixed {fixed} in {files} of {looked}.", "green")
    return _finish(linted, kind, counts, exit_zero)


def _finish(linted: Sequence["Linted"], kind: str, counts: bool, exit_zero: bool) -> int:
    reports = [one.report for one in linted]
    _PRINTERS[kind if not counts else f"{kind} counts"](linted, reports)
    found = any(one.severity != "info" for report in reports for one in report.diagnostics)
    return WORK_FAILED if found and not exit_zero else FINE


def _print_text(linted: Sequence["Linted"], reports: Sequence[LintReport]) -> None:
    from trackbook.cli.display.lint import diagnostic_lines, summary
    from trackbook.cli.output import data_console, print_data, say

    on_terminal = data_console().is_terminal
    for one in linted:
        if lines := list(diagnostic_lines(one.report, one.document, sources=on_terminal)):
            print_data(*lines)
    for report in reports:
        for unseen in report.unseen:
            say(f"{report.path}: {unseen}", "dim")
    say(summary(reports))


def _print_json(_: Sequence["Linted"], reports: Sequence[LintReport]) -> None:
    from trackbook.cli.output import print_json

    print_json(
        [
            {"path": one.path, "diagnostics": one.diagnostics, "counts": one.counts, "unseen": one.unseen}
            for one in reports
        ]
    )


def _print_sarif(linted: Sequence["Linted"], reports: Sequence[LintReport]) -> None:
    from trackbook.cli.display.sarif import to_sarif
    from trackbook.cli.output import print_json

    print_json(to_sarif(reports, {one.report.path: one.lines() for one in linted}))


def _print_github(linted: Sequence["Linted"], reports: Sequence[LintReport]) -> None:
    from trackbook.cli.display.sarif import to_github

    for line in to_github(reports, {one.report.path: one.lines() for one in linted}):
        click.echo(line)


def _count_text(_: Sequence["Linted"], reports: Sequence[LintReport]) -> None:
    from trackbook.cli.display.lint import statistics, statistics_table, summary
    from trackbook.cli.output import print_data, say

    if rows := statistics(reports):
        print_data(statistics_table(rows))
    say(summary(reports))


def _count_json(_: Sequence["Linted"], reports: Sequence[LintReport]) -> None:
    from trackbook.cli.display.lint import statistics
    from trackbook.cli.output import print_json

    print_json(statistics(reports))


def _no_counts(_: Sequence["Linted"], __: Sequence[LintReport]) -> None:
    raise UsageError("--statistics is printed as text or JSON.")


_PRINTERS: dict[str, Callable[[Sequence["Linted"], Sequence[LintReport]], None]] = {
    "text": _print_text,
    "json": _print_json,
    "sarif": _print_sarif,
    "github": _print_github,
    "text counts": _count_text,
    "json counts": _count_json,
    "sarif counts": _no_counts,
    "github counts": _no_counts,
}
