"""Which modules a notebook imports, as its text tells, without running it."""

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from trackbook.notebook.dataflow import plain_python

# Cell magics whose body is Python of this notebook.
_PYTHON_MAGICS = frozenset(("time", "timeit", "prun", "capture", "track"))
_DEEPEST = 5


def imported_modules(sources: Iterable[str]) -> list[str]:
    """Return the modules that cells import whatever happens, each once, in the order in which they do.

    `import a.b` gives "a.b", `from a import b` gives "a:b", whose b may be a module or not. Imports within functions,
    loops and branches do not count, relative ones can't work in a notebook; a cell that is no Python has none.
    """
    found: dict[str, None] = {}
    for source in sources:
        for name in _imports_of_cell(source):
            found.setdefault(name)
    return list(found)


@lru_cache(256)
def _imports_of_cell(source: str) -> tuple[str, ...]:
    # The trials of a sweep have the same cells.
    return tuple(_imports_in(source, 0))


def _imports_in(source: str, depth: int) -> Iterator[str]:
    lines = source.splitlines()
    first = next((position for position, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        magic = (lines[first][2:].split() or [""])[0]
        if magic in _PYTHON_MAGICS and depth < _DEEPEST:
            yield from _imports_in("\n".join(lines[first + 1 :]), depth + 1)
        return
    try:
        tree = ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from _imports_of(tree.body)


def _imports_of(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            module = statement.module
            if module and not statement.level and module != "__future__":
                yield from (
                    module if alias.name == "*" else f"{module}:{alias.name}" for alias in statement.names
                )
        elif isinstance(statement, ast.With | ast.Try):
            yield from _imports_of(statement.body)
