"""The text half of a notebook that jupytext pairs with a script or a Markdown file."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import Struct

from trackbook.errors import NotebookError
from trackbook.notebook.read import Notebook, source_of

# jupytext takes the notebook for the newer half only if it is newer by more than a second.
_MARGIN = 1.0


class Pair(Struct, frozen=True):
    """A notebook and its text halves, with the format of each as jupytext names it; `formats` as the notebook says."""

    path: Path
    formats: str
    texts: list[tuple[Path, dict[str, Any]]]
    notebook: Notebook
    unavailable: str | None = None

    def check(self, shown: Path, modified: float) -> None:
        """Raise NotebookError if a text half is newer than the notebook and says something else."""
        if self.unavailable is not None:
            return
        import jupytext

        for text, form in self.texts:
            if text.stat().st_mtime <= modified + _MARGIN:
                continue
            other = jupytext.read(text, fmt=form)
            if _sources(other) != _sources(self.notebook):
                raise NotebookError(
                    shown,
                    f"{text.name}, with which it is paired, is newer and differs; bring both in step first: "
                    f"jupytext --sync {shown}",
                )

    def write(self, notebook: Notebook) -> list[Path]:
        """Write a notebook's code to the text halves, and return them."""
        import jupytext
        import nbformat

        document = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
        for cell in document.cells:
            cell.source = source_of(cell)
        for text, form in self.texts:
            content = jupytext.writes(document, fmt=form)
            if text.read_text(encoding="utf-8") != content:
                text.write_text(content, encoding="utf-8")
            else:
                os.utime(text)  # it must not seem older than the notebook
        return [text for text, _ in self.texts]


def find_pair(path: Path, notebook: Notebook) -> Pair | None:
    """Return a notebook's pair; None if it is not paired, or none of its text halves is there."""
    metadata = notebook.get("metadata", {}).get("jupytext")
    formats = metadata.get("formats") if isinstance(metadata, dict) else None
    if find_spec("jupytext") is None:
        if not isinstance(formats, str):
            return None
        reason = f"its text half ({formats}) was not brought in step: jupytext is not installed here"
        return Pair(path, formats, [], notebook, reason)
    from jupytext.config import load_jupytext_config, notebook_formats
    from jupytext.formats import long_form_multiple_formats, short_form_multiple_formats
    from jupytext.paired_paths import InconsistentPath, paired_paths

    if not isinstance(formats, str):
        config = load_jupytext_config(str(path))
        if config is None:
            return None
        import nbformat

        document = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
        formats = short_form_multiple_formats(
            notebook_formats(document, config, str(path), fallback_on_current_fmt=False)
        )
        if not formats:
            return None
    try:
        paths = paired_paths(str(path), {"extension": ".ipynb"}, long_form_multiple_formats(formats))
    except InconsistentPath:
        return None
    texts = [
        (Path(other), form) for other, form in paths if not other.endswith(".ipynb") and Path(other).is_file()
    ]
    return Pair(path, formats, texts, notebook) if texts else None


def _sources(notebook: Any) -> list[str]:
    sources = [source_of(cell).strip() for cell in notebook["cells"]]
    return [source for source in sources if source]
