"""How long comparing two notebooks of 500 cells with megabytes of output takes: python benchmarks/differences.py.

Records two runs, and prints the seconds of the first comparison, of later ones, and of opening a cell; beside it those
of nbdime's own `diff_notebooks`, where it is installed (`--nbdime PYTHON` names another interpreter that has it).
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trackbook.domain.celldifference import CellReference
from trackbook.domain.run import Source
from trackbook.services.context import open_services
from trackbook.services.recorder import RunRecorder
from trackbook.services.snapshots import store_notebook
from trackbook.store.paths import create_store

_NBDIME = """
import json, sys, time, nbformat
from nbdime import diff_notebooks
one, other = (nbformat.read(path, 4) for path in sys.argv[1:3])
began = time.process_time()
diff_notebooks(one, other)
print(time.process_time() - began)
"""


def notebook(cells: int, size: int, seed: int) -> list[dict[str, Any]]:
    """Return code cells of 20 lines, each with a text and a picture's worth of output."""
    chance = random.Random(seed)
    made = []
    for number in range(cells):
        lines = [f"step_{number}_{line} = work(table_{line}, {number * line % 37})" for line in range(20)]
        text = "".join(
            f"row {number} {row} {chance.random() if number % 10 == 0 else row}\n" for row in range(100)
        )
        image = chance.randbytes(size).hex() if number % 10 == 0 else f"{number:08x}" * (size // 4)
        outputs = [
            {"output_type": "stream", "name": "stdout", "text": text},
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"image/png": image, "text/plain": "<Figure>"},
            },
        ]
        made.append(
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "execution_count": number,
                "source": "\n".join(lines),
                "outputs": outputs,
            }
        )
    return made


def edited(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cells with some moved, edited, deleted and added."""
    chance = random.Random(7)
    kept = [dict(cell) for cell in cells if chance.random() > 0.02]
    for _ in range(len(kept) // 50):
        kept.insert(chance.randrange(len(kept)), kept.pop(chance.randrange(len(kept))))
    for cell in chance.sample(kept, len(kept) // 10):
        cell["source"] = cell["source"].replace("work(table_3", "work(other_3") + "\ncheck()"
    for number in range(len(kept) // 50):
        extra = {**kept[0], "id": f"new-{number}", "source": f"extra_{number}()"}
        kept.insert(chance.randrange(len(kept)), extra)
    return kept


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor time of a call in seconds, and what it returned: clocks of busy machines say little."""
    began = time.process_time()
    result = call()
    return time.process_time() - began, result


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=500)
    parser.add_argument("--size", type=int, default=10_000, help="bytes of a cell's picture")
    parser.add_argument("--nbdime", default=sys.executable, help="an interpreter that has nbdime")
    options = parser.parse_args()
    first = notebook(options.cells, options.size, 1)
    second = edited(notebook(options.cells, options.size, 2))
    with tempfile.TemporaryDirectory() as folder:
        store = create_store(Path(folder) / ".trackbook")
        runs, paths = [], []
        for place, cells in enumerate((first, second)):
            document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            path = Path(folder) / f"{place}.ipynb"
            path.write_text(json.dumps(document))
            paths.append(path)
            run = RunRecorder.start(store, experiment="e", source=Source("notebook", "n.ipynb"))
            for cell in cells:
                order = run.cell_started(cell["id"], None, cell["source"])
                run.cell_finished(order, "ok", 0.1, cell["outputs"])
            run.snapshot_taken("end", "document", store_notebook(run.blobs, document))
            run.end()
            runs.append(run.run_id)
        services = open_services(store)
        services.runs.refresh(timeout=120)
        size = sum(path.stat().st_size for path in paths) / 1e6
        print(f"two notebooks of {options.cells} cells, {size:.1f} MB together")
        seconds, found = timed(lambda: services.differences.notebooks(*runs))
        print(f"Trackbook, first comparison   {seconds:7.3f} s   ({len(found.cells)} cells differ)")
        again = min(timed(lambda: services.differences.notebooks(*runs))[0] for _ in range(5))
        print(f"Trackbook, again              {again:7.3f} s")
        cell = next(one for one in found.cells if one.left and one.right and "source" in one.changes)
        left, right = (CellReference(side.index) for side in (cell.left, cell.right) if side)
        opened = min(timed(lambda: services.differences.cell(*runs, left, right))[0] for _ in range(5))
        print(f"Trackbook, opening a cell     {opened:7.3f} s")
        services.close()
        done = subprocess.run(
            [options.nbdime, "-c", _NBDIME, *map(str, paths)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print("nbdime is not installed there: pip install nbdime, or --nbdime PYTHON")
        else:
            peer = float(done.stdout)
            print(
                f"nbdime, diff_notebooks        {peer:7.3f} s   ({peer / seconds:.0f} × the first comparison)"
            )


if __name__ == "__main__":
    main()
