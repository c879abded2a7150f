"""What in a cell's text may give another result each time."""

import pytest

from trackbook.notebook.hazards import Hazards, hazards_in

IMPORTS = (
    "import numpy as np, random, torch, datetime as dt, time, requests\nfrom numpy.random import default_rng"
)


def of(source: str) -> Hazards:
    return hazards_in([IMPORTS, source])[1]


@pytest.mark.parametrize(
    ("source", "draws"),
    [
        ("x = np.random.rand(3)", ["numpy"]),
        ("x = random.choice([1, 2])", ["random"]),
        ("x = torch.randn(3)", ["torch"]),
        ("model = torch.nn.Linear(3, 1)", ["torch"]),
        ("from sklearn.model_selection import train_test_split as split\nsplit(x)", ["numpy"]),
        ("from sklearn.model_selection import train_test_split\ntrain_test_split(x, random_state=3)", []),
        ("from sklearn.model_selection import KFold\nKFold(5)", []),
        ("from sklearn.model_selection import KFold\nKFold(5, shuffle=True)", ["numpy"]),
        (
            "from sklearn.ensemble import RandomForestClassifier\nRandomForestClassifier().fit(x, y)",
            ["numpy"],
        ),
        ("frame.dropna().sample(10)", ["numpy"]),
        ("frame.sample(10, random_state=1)", []),
        ("%time x = np.random.rand(3)", ["numpy"]),
        ("%timeit -n 10 np.random.rand(3)", ["numpy"]),
        ("%%time\nx = 1\nnp.random.rand(3)", ["numpy"]),
        ("x = 3  # np.random.rand()", []),
        ("rand = lambda: 1\nrand()", []),
        ("this is (no python", []),
    ],
)
def test_random_numbers(source: str, draws: list[str]) -> None:
    assert list(of(source).draws) == draws


@pytest.mark.parametrize(
    ("source", "seeds"),
    [
        ("np.random.seed(1)", ["numpy"]),
        ("random.seed(1)", ["random"]),
        ("torch.manual_seed(1)", ["torch"]),
        ("import lightning as L\nL.seed_everything(1)", ["*"]),
        ("from transformers import set_seed\nset_seed(1)", ["*"]),
        ("x = 1", []),
    ],
)
def test_seeds(source: str, seeds: list[str]) -> None:
    found = of(source)
    assert list(found.seeds) == seeds
    assert not found.draws


def test_generators_without_a_seed() -> None:
    assert list(of("rng = default_rng()").unseeded) == ["numpy.random.default_rng()"]
    assert not of("rng = default_rng(3)").unseeded
    assert not of("rng = np.random.RandomState(seed=3)").unseeded


def test_the_world_outside() -> None:
    assert list(of("dt.datetime.now(); time.time()").clock) == ["datetime.datetime.now", "time.time"]
    assert list(of("requests.get('https://a/b')").network) == ["requests.get"]
    assert list(of("import pandas as pd\npd.read_csv('s3://a/b.csv')").network) == ["pandas.read_csv"]
    assert not of("pd.read_csv('data.csv')").network
    assert list(of("!pip install toolz").network) == ["!pip install"]
    assert list(of("name = input('who')").typed) == ["input"]
    assert of("model.to('cuda')").gpu
    assert not of("x = 1").gpu
    assert list(hazards_in([IMPORTS])[0].imports) == [
        "numpy",
        "random",
        "torch",
        "datetime",
        "time",
        "requests",
    ]
