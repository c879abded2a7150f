"""`trackbook serve`: a store for other machines."""

import os
import subprocess
import sys
from pathlib import Path

import click

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option(
    "--store",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Serve this store; by default the one of the project, or of TRACKBOOK_STORE.",
)
@click.option(
    "--ip", metavar="ADDRESS", default="127.0.0.1", help="Listen here; by default on 127.0.0.1 alone."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8899, help="Listen on this port; by default 8899."
)
@click.option("--certfile", type=_FILE, help="Encrypt with this certificate (PEM).")
@click.option("--keyfile", type=_FILE, help="The certificate's key, where it is a file of its own.")
@click.option("--base-url", metavar="PATH", default="/", help="Serve below this path; by default below /.")
def serve(
    store: Path | None, ip: str, port: int, certfile: Path | None, keyfile: Path | None, base_url: str
) -> int:
    """Serve a store to other machines.

    They set TRACKBOOK_STORE to its address and TRACKBOOK_TOKEN to a token; `trackbook token create` makes one.
    """
    options = {"--store": store, "--ip": ip, "--port": port, "--certfile": certfile, "--keyfile": keyfile}
    arguments = [text for name, value in options.items() if value is not None for text in (name, str(value))]
    # -P: what lies in the working directory is not taken for Python's own modules.
    command = [sys.executable, "-P", "-m", "trackbook.server.serve", *arguments, "--base-url", base_url]
    if os.name != "nt":
        os.execv(sys.executable, command)
    return subprocess.run(command, check=False).returncode
