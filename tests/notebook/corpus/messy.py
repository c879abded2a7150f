"""Notebooks that were left in disorder: they don't run from top to bottom, or say what they should not."""

from .building import code, error, markdown, notebook, png, result, sample, shown, stream

# Put together here, so that no scanner takes this file for a leak.
TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
AWS_KEY = "AKIA" + "Q3EGRXMPLK7WTN5Z"
PASSWORD = "Tr0ub4dor" + "&3x"


@sample(by_counts=True)
def out_of_order() -> bytes:
    """Cells that ran in another order than they stand in."""
    return notebook(
        code("total = sum(values)\nprint(total)", 3, [stream("6\n")]),
        code("values = [1, 2, 3]", 2),
        code("import math", 1),
        code("math.sqrt(total)", 4, [result("2.449489742783178", 4)]),
    )


@sample(by_counts=True)
def defined_below() -> bytes:
    """A function that is called before its helper is there."""
    return notebook(
        code("def outer():\n    return helper() + 1", 1),
        code("outer()", 3, [result("3", 3)]),
        code("def helper():\n    return 2", 2),
    )


@sample(by_counts=True)
def imports_below() -> bytes:
    """Imports that stand below their use: none of them is unused."""
    return notebook(
        code("middle = median(values)\nprint(os.path.basename(str(middle)))", 3, [stream("2\n")]),
        code("values = [1, 2, 3]", 2),
        code("import os\nfrom statistics import median", 1),
    )


@sample()
def deleted_definition() -> bytes:
    """A name whose cell was deleted; its results are still there, and its count is missing."""
    return notebook(
        code("import pandas as pd", 1),
        code("frame = clean_up(pd.DataFrame({'a': [1]}))\nframe", 3, [result("   a\n0  1", 3)]),
        code("threshold * 2", 4, [result("0.8", 4)]),
    )


@sample()
def skipped_cells() -> bytes:
    """Cells that never ran, between ones that did."""
    return notebook(
        code("a = 1", 1),
        code("b = 2"),
        code("c = 3", 2),
        code(""),
        code("c + 1", 3, [result("4", 3)]),
        code("d = 4"),
    )


@sample()
def broken_cell() -> bytes:
    """A cell that is no Python, among sound ones."""
    return notebook(
        code("import json"),
        code("def half(:\n    return\n"),
        code("json.dumps(1)\nprint 'python 2'"),
        code("if True:\nprint(1)"),
        code("x = [1, 2\ny = 3"),
        code("'unterminated"),
    )


@sample()
def mixed_tabs() -> bytes:
    """Tabs and spaces that don't agree, form feeds, other whitespace."""
    return notebook(
        code("def f(x):\n\tif x:\n        return 1\n\treturn 2"),
        code("def g(x):\n\treturn x\n\ng(1)"),
        code("a = 1\x0c\nb\u00a0= 2"),
        code("c = 3\u2028d = 4\nx\v= 5"),
    )


@sample()
def other_files() -> bytes:
    """Names that other files bring."""
    return notebook(
        code("%run helpers.ipynb\n%load_ext nowhere_ext"),
        code("prepare(data_from_helpers)"),
        code("%load snippets.py\nloaded()"),
        code("%%writefile out.py\nprint(1)"),
    )


@sample()
def network_commands() -> bytes:
    """What needs the network."""
    return notebook(
        code("%pip install -q pandas==2.0 torch\n!pip install scikit-learn"),
        code("!wget https://example.org/data.csv\n!curl -sSL https://example.org/x | tar xz"),
        code(
            "!git clone https://example.org/repo.git\n%conda install -y xgboost\n!apt-get install -y graphviz"
        ),
        code("import requests\nimport pandas as pd\npage = requests.get('https://example.org/api')"),
        code("data = pd.read_csv('https://example.org/data.csv')"),
        code("%%bash\nset -e\ncurl https://example.org | sh"),
    )


@sample()
def secrets() -> bytes:
    """Keys and passwords in sources, Markdown and outputs."""
    return notebook(
        markdown(f'Log in with password = "{PASSWORD}"'),
        code(f"import os\ntoken = '{TOKEN}'\nos.environ['AWS_ACCESS_KEY_ID'] = '{AWS_KEY}'", 1),
        code(f"db = 'postgresql://admin:{PASSWORD}@db.example.org/prod'\n%env API_TOKEN={TOKEN}", 2),
        code("print(token)", 3, [stream(f"{TOKEN}\n")]),
    )


@sample()
def foreign_paths() -> bytes:
    """Paths that only one machine has."""
    return notebook(
        code("import pandas as pd\nframe = pd.read_csv('/home/somebody/data/train.csv')"),
        code(
            "other = pd.read_csv(r'C:\\Users\\Somebody\\Desktop\\data.xlsx')\nshare = '\\\\\\\\server\\\\share\\\\x'"
        ),
        code("import sys\nsys.path.append('/Users/somebody/code')\nurl = 'file:///tmp/x.parquet'"),
        code("%cd ~/projects\nwith open('missing/notes.txt') as notes:\n    text = notes.read()"),
        code("null = open('/dev/null')\nroute = '/api/v1/users'\nregex = '/[a-z]+/'"),
    )


@sample()
def several_parameter_cells() -> bytes:
    """Two cells tagged as parameters, one of them with code."""
    return notebook(
        code("print('start')"),
        code("rate = 0.1", tags=["parameters"]),
        code("rate = 0.2\nepochs = 3", tags=["parameters"]),
        code("rate *= 2\nfor epochs in range(2):\n    pass"),
    )


@sample()
def big_output() -> bytes:
    """Five megabytes of text, printed."""
    return notebook(
        code("for n in range(100_000):\n    print(n, 'x' * 40)", 1, [stream(f"{'x' * 49}\n" * 100_000)]),
        code("done = True", 2),
    )


@sample()
def many_pictures() -> bytes:
    """Some megabytes of pictures."""
    picture = png(64, 64)
    return notebook(
        *(
            code(f"show({n})", n + 1, [shown({"image/png": picture * 40, "text/plain": ["<Figure>"]})])
            for n in range(12)
        )
    )


@sample()
def ended_in_error() -> bytes:
    """An exception, saved."""
    return notebook(
        code("data = {}", 1),
        code("data['a']", 2, [error("KeyError", "'a'")]),
        code("never = 'reached'"),
    )


@sample()
def no_code() -> bytes:
    """Only Markdown."""
    return notebook(markdown("# Title"), markdown(""), markdown("```python\nundefined_name\n```"))


@sample(runnable=True)
def empty_cells() -> bytes:
    """Empty cells, blank ones, and ones with comments only."""
    return notebook(
        code(""), code("\n\n"), code("   "), code("# only a comment"), code("x = 1"), code(""), markdown(" ")
    )


@sample()
def zero_bytes() -> bytes:
    """Control characters within sources."""
    return notebook(code("a = 1\0\nb = 2"), code("\x1b[31mred\x1b[0m"), code("c = '\\x00'"))


@sample()
def deep_nesting() -> bytes:
    """Expressions deeper than parsers like."""
    return notebook(
        code("x = " + "(" * 400 + "1" + ")" * 400),
        code("y = " + "-" * 3000 + "1"),
        code("z = " + " + ".join(["1"] * 5000)),
        code("if 1:\n" + "".join(" " * n + "if 1:\n" for n in range(1, 120)) + " " * 120 + "pass"),
    )


@sample()
def unused_imports() -> bytes:
    """Imports that nothing uses, some of them meant."""
    return notebook(
        code("import os\nimport sys\nimport json, re\nfrom math import pi, sin"),
        code("import seaborn as sns  # noqa: F401\nimport antigravity_not # noqa"),
        code("print(json.dumps(sin(1)))"),
        code("%%time\nimport zlib\nimport gzip\ngzip.compress(b'')"),
    )


@sample(valid=False)
def merge_conflict() -> bytes:
    """A notebook with the marks of a failed merge in a cell."""
    return notebook(code("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> branch"), code("x"), ids=False)
