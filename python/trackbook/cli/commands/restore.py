"""`trackbook restore`: take runs out of the trash."""

import click

from trackbook.cli.output import say
from trackbook.cli.project import open_project


@click.command()
@click.argument("references", metavar="RUN...", nargs=-1, required=True)
def restore(references: tuple[str, ...]) -> None:
    """Take runs out of the trash."""
    project = open_project()
    for run in [project.runs.get(reference) for reference in references]:
        project.edits.restore(run.id)
        say(f"#{run.number} {run.name} is out of the trash.")
