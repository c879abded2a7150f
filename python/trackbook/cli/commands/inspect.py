"""`trackbook inspect`: what a notebook is, and what it can be given."""

from pathlib import Path

import click

from trackbook.cli.display.jobs import parameters_table
from trackbook.cli.options import json_option, notebook_argument
from trackbook.cli.output import print_data, print_json, say
from trackbook.services.inspecting import Inspection, inspect_notebook, make_parameters


@click.command("inspect")
@notebook_argument
@click.option("--tag", is_flag=True, help="Make the proposed constants parameters, in the notebook's file.")
@click.option("--only", metavar="NAME", multiple=True, help="With --tag: only this one. May be repeated.")
@json_option
def inspect_command(notebook: Path, tag: bool, only: tuple[str, ...], as_json: bool) -> None:
    """Show what a notebook is and what it can be given.

    Lists its parameters, or the constants that may become parameters, with its kernel, cells and problems. Nothing is
    run, and only --tag writes.
    """
    if only and not tag:
        raise click.UsageError("--only goes with --tag.")
    if tag:
        made = make_parameters(notebook, only or None)
        names = ", ".join(proposal.parameter.name for proposal in made)
        say(f"{notebook}: {names} {'is a parameter' if len(made) == 1 else 'are parameters'} now.")
    found = inspect_notebook(notebook)
    if as_json:
        print_json(found)
    else:
        _show(found, notebook)


def _show(found: Inspection, path: Path) -> None:
    counts = ", ".join(f"{count} {kind}" for kind, count in found.cells.items())
    facts = [
        ("Kernel", found.kernel or "not said"),
        ("Language", found.language),
        ("Experiment", found.experiment or f"{path.stem} (the notebook's name)"),
        ("Cells", counts or "none"),
        ("Parameters", f"cell {found.parameters_cell}" if found.parameters_cell else "no cell has the tag"),
    ]
    width = max(len(name) for name, _ in facts)
    print_data(*(f"{name:{width}}  {value}" for name, value in facts))
    if found.parameters:
        print_data("", parameters_table(found.parameters))
    if found.proposals:
        cells = sorted({proposal.cell for proposal in found.proposals})
        print_data("", f"Constants that may be parameters, in {_cells(cells)}:", "")
        print_data(parameters_table([proposal.parameter for proposal in found.proposals]))
        say(f"`trackbook inspect {path} --tag` makes them parameters; --only NAME only some of them.")
    for problem in found.problems:
        say(problem, "yellow")


def _cells(numbers: list[int]) -> str:
    return f"cell{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
