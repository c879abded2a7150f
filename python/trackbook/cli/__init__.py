"""The `trackbook` command: parse, call a service, print. `main` is its entry point."""

import sys

from trackbook.errors import MissingExtra


def main() -> None:
    """Run the command that the process's arguments name, and exit with its code."""
    try:
        import click  # noqa: F401  # the light install has neither of the two
        import rich  # noqa: F401
    except ModuleNotFoundError:
        sys.stderr.write(f"Error: {MissingExtra('The trackbook command')}\n")
        sys.exit(2)
    from trackbook.cli.app import run

    sys.exit(run())
