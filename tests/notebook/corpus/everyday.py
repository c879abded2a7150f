"""Notebooks of everyday work: they run from top to bottom."""

from .building import code, markdown, notebook, png, result, sample, shown, stream


@sample(runnable=True, seconds=4)
def churn_model() -> bytes:
    """A model with a parameters cell, as a job would run it."""
    return notebook(
        markdown("# Churn\n\nWho leaves, and why?"),
        code(
            "import numpy as np\nimport pandas as pd\nfrom sklearn.linear_model import LogisticRegression", 1
        ),
        code("n_rows = 400  # customers\nseed: int = 7\ntest_share = 0.25", 2, tags=["parameters"]),
        code(
            "rng = np.random.default_rng(seed)\n"
            'frame = pd.DataFrame({"tenure": rng.integers(1, 72, n_rows), "calls": rng.poisson(2, n_rows)})\n'
            'frame["left"] = (frame["calls"] * 8 - frame["tenure"] + rng.normal(0, 9, n_rows) > 0).astype(int)\n'
            "frame.head(3)",
            3,
            [result("   tenure  calls  left\n0      68      1     0", 3)],
        ),
        code(
            "from sklearn.model_selection import train_test_split\n"
            'features = frame[["tenure", "calls"]]\n'
            'parts = train_test_split(features, frame["left"], test_size=test_share, random_state=seed)\n'
            "x_train, x_test, y_train, y_test = parts",
            4,
        ),
        code("model = LogisticRegression().fit(x_train, y_train)\nscore = model.score(x_test, y_test)", 5),
        code('print(f"accuracy {score:.3f}")', 6, [stream("accuracy 0.900\n")]),
    )


@sample(runnable=True, seconds=4)
def plots() -> bytes:
    """Figures, with the pictures of an earlier run."""
    return notebook(
        code("%matplotlib inline\nimport matplotlib.pyplot as plt\nimport numpy as np", 1),
        code("x = np.linspace(0, 6.28, 50)\nfig, axes = plt.subplots(1, 2, figsize=(4, 2))", 2),
        code(
            "axes[0].plot(x, np.sin(x))\naxes[1].hist(np.cos(x), bins=8)\nfig",
            3,
            [shown({"image/png": png(), "text/plain": ["<Figure size 400x200 with 2 Axes>"]})],
        ),
        code('plt.plot(x, x ** 2, label="square")\nplt.legend()\nplt.show()', 4),
    )


@sample(runnable=True, seconds=3)
def sales_by_region() -> bytes:
    """Tables shown as HTML."""
    return notebook(
        code("import io\n\nimport pandas as pd", 1),
        code(
            'text = "region,amount\\nnorth,3\\nsouth,5\\nnorth,4\\n"\nsales = pd.read_csv(io.StringIO(text))\nsales',
            2,
            [
                result(
                    "  region  amount", 2, text__html=["<table>\n", "<tr><td>north</td></tr>\n", "</table>"]
                )
            ],
        ),
        code('by_region = sales.groupby("region")["amount"].agg(["sum", "mean"])\nby_region', 3),
        code('sales["share"] = sales["amount"] / sales["amount"].sum()\ndisplay(sales.round(2))', 4),
    )


@sample(runnable=True, seconds=1.5)
def simulation() -> bytes:
    """Seeded random numbers, the old way."""
    return notebook(
        code("import random\nimport numpy as np\nnp.random.seed(0)\nrandom.seed(0)", 1),
        code("draws = np.random.normal(size=1000)\ndraws.mean()", 2),
        code("random.choice([1, 2, 3])", 3),
    )


@sample(runnable=True, repeatable=False)
def unseeded() -> bytes:
    """Random numbers that nobody can repeat."""
    return notebook(
        code("import numpy as np\nimport random"),
        code("noise = np.random.rand(5)\nnoise"),
        code("rng = np.random.default_rng()\nrandom.shuffle(values := [1, 2, 3])\nrng.normal(), values"),
    )


@sample(runnable=True)
def functions_use_later_names() -> bytes:
    """Functions whose names come from later cells, called once these have run."""
    return notebook(
        code("def area(radius):\n    return PI * radius ** 2\n\nhalf = lambda: area(2) / FACTOR"),
        code("PI = 3.14159\nFACTOR = 2"),
        code("print(area(1), half())"),
        code(
            "def even(n):\n    return n == 0 or odd(n - 1)\n\ndef odd(n):\n    return n != 0 and even(n - 1)"
        ),
        code("even(10)"),
    )


@sample(runnable=True)
def classes() -> bytes:
    """Classes, data classes, enumerations and decorators."""
    return notebook(
        code(
            "from __future__ import annotations\nfrom dataclasses import dataclass, field\nfrom enum import Enum"
        ),
        code(
            "class Colour(Enum):\n    RED = 1\n    BLUE = 2\n    both = (RED, BLUE)\n\n"
            "    @property\n    def title(self):\n        return self.name.title()"
        ),
        code(
            "@dataclass\nclass Item:\n    name: str\n    colour: Colour = Colour.RED\n"
            "    tags: list[str] = field(default_factory=list)\n    parent: Item | None = None\n"
        ),
        code('[Item("a"), Item("b", Colour.BLUE).colour.title]'),
    )


@sample(runnable=True)
def async_cells() -> bytes:
    """Await at the top level."""
    return notebook(
        code("import asyncio\n\nasync def answer(n):\n    await asyncio.sleep(0)\n    return n * 2"),
        code("await answer(21)"),
        code(
            "async def numbers():\n    for n in range(3):\n        yield n\n\nasync for n in numbers():\n    print(n)"
        ),
        code("totals = [n async for n in numbers()]\nawait asyncio.gather(*(answer(n) for n in totals))"),
    )


@sample(runnable=True)
def scopes() -> bytes:
    """Comprehensions, walrus, match, exceptions, del, global and star targets."""
    return notebook(
        code(
            "rows = [[1, 2], [3]]\nflat = [cell for row in rows for cell in row]\nlast = [y := v for v in flat][-1]\ny"
        ),
        code(
            'def kind(value):\n    match value:\n        case {"a": a, **rest}:\n            return a, rest\n'
            "        case [first, *others]:\n            return first, others\n        case str() as text:\n"
            '            return text\n        case _:\n            return None\n\n[kind(v) for v in ({"a": 1}, [1, 2], "x", 3)]'
        ),
        code(
            "try:\n    1 / 0\nexcept ZeroDivisionError as problem:\n    print(problem)\nhead, *tail = flat\nhead, tail"
        ),
        code(
            "total = 0\n\ndef add(n):\n    global total, calls\n    total += n\n    calls = 1\n\nadd(3)\ntotal, calls"
        ),
        code(
            "del total\nwith open(__import__('os').devnull) as nothing, nothing as same:\n    pass\n_ = same.closed"
        ),
    )


@sample(runnable=True, seconds=2)
def magics() -> bytes:
    """IPython's own syntax in all its forms."""
    return notebook(
        code("%matplotlib inline\n%load_ext autoreload\n%autoreload 2"),
        code("%time squares = [n * n for n in range(10)]\n%timeit -n 1 -r 1 sum(squares)"),
        code("%%time\ntotal = sum(squares)\nprint(total)"),
        code("%%capture captured --no-stderr\nprint(total)\ncube = total ** 3"),
        code("captured.show()\nwhere = !echo {total}\nprint(where[0])\nname = 'x'\n!echo $name"),
        code("folder = %pwd\nfor n in range(2):\n    %time print(n)"),
        code("%%bash\necho not python: $HOME > /dev/null"),
        code("%%html\n<b>bold</b>"),
        code("# a comment, then a magic\n%who int"),
    )


@sample(runnable=True)
def asks_for_help() -> bytes:
    """Question marks that ask, and those that don't."""
    return notebook(
        code("?len"),
        code("import json\njson.loads??"),
        code("question = 'why?'\nprint(question)  # or what?"),
        code("[1, 2].append?"),
    )


@sample(runnable=True)
def unicode_names() -> bytes:
    """Names and text in other scripts, combining characters and emoji."""
    return notebook(
        markdown("# Größen 📏 – 測定 – קריאה"),
        code(
            "Δx = 0.1\n半径 = 2\nπ = 3.14159\nprint(f'{π * 半径 ** 2:.2f} ± {Δx}')",
            1,
            [stream("12.57 ± 0.1\n")],
        ),
        code("naïve = 'cafe\\u0301 🧪👩‍🔬'\nlen(naïve), ﬁne if (ﬁne := 3) else None", 2),
    )


@sample(runnable=True, seconds=4)
def pipeline_search() -> bytes:
    """A scikit-learn pipeline and its search."""
    return notebook(
        code(
            "from sklearn.datasets import make_classification\nfrom sklearn.ensemble import RandomForestClassifier\n"
            "from sklearn.model_selection import GridSearchCV, cross_val_score\n"
            "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler"
        ),
        code("DEPTHS = [2, 4]\nFOLDS = 3"),
        code("X, y = make_classification(n_samples=120, random_state=0)"),
        code(
            "forest = make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=10, random_state=0))"
        ),
        code(
            'search = GridSearchCV(forest, {"randomforestclassifier__max_depth": DEPTHS}, cv=FOLDS).fit(X, y)\n'
            "search.best_params_"
        ),
        code("cross_val_score(search.best_estimator_, X, y, cv=FOLDS).mean().round(3)"),
    )


@sample(runnable=True, seconds=3)
def time_series() -> bytes:
    """Dates, resampling, windows."""
    return notebook(
        code("import pandas as pd, numpy as np"),
        code(
            'days = pd.date_range("2024-01-01", periods=60, freq="D")\nseries = pd.Series(np.arange(60.0), index=days)'
        ),
        code('weekly = series.resample("W").mean()\nweekly.tail(2)'),
        code("series.rolling(7).std().dropna().iloc[0].round(4)"),
    )


@sample(runnable=True)
def conditional_imports() -> bytes:
    """Imports that may fail, and some only for type checkers."""
    return notebook(
        code("try:\n    import ujson_that_is_nowhere as json\nexcept ImportError:\n    import json"),
        code(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from collections.abc import Sequence\n\n"
            'def size(items: "Sequence[int]") -> int:\n    return len(items)'
        ),
        code("json.dumps({'n': size([1])})"),
    )


@sample(runnable=True)
def long_lines() -> bytes:
    """Lines of a hundred thousand characters."""
    return notebook(
        code("data = [" + ", ".join(str(n) for n in range(20_000)) + "]"),
        code("text = '" + "é" * 30_000 + "'; size = len(text) + len(data)\nsize"),
    )


@sample(runnable=True)
def sql_in_memory() -> bytes:
    """A database in memory."""
    return notebook(
        code("import sqlite3\n\ndb = sqlite3.connect(':memory:')"),
        code('db.executescript("""\ncreate table t (n integer);\ninsert into t values (1), (2);\n""");'),
        code("db.execute('select sum(n) from t').fetchone()"),
        code("db.close()"),
    )


@sample(runnable=True)
def widget_state() -> bytes:
    """A saved widget whose kernel is gone."""
    model = "8d1c1c6f0e5a4f0b9e4bd5f9f0a5b1d2"
    view = "application/vnd.jupyter.widget-view+json"
    state = {
        model: {
            "model_module": "@jupyter-widgets/controls",
            "model_name": "IntSliderModel",
            "state": {"value": 3},
        }
    }
    from .building import PYTHON

    return notebook(
        code("value = 3", 1),
        code(
            "print(value)",
            2,
            [shown({"text/plain": ["IntSlider(value=3)"], view: {"model_id": model, "version_major": 2}})],
        ),
        metadata={
            **PYTHON,
            "widgets": {
                "application/vnd.jupyter.widget-state+json": {
                    "state": state,
                    "version_major": 2,
                    "version_minor": 0,
                }
            },
        },
    )


@sample(runnable=True)
def attachments() -> bytes:
    """A picture pasted into Markdown."""
    return notebook(
        markdown("![here](attachment:image.png)", attachments={"image.png": {"image/png": png()}}),
        code("1 + 1", 1, [result("2", 1)]),
    )


@sample(runnable=True)
def percent_leftovers() -> bytes:
    """Markers of the percent format, left by an editor."""
    return notebook(
        code("# %%\nimport math\n# %% [markdown]\n# Some **text**"),
        code('# %% tags=["area"]\nprint(math.pi)\n# %%'),
        code("# ---\n# jupyter:\n#   jupytext: {}\n# ---"),
    )


@sample(runnable=True)
def scratch_cells() -> bytes:
    """Cells that were only for looking, some tagged."""
    return notebook(
        code("values = [3, 1, 2]"),
        code("values", tags=["scratch"]),
        code("type(values)\ndir(values)[:3]"),
        code("ordered = sorted(values)"),
        code("len(ordered)", tags=["scratch", "hide"]),
        code("print(ordered)"),
    )


@sample(runnable=True)
def expected_errors() -> bytes:
    """A cell that is meant to raise."""
    return notebook(
        code("def check(n):\n    if n < 0:\n        raise ValueError(n)\n    return n"),
        code("check(-1)", tags=["raises-exception"]),
        code("check(1)"),
    )


@sample(runnable=True)
def generators() -> bytes:
    """Decorators, generators, context managers, closures."""
    return notebook(
        code("from contextlib import contextmanager\nfrom functools import lru_cache, partial, wraps"),
        code(
            "def loud(function):\n    @wraps(function)\n    def inner(*args, **kwargs):\n"
            "        print(function.__name__)\n        return function(*args, **kwargs)\n    return inner"
        ),
        code("@loud\n@lru_cache\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n\nfib(5)"),
        code("@contextmanager\ndef block(name):\n    print('in', name)\n    yield name\n    print('out')"),
        code(
            "with block('x') as name:\n    counts = {k: partial(fib, k)() for k in range(3)}\nprint(name, counts)"
        ),
    )


@sample(runnable=True)
def rich_results() -> bytes:
    """LaTeX, HTML, JSON, SVG and Markdown results."""
    return notebook(
        code("from IPython.display import HTML, JSON, SVG, Latex, Markdown, display"),
        code("display(HTML('<b>b</b>'), Latex('$x^2$'), Markdown('*m*'))"),
        code("JSON({'a': [1, 2]})"),
        code('SVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>\')'),
    )


@sample(runnable=True, seconds=2)
def scattered_imports() -> bytes:
    """Imports where they came to mind, some twice, one never used."""
    return notebook(
        code("values = [4, 8]", 1),
        code("import statistics\nmean = statistics.mean(values)", 2),
        code("import os, sys\nimport statistics\nfrom math import sqrt as root\nroot(mean)", 3),
        code("import numpy as np\nprint(np.array(values).sum())", 4),
    )


@sample(runnable=True)
def late_parameters() -> bytes:
    """Parameters below the code, and one that is set again."""
    return notebook(
        code("import math", 1),
        code("def area(radius):\n    return math.pi * radius ** 2", 2),
        code("radius = 2.0\nscale: int = 3", 3, tags=["parameters"]),
        code("radius = radius * scale", 4),
        code("print(round(area(radius), 3))", 5),
    )


@sample(runnable=True)
def star_import() -> bytes:
    """Names that only a star import brings."""
    return notebook(code("from math import *\nfrom os.path import *"), code("sqrt(cos(0)), join('a', 'b')"))


@sample(runnable=True)
def executed_text() -> bytes:
    """Names that only exec knows."""
    return notebook(
        code("exec('hidden = 3')\nglobals()['also'] = 4"),
        code("hidden + also"),
        code("eval('hidden') * 2"),
    )


@sample(runnable=True)
def papermill_output() -> bytes:
    """What papermill left: an injected cell, its marks in the metadata."""
    from .building import PYTHON

    marks = {"duration": 0.01, "end_time": "2024-05-01T10:00:00", "exception": False, "status": "completed"}
    return notebook(
        code("alpha = 0.1\nruns = 2", 1, tags=["parameters"], papermill=marks),
        code("# Parameters\nalpha = 0.5\n", 2, tags=["injected-parameters"], papermill=marks),
        code("print(alpha * runs)", 3, [stream("1.0\n")], papermill=marks),
        metadata={**PYTHON, "papermill": {"parameters": {"alpha": 0.5}, "version": "2.6.0"}},
    )


@sample(runnable=True)
def many_cells() -> bytes:
    """Two hundred cells, each using the one before."""
    cells = [code("import numpy as np\nx0 = np.float64(1)", 1)]
    cells += [
        code(f"# step {n}\nx{n} = np.sqrt(x{n - 1} + {n})\ny{n} = [v * x{n} for v in range({n % 5})]", n + 1)
        for n in range(1, 199)
    ]
    return notebook(*cells, code("print(x198.round(4), y198)", 200))


@sample(runnable=True, seconds=2.5)
def reused_names() -> bytes:
    """The same names again and again: df, i, x, tmp."""
    return notebook(
        code("import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, None]})"),
        code("df = df.dropna()\nx = len(df)"),
        code("for i in range(3):\n    tmp = i * x\ndf['b'] = tmp"),
        code("x = df['b'].sum()\ntmp = {'x': x}\nprint(i, tmp)"),
        code("df = df.rename(columns={'b': 'c'})\ndf"),
    )
