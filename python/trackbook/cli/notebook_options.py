"""The parameters of a notebook as options of a command: `trackbook run train.ipynb --lr 0.3`."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from trackbook.domain.formatting import format_value, one_line
from trackbook.domain.parameter import Parameter
from trackbook.domain.valuecheck import range_text, type_text
from trackbook.errors import TrackbookError, UsageError

_KEY = "trackbook.parameters"
_GIVEN = "trackbook.given"


class NotebookCommand(click.Command):
    """A command on a notebook whose parameters are its options, too, as long as it has none of that name itself."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find the notebook among the words first, since its parameters say which options there are."""
        ctx.meta[_KEY] = self._read(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters and those of the notebook, if one is named."""
        return [*super().get_params(ctx), *ctx.meta.get(_KEY, ())]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the notebook's parameters below the command's own options."""
        shown: list[click.Option] = ctx.meta.pop(_KEY, [])
        super().format_options(ctx, formatter)
        ctx.meta[_KEY] = shown
        rows = [record for option in shown if (record := option.get_help_record(ctx)) is not None]
        if rows:
            with formatter.section("Parameters of the notebook"):
                formatter.write_dl(rows)

    def _read(self, args: Sequence[str]) -> list[click.Option]:
        path = self._find_notebook(args)
        if path is None:
            return []
        from trackbook.notebook.parameters import find_parameters
        from trackbook.notebook.read import read_notebook

        # What is wrong with the notebook is said once the command itself reads it.
        with contextlib.suppress(TrackbookError):
            return self._make_options(find_parameters(read_notebook(path), path))
        return []

    def _find_notebook(self, args: Sequence[str]) -> Path | None:
        own = {
            spelling: option for option in self.params for spelling in [*option.opts, *option.secondary_opts]
        }
        skip = False
        for number, word in enumerate(args):
            if skip:
                skip = False
            elif word == "--":
                rest = args[number + 1 :]
                return Path(rest[0]) if rest else None
            elif word.startswith("-") and len(word) > 1:
                option = own.get(word)
                skip = isinstance(option, click.Option) and not option.is_flag
            elif word.endswith(".ipynb") or Path(word).is_file():
                return Path(word)
        return None

    def _make_options(self, parameters: Sequence[Parameter]) -> list[click.Option]:
        taken = {spelling for option in self.params for spelling in [*option.opts, *option.secondary_opts]}
        taken |= {"-h", "--help"}
        options = []
        for parameter in parameters:
            yes = [name for name in _spellings(parameter.name) if name not in taken]
            if not yes or parameter.format == "secret":
                continue
            taken.update(yes)
            options.append((parameter, yes))
        made: list[click.Option] = []
        for parameter, yes in options:
            no = [name for name in _spellings(f"no_{parameter.name}") if name not in taken]
            made.append(ParameterOption(parameter, yes, no if parameter.type == "bool" else []))
        return made


class ParameterOption(click.Option):
    """One parameter. What is written for it is kept as text, and read once all are known."""

    def __init__(self, parameter: Parameter, yes: Sequence[str], no: Sequence[str]) -> None:
        self.parameter = parameter
        declared = [f"parameter_{parameter.name}"]
        more: dict[str, Any] = {}
        if no:
            declared += [f"{on}/{off}" for on, off in zip(yes, no, strict=False)]
            more["default"] = None
        else:
            declared += yes
            more["metavar"] = one_line(type_text(parameter), 30).upper()
        if parameter.choices is not None and not no:
            more["shell_complete"] = self._complete
        super().__init__(
            declared,
            help=_help(parameter),
            expose_value=False,
            multiple=parameter.type == "list",
            callback=self._keep,
            **more,
        )

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return its line of help, with one spelling."""
        every = self.opts, self.secondary_opts
        self.opts, self.secondary_opts = self.opts[:1], self.secondary_opts[:1]
        try:
            return super().get_help_record(ctx)
        finally:
            self.opts, self.secondary_opts = every

    def _keep(self, ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value is None or value == ():
            return
        texts = list(value) if isinstance(value, (tuple, list)) else [_text(value)]
        ctx.meta.setdefault(_GIVEN, {})[self.parameter.name] = texts

    def _complete(self, _: click.Context, __: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        words = [_text(choice) for choice in self.parameter.choices or ()]
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def given_options() -> dict[str, list[str]]:
    """Return what the command was given as options for parameters: their texts, by name."""
    return dict(click.get_current_context().meta.get(_GIVEN, {}))


def check_given_once(options: dict[str, list[str]], params: Sequence[str]) -> None:
    """Raise UsageError for a parameter that is given as an option and by -p."""
    names = {text.partition("=")[0].strip() for text in params}
    for name in options:
        if name in names:
            raise UsageError(f"The parameter {name!r} is given by -p and as an option; once is enough.")


def _spellings(name: str) -> list[str]:
    # Python's names have underscores, and options have dashes: both do.
    dashed = f"--{name.replace('_', '-')}" if not name.startswith("_") else f"--{name}"
    return list(dict.fromkeys([dashed, f"--{name}"]))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _help(parameter: Parameter) -> str:
    facts = []
    if parameter.choices is not None:
        facts.append(" | ".join(format_value(choice) for choice in parameter.choices))
    facts.append(range_text(parameter))
    if parameter.type == "list":
        facts.append("may be repeated, or a JSON list")
    facts.append(f"default: {_default(parameter)}")
    about = f"{parameter.help}  " if parameter.help else ""
    return f"{about}[{'; '.join(filter(None, facts))}]"


def _default(parameter: Parameter) -> str:
    if parameter.default is None and not (parameter.optional or parameter.type == "none"):
        return "computed"
    if parameter.default is None:
        return "None"
    return one_line(format_value(parameter.default), 40)
