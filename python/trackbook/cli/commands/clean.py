"""`trackbook clean`: notebooks as they should be kept."""

import sys
import warnings
from pathlib import Path
from typing import Any

import click
import msgspec

from trackbook.cli.display.cleaned import cleaned_sections, summary
from trackbook.cli.display.proof import proof_sections, proof_summary
from trackbook.cli.exits import FINE, WORK_FAILED, exit_code
from trackbook.cli.options import json_option, kernel_option, param_option, timeout_option
from trackbook.cli.output import message_console, print_data, print_json, say
from trackbook.cli.project import known_store
from trackbook.domain.cleaned import CLEAN_STEPS, Cleaned, CleanOptions, CleanStep
from trackbook.domain.parameter import parse_assignments
from trackbook.domain.proof import Proof
from trackbook.domain.tolerance import Tolerance
from trackbook.errors import TrackbookError, UsageError

_STDIN = Path("-")
_STEPS = ",".join(CLEAN_STEPS)


@click.command()
@click.argument(
    "notebooks",
    metavar="NOTEBOOK...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, allow_dash=True),
)
@click.option("-w", "--write", is_flag=True, help="Write the cleaned notebooks without asking.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the cleaned notebook to FILE and leave its own file alone.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if something is to be cleaned.")
@click.option("--only", metavar="STEPS", help=f"Do only these of {_STEPS}.")
@click.option("--skip", metavar="STEPS", help="Do all steps but these.")
@click.option("--keep-outputs", is_flag=True, help="Leave outputs and execution counts where they are.")
@click.option(
    "--drop-looks", is_flag=True, help="Drop cells that only look at something, such as df.head(), as well."
)
@click.option(
    "--parameters",
    "propose",
    is_flag=True,
    help="Without a cell tagged `parameters`, make one of the constants that are assigned once.",
)
@click.option("--upgrade", is_flag=True, help="Convert notebooks that are older than nbformat 4.")
@click.option(
    "--prove", is_flag=True, help="Run the original and the cleaned one, and refuse what changes a result."
)
@click.option(
    "--tolerance",
    metavar="RELATIVE",
    type=click.FloatRange(min=0),
    help="With --prove: how far numbers may be apart, as a share; by default 1e-5.",
)
@param_option
@timeout_option
@kernel_option
@json_option
def clean(
    notebooks: tuple[Path, ...],
    write: bool,
    output: Path | None,
    check: bool,
    only: str | None,
    skip: str | None,
    keep_outputs: bool,
    drop_looks: bool,
    propose: bool,
    upgrade: bool,
    prove: bool,
    tolerance: float | None,
    params: tuple[str, ...],
    timeout: float | None,
    kernel: str | None,
    as_json: bool,
) -> int:
    """Clean notebooks, and show the difference before it is written.

    Cells that can't run from top to bottom are put in order (order), scratch cells go (drop), imports and parameters
    come to the top (hoist), outputs, counters and editors' notes go (strip). Nothing is run, unless with --prove.
    Folders are walked; '-' is stdin, cleaned to stdout.
    """
    from trackbook.services.notebook_cleaning import clean_file, read_file, read_options

    if _STDIN in notebooks:
        if len(notebooks) > 1 or write or output is not None or prove:
            raise UsageError("'-' stands alone, without other notebooks, --write, --output and --prove.")
        options = _options(read_options(Path.cwd()), only, skip, keep_outputs, drop_looks, propose)
        return _clean_stdin(options, upgrade, check)
    paths = _notebooks(notebooks)
    if output is not None and len(paths) != 1:
        raise UsageError("--output is for one notebook; with several, --write writes each to its own file.")
    if check and (write or output is not None):
        raise UsageError("--check writes nothing: leave --write and --output out.")
    if not prove and (tolerance is not None or params or timeout is not None or kernel is not None):
        raise UsageError(
            "--tolerance, --param, --timeout and --kernel say how --prove runs the notebook: add --prove."
        )
    # "invalid escape sequence" and its like are for who runs the code.
    warnings.filterwarnings("ignore", category=SyntaxWarning)
    if not paths:
        say(f"There are no notebooks in {', '.join(map(str, notebooks))}.")
    warnings.filterwarnings("ignore", category=DeprecationWarning, message="invalid escape sequence")
    code, reports = FINE, []
    for path in paths:
        try:
            options = _options(read_options(path.parent), only, skip, keep_outputs, drop_looks, propose)
            file = read_file(path, upgrade=upgrade)
            cleaned = clean_file(file, options, _recorded(file, options))
            proof = _prove(file, cleaned, params, tolerance, timeout, kernel) if prove else None
            report, ended = _finish(file, cleaned, proof, write, output, check, as_json)
        except TrackbookError as error:
            if len(paths) == 1:
                raise
            say(f"Error: {error}", "red")
            code = max(code, exit_code(error))
            reports.append({"path": str(path), "error": str(error)})
            continue
        code = max(code, ended)
        reports.append(report)
    if as_json:
        print_json(reports)
    return code


def _clean_stdin(options: CleanOptions, upgrade: bool, check: bool) -> int:
    from trackbook.services.notebook_cleaning import clean_file, read_data

    file = read_data(sys.stdin.buffer.read(), Path("stdin"), upgrade=upgrade)
    cleaned = clean_file(file, options)
    if not check:
        click.echo(file.render(cleaned), nl=False)
        return FINE
    return WORK_FAILED if cleaned.changed or file.old_format is not None else FINE


def _notebooks(named: tuple[Path, ...]) -> list[Path]:
    from trackbook.services.lint.files import find_notebooks

    return [path for one in named for path in (find_notebooks([one]) if one.is_dir() else [one])]


def _finish(
    file: Any,
    cleaned: Cleaned,
    proof: Proof | None,
    write: bool,
    output: Path | None,
    check: bool,
    as_json: bool,
) -> tuple[dict[str, Any], int]:
    from trackbook.services.notebook_cleaning import write_file

    changed = cleaned.changed or file.old_format is not None
    report: dict[str, Any] = {
        "path": str(file.path),
        "changed": changed,
        "changes": cleaned.changes,
        "notes": cleaned.notes,
        "cells": cleaned.cells,
        "proof": proof,
        "written": None,
        "backup": None,
    }
    if check:
        if changed:
            say(f"{file.path} would be cleaned: {_summary(file, cleaned)}.")
        if proof is not None:
            say(f"{file.path}: {proof_summary(proof)}")
        return report, WORK_FAILED if changed else FINE
    if not as_json and output != Path("-"):
        if cleaned.changed or cleaned.notes:
            print_data(*cleaned_sections(str(file.path), cleaned))
        say(f"{file.path}: {_summary(file, cleaned)}.")
    if proof is not None:
        if not as_json and output != Path("-"):
            print_data(*proof_sections(proof))
        is_whole = proof.verdict == "equal" and proof.failure is None
        say(f"{file.path}: {proof_summary(proof)}", "green" if is_whole else "yellow")
        if not proof.holds:
            say("Nothing was written.", "red")
            return report, WORK_FAILED
    if output == Path("-"):
        click.echo(file.render(cleaned), nl=False)
        return report, FINE
    if not changed and output is None:
        return report, FINE
    if not write and output is None and not _agrees(file.path, as_json):
        if not as_json:
            say("Nothing was written; --write writes it.")
        return report, FINE
    written = write_file(file, cleaned, output)
    report["written"] = str(written.path)
    if written.backup is not None:
        report["backup"] = str(written.backup)
        say(f"git does not hold {written.path} as it was; a copy is in {written.backup}.")
    for text in written.synced:
        say(f"{text.name}, its other half, is in step.")
    if written.unsynced is not None:
        say(f"{file.path}: {written.unsynced}.", "yellow")
    say(f"{written.path} is written.", "green")
    return report, FINE


def _recorded(file: Any, options: CleanOptions) -> dict[str, int] | None:
    """Return in which order the project knows that the cells ran, where the file does not say it."""
    from trackbook.services.context import open_services
    from trackbook.services.recorded_order import has_counts, recorded_order

    if "order" not in options.steps or has_counts(file.notebook):
        return None
    try:
        store = known_store(file.path.absolute().parent)
        if store is None:
            return None
        services = open_services(store)
        try:
            services.runs.refresh()
            return recorded_order(services, file.path, file.notebook)
        finally:
            services.close()
    except TrackbookError:  # what is in the file is enough to clean it
        return None


def _prove(
    file: Any,
    cleaned: Cleaned,
    params: tuple[str, ...],
    tolerance: float | None,
    timeout: float | None,
    kernel: str | None,
) -> Proof | None:
    from trackbook.jobs.proof import prove_cleaned
    from trackbook.notebook.parameters import find_parameters

    values = parse_assignments(find_parameters(file.notebook, file.path), params)
    if not cleaned.changed_code and cleaned.execution_order is None:
        say(f"{file.path}: nothing that runs changes, so there is nothing to prove.")
        return None
    allowed = Tolerance.of(tolerance)
    with message_console().status(f"Running {file.path.name}…") as status:
        return prove_cleaned(
            file.notebook,
            cleaned,
            file.path.absolute().parent,
            tolerance=allowed,
            params=values,
            timeout=timeout,
            kernel=kernel,
            on_run=lambda what: status.update(f"{file.path.name}: running {what}…"),
        )


def _agrees(path: Path, as_json: bool) -> bool:
    if as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return click.confirm(f"Write {path}?", err=True)


def _summary(file: Any, cleaned: Cleaned) -> str:
    text = summary(cleaned)
    if file.old_format is None:
        return text
    return f"nbformat {file.old_format} becomes 4" + (f", {text}" if cleaned.changed else "")


def _options(
    options: CleanOptions,
    only: str | None,
    skip: str | None,
    keep_outputs: bool,
    drop_looks: bool,
    propose: bool,
) -> CleanOptions:
    if only is not None and skip is not None:
        raise UsageError("Name the steps to do with --only, or those to leave out with --skip, not both.")
    steps = options.steps
    if only is not None:
        steps = _steps("--only", only)
    elif skip is not None:
        left_out = _steps("--skip", skip)
        steps = tuple(step for step in steps if step not in left_out)
    return msgspec.structs.replace(
        options,
        steps=steps,
        keep_outputs=keep_outputs or options.keep_outputs,
        drop_looks=drop_looks or options.drop_looks,
        propose_parameters=propose,
    )


def _steps(option: str, text: str) -> tuple[CleanStep, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in CLEAN_STEPS]
    if unknown or not words:
        said = f"{unknown[0]!r}, which is no step" if unknown else "no step"
        raise UsageError(f"{option} names {said}; the steps are {', '.join(CLEAN_STEPS)}.")
    return tuple(step for step in CLEAN_STEPS if step in words)
