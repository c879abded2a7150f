"""Write a run that goes on until it is told to end: python live_run.py FOLDER; a line on standard input ends it."""

import sys
import threading
from itertools import count
from pathlib import Path

from trackbook.domain.run import Source
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import locate_store

PAUSE = 0.2


def main(folder: Path) -> None:
    """Log a point every fifth of a second."""
    is_over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), is_over.set()), daemon=True).start()
    source = Source("notebook", path="train.ipynb")
    run = RunRecorder.start(locate_store(folder), experiment="live", params={"lr": 0.2}, source=source)
    for step in count():
        run.log({"seen": step}, step=step)
        if is_over.wait(PAUSE):
            break
    run.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
