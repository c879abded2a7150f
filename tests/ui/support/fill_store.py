"""Fill a store with finished runs, by the recorder that kernels use: python fill_store.py FOLDER COUNT."""

import math
import random
import sys
from pathlib import Path

from trackbook.domain.run import Source
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import locate_store


def fill(folder: Path, count: int) -> None:
    """Write `count` runs of the notebook train.ipynb in `folder`; each has five points of two metrics."""
    chance = random.Random(0)
    store = locate_store(folder)
    source = Source("notebook", path="train.ipynb")
    for number in range(1, count + 1):
        rate = chance.choice([0.01, 0.03, 0.1, 0.3])
        params = {"lr": rate, "depth": chance.choice([4, 8, 16]), "seed": number}
        run = RunRecorder.start(store, experiment="churn", params=params, source=source)
        run.define_metric("acc", goal="max")
        for step in range(5):
            loss = math.exp(-step * rate) + chance.random() / 20
            run.log({"acc": 1 - loss / 2, "loss": loss}, step=step)
        run.end()


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
