"""The notebooks of the comparison: ten cells that fit a small model, and five that do next to nothing."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
PARAMETERS = "C = 1.0\nmax_iter = 100"
BEFORE = (
    "import numpy as np\nimport pandas as pd",
    """\
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import train_test_split""",
    "digits = load_digits()\ntable = pd.DataFrame(digits.data)\ntable['digit'] = digits.target\ntable.shape",
    "table.describe().iloc[:, :4]",
    """\
X_train, X_test, y_train, y_test = train_test_split(
    digits.data / 16.0, digits.target, test_size=0.25, random_state=0
)
len(X_train), len(X_test)""",
)
AFTER = (
    "model = LogisticRegression(C=C, max_iter=max_iter)\nmodel.fit(X_train, y_train)",
    """\
found = model.predict(X_test)
accuracy = accuracy_score(y_test, found)
f1 = f1_score(y_test, found, average='macro')""",
    "pd.DataFrame(confusion_matrix(y_test, found))",
    "print(f'C={C} max_iter={max_iter} accuracy={accuracy:.6f} f1={f1:.6f}')",
)
TRIVIAL = tuple(f"print('cell {number}')" for number in range(5))


def trials(count: int) -> list[dict[str, float]]:
    """Return the parameters of so many trials."""
    return [{"C": round(0.01 * 1.4**number, 5), "max_iter": 200} for number in range(count)]


def write_notebooks(folder: Path) -> None:
    """Write model.ipynb, whose parameters stand behind the data, top.ipynb, where they are first, and trivial.ipynb."""
    folder.mkdir(parents=True, exist_ok=True)
    parameters = v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    before, after = [_cells(sources) for sources in (BEFORE, AFTER)]
    _write(folder / "model.ipynb", [*before, parameters, *after])
    _write(folder / "top.ipynb", [parameters, *before, *after])
    _write(folder / "trivial.ipynb", _cells(TRIVIAL))


def _cells(sources: tuple[str, ...]) -> list[NotebookNode]:
    return [v4.new_code_cell(source) for source in sources]


def _write(path: Path, cells: list[NotebookNode]) -> None:
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), path)
