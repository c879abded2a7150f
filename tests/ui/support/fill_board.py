"""Fill a store with runs that charts have something to show of: python fill_board.py FOLDER COUNT."""

import math
import random
import sys
from pathlib import Path

from trackbook.domain.run import Source
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import locate_store

STEPS = 20


def fill(folder: Path, count: int) -> None:
    """Write `count` runs of the notebook train.ipynb in `folder`, whose learning rate decides most."""
    chance = random.Random(7)
    store = locate_store(folder)
    source = Source("notebook", path="train.ipynb")
    for number in range(1, count + 1):
        rate = 10 ** chance.uniform(-4, 0)
        optimizer = chance.choice(["adam", "sgd", "lion"])
        params = {"lr": rate, "depth": chance.randint(2, 12), "optimizer": optimizer}
        if number % 3:
            params["dropout"] = round(chance.uniform(0, 0.5), 2)
        run = RunRecorder.start(store, experiment="churn", params=params, source=source)
        run.define_metric("acc", goal="max")
        miss = abs(math.log10(rate) + 2) / 5 + 0.01 * abs(params["depth"] - 7) + (optimizer == "sgd") * 0.05
        last = 0.97 - miss + chance.gauss(0, 0.01)
        for step in range(STEPS):
            left = (1 - step / (STEPS - 1)) ** 3
            run.log({"acc": last * (1 - left), "loss": 0.1 + miss + left}, step=step)
        run.end()


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
