"""Where the command writes: data to stdout, messages for people to stderr."""

import json
from typing import TYPE_CHECKING, Any

import click
import msgspec

from trackbook.domain.values import to_wire

if TYPE_CHECKING:  # what draws is imported where something is drawn: a command's work begins before
    from rich.console import Console, RenderableType
    from rich.text import Text

# Nothing is cut in a pipe or a file: no table is wider than this.
_UNLIMITED = 100_000


def data_console() -> "Console":
    """Return the console of stdout; plain text as wide as it needs to be unless stdout is a terminal."""
    return _console(stderr=False)


def message_console() -> "Console":
    """Return the console of stderr."""
    return _console(stderr=True)


def print_data(*parts: "RenderableType") -> None:
    """Print data for people to stdout."""
    console = data_console()
    if console.is_terminal:
        console.print(*parts, sep="\n")
        return
    with console.capture() as capture:
        console.print(*parts, sep="\n")
    # Cells are padded to their column's width, the last one of a line, too.
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def print_json(value: Any) -> None:
    """Print values (structs, lists, mappings) as JSON in UTF-8: times ISO 8601, NaN and infinities as texts."""
    plain = to_wire(msgspec.to_builtins(value))
    indent = 2 if data_console().is_terminal else None
    try:
        data = json.dumps(plain, ensure_ascii=False, indent=indent).encode()
    except UnicodeEncodeError:  # a lone surrogate, say from a cell's source, has no UTF-8 but an escape
        data = json.dumps(plain, indent=indent).encode()
    click.echo(data)


def show(*parts: "RenderableType") -> None:
    """Print what is more than a line for people to stderr."""
    console = message_console()
    if console.is_terminal:
        console.print(*parts, sep="\n")
        return
    with console.capture() as capture:
        console.print(*parts, sep="\n")
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()), err=True)


def say(message: "str | Text", style: str = "") -> None:
    """Print a message for people to stderr."""
    from rich.text import Text

    message_console().print(Text(message, style) if isinstance(message, str) else message)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNLIMITED
    return console
