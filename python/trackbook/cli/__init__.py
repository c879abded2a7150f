"""The `trackbook` command: parse, call a service, print. `main` is its entry point."""

import gc
import signal
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
    from trackbook.services.forked import declare_own

    declare_own()
    # Most of what a command allocates are modules, which stay: looking for garbage as often as usual takes a tenth of
    # its time.
    gc.set_threshold(20_000, 50, 50)
    code = run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a further Ctrl-C must not change how it came out
    # What is there is not looked through again while the process ends, which would take as long as many a command.
    gc.freeze()
    sys.exit(code)
