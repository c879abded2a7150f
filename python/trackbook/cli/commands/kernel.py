"""`trackbook kernel`: kernels for Jupyter's menus that start warm."""

import sys

import click
import msgspec

from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.errors import UsageError

_NAME = "trackbook-warm"


@click.group()
def kernel() -> None:
    """Install, list and remove kernels that start warm."""


@kernel.command()
@click.option("--name", default=_NAME, show_default=True, help="The kernel's name.")
@click.option("--display-name", help="What menus call it; by default Python 3 (warm).")
@click.option(
    "--import",
    "imports",
    multiple=True,
    metavar="MODULE",
    help="What its kernels find imported; may be given several times. By default what their notebook imports.",
)
@click.option("--user", "place", flag_value="user", help="For this user, as by default.")
@click.option(
    "--sys-prefix", "place", flag_value="sys-prefix", help="For all users of this Python environment."
)
@click.option("--prefix", metavar="FOLDER", help="For all users of the environment in that folder.")
def install(
    name: str, display_name: str | None, imports: tuple[str, ...], place: str | None, prefix: str | None
) -> None:
    """Add a kernel to Jupyter's menus that starts warm, with this Python."""
    from trackbook.jobs.warm.kernelspec import install_kernel

    if prefix is not None and place is not None:
        raise UsageError(f"--prefix and --{place} name two places; give one of them.")
    found = install_kernel(
        name,
        display_name=display_name,
        imports=imports,
        prefix=sys.prefix if place == "sys-prefix" else prefix,
    )
    say(f"{found.display_name} is in Jupyter's menus, by {found.folder}.")
    if sys.platform != "linux":
        say("Kernels start warm on Linux alone; here this one starts the ordinary way.")
    say(f"`trackbook kernel remove{'' if name == _NAME else f' --name {name}'}` takes that back.")


@kernel.command("list")
@json_option
def list_kernels(as_json: bool) -> None:
    """List the kernels that start warm."""
    from trackbook.jobs.warm.kernelspec import warm_kernels

    found = warm_kernels()
    if as_json:
        print_json(msgspec.to_builtins(found))
    elif found:
        width = max(len(one.name) for one in found)
        for one in found:
            print_data(
                f"{one.name.ljust(width)}  {', '.join(one.imports) or 'what notebooks import'}  {one.folder}"
            )
    else:
        say("No kernels that start warm. `trackbook kernel install` adds one.")


@kernel.command()
@click.option("--name", default=_NAME, show_default=True, help="The kernel's name.")
def remove(name: str) -> None:
    """Take such a kernel out of Jupyter's menus; running ones go on."""
    from trackbook.jobs.warm.kernelspec import remove_kernel

    say(f"{remove_kernel(name).folder} is removed.")
