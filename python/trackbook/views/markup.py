"""Text from users as HTML that shows it and nothing else, in whatever theme the page has."""

import re
from html import escape

from trackbook.domain.formatting import plain_text

# Overrides of the writing direction would make a name look like another one.
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Jupyter and nbconvert set `$...$` as formulas, also in names and values, but not in these classes.
_NO_FORMULAS = "tex2jax_ignore mathjax_ignore"

# The page's own colours and fonts, as JupyterLab and VS Code name them; without them the text's. Bold, symbols and
# signs tell the same without colours.
GOOD = "var(--jp-success-color1, var(--vscode-charts-green, inherit))"
BAD = "var(--jp-error-color1, var(--vscode-errorForeground, inherit))"
BUSY = "var(--jp-brand-color1, var(--vscode-charts-blue, inherit))"
TEXT_FONT = (
    "font-family: var(--jp-ui-font-family, var(--vscode-font-family, sans-serif)); "
    "font-size: var(--jp-ui-font-size1, 0.9em)"
)
CODE_FONT = "font-family: var(--jp-code-font-family, var(--vscode-editor-font-family, monospace))"


def tidy(text: str) -> str:
    """Return text without what would move a cursor, colour a terminal or turn the writing direction."""
    return _DIRECTIONS.sub("", plain_text(text)).encode("utf-8", "backslashreplace").decode("utf-8")


def as_html(text: str) -> str:
    """Return text for HTML, between tags or in a quoted attribute."""
    return escape(tidy(text), quote=True)


def in_page(*parts: str) -> str:
    """Return parts of HTML as one output; wide ones scroll by themselves."""
    return f'<div class="{_NO_FORMULAS}" style="overflow-x: auto">{"".join(parts)}</div>'


def bundle(text: str, html: str) -> dict[str, str]:
    """Return an output as the notebook keeps it: for pages, and for terminals."""
    return {"text/plain": text, "text/html": html}
