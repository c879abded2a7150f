"""`trackbook token`: who may use a served store."""

import click

from trackbook.cli.display.tokens import tokens_table
from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import existing_store_here
from trackbook.domain.token import SCOPES, Scope
from trackbook.services.tokens import Tokens


@click.group()
def token() -> None:
    """Make, list and revoke the tokens of a served store."""


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    required=True,
    help="What it allows: read; write, which is read, log and edit; or admin, which is delete, too.",
)
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="Let it expire after so many days.")
def create(name: str, scope: Scope, days: float | None) -> None:
    """Make a token and print it, this once."""
    print_data(_tokens().create(name, scope, days))
    say("Keep it: it is shown only now. Clients give it as TRACKBOOK_TOKEN.")


@token.command("list")
@json_option
def list_tokens(as_json: bool) -> None:
    """List the tokens."""
    found = _tokens().list()
    if as_json:
        print_json(
            [{"name": t.name, "scope": t.scope, "created": t.created, "expires": t.expires} for t in found]
        )
    elif found:
        print_data(tokens_table(found))
    else:
        say("No tokens. `trackbook token create NAME --scope write` makes one.")


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Take a token away; it opens nothing from now on."""
    _tokens().revoke(name)
    say(f"The token {name} is revoked.")


def _tokens() -> Tokens:
    return Tokens(existing_store_here("trackbook token"))
