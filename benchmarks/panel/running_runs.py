"""Runs that go on: each logs two metrics at a time, until the input ends.

python running_runs.py FOLDER RUNS SECONDS      SECONDS between two updates
"""

import select
import sys
import time
from pathlib import Path

from trackbook.config import Settings
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store


def main() -> None:
    folder, count, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    store = create_store(folder / ".trackbook", Settings.load().remote)
    runs = [
        RunRecorder.start(store, experiment="live", name=f"live {number}", params={"lr": 0.1 / (number + 1)})
        for number in range(count)
    ]
    step, due = 0, time.monotonic()
    print("running", flush=True)
    while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
        for number, run in enumerate(runs):
            run.log({"loss": 1 / (step + 1) + number / 100, "acc": 1 - 1 / (step + 2)}, step=step)
        step, due = step + 1, due + seconds
    for run in runs:
        run.end()


if __name__ == "__main__":
    main()
