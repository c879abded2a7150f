import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from trackbook.cli.app import cli

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
_CONTEXT = click.Context(cli)
COMMANDS = [
    (name, command)
    for name in sorted(cli.list_commands(_CONTEXT))
    if (command := cli.get_command(_CONTEXT, name))
]


def sections() -> dict[str, str]:
    """The page's text below each heading that names a command."""
    parts = re.split(r"^## trackbook (\S+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_has_the_commands_that_there_are() -> None:
    assert sorted(sections()) == [name for name, _ in COMMANDS]


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_each_command_and_option_has_help_and_is_on_the_page(name: str, command: click.Command) -> None:
    assert command.help
    assert command.get_short_help_str(70)[-1] == "."
    section = sections()[name]
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    for option in options:
        assert option.help, option.name
        for spelling in option.opts:
            assert f"`{spelling}" in section, (
                f"{spelling} of `trackbook {name}` is not in docs/command-line.md"
            )
    named = set(re.findall(r"^- (`.*?)(?= \w)", section, flags=re.MULTILINE))
    known = {spelling for option in options for spelling in option.opts}
    for spelling in re.findall(r"`(--?[a-z-]+)", " ".join(named)):
        assert spelling in known, f"`trackbook {name}` has no {spelling}"


def test_the_example_calls_are_commands() -> None:
    for name in re.findall(
        r"^ {4}(?:\$ )?trackbook (\S+)", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE
    ):
        assert name in dict(COMMANDS)


def test_a_command_imports_no_other_one() -> None:
    code = "import sys, trackbook.cli.app as app; app.run(['runs', '--help']); print(*sys.modules, sep='\\n')"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = [line for line in said.splitlines() if line.startswith("trackbook.cli.commands.")]
    assert loaded == ["trackbook.cli.commands.runs"]
