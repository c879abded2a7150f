"""The experiment that a notebook tracks itself under, found without running it."""

import re

from trackbook.notebook.read import Notebook, source_of

_STARTS = re.compile(
    r"""^[ \t]*%track[ \t]+start[ \t]+(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'$\-{][^\s]*))"""
    r"""|^[^#\n]*\bstart_run\(\s*(?:experiment\s*=\s*)?(?:"([^"\n\\]+)"|'([^'\n\\]+)')""",
    re.MULTILINE,
)


def find_experiment(notebook: Notebook) -> str | None:
    """Return the name that the first `%track start NAME` or `start_run("NAME")` gives; None without one."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and (found := _STARTS.search(source_of(cell))):
            return next(name for name in found.groups() if name is not None)
    return None
