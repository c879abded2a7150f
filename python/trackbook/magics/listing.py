"""The subcommands of `%track` that show runs: `runs`, `diff` and `watch`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.display import display

from trackbook.domain.celldifference import CounterpartKind
from trackbook.errors import UsageError
from trackbook.notebook.words import Arity, Words, unquote

if TYPE_CHECKING:
    from trackbook.magics.commands import Context

RUNS_OPTIONS: Mapping[str, Arity] = {
    "--limit": "one",
    "--order-by": "many",
    "--columns": "many",
    "--group-by": "many",
}
DIFF_OPTIONS: Mapping[str, Arity] = {"--all": "none", "--best": "none", "--previous": "none"}
WATCH_OPTIONS: Mapping[str, Arity] = {"--metrics": "many", "--seconds": "one"}


def show_runs(words: Words, context: "Context") -> None:
    """Show the runs that a search finds as a table."""
    from trackbook.views.runtable import table

    query = unquote(words.plain[0]) if len(words.plain) == 1 else " ".join(words.plain)
    limit = words.one("--limit")
    columns = [unquote(column) for column in words.many("--columns")]
    order = [unquote(word) for word in words.many("--order-by")]
    options: dict[str, Any] = {} if limit is None else {"limit": context.names.evaluate(limit)}
    if words.has("--group-by"):
        options["group_by"] = [unquote(word) for word in words.many("--group-by")]
    _show(table(query or None, columns or None, order_by=" ".join(order) or None, **options))


def show_diff(words: Words, context: "Context") -> None:
    """Show what differs between two runs or more."""
    from trackbook.views.comparison import compared, compared_with

    runs = [unquote(word) for word in words.plain]
    if words.has("--best") or words.has("--previous"):
        if len(runs) != 1 or (words.has("--best") and words.has("--previous")):
            raise UsageError("Say which run is compared: %track diff 42 --best, or --previous")
        kind: CounterpartKind = "best" if words.has("--best") else "previous"
        _show(compared_with(runs[0], kind, everything=words.has("--all")))
        return
    if len(runs) < 2:
        raise UsageError("Say which runs are compared, by number or id: %track diff 41 42")
    _show(compared(runs, everything=words.has("--all")))


def watch_run(words: Words, context: "Context") -> None:
    """Show live curves."""
    from trackbook.views.watching import watch

    seconds = words.one("--seconds")
    options: dict[str, Any] = {} if seconds is None else {"seconds": context.names.evaluate(seconds)}
    metrics = [unquote(metric) for metric in words.many("--metrics")]
    runs = [unquote(word) for word in words.plain]
    watch(runs or None, metrics or None, **options)


def _show(view: Any) -> None:
    display(view)  # type: ignore[no-untyped-call]
