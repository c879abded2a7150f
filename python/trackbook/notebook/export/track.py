"""`%track` lines as calls of Trackbook's Python API."""

import ast
import re

from trackbook.errors import UsageError
from trackbook.notebook.words import Arity, Words, read_words, split_assignment, unquote

_NUMBER = re.compile(r"-?[\d.][\w.]*\Z")
_OPTIONS: dict[str, dict[str, Arity]] = {
    "start": {"--name": "one", "--group": "one", "--tags": "many", "--params": "many"},
    "param": {},
    "metric": {"--step": "one", "--context": "many"},
    "goal": {"--unit": "one"},
    "artifact": {"--name": "one"},
    "data": {"--name": "one", "--role": "one"},
    "figure": {"--name": "one"},
    "tag": {},
    "untag": {},
    "seed": {},
    "end": {"--failed": "none"},
}
# What only shows something, or says what is recorded by itself.
_SHOWING = frozenset(("", "status", "runs", "diff", "watch", "help", "ignore", "capture"))
_TEXT = frozenset(("note", "rename"))


def track_call(line: str) -> str | None:
    """Return the call that a `%track` line stands for; None for a line that only shows something.

    Raises UsageError for a line that has no such call, or can't be read.
    """
    name, _, rest = line.strip().partition(" ")
    if name in _SHOWING:
        return None
    if name in _TEXT:
        text = _text(rest.strip())
        return f"tb.note({text})" if name == "note" else _rename(text)
    if name not in _OPTIONS:
        raise UsageError(f"`%track {name}` has no counterpart in a module")
    words = read_words(rest, _OPTIONS[name])
    return _CALLS[name](words)


def _start(words: Words) -> str:
    arguments = [_text(words.plain[0])] if words.plain else []
    for option in ("--name", "--group"):
        if (value := words.one(option)) is not None:
            arguments.append(f"{option[2:]}={_text(value)}")
    if words.has("--tags"):
        arguments.append(f"tags={_tags(words.many('--tags'))}")
    if words.has("--params"):
        arguments.append(f"params={_values(words.many('--params'), text=True)}")
    return f"tb.start_run({', '.join(arguments)})"


def _param(words: Words) -> str:
    return f"tb.params({_values(words.plain, text=True)})"


def _metric(words: Words) -> str:
    arguments = [_values(words.plain, text=False)]
    if (step := words.one("--step")) is not None:
        arguments.append(f"step={_expression(step)}")
    if words.has("--context"):
        arguments.append(f"context={_tags(words.many('--context'))}")
    return f"tb.log({', '.join(arguments)})"


def _goal(words: Words) -> str:
    if not words.plain:
        raise UsageError("`%track goal` names no metric")
    arguments = [_text(words.plain[0])]
    if len(words.plain) > 1:
        arguments.append(f"goal={words.plain[1]!r}")
    if (unit := words.one("--unit")) is not None:
        arguments.append(f"unit={_text(unit)}")
    return f"tb.metric({', '.join(arguments)})"


def _artifact(words: Words) -> str:
    return f"tb.artifact({_named(words, _text(_only(words)))})"


def _data(words: Words) -> str:
    source = _only(words)
    # A name is the table in that variable, anything else a path.
    shown = source if source.isidentifier() else _text(source)
    role = words.one("--role")
    return f"tb.data({_named(words, shown)}{f', role={_text(role)}' if role else ''})"


def _figure(words: Words) -> str:
    if not words.plain:
        name = words.one("--name")
        return f"tb.figure({f'name={_text(name)}' if name else ''})"
    return f"tb.figure({_named(words, _expression(_only(words)))})"


def _tag(words: Words) -> str:
    return "; ".join(f"tb.tag({key}, {value})" for key, value in map(_tag_pair, words.plain))


def _untag(words: Words) -> str:
    return "; ".join(f"tb.tag({_text(word)}, None)" for word in words.plain)


def _seed(words: Words) -> str:
    return f"tb.seed({_expression(_only(words))})"


def _end(words: Words) -> str:
    return 'tb.end_run("failed")' if words.has("--failed") else "tb.end_run()"


def _rename(text: str) -> str:
    raise UsageError(
        f"`%track rename` has no counterpart in a module: name the run at its start, --name {text}"
    )


_CALLS = {
    "start": _start,
    "param": _param,
    "metric": _metric,
    "goal": _goal,
    "artifact": _artifact,
    "data": _data,
    "figure": _figure,
    "tag": _tag,
    "untag": _untag,
    "seed": _seed,
    "end": _end,
}


def _only(words: Words) -> str:
    if len(words.plain) != 1:
        raise UsageError("it names not one thing")
    return words.plain[0]


def _named(words: Words, source: str) -> str:
    name = words.one("--name")
    return f"{source}, name={_text(name)}" if name else source


def _values(words: list[str], *, text: bool) -> str:
    pairs = []
    for word in words:
        parts = split_assignment(word)
        if parts is None:
            pairs.append(f"{word!r}: {_expression(word)}")
            continue
        key, value = parts
        # A bare word may be a variable or a text: only who runs it can tell.
        if text and value.isidentifier() and value not in ("True", "False", "None"):
            raise UsageError(
                f"it can't be told whether {value} is a variable or a text; put a text in quotes"
            )
        pairs.append(f"{key!r}: {_expression(value)}")
    return f"{{{', '.join(pairs)}}}"


def _tags(words: list[str]) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in map(_tag_pair, words))}}}"


def _tag_pair(word: str) -> tuple[str, str]:
    key, value = split_assignment(word) or (word, "")
    return _text(key), _text(value)


def _text(word: str) -> str:
    """Return a text as source; `{expression}` in it is filled in, as IPython does."""
    text = unquote(word)
    if "{" not in text:
        return repr(text)
    literal = f"f{text!r}"
    try:
        ast.parse(literal, mode="eval")
    except SyntaxError:
        return repr(text)
    return literal


def _expression(text: str) -> str:
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        raise UsageError(f"{text} is no expression") from None
    return text
