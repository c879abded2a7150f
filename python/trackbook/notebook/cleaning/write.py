"""Writing a cleaned notebook in the style of its file."""

import json
from typing import Any

from trackbook.domain.cleaned import Cleaned
from trackbook.notebook.cleaning.layout import Layout, Node

_BOM = b"\xef\xbb\xbf"


def render_cleaned(original: bytes, cleaned: Cleaned) -> bytes:
    """Return the file's bytes with what was cleaned; all else is byte for byte as it was in `original`.

    Indentation, the order of keys, escapes, line ends and what stands at the end are those of the file. `original` is
    the notebook that was cleaned, of nbformat 4.
    """
    if not cleaned.changed:
        return original
    bom = _BOM if original.startswith(_BOM) else b""
    layout = Layout(original[len(bom) :].decode())
    root = layout.root.items
    assert isinstance(root, dict)  # it was read as a notebook before
    before = root["cells"].items
    assert isinstance(before, list)
    nodes: dict[int, Node] = {}
    survivors = [cell for cell in cleaned.cells if cell.after is not None]
    survivors.sort(key=lambda cell: cell.after or 0)
    new = Node(0, 0, _NOTHING)
    for cell, content in zip(survivors, cleaned.notebook["cells"], strict=True):
        nodes[id(content)] = before[cell.before - 1] if cell.before is not None else new
    return bom + layout.write(cleaned.notebook, nodes).encode("utf-8", "strict")


def render_notebook(notebook: dict[str, Any]) -> bytes:
    """Return a notebook's bytes as Jupyter writes them: for those whose file is of an older format."""
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
    return (text + "\n").encode("utf-8", "backslashreplace")


_NOTHING = object()
