"""`trackbook edit`: change what people say of a run."""

import click

from trackbook.cli.options import run_argument
from trackbook.cli.output import say
from trackbook.cli.project import open_project
from trackbook.errors import UsageError


@click.command()
@run_argument
@click.option("--name", metavar="NAME", help="Give the run another name.")
@click.option("--group", metavar="GROUP", help="Put the run into a group; an empty text takes it out.")
@click.option("--tag", "tags", metavar="KEY=VALUE", multiple=True, help="Set a tag. May be repeated.")
@click.option("--untag", "untags", metavar="KEY", multiple=True, help="Take a tag away. May be repeated.")
@click.option("--note", metavar="TEXT", help="Add a line to the notes.")
@click.option("--notes", metavar="TEXT", help="Put this in the place of the notes.")
def edit(
    reference: str,
    name: str | None,
    group: str | None,
    tags: tuple[str, ...],
    untags: tuple[str, ...],
    note: str | None,
    notes: str | None,
) -> None:
    """Change a run's name, group, tags or notes."""
    project = open_project()
    run = project.runs.get(reference)
    changed = dict(tag.partition("=")[::2] for tag in tags) | dict.fromkeys(untags)
    if not changed and name is None and group is None and note is None and notes is None:
        raise UsageError("Say what to change: trackbook edit RUN --name NAME, or --tag, --note ...")
    if name is not None:
        project.edits.rename(run.id, name)
    if group is not None:
        project.edits.set_group(run.id, group or None)
    if changed:
        project.edits.set_tags(run.id, changed)
    if notes is not None:
        project.edits.set_notes(run.id, notes)
    if note is not None:
        project.edits.add_note(run.id, note)
    say(f"#{run.number} {name or run.name} is changed.")
