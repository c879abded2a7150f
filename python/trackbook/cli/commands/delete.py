"""`trackbook delete`: delete runs for good."""

import click

from trackbook.cli.output import say
from trackbook.cli.project import open_project


@click.command()
@click.argument("references", metavar="RUN...", nargs=-1, required=True)
@click.option("--now", "even_untrashed", is_flag=True, help="Delete runs that are not in the trash, too.")
def delete(references: tuple[str, ...], even_untrashed: bool) -> None:
    """Delete runs in the trash for good.

    There is no undo. Files that other runs share stay, and what nobody needs any more goes with `trackbook gc`.
    """
    project = open_project()
    for run in project.deleting.delete(references, even_untrashed=even_untrashed):
        say(f"#{run.number} {run.name} is deleted for good.")
