"""`trackbook test`: hold notebooks against a baseline."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackbook.cli.display.junit import junit_xml
from trackbook.cli.display.progress import CellProgress, JobProgress
from trackbook.cli.display.regression import report_sections, summary
from trackbook.cli.exits import FINE, INFRASTRUCTURE_FAILED, WORK_FAILED, exit_code
from trackbook.cli.notebooks import find_notebooks
from trackbook.cli.options import json_option, kernel_option, param_option, timeout_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import open_notebook_project, open_project_of
from trackbook.domain.parameter import parse_assignments
from trackbook.domain.regression import TestReport
from trackbook.domain.run import RunError
from trackbook.domain.tolerance import Tolerance
from trackbook.errors import TrackbookError, UsageError
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import read_notebook

if TYPE_CHECKING:
    from trackbook.domain.regression import Baseline
    from trackbook.services.context import Services

_DEFAULT = Tolerance()
_limit = click.FloatRange(min=0)


@click.command("test")
@click.argument("paths", metavar="NOTEBOOK...", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--baseline",
    metavar="RUN|saved",
    help="Hold it against this run, or against the outputs saved in the file.",
)
@click.option("--update", is_flag=True, help="Record the run in the project and make it the new baseline.")
@click.option(
    "--tolerance",
    metavar="R",
    type=_limit,
    default=_DEFAULT.relative,
    show_default=True,
    help="By what share a number may be off.",
)
@click.option(
    "--image-tolerance",
    metavar="R",
    type=_limit,
    default=_DEFAULT.image,
    show_default=True,
    help="What share of a picture may look different.",
)
@param_option
@timeout_option
@kernel_option
@click.option("--nbval", is_flag=True, help="Have pytest's nbval compare, with the saved outputs.")
@click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a report that CI systems read.",
)
@json_option
def test(
    paths: tuple[Path, ...],
    baseline: str | None,
    update: bool,
    tolerance: float,
    image_tolerance: float,
    params: tuple[str, ...],
    timeout: float | None,
    kernel: str | None,
    nbval: bool,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Run notebooks and hold their results against a baseline.

    Outputs are compared cell by cell and, where the baseline is a run, its metrics: numbers within a tolerance,
    pictures by how they look. The baseline is the notebook's newest finished run with the tag `baseline`, else
    what is saved in its file. Folders are searched for notebooks. Exits with 1 if something differs or a cell raised.
    """
    notebooks = find_notebooks(paths)
    limits = Tolerance.of(tolerance, image_tolerance)
    if nbval:
        if baseline not in (None, "saved") or update or params or as_json:
            raise UsageError(
                "nbval compares with saved outputs, and knows no --baseline, --update, --param and --json."
            )
        from trackbook.jobs.nbval import run_nbval

        return run_nbval(notebooks, kernel=kernel, cell_timeout=timeout, junit=junit)
    asked = _Asked(baseline, update, limits, params, timeout, kernel)
    reports: list[TestReport] = []
    codes = {FINE}
    for path in notebooks:
        try:
            report = asked.check(path)
            codes.add(_code(report))
        except TrackbookError as error:
            if len(notebooks) == 1:
                raise
            report = _unchecked(path, error)
            codes.add(exit_code(error))
        reports.append(report)
        if not as_json:
            print_data(*report_sections(report))
    if junit is not None:
        junit.write_bytes(junit_xml(reports))
    if as_json:
        print_json([_without_contents(report) for report in reports])
    say(summary(reports))
    return max(codes)


class _Asked:
    """What the command line asks of each notebook."""

    def __init__(
        self,
        baseline: str | None,
        update: bool,
        tolerance: Tolerance,
        params: tuple[str, ...],
        timeout: float | None,
        kernel: str | None,
    ) -> None:
        self._baseline, self._update, self._tolerance = baseline, update, tolerance
        self._params, self._timeout, self._kernel = params, timeout, kernel

    def check(self, path: Path) -> TestReport:
        """Run one notebook and compare it; raises TrackbookError if that can't be done."""
        from trackbook.jobs.regression import check_notebook, record_baseline
        from trackbook.services.baselines import find_baseline

        notebook = read_notebook(path)
        values = parse_assignments(find_parameters(notebook, path), self._params)
        services = open_notebook_project(path) if self._update else open_project_of(path)
        try:
            if not self._update or services is None:
                with CellProgress(path.name) as progress:
                    return check_notebook(
                        path,
                        notebook,
                        find_baseline(path, notebook, services, self._baseline),
                        self._tolerance,
                        params=values,
                        kernel=self._kernel,
                        timeout=self._timeout,
                        observer=progress,
                    )
            with JobProgress(path.name) as bar:
                return record_baseline(
                    path,
                    notebook,
                    self._earlier(path, services),
                    self._tolerance,
                    services,
                    params=values,
                    kernel=self._kernel,
                    timeout=self._timeout,
                    on_progress=lambda jobs: bar.update(list(jobs)),
                )
        finally:
            if services is not None:
                services.close()

    def _earlier(self, path: Path, services: "Services") -> "Baseline | None":
        from trackbook.services.baselines import find_baseline

        try:
            return find_baseline(path, read_notebook(path), services, self._baseline)
        except UsageError:
            if self._baseline is not None:
                raise
            return None  # this will be the first one


def _code(report: TestReport) -> int:
    if report.status in ("passed", "recorded"):
        return FINE
    return INFRASTRUCTURE_FAILED if report.status == "died" else WORK_FAILED


def _unchecked(path: Path, error: TrackbookError) -> TestReport:
    told = RunError(type(error).__name__, str(error))
    return TestReport(str(path), "failed", None, {}, [], [], told, 0.0)


def _without_contents(report: TestReport) -> TestReport:
    import msgspec

    if report.baseline is None:
        return report
    return msgspec.structs.replace(report, baseline=msgspec.structs.replace(report.baseline, cells=[]))
