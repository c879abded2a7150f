"""`%track data`: what its words stand for."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackbook import api
from trackbook.domain.data import ROLES, DataRole
from trackbook.errors import UsageError
from trackbook.magics.values import Namespace
from trackbook.notebook.words import Words, did_you_mean, unquote

if TYPE_CHECKING:
    from trackbook.magics.commands import Context

_EXAMPLES = "%track data PATH, or %track data VARIABLE"


def record_data(words: Words, context: "Context") -> tuple[api.Run, str]:
    """Record the data that a line names; return the run with what to show."""
    if len(words.plain) != 1:
        raise UsageError(f"Say which data, one a line, with quotes around spaces: {_EXAMPLES}")
    run = api.require_run()
    role = _role(words.one("--role"), context.names)
    given = words.one("--name")
    name = context.names.fill(given) if given else None
    source, variable = _source(words.plain[0], context.names)
    is_path = isinstance(source, (str, Path))
    if variable is not None and not is_path:
        name = name or variable
    if is_path and "://" not in str(source):
        _check_there(Path(source).expanduser())
    place = run.data(source, name, role)
    shown = place.removeprefix("name:")
    return run, f"data {shown}{f' as {name}' if name and name != shown else ''}{f' ({role})' if role else ''}"


def _source(word: str, names: Namespace) -> tuple[Any, str | None]:
    # A file wins over nothing, and a variable over a file: its path can always be written in quotes.
    if word.isidentifier() and names.has(word):
        return names.variable(word), word
    path = names.fill(word)
    if "://" in path or word[:1] in "'\"" or Path(path).expanduser().exists():
        return path, None
    if word.isidentifier():
        near = did_you_mean(word, names.visible()) or did_you_mean(word, _siblings(Path(word)))
        raise UsageError(f"There is no variable and no file {word!r}.{near}")
    if word[-1:] in ")]" or word.replace(".", "").isidentifier():
        try:
            return names.evaluate(word), word if len(word) <= 250 else None
        except UsageError:
            if word[-1:] in ")]":
                raise
    return path, None


def _check_there(path: Path) -> None:
    if not path.exists():
        near = did_you_mean(path.name, _siblings(path))
        raise UsageError(f"There is no file or folder {str(path)!r} in {Path.cwd()}.{near}")


def _siblings(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return []


def _role(word: str | None, names: Namespace) -> DataRole | None:
    if word is None:
        return None
    role = unquote(names.fill(word))
    for known in ROLES:
        if role == known:
            return known
    raise UsageError(
        f"A role is {', '.join(ROLES[:-1])} or {ROLES[-1]}, not {role!r}.{did_you_mean(role, ROLES)}"
    )
