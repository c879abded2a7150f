"""What linting a notebook costs: Trackbook's own rules, an answer as the server gives it, and many files beside ruff.

    python benchmarks/lint.py                  --cells 200 --notebooks 50 --repeats 7

Cells are of ordinary length: imports, functions, tables, plots, loops, a magic here and there. "After an edit" is what
happens while somebody types: one cell has another text, all others were read before. The peer is `ruff check` itself,
on the same files and without a cache; what it can't find, it need not look for. Repeats are interleaved, and medians
are quoted.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trackbook.notebook.lint import scopes, source, syntax
from trackbook.notebook.lint.cells import cells_of
from trackbook.notebook.lint.checks import check_notebook
from trackbook.services.lint import ruff, secrets
from trackbook.services.linting import Linting

CELLS = (
    """import os
import json
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
%matplotlib inline""",
    """def load_{n}(path, limit=None):
    '''Read a table.'''
    frame = pd.read_csv(path, nrows=limit)
    frame = frame.dropna().rename(columns=str.lower)
    return frame[frame['value'] > 0]""",
    """frame_{n} = pd.DataFrame({{'value': np.arange({n}), 'group': ['a'] * {n}}})
summary_{n} = frame_{n}.groupby('group')['value'].agg(['mean', 'std'])
summary_{n}""",
    """fig, axes = plt.subplots(1, 2, figsize=(8, 3))
for axis, name in zip(axes, ('mean', 'std')):
    axis.bar(range(3), [1, 2, {n}])
    axis.set_title(f'{{name}} of {n}')
plt.tight_layout()""",
    """rows_{n} = [{{'n': i, 'square': i ** 2}} for i in range({n}) if i % 3]
total_{n} = sum(row['square'] for row in rows_{n})
print(f'{{total_{n}:,}}')""",
    """%time model_{n} = np.linalg.lstsq(np.eye(4), np.ones(4), rcond=None)[0]
assert len(model_{n}) == 4""",
    """with open(os.devnull, 'w') as sink:
    json.dump({{'total': {n}}}, sink)
try:
    ratio_{n} = {n} / 2
except ZeroDivisionError as error:
    print(error)""",
)


def notebook(cells: int, number: int = 0, edited: str = "") -> dict[str, Any]:
    sources = [CELLS[0]]
    sources += [CELLS[1 + at % (len(CELLS) - 1)].format(n=at + 1000 * number) for at in range(1, cells)]
    sources[cells // 2] += edited
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": at,
                "id": f"c{at}",
                "metadata": {},
                "outputs": [],
                "source": text.splitlines(keepends=True),
            }
            for at, text in enumerate(sources, start=1)
        ],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def forget() -> None:
    source.read_source.cache_clear()
    scopes.scan.cache_clear()
    syntax.collect.cache_clear()
    secrets.secrets_in.cache_clear()
    ruff.RUFF.forget()


def milliseconds(call: Callable[..., Any], *arguments: Any) -> tuple[float, float]:
    """Return the time by the clock, and the processor's, of this process and of those that it waited for."""
    begun, before = time.perf_counter(), sum(os.times()[:4])
    call(*arguments)
    return (time.perf_counter() - begun) * 1000, (sum(os.times()[:4]) - before) * 1000


def execute(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def check(document: dict[str, Any]) -> None:
    check_notebook(cells_of(document))


def one_notebook(cells: int, repeats: int, folder: Path) -> dict[str, tuple[float, float]]:
    path = folder / "one.ipynb"
    path.write_text(json.dumps(notebook(cells)))
    program = ruff.find_ruff()
    assert program is not None
    command = [program, "check", "--no-cache", "--exit-zero", "-q", "--output-format=json", str(path)]
    linting = Linting()
    linting.notebook(notebook(cells), path)
    found: dict[str, list[tuple[float, float]]] = {}
    for repeat in range(repeats):
        document, edited = notebook(cells), notebook(cells, edited=f"\nedited_{repeat} = {repeat}")
        forget()
        measured = {"own rules": milliseconds(check, document)}
        measured["own rules, after an edit"] = milliseconds(check, edited)
        forget()
        measured["whole answer"] = milliseconds(linting.notebook, document, path)
        measured["whole answer, after an edit"] = milliseconds(linting.notebook, edited, path)
        measured["whole answer, code unchanged"] = milliseconds(linting.notebook, edited, path)
        measured["ruff check alone"] = milliseconds(execute, command)
        for name, value in measured.items():
            found.setdefault(name, []).append(value)
    return medians(found)


def many_notebooks(count: int, cells: int, repeats: int, folder: Path) -> dict[str, tuple[float, float]]:
    for number in range(count):
        (folder / f"{number}.ipynb").write_text(json.dumps(notebook(cells, number)))
    program = ruff.find_ruff()
    assert program is not None
    trackbook = [sys.executable, "-m", "trackbook.cli"]
    commands = {
        "trackbook lint": [*trackbook, "lint", "--exit-zero", "--format", "json", str(folder)],
        "trackbook --version": [*trackbook, "--version"],
        "ruff check": [
            program,
            "check",
            "--no-cache",
            "--exit-zero",
            "-q",
            "--output-format=json",
            str(folder),
        ],
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            found[name].append(milliseconds(execute, command))
    return medians(found)


def medians(found: dict[str, list[tuple[float, float]]]) -> dict[str, tuple[float, float]]:
    return {
        name: (statistics.median(clock for clock, _ in values), statistics.median(cpu for _, cpu in values))
        for name, values in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--notebooks", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        print(f"One notebook of {options.cells} cells, milliseconds by the clock and of processor time:")
        show(one_notebook(options.cells, options.repeats, Path(name)), "ruff check alone")
    with tempfile.TemporaryDirectory() as name:
        print(f"{options.notebooks} notebooks of 30 cells:")
        show(many_notebooks(options.notebooks, 30, max(3, options.repeats // 2), Path(name)), "ruff check")


def show(found: dict[str, tuple[float, float]], peer: str) -> None:
    for what, (clock, cpu) in found.items():
        print(f"  {what:32} {clock:8.1f} {cpu:8.1f}   {clock / found[peer][0]:6.1f} × ruff")


if __name__ == "__main__":
    main()
