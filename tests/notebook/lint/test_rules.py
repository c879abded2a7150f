"""Every other rule: what it finds, and what it leaves alone."""

from typing import Any

import pytest

from trackbook.notebook.lint.cells import cells_of
from trackbook.notebook.lint.checks import check_notebook
from trackbook.notebook.lint.noqa import without_excused
from trackbook.notebook.lint.paths import find_reads
from trackbook.notebook.lint.registry import RULES
from trackbook.notebook.lint.selection import Selection, unknown_codes


def cell(source: str, count: int | None = None, tags: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    base = {"cell_type": "code", "execution_count": count, "metadata": {"tags": list(tags)}, "outputs": []}
    return {**base, "source": source, **fields}


def document(*cells: str | dict[str, Any], **fields: Any) -> dict[str, Any]:
    made = [cell(one) if isinstance(one, str) else dict(one) for one in cells]
    for number, one in enumerate(made):
        one.setdefault("id", f"c{number}")
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **fields}


def check(*cells: str | dict[str, Any], family: str = "TB") -> list[tuple[str, int]]:
    notebook = cells_of(document(*cells))
    found, _ = check_notebook(notebook)
    kept = without_excused(notebook, found)
    return [(one.code, one.cell) for one in kept if one.code.startswith(family)]


def test_each_rule_is_whole() -> None:
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    for code, rule in RULES.items():
        assert rule.code == code
        assert rule.summary.endswith(".")
        assert rule.help.endswith(".")
        assert rule.name == rule.name.lower().replace(" ", "-")


def test_order_by_counts() -> None:
    assert check(cell("a = 1", 1), cell("b = 2", 2), cell("c = 3", 3)) == []
    assert check(cell("a = 1", 5), cell("b = 2", 9)) == []
    assert check(cell("a = 1", 2), cell("b = 2", 1)) == [("TB105", 1)]
    assert check(cell("a = 1", 1), cell("b = 2", 4), cell("c = 3", 2), cell("d = 4", 3)) == [("TB105", 2)]
    assert check(cell("a = 1", 1), cell("b = 2"), cell("c = 3", 2)) == [("TB106", 2)]
    assert check(cell("a = 1", 0), cell("b = 2", 0), cell("c = 3", 1), cell("d = 4", 1)) == []
    assert check(cell("a = 1", 1), cell("# only a note"), cell("c = 3", 2), cell("d = 4")) == []


def test_parameters_cell() -> None:
    tagged = cell("lr = 0.1\nepochs = 3", tags=("parameters",))
    assert check("import os\n%matplotlib inline\n'''doc'''", tagged) == []
    assert check("x = 1", tagged) == [("TB201", 2)]
    assert check(tagged, cell("depth = 1", tags=("parameters",))) == [("TB202", 2)]
    assert check(tagged, "lr = 0.2") == [("TB203", 2)]
    assert check(tagged, "for lr in (1, 2):\n    pass") == [("TB203", 2)]
    assert check(tagged, "lr = lr * 2\nlr += 1\nif lr > 3:\n    epochs = 1\ndef f():\n    lr = 9") == []
    assert check(tagged, cell("lr = 0.2", tags=("injected-parameters",))) == []


def test_constants_that_could_be_parameters() -> None:
    assert check("LEARNING_RATE = 0.1\nEPOCHS = 3", "print(LEARNING_RATE, EPOCHS)") == [("TB204", 1)]
    assert check("learning_rate = 0.1\nbatch_size = 3", "print(learning_rate, batch_size)") == [("TB204", 1)]
    assert check("LEARNING_RATE = 0.1", "LEARNING_RATE") == []
    assert check("LEARNING_RATE = 0.1\nEPOCHS = 3") == []
    assert check("x = 1\ny = 2", "print(x, y)") == []


@pytest.mark.parametrize(
    "text",
    [
        "/home/somebody/x.csv",
        "/Users/somebody/x",
        "/mnt/disk/x",
        "C:\\\\Users\\\\x",
        "D:/data/x",
        "~/x",
        "file:///x",
        "/content/drive/x",
    ],
)
def test_absolute_paths(text: str) -> None:
    assert check(f"x = '{text}'") == [("TB301", 1)]
    assert check(f"x = f'{text}/{{1}}'") == [("TB301", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "data/x.csv",
        "/api/v1/users",
        "/",
        "//",
        "a: b",
        "~",
        "https://x.org/home/a",
        "C:",
        "/dev/null",
        "home/x",
    ],
)
def test_other_texts_are_no_paths(text: str) -> None:
    assert check(f"x = '{text}'") == []


def test_where_absolute_paths_are_read() -> None:
    assert check("open('/opt/data/x.txt')") == [("TB301", 1)]
    assert check("open('/dev/null')\nopen('/etc/hosts')") == []
    assert check("'''/home/somebody is a docstring'''\ndef f():\n    '''/home/somebody'''") == []
    assert check("%cd /home/somebody") == [("TB301", 1)]


def reads(*cells: str) -> list[str]:
    return [read.path for read in find_reads(cells_of(document(*cells)))[0]]


def test_which_files_are_read() -> None:
    assert reads("open('a.txt')\nopen('b.txt', 'rb')\nopen('c.txt', mode='r')") == ["a.txt", "b.txt", "c.txt"]
    assert reads("open('a.txt', 'w')\nopen('b.txt', mode='a')\nopen(name)\nopen('c.txt', how)") == []
    assert reads("import pandas as pd\npd.read_csv('a.csv')\npd.read_parquet('b/c.parquet')") == [
        "a.csv",
        "b/c.parquet",
    ]
    assert reads("from pathlib import Path\nPath('a.txt').read_text()\nPath('b').open('w')") == ["a.txt"]
    assert reads("import numpy as np\nnp.load('x.npy')", "from PIL import Image\nImage.open('i.png')") == [
        "x.npy",
        "i.png",
    ]
    assert reads("df.to_csv('a.csv')", "import pandas as pd\npd.read_csv('a.csv')") == []
    assert reads("%%writefile a.txt\nx", "open('a.txt')") == []
    assert reads("!wget https://x.org/a.csv", "open('a.csv')") == []
    assert reads("import os\nos.chdir('x')", "open('a.csv')") == []
    assert reads("open('*.csv')\nopen('https://x.org')\nopen('/a')\nopen('')\nopen('{x}')") == []


@pytest.mark.parametrize(
    "source",
    [
        "%pip install x", "%conda install -y x", "!pip install x", "! pip3 install -q x", "!python -m pip install x",
        "!{sys.executable} -m pip install x", "!wget http://x", "!cd /tmp && curl -O http://x", "!git clone http://x",
        "!apt-get -y install x", "!kaggle datasets download x", "!aws s3 cp s3://x .", "%%bash\nset -e\nwget x",
        "x = !curl http://x", "import os\nos.system('pip install x')", "!uv pip install x",
        "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])",
    ],
)  # fmt: skip
def test_commands_that_need_the_network(source: str) -> None:
    assert check(source, family="TB303") == [("TB303", 1)]


@pytest.mark.parametrize(
    "source",
    [
        "!ls",
        "!git status",
        "!echo wget",
        "%pip list",
        "!pip freeze",
        "%%bash\n# wget x\necho",
        "!python train.py",
        "!nvidia-smi",
    ],
)
def test_commands_that_do_not(source: str) -> None:
    assert check(source, family="TB303") == []


def test_reads_from_the_network() -> None:
    assert check("import requests\nrequests.get('https://x.org')", family="TB304") == [("TB304", 1)]
    assert check("import pandas as pd\npd.read_csv('s3://bucket/x.csv')", family="TB304") == [("TB304", 1)]
    assert (
        check("import requests\nrequests.get(url)\nrequests.get('http://localhost:80')", family="TB304") == []
    )
    found, _ = check_notebook(cells_of(document("import requests\nrequests.get('https://me:pw@x.org/a')")))
    assert "pw" not in next(one.message for one in found if one.code == "TB304")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import numpy as np\nnp.random.rand(3)", "TB501"),
        ("from numpy.random import rand\nrand(3)", "TB501"),
        ("import numpy as np\nnp.random.default_rng()", "TB501"),
        ("import numpy as np\nnp.random.default_rng(seed=None)", "TB501"),
        ("import random\nrandom.shuffle([1])", "TB501"),
        ("from random import choice\nchoice([1])", "TB501"),
        ("import random\nrandom.Random()", "TB501"),
        ("import torch\ntorch.randn(2)", "TB501"),
        ("df.sample(frac=0.5)", "TB501"),
        ("from sklearn.model_selection import train_test_split\ntrain_test_split(a, b)", "TB502"),
        ("from sklearn.ensemble import RandomForestClassifier\nRandomForestClassifier(10)", "TB502"),
        ("import sklearn.cluster\nsklearn.cluster.KMeans(3)", "TB502"),
        ("from sklearn.model_selection import KFold\nKFold(shuffle=True)", "TB502"),
        ("from sklearn.datasets import make_moons\nmake_moons()", "TB502"),
    ],
)
def test_unseeded(source: str, code: str) -> None:
    assert check(source, family="TB5") == [(code, 1)]


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nnp.random.seed(0)\nnp.random.rand(3)",
        "import numpy as np\nrng = np.random.default_rng(1)\nrng.normal()",
        "import random\nrandom.seed(0)\nrandom.random()",
        "%track seed 42\nimport random, numpy as np\nrandom.random()\nnp.random.rand()",
        "import trackbook as tb, random\ntb.seed(1)\nrandom.random()",
        "import pytorch_lightning as pl, torch\npl.seed_everything(1)\ntorch.rand(1)",
        "from sklearn.model_selection import train_test_split\ntrain_test_split(a, random_state=1)",
        "from sklearn.model_selection import train_test_split\ntrain_test_split(a, shuffle=False)",
        "from sklearn.model_selection import train_test_split\ntrain_test_split(a, **options)",
        "import numpy as np\nnp.random.seed(1)\nfrom sklearn.cluster import KMeans\nKMeans(2)",
        "from sklearn.pipeline import make_pipeline\nmake_pipeline()",
        "from sklearn.linear_model import LogisticRegression\nLogisticRegression()",
        "from sklearn.model_selection import KFold\nKFold(3)",
        "df.sample(frac=0.5, random_state=1)\nsampler.sample()",
        "random = {}\nrandom.choice(1)",
        "import torch\ntorch.rand(2, generator=g)",
        "%run seeds.py\nimport random\nrandom.random()",
        "import random\ndef draw():\n    return random.random()\nrandom.seed(1)\ndraw()",
    ],
)
def test_seeded(source: str) -> None:
    assert check(source, family="TB5") == []


def test_a_seed_below_is_too_late() -> None:
    assert check("import random\nrandom.random()", "random.seed(1)", "random.random()", family="TB5") == [
        ("TB501", 1)
    ]


def test_hygiene() -> None:
    assert check("def (") == [("TB601", 1)]
    big = {"output_type": "stream", "name": "stdout", "text": ["x" * 1_100_000]}
    assert check(cell("x = 1", outputs=[big])) == [("TB603", 1)]
    assert check(cell("x = 1", id="a"), cell("y = 2", id="a")) == [("TB604", 2)]
    assert check(cell("x = 1", id=None)) == [("TB605", 1)]
    assert check("x = 1", " \n", "y = 2", "") == [("TB606", 2)]
    assert check("x = 1", cell("", tags=("keep",)), "y = 2") == []
    error = {"output_type": "error", "ename": "KeyError", "evalue": "", "traceback": []}
    assert check(cell("x = 1", outputs=[error])) == [("TB607", 1)]
    assert check(cell("x = 1", outputs=[error], tags=("raises-exception",))) == []


def test_a_newer_python_may_know_more() -> None:
    newer = document("def (", metadata={"language_info": {"name": "python", "version": "3.99.1"}})
    found, unseen = check_notebook(cells_of(newer))
    assert found == []
    assert "can't be parsed" in unseen[0]


def test_python_2() -> None:
    old = document("print 1", metadata={"language_info": {"name": "python", "version": "2.7.18"}})
    found, unseen = check_notebook(cells_of(old))
    assert found == []
    assert unseen[0].startswith("The cells are Python 2.7.18, not Python 3")


def test_other_languages() -> None:
    found, unseen = check_notebook(cells_of(document("x <- y", metadata={"kernelspec": {"language": "R"}})))
    assert found == []
    assert unseen == ["The cells are R, not Python 3: only what all notebooks have is checked."]


def test_noqa() -> None:
    assert check("nothing  # noqa") == []
    assert check("nothing  # NOQA: tb102") == []
    assert check("nothing  # noqa: TB1") == []
    assert check("nothing  # noqa: F401, TB102") == []
    assert check("nothing  # noqa: F401 TB102") == []
    assert check("nothing  # noqa: F401") == [("TB102", 1)]
    assert check("x = 1  # noqa\nnothing") == [("TB102", 1)]
    assert check("# trackbook: noqa\nnothing\nother") == []
    assert check("nothing\n  # trackbook: noqa: TB1\nopen('/opt/a/b')") == [("TB301", 1)]
    assert check("# trackbook: noqa: TB3\nnothing") == [("TB102", 1)]
    assert check("%pip install x  # noqa: TB303") == []
    assert check("x = [\n    1,\n    nothing,  # noqa\n]") == []


def test_selection() -> None:
    assert Selection(("TB",), ("TB3",)).has("TB101")
    assert not Selection(("TB",), ("TB3",)).has("TB301")
    assert Selection(("TB301",), ("TB3",)).has("TB301")
    assert not Selection(("TB",), ("TB",)).has("TB101")
    assert Selection(("ALL",), ("F",)).has("E501")
    assert not Selection(("ALL",), ("F",)).has("F401")
    assert not Selection().has("E501")
    assert Selection(()).has("invalid-syntax")
    assert unknown_codes(["TB", "TB1", "TB101", "F", "F401", "ALL", "PLR0913"]) == {}
    assert unknown_codes(["tb101", "TB1011"]) == {"tb101": ["TB101"], "TB1011": ["TB101"]}
    assert list(unknown_codes(["TB9"])) == ["TB9"]
    assert unknown_codes(["undefined-name"]) == {"undefined-name": ["TB102"]}
