"""What a notebook imports, by its text."""

import pytest

from trackbook.notebook.imports import imported_modules


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import numpy as np, os.path", ["numpy", "os.path"]),
        ("from sklearn import datasets, svm as s", ["sklearn:datasets", "sklearn:svm"]),
        ("from sklearn.linear_model import LogisticRegression", ["sklearn.linear_model:LogisticRegression"]),
        ("from math import *", ["math"]),
        ("from . import near\nfrom .near import x\nfrom __future__ import annotations", []),
        ("try:\n    import polars\nexcept ImportError:\n    import pandas", ["polars"]),
        ("with open('x') as f:\n    import json", ["json"]),
        ("if rare:\n    import torch\nfor x in y:\n    import csv", []),
        ("def f():\n    import torch\nclass C:\n    import csv", []),
        ("%matplotlib inline\nimport pandas as pd\n!pip list", ["pandas"]),
        ("%%time\nimport pandas", ["pandas"]),
        ("%%capture out\n%%time\nimport pandas", ["pandas"]),
        ("%%bash\nimport pandas", []),
        ("%%", []),
        ("import pandas as", []),
        ("'import pandas'", []),
        ("", []),
    ],
)
def test_imports_of_a_cell(source: str, names: list[str]) -> None:
    assert imported_modules([source]) == names


def test_each_once_in_the_order_of_the_cells() -> None:
    cells = ["import b, a", "import c\nimport a", "broken(", "import b, d"]
    assert imported_modules(cells) == ["b", "a", "c", "d"]
