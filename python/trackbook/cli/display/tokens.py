"""Tokens as a table."""

from collections.abc import Sequence

from rich.table import Table

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import format_moment, format_relative
from trackbook.domain.token import Token


def tokens_table(tokens: Sequence[Token]) -> Table:
    """Return tokens as a table, a row a token."""
    return make_table(
        [
            to_column("Name", [token.name for token in tokens]),
            to_column("Scope", [token.scope for token in tokens]),
            to_column("Made", [format_relative(token.created) for token in tokens], rank=1),
            to_column("Expires", [format_moment(t.expires) if t.expires else "never" for t in tokens]),
        ]
    )
