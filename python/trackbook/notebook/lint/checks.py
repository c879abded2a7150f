"""All rules that need only the notebook itself, in one call."""

from collections.abc import Collection, Iterator

from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.cells import LintNotebook
from trackbook.notebook.lint.hygiene import find_faults, find_untidiness
from trackbook.notebook.lint.names import find_names, find_unseen
from trackbook.notebook.lint.network import find_network
from trackbook.notebook.lint.order import find_order
from trackbook.notebook.lint.parameters import find_parameter_faults
from trackbook.notebook.lint.paths import find_absolute_paths
from trackbook.notebook.lint.randomness import find_unseeded

LARGE_OUTPUT = 1_000_000


def check_notebook(
    notebook: LintNotebook, *, known: Collection[str] = (), large_output: int = LARGE_OUTPUT
) -> tuple[list[Diagnostic], list[str]]:
    """Return what the rules find, and what they can't see. `large_output` is in bytes.

    What needs disk, git, history or other tools, the service adds.
    """
    found = [*find_order(notebook), *find_untidiness(notebook, large_output)]
    if not notebook.is_python:
        return found, [
            f"The cells are {_language(notebook)}, not Python 3: only what all notebooks have is checked."
        ]
    return [*found, *_python(notebook, known)], list(find_unseen(notebook))


def _python(notebook: LintNotebook, known: Collection[str]) -> Iterator[Diagnostic]:
    yield from find_faults(notebook)
    yield from find_names(notebook, known)
    yield from find_parameter_faults(notebook)
    yield from find_absolute_paths(notebook)
    yield from find_network(notebook)
    yield from find_unseeded(notebook)


def _language(notebook: LintNotebook) -> str:
    from trackbook.notebook.read import language_of

    language = language_of(notebook.document)
    if language == "python":
        return f"Python {notebook.python_version}"
    return language.upper() if len(language) == 1 else language.title()
