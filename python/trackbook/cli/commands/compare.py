"""`trackbook compare`: what differs between runs."""

from typing import TYPE_CHECKING, Any, cast

import click
import msgspec

from trackbook.cli.display.comparison import comparison_sections, differs_at_all
from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import open_project
from trackbook.domain.celldifference import CounterpartKind
from trackbook.domain.compare import Comparison
from trackbook.errors import UsageError

if TYPE_CHECKING:
    from trackbook.services.context import Services


@click.command()
@click.argument("references", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Show what is equal, too.")
@click.option("--best", "kind", flag_value="best", help="With the best run of the experiment.")
@click.option("--previous", "kind", flag_value="previous", help="With the run of the same notebook before.")
@json_option
def compare(references: tuple[str, ...], everything: bool, kind: str | None, as_json: bool) -> None:
    """Show what differs between runs.

    Compared are parameters, metrics, tags, data, environment, packages, artifacts and executed cells; changes are from
    the first run. The best value of a metric is marked when its goal is known. With --best or --previous one run is
    enough. The JSON of two runs also has the notebooks cell by cell, and the code with the commits between.
    """
    if kind is None and len(references) < 2:
        raise UsageError("A comparison needs two runs at least: trackbook compare RUN RUN")
    if kind is not None and len(references) != 1:
        raise UsageError(f"With --{kind}, name the one run that is compared: trackbook compare RUN --{kind}")
    project = open_project()
    chosen = [project.runs.get(reference).id for reference in references]
    if kind is not None:
        chosen = [_counterpart(project, chosen[0], cast(CounterpartKind, kind)), *chosen]
    comparison = project.compare.compare(chosen, all=everything)
    if as_json:
        print_json(_whole(project, comparison, everything) if len(chosen) == 2 else comparison)
        return
    print_data(*comparison_sections(comparison))
    if not differs_at_all(comparison):
        say("Nothing differs between these runs.")


def _counterpart(project: "Services", run_id: str, kind: CounterpartKind) -> str:
    found = project.differences.counterpart(run_id, kind)
    if found.run_id is None:
        raise UsageError(found.message)
    if found.reason is not None:
        say(found.message)
    return found.run_id


def _whole(project: "Services", comparison: Comparison, everything: bool) -> dict[str, Any]:
    left, right = (run.id for run in comparison.runs)
    return {
        **msgspec.structs.asdict(comparison),
        "notebook": project.differences.notebooks(left, right, all=everything),
        "code": project.differences.code(left, right),
    }
