"""`trackbook trash`: put runs away."""

import click

from trackbook.cli.output import say
from trackbook.cli.project import open_project


@click.command()
@click.argument("references", metavar="RUN...", nargs=-1, required=True)
def trash(references: tuple[str, ...]) -> None:
    """Put runs into the trash.

    Nothing is deleted; `trackbook restore` takes them out again.
    """
    project = open_project()
    for run in [project.runs.get(reference) for reference in references]:
        project.edits.trash(run.id)
        say(f"#{run.number} {run.name} is in the trash. Undo: trackbook restore {run.number}")
