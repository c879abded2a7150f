"""The runs that searches are measured on: 10 parameters and 10 metrics each, made from a number, the same everywhere.

Some metrics go along with `acc`, one against it, some lack in part of the runs, or are NaN, or have few values.
"""

import math
import random
from typing import Any

POINTS = 100_000
METRICS = ("acc", "f1", "loss", "auc", "precision", "recall", "mae", "rmse", "fit_seconds", "size")
MODELS = ("resnet", "vit", "mlp", "forest", "boosting", "linear", "svm", "knn")
TEAMS = ("vision", "speech", "risk", "search", "ads", "maps", "mail", "core")


def params(number: int) -> dict[str, Any]:
    source = random.Random(f"params {number}")
    return {
        "lr": 10.0 ** -source.randint(1, 5),
        "dropout": round(source.random(), 6),
        "seed": source.randrange(1_000_000),
        "depth": source.randint(1, 20),
        "batch": 2 ** source.randint(3, 10),
        "model": source.choice(MODELS),
        "optimizer": source.choice(("sgd", "adam", "adamw", "lion")),
        "augment": source.random() < 0.5,
        "schedule": source.choice(("cosine", "step", 0.9, 0.99)),
        "warmup": source.randrange(1_000) if source.random() < 0.5 else None,
    }


def metrics(number: int) -> dict[str, float]:
    source = random.Random(f"metrics {number}")
    acc = source.random()
    found = {
        "acc": acc,
        "f1": 0.8 * acc + 0.2 * source.random(),
        "loss": 1 - acc + 0.1 * source.random(),
        "auc": source.random(),
        "precision": source.random(),
        "recall": source.random() if source.random() < 0.9 else math.nan,
        "mae": round(source.random(), 1),
        "rmse": source.lognormvariate(0, 1),
        "fit_seconds": source.expovariate(0.01),
        "size": float(source.randrange(10**9)),
    }
    if source.random() < 0.3:
        del found["precision"]
    return found


def tags(number: int) -> dict[str, str]:
    found = {"team": TEAMS[number * 7 % 8]}
    return found | {"candidate": "yes"} if number % 1_000 == 0 else found


def name(number: int) -> str:
    return f"{MODELS[number * 5 % 8]}-{TEAMS[number * 3 % 8]}-{number}"


def experiment(number: int) -> str:
    return f"experiment-{number % 20}"


def notebook(number: int) -> str:
    return f"notebooks/n{number % 50}.ipynb"


def note(number: int) -> str | None:
    return f"looks good, compare with run {number - 1}" if number % 100 == 0 else None


def status(number: int) -> str:
    return "failed" if number % 13 == 0 else "finished"


def history() -> list[float]:
    source = random.Random("history")
    return [source.random() for _ in range(POINTS)]
