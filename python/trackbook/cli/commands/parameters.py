"""`trackbook parameters`: what a notebook can be given."""

from pathlib import Path

import click

from trackbook.cli.display.jobs import parameters_table
from trackbook.cli.options import json_option, notebook_argument
from trackbook.cli.output import print_data, print_json, say
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import read_notebook


@click.command()
@notebook_argument
@json_option
def parameters(notebook: Path, as_json: bool) -> None:
    """List the parameters of a notebook; `trackbook inspect` shows more.

    They are what its code cell with the tag `parameters` assigns; a comment behind one is its help.
    """
    found = find_parameters(read_notebook(notebook), notebook)
    if as_json:
        print_json(found)
    elif found:
        print_data(parameters_table(found))
    else:
        say(f"{notebook} has no parameters: none of its code cells has the tag `parameters`.")
        say("`trackbook inspect` proposes constants that may be parameters.", "dim")
