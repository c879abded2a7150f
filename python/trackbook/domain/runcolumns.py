"""The columns of a table of runs, as users name them: `status`, `params.lr`, `metrics.*`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from trackbook.domain.formatting import one_line, short_names
from trackbook.domain.run import Run
from trackbook.errors import UsageError

# What a table shows of each unless its columns are named.
MOST_METRICS = 8
MOST_PARAMS = 8

# What a run has besides metrics, parameters and tags.
FIELDS = (
    "number", "id", "status", "experiment", "name", "group", "user", "host", "notes", "error", "duration",
    "started", "ended", "reproduction",
)  # fmt: skip
_TITLE = 30  # characters of a heading
_GROUPS = ("metrics", "params", "tags")


def named_columns(runs: Sequence[Run], columns: Iterable[object]) -> list[str]:
    """Return the full names of the columns that users ask for, each once; `*` stands for any text.

    A metric, parameter or tag is also found without its prefix. Raises UsageError for what no run has.
    """
    keys = {group: dict.fromkeys(key for run in runs for key in getattr(run, group)) for group in _GROUPS}
    known = dict.fromkeys([*FIELDS, *(f"{group}.{key}" for group in _GROUPS for key in keys[group])])
    names: dict[str, None] = {}
    for column in columns:
        if not isinstance(column, str):
            raise UsageError(
                f"A column is named by text such as 'metrics.acc', not by {one_line(repr(column), 40)}."
            )
        if column in known:
            found = [column]
        elif "*" in column:
            found = [name for name in known if fnmatchcase(name, column)]
        else:
            found = [f"{group}.{column}" for group in _GROUPS if column in keys[group]]
        if not found and runs:
            raise UsageError(
                f"These runs have no column {one_line(column, 60)!r}.{_did_you_mean(column, known)} There are "
                f"{', '.join(FIELDS)}, and params.NAME, metrics.NAME and tags.NAME."
            )
        names |= dict.fromkeys(found)
    return list(names)


def column_titles(columns: Iterable[str]) -> dict[str, str]:
    """Return the headings of metrics, parameters and tags by the full names of their columns.

    One is its name without the group, unless another column would read the same; cut so that they can be told apart.
    """
    keys = {name: name.partition(".")[2] for name in columns if name not in FIELDS}
    count = Counter(keys.values())
    titles = [name if count[key] > 1 else key for name, key in keys.items()]
    return dict(zip(keys, short_names(titles, _TITLE), strict=True))


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    import difflib  # only where something is wrong

    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else ""
