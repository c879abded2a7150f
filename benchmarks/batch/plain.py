"""The same work as plain Python: `python plain.py NOTEBOOK TRIALS.json RESULTS.json PROCESSES [once]`.

Each trial runs the code of all cells that import nothing; with `once` what stands before the parameters is run once
for all, as who writes a program would. The imports are done once; processes are forked behind them. Nothing is
displayed, and all that is stored is the line that each trial prints.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from types import CodeType
from typing import Any


def main() -> None:
    notebook, trials, results, processes = sys.argv[1:5]
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    values = json.loads(Path(trials).read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in cells]
    position = next(n for n, cell in enumerate(cells) if "parameters" in cell["metadata"].get("tags", []))
    known: dict[str, Any] = {}
    # The imports, and with `once` the data, too.
    shared = [n for n, source in enumerate(sources) if "import " in source]
    if sys.argv[5:] == ["once"]:
        shared = list(range(position))
    rest = [n for n in range(len(sources)) if n not in shared and n != position]
    for number in shared:
        exec(sources[number], known)
    codes = [compile(sources[number], f"cell {number}", "exec") for number in rest]
    said = spread(codes, known, values, int(processes))
    Path(results).write_text(json.dumps(said), encoding="utf-8")


def spread(codes: list[CodeType], known: dict[str, Any], values: list[Any], processes: int) -> list[str]:
    """Return what each trial printed, in their order."""
    if processes == 1:
        return [run(codes, {**known, **one}) for one in values]
    children = []
    for number in range(processes):
        reading, writing = os.pipe()
        if os.fork() == 0:
            said = [run(codes, {**known, **one}) for one in values[number::processes]]
            with os.fdopen(writing, "w") as pipe:
                json.dump(said, pipe)
            os._exit(0)
        os.close(writing)
        children.append(reading)
    found = [""] * len(values)
    for number, reading in enumerate(children):
        with os.fdopen(reading) as pipe:
            found[number::processes] = json.load(pipe)
        os.wait()
    return found


def run(codes: list[CodeType], namespace: dict[str, Any]) -> str:
    """Run one trial and return what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        for code in codes:
            exec(code, namespace)
    return said.getvalue()


if __name__ == "__main__":
    main()
