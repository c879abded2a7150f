"""The subcommands of `%track`: each reads its words, calls the API, and returns the line to show."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from trackbook import api
from trackbook.domain.formatting import format_duration
from trackbook.domain.metric import GOALS
from trackbook.domain.names import check_name
from trackbook.domain.run import RunStatus
from trackbook.domain.verdict import describe_verdict
from trackbook.errors import UsageError
from trackbook.magics.capturing import change_captures
from trackbook.magics.data import record_data
from trackbook.magics.ignored import Ignored
from trackbook.magics.listing import (
    DIFF_OPTIONS,
    RUNS_OPTIONS,
    WATCH_OPTIONS,
    show_diff,
    show_runs,
    watch_run,
)
from trackbook.magics.sessions import NotebookSession
from trackbook.magics.values import Namespace, list_values, shorten, tags_of
from trackbook.notebook.words import Arity, Words, did_you_mean, read_words, split_assignment, unquote
from trackbook.services.masking import Masker
from trackbook.services.past import LAST

if TYPE_CHECKING:
    from trackbook.magics.auto import AutoTracking

START_OPTIONS: Mapping[str, Arity] = {
    "--name": "one",
    "--tags": "many",
    "--params": "many",
    "--group": "one",
    "--resume": "one",
    "--fork": "one",
    "--at-step": "one",
}


class Context(NamedTuple):
    """What a subcommand works with."""

    names: Namespace
    session: NotebookSession
    auto: "AutoTracking"
    ignored: Ignored


class Subcommand(NamedTuple):
    """A subcommand: how it is written, what it does, the options that it takes, and what carries it out.

    Without `options` the rest of its line is one text. What carries it out returns the line to show, or None when it
    has shown something itself.
    """

    usage: str
    summary: str
    options: Mapping[str, Arity] | None
    call: Callable[[Words, Context], str | None]


def carry_out(line: str, context: Context) -> str | None:
    """Carry out a `%track` line and return the line to show, None when what was asked for is shown already.

    Raises TrackbookError, whose text says what to do, for anything that can't be done.
    """
    name, _, rest = line.strip().partition(" ")
    if name in ("help", "--help", "-h", "?"):
        return help_text()
    subcommand = SUBCOMMANDS.get(name or "status")
    if subcommand is None:
        known = did_you_mean(name, SUBCOMMANDS, "%track {}") or _synonym(name)
        raise UsageError(f"%track has no subcommand {name!r}.{known or ' %track help lists them.'}")
    if subcommand.options is None:
        return subcommand.call(Words([rest.strip()] if rest.strip() else []), context)
    try:
        words = read_words(rest, subcommand.options)
    except UsageError as error:
        raise UsageError(f"{error} Write it as {subcommand.usage}") from None
    return subcommand.call(words, context)


def help_text() -> str:
    """Return the list of subcommands."""
    width = max(len(subcommand.usage) for subcommand in SUBCOMMANDS.values())
    lines = [f"{subcommand.usage:<{width}}  {subcommand.summary}" for subcommand in SUBCOMMANDS.values()]
    marked = f"{'%%track [EXPERIMENT]':<{width}}  the cell is a run; what it reads and makes is recorded"
    return "\n".join([*lines, marked])


def start_run(words: Words, context: Context, default: str | None = None) -> tuple[api.Run, str]:
    """Open the run that `start` or `%%track` describes; return it with the line to show."""
    if len(words.plain) > 1:
        raise UsageError(
            f"One EXPERIMENT is started, not {len(words.plain)}: a name with spaces goes in quotes, parameters "
            "behind --params."
        )
    experiment = check_name("experiment", context.names.fill(words.plain[0])) if words.plain else default
    params = context.names.values(words.many("--params"), text=True)
    tags = tags_of(words.many("--tags"), context.names.fill)
    group, resume, fork = (_text(words, context, option) for option in ("--group", "--resume", "--fork"))
    step = words.one("--at-step")
    at_step = None if step is None else context.names.evaluate(step)
    # A notebook's own default, as %%track has one, names no experiment for a run that has one.
    named = experiment if words.plain or not (resume or fork) else None
    before = api.current_run()
    run = api.start_run(
        named,
        name=_text(words, context, "--name"),
        params=params,
        tags=tags,
        group=group,
        resume=resume,
        fork=fork,
        at_step=at_step,
    )
    parts = [f"{_label(run)} {_how(run, before)}"]
    parts += [f"forked at step {at_step}"] if fork else []
    parts += [f"group {group}"] if group else []
    if run.joined and experiment not in (None, run.experiment):
        parts.append("its experiment is the job's")
    if before is not None and before is not run:
        parts.append(f"{_label(before)} {'goes on around it' if before.is_open else 'is finished'}")
    parts += [list_values(masked(run, params))] if params else []
    shown = masked(run, tags) if tags else {}
    parts += [f"tags {', '.join(f'{k}={v}' if v else k for k, v in shown.items())}"] if tags else []
    return run, " · ".join(parts)


def _text(words: Words, context: Context, option: str) -> str | None:
    value = words.one(option)
    return context.names.fill(value) if value else None


def _how(run: api.Run, before: api.Run | None) -> str:
    if run.resumed:
        return "is open already" if run is before else "resumed"
    return "joined" if run.joined else "started"


def _start(words: Words, context: Context) -> str:
    return start_run(words, context)[1]


def _resume(words: Words, context: Context) -> str:
    if len(words.plain) > 1:
        raise UsageError("One run is resumed: %track resume, or %track resume RUN")
    reference = words.plain[0] if words.plain else LAST
    run, line = start_run(Words([], {"--resume": [reference]}), context)
    return " · ".join(filter(None, [line, context.auto.take_up(run)]))


def _auto(words: Words, context: Context) -> str:
    if words.has("--off"):
        if words.plain or len(words.options) > 1:
            raise UsageError("%track auto --off takes nothing else.")
        return context.auto.stop()
    return context.auto.start(words, context)


def _ignore(words: Words, context: Context) -> str:
    if not words.has("--none"):
        context.ignored.add(words.plain)
    elif words.plain:
        context.ignored.remove(words.plain)
    else:
        context.ignored.clear()
    patterns = context.ignored.patterns
    return f"Left out from now on: {', '.join(patterns)}" if patterns else "No name is left out."


def _seed(words: Words, context: Context) -> str:
    if len(words.plain) != 1:
        raise UsageError("Say one seed: %track seed 42")
    run = api.require_run()
    run.seed(context.names.evaluate(words.plain[0]))
    return _recorded(run, _seed_of(run))


def _seed_of(run: api.Run) -> str:
    if run.seeding is None:
        return "no seed"
    return f"seed {run.seeding.seed} for {', '.join(run.seeding.libraries)}"


def _param(words: Words, context: Context) -> str:
    _need(words, "param", "NAME or NAME=VALUE")
    run = api.require_run()
    values = context.names.values(words.plain, text=True)
    run.params(values)
    return _recorded(run, list_values(masked(run, values)))


def masked(run: api.Run, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a line may show them, which is kept in the notebook: without secrets."""
    return Masker(run.recorder.captures("secrets")).named(values, "answer")


def _metric(words: Words, context: Context) -> str:
    _need(words, "metric", "NAME or NAME=VALUE")
    run = api.require_run()
    values: dict[str, Any] = {}
    for word in words.plain:
        name, value = context.names.word(word, text=False)
        values |= value if isinstance(value, Mapping) else {name: value}
    step = words.one("--step")
    at = None if step is None else context.names.evaluate(step)
    for word in words.many("--context"):
        if split_assignment(word) is None:
            raise UsageError(f"A context is KEY=VALUE, not {word}: --context subset={word}")
    where = tags_of(words.many("--context"), context.names.fill)
    run.log(values, at, where or None)
    shown = list_values(values) + (f" at step {shorten(at)}" if step is not None else "")
    return _recorded(run, shown + (f" ({', '.join(f'{k}={v}' for k, v in where.items())})" if where else ""))


def _goal(words: Words, context: Context) -> str:
    if len(words.plain) not in (1, 2) or (len(words.plain) == 1 and not words.has("--unit")):
        raise UsageError("Say which metric and which goal: %track goal acc max")
    key = context.names.fill(words.plain[0])
    goal = words.plain[1] if len(words.plain) == 2 else None
    if goal is not None and goal not in GOALS:
        raise UsageError(f"A goal is max or min, not {goal!r}: %track goal {key} max")
    run = api.require_run()
    unit = words.one("--unit")
    run.metric(key, goal=goal, unit=unquote(unit) if unit else None)
    meaning = {"max": "higher is better", "min": "lower is better"}.get(goal or "", "")
    return _recorded(
        run, f"{key}: {', '.join(filter(None, [meaning, f'in {unquote(unit)}' if unit else '']))}"
    )


def _artifact(words: Words, context: Context) -> str:
    if len(words.plain) != 1:
        raise UsageError(
            "Say which file or folder, one a line, with quotes around spaces: %track artifact PATH"
        )
    run = api.require_run()
    path = Path(context.names.fill(words.plain[0])).expanduser()
    if not path.exists():
        near = did_you_mean(path.name, [entry.name for entry in _siblings(path)])
        raise UsageError(f"There is no file {str(path)!r} in {Path.cwd()}.{near}")
    name = words.one("--name")
    stored = run.artifact(path, context.names.fill(name) if name else None)
    if path.is_dir():
        return _recorded(run, f"the files of {str(path)!r} as artifacts {stored}/…")
    return _recorded(run, f"artifact {stored}, {path.stat().st_size:,} bytes")


def _data(words: Words, context: Context) -> str:
    return _recorded(*record_data(words, context))


def _figure(words: Words, context: Context) -> str:
    if len(words.plain) > 1:
        raise UsageError("One figure a line: %track figure, or %track figure VARIABLE")
    run = api.require_run()
    figure = _figure_of(words.plain[0], context) if words.plain else None
    name = words.one("--name")
    return _recorded(run, f"figure {run.figure(figure, context.names.fill(name) if name else None)}")


def _figure_of(word: str, context: Context) -> Any:
    try:
        return context.names.word(word, text=False)[1]
    except UsageError as error:
        raise UsageError(f"{error} To name the current figure: %track figure --name {word}") from None


def _note(words: Words, context: Context) -> str:
    if not words.plain:
        raise UsageError("Say what to note: %track note TEXT")
    run = api.require_run()
    text = context.names.fill(words.plain[0])
    run.note(text)
    # Before it is shortened: half a secret is not known for one.
    return _recorded(run, f"note {shorten(masked(run, {'note': text})['note'])}")


def _rename(words: Words, context: Context) -> str:
    if not words.plain:
        raise UsageError("Say the new name: %track rename NAME")
    run = api.require_run()
    before = _label(run)
    run.rename(unquote(context.names.fill(words.plain[0])))
    return f"{before} is {run.name} now"


def _untag(words: Words, context: Context) -> str:
    _need(words, "untag", "KEY")
    run = api.require_run()
    keys = [unquote(context.names.fill(word)) for word in words.plain]
    run.tags(dict.fromkeys(keys))
    return _recorded(run, f"without tags {', '.join(keys)}")


def _tag(words: Words, context: Context) -> str:
    _need(words, "tag", "KEY=VALUE")
    run = api.require_run()
    tags = tags_of(words.plain, context.names.fill)
    run.tags(tags)
    return _recorded(
        run, "tags " + ", ".join(f"{key}={value}" if value else key for key, value in tags.items())
    )


def _capture(words: Words, context: Context) -> str:
    return change_captures(words, context.session.folder())


def _status(words: Words, context: Context) -> str:
    if words.plain:
        raise UsageError("%track status takes nothing behind it.")
    runs = api.open_runs()
    lines = [_describe(run, context) for run in runs]
    if not runs:
        lines = ["No run is open. %track start EXPERIMENT opens one."]
    if auto := context.auto.describe():
        lines.append(auto)
    if patterns := context.ignored.patterns:
        lines.append(f"Left out: {', '.join(patterns)}")
    return "\n".join(lines)


def _describe(run: api.Run, context: Context) -> str:
    age = format_duration(context.session.age(run.recorder))
    parts = [f"{_label(run)} is open, for {age}", run.id, f"in {run.recorder.store.root}", _seed_of(run)]
    verdict = context.session.verdict(run.recorder)
    parts += [f"cells: {describe_verdict(verdict)}"] if verdict is not None else []
    return " · ".join(parts)


def _end(words: Words, context: Context) -> str:
    if words.plain:
        raise UsageError("%track end takes nothing but --failed.")
    run = api.require_run()
    status: RunStatus = "failed" if words.has("--failed") else "finished"
    age = format_duration(context.session.age(run.recorder))
    if run.joined and status == "finished":
        # Its cells are still to come; what starts from here on becomes a child.
        return f"{_label(run)} goes on until its job ends"
    run.end(status)
    return f"{_label(run)} {status} after {age}"


def _autolog(words: Words, context: Context) -> str:
    # By its name: what stands behind the public door is above the magics, which know nothing of it.
    trackbook = import_module("trackbook")
    given = [unquote(word) for word in words.plain]
    switches = [word for word in given if word in ("on", "off")]
    names = [word for word in given if word not in switches]
    if len(switches) > 1:
        raise UsageError("Autologging is either on or off: %track autolog [LIBRARY ...] [off]")
    if switches == ["off"]:
        left = trackbook.autolog(*names, False)
    else:
        left = trackbook.autolog(
            *names, models=not words.has("--no-models"), training=not words.has("--no-training")
        )
    return f"Autologging is on for {', '.join(left)}" if left else "Autologging is off"


def _need(words: Words, subcommand: str, what: str) -> None:
    if not words.plain:
        raise UsageError(f"Say what to record: %track {subcommand} {what}")


def _label(run: api.Run) -> str:
    return f"{run.experiment} · {run.name}" if run.experiment else f"Run {run.name}"


def _recorded(run: api.Run, what: str) -> str:
    return f"{_label(run)} · {what} → recorded"


def _siblings(path: Path) -> list[Path]:
    try:
        return list(path.parent.iterdir())
    except OSError:
        return []


_SYNONYMS = {
    "begin": "start", "run": "start", "new": "start", "stop": "end", "finish": "end", "close": "end",
    "continue": "resume", "fork": "start --fork", "name": "rename",
    "log": "metric", "plot": "figure", "fig": "figure", "file": "artifact", "comment": "note", "info": "status",
    "list": "runs", "ls": "runs", "table": "runs", "search": "runs", "compare": "diff", "live": "watch",
}  # fmt: skip


def _synonym(name: str) -> str:
    return f" Did you mean %track {_SYNONYMS[name]}?" if name in _SYNONYMS else ""


SUBCOMMANDS: dict[str, Subcommand] = {
    "start": Subcommand(
        "%track start EXPERIMENT [--name NAME] [--group GROUP] [--tags KEY=VALUE ...] [--params NAME ...]",
        "open a run; the one that is open ends. Or --resume RUN, or --fork RUN --at-step N",
        START_OPTIONS,
        _start,
    ),
    "param": Subcommand("%track param NAME KEY=VALUE ...", "record parameters", {}, _param),
    "metric": Subcommand(
        "%track metric NAME KEY=VALUE ... [--step N] [--context KEY=VALUE ...]",
        "log metrics, and values such as images, tables and figures",
        {"--step": "one", "--context": "many"},
        _metric,
    ),
    "goal": Subcommand(
        "%track goal METRIC max|min [--unit UNIT]", "say what a metric means", {"--unit": "one"}, _goal
    ),
    "artifact": Subcommand(
        "%track artifact PATH [--name NAME]",
        "store a file, or a folder's files",
        {"--name": "one"},
        _artifact,
    ),
    "data": Subcommand(
        "%track data PATH|VARIABLE [--name NAME] [--role train|validation|test]",
        "record data that the run uses: a file, a folder, a URL, a table",
        {"--name": "one", "--role": "one"},
        _data,
    ),
    "figure": Subcommand(
        "%track figure [VARIABLE] [--name NAME]",
        "store a figure, by default matplotlib's current one",
        {"--name": "one"},
        _figure,
    ),
    "note": Subcommand("%track note TEXT", "add a line to the run's notes", None, _note),
    "tag": Subcommand("%track tag KEY=VALUE ...", "set tags", {}, _tag),
    "untag": Subcommand("%track untag KEY ...", "take tags away", {}, _untag),
    "rename": Subcommand("%track rename NAME", "give the run another name", None, _rename),
    "capture": Subcommand(
        "%track capture [NAME ... on|off]", "list what is recorded by itself, or switch it", {}, _capture
    ),
    "seed": Subcommand(
        "%track seed N",
        "let random numbers begin at N: random, and numpy, torch, tensorflow once imported",
        {},
        _seed,
    ),
    "auto": Subcommand(
        "%track auto [EXPERIMENT] [--off]",
        "record the whole notebook: from its parameters cell on, else from here",
        {**START_OPTIONS, "--off": "none"},
        _auto,
    ),
    "ignore": Subcommand(
        "%track ignore NAME ... [--none]", "leave names out of %%track and auto", {"--none": "none"}, _ignore
    ),
    "resume": Subcommand(
        "%track resume [RUN]", "go on with a run that has ended, by default this notebook's last", {}, _resume
    ),
    "autolog": Subcommand(
        "%track autolog [LIBRARY ...] [off] [--no-models] [--no-training]",
        "record what scikit-learn and others fit",
        {"--no-models": "none", "--no-training": "none"},
        _autolog,
    ),
    "status": Subcommand("%track status", "say which run is open; also %track alone", {}, _status),
    "end": Subcommand("%track end [--failed]", "end the run", {"--failed": "none"}, _end),
    "runs": Subcommand(
        "%track runs [QUERY] [--order-by KEY] [--limit N] [--columns NAME ...] [--group-by NAME ...]",
        "show runs as a table",
        RUNS_OPTIONS,
        show_runs,
    ),
    "diff": Subcommand(
        "%track diff RUN RUN ... [--all], or RUN --best|--previous",
        "show what differs",
        DIFF_OPTIONS,
        show_diff,
    ),
    "watch": Subcommand(
        "%track watch [RUN ...] [--metrics NAME ...] [--seconds N]",
        "show live curves",
        WATCH_OPTIONS,
        watch_run,
    ),
}
