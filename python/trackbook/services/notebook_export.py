"""Notebooks written as what runs or is read without Jupyter: a typed module with its test, a script, a page."""

import importlib.util
import json
import keyword
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from trackbook.errors import UsageError
from trackbook.notebook.export.module import module_text, test_text
from trackbook.notebook.export.program import take_apart
from trackbook.notebook.export.script import script_notebook
from trackbook.notebook.read import Notebook, read_notebook

NotebookForm = Literal["module", "script", "html"]

_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)
_SUFFIXES: dict[NotebookForm, str] = {"module": ".py", "script": ".py", "html": ".html"}


class NotebookExport(Struct, frozen=True):
    """What was written. `left_out` lists lines of the notebook that have no counterpart, each with its cell."""

    form: NotebookForm
    files: list[str]
    left_out: list[str]


def export_notebook(
    path: Path,
    form: NotebookForm,
    target: Path | None = None,
    *,
    flat: bool = False,
    displays: bool = False,
    params: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> NotebookExport:
    """Write a notebook as a module with its test, a script, or a page of HTML; the notebook is only read.

    `target` is a file, or a folder for it; by default it lies beside the notebook. `flat` and `displays` are for
    modules: all cells in one function, and what cells show displayed. `params` are what the module's test runs both
    with. Raises UsageError for a file that is there already, unless `overwrite`, and NotebookError, naming cell and
    line, for what has no counterpart in a module.
    """
    notebook = read_notebook(path)
    file = _target(path, form, target)
    texts: dict[Path, str] = {}
    left_out: list[str] = []
    if form == "module":
        program = take_apart(notebook, path.name, flat=flat)
        left_out = program.left_out
        texts[file] = _formatted(module_text(program, path.name, displays=displays), file)
        test = file.with_name(f"test_{file.name}")
        relative = Path(os.path.relpath(path.absolute(), file.absolute().parent)).as_posix()
        texts[test] = _formatted(test_text(file.stem, relative, params or {}), test, sort=False)
    elif form == "script":
        texts[file] = _formatted(_convert("PythonExporter", script_notebook(notebook, path.name), path), file)
    else:
        texts[file] = _convert("HTMLExporter", notebook, path)
    there = [str(one) for one in texts if one.exists()]
    if there and not overwrite:
        raise UsageError(
            f"{' and '.join(there)}: there already; --force writes over it, -o names another place."
        )
    for one, text in texts.items():
        one.parent.mkdir(parents=True, exist_ok=True)
        draft = one.with_name(f".{one.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(one)
    return NotebookExport(form, [str(one) for one in texts], left_out)


def _target(path: Path, form: NotebookForm, target: Path | None) -> Path:
    suffix = _SUFFIXES[form]
    if target is None or target.is_dir():
        stem = path.stem
        if form == "module":
            stem = re.sub(r"\W+", "_", stem).strip("_").lower() or "notebook"
            stem = f"notebook_{stem}" if not stem.isidentifier() or keyword.iskeyword(stem) else stem
        return (target or path.parent) / f"{stem}{suffix}"
    if target.suffix != suffix:
        raise UsageError(f"{target}: a {form} has a name that ends in {suffix}.")
    if form == "module" and (not target.stem.isidentifier() or keyword.iskeyword(target.stem)):
        raise UsageError(f"{target}: {target.stem!r} can't be imported; a module's name is one word.")
    return target


def _convert(exporter: str, notebook: Notebook, path: Path) -> str:
    import nbformat  # late: they take a second
    from nbconvert import exporters

    document = nbformat.reads(json.dumps(notebook), as_version=4)  # type: ignore[no-untyped-call]
    # A page is read where nobody knows who wrote the notebook: it runs no code, and loads nothing from anywhere.
    options = {"sanitize_html": True, "embed_images": True} if exporter == "HTMLExporter" else {}
    made = getattr(exporters, exporter)(**options)
    text, _ = made.from_notebook_node(document, resources={"metadata": {"name": path.stem}})
    return _SCRIPT.sub("", str(text)) if exporter == "HTMLExporter" else str(text)


def _formatted(text: str, file: Path, *, sort: bool = True) -> str:
    """Return Python as ruff formats it, where there is ruff, with its imports in order if that is asked for."""
    if importlib.util.find_spec("ruff") is None:
        return text
    commands = [["check", "--fix-only", "--select", "I"]] if sort else []
    # Modules beside it are the user's own, and stand apart from those that are installed.
    folder = file.absolute().parent
    for command in (*commands, ["format", "--line-length", "110"]):
        arguments = [sys.executable, "-m", "ruff", *command, "--isolated", "--quiet"]
        arguments += ["--stdin-filename", file.name, "-"]
        done = subprocess.run(
            arguments,
            input=text.encode(),
            capture_output=True,
            check=False,
            cwd=folder if folder.is_dir() else None,
        )
        if done.returncode == 0 and done.stdout:
            text = done.stdout.decode()
    return text
