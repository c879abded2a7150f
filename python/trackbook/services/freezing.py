"""What a job keeps of the time of its submission beside its notebook: the kernel's description, and the modules of the
project that the notebook imports.

Modules are found as their text tells, from the folder in which the notebook runs: what is imported in a way that can't
be read there, or from elsewhere, is not among them.
"""

import ast
import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from trackbook.capture.secretvalues import looks_secret
from trackbook.config import Settings
from trackbook.domain.job import FrozenContext, FrozenModule
from trackbook.domain.snapshot import encode_part
from trackbook.errors import UsageError
from trackbook.notebook.dataflow import plain_python
from trackbook.notebook.read import Notebook, language_of, source_of
from trackbook.store.place import Blobs

_MOST_FILES = 300
_LARGEST = 5_000_000  # bytes of one file


class KernelDescription(msgspec.Struct, frozen=True):
    """A kernel's kernel.json, and the folder in which it lies, as its `argv` may name it."""

    folder: str
    spec: dict[str, Any]


def freeze(blobs: Blobs, notebook: Notebook, folder: Path, kernel: str | None) -> FrozenContext:
    """Store what a notebook in `folder` will run with, and return what names it."""
    modules = []
    if language_of(notebook) in ("python", ""):
        for path in imported_files(notebook, folder):
            try:
                digest = blobs.put_bytes(path.read_bytes())
            except OSError:  # it went just now; the notebook will say so
                continue
            modules.append(FrozenModule(path.relative_to(folder).as_posix(), digest))
    described = None if kernel is None else without_secrets(describe_kernel(kernel))
    return FrozenContext(
        None if described is None else blobs.put_bytes(encode_part(msgspec.to_builtins(described))), modules
    )


def describe_kernel(name: str) -> KernelDescription | None:
    """Return what is known of a kernel by this name; None where no kernel.json describes it."""
    from jupyter_core.paths import jupyter_path  # late: many submit nothing

    folders = [Path(place) for place in jupyter_path("kernels")]
    with contextlib.suppress(UsageError):  # said where it matters
        folders.append(Settings.load().environments_folder / "kernels")
    for place in folders:
        folder = place / name.lower()
        try:
            spec = json.loads((folder / "kernel.json").read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(spec, dict):
            return KernelDescription(str(folder), spec)
    return None


def without_secrets(described: KernelDescription | None) -> KernelDescription | None:
    """Return a description as it may be stored: without variables in whose values a secret is."""
    given = None if described is None else described.spec.get("env")
    if described is None or not isinstance(given, dict):
        return described
    kept = {name: value for name, value in given.items() if not looks_secret(str(name), str(value))}
    return msgspec.structs.replace(described, spec=described.spec | {"env": kept})


def imported_files(notebook: Notebook, folder: Path) -> list[Path]:
    """Return the Python files in `folder` and below that a notebook imports, and those that these import, by path."""
    found: dict[Path, None] = {}
    sources = (source_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "code")
    waiting = [path for source in sources for path in _files_of(_tree(plain_python(source)), folder, None)]
    while waiting and len(found) < _MOST_FILES:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = None
        try:
            text = path.read_text("utf-8", errors="replace")
        except OSError:
            continue
        waiting += _files_of(_tree(text), folder, path)
    return sorted(found)


def _tree(source: str) -> ast.AST:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _files_of(tree: ast.AST, folder: Path, importer: Path | None) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _resolve(folder, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = folder
            if node.level:
                if importer is None:  # in a notebook there is no package
                    continue
                base = importer.parents[node.level - 1] if node.level <= len(importer.parents) else folder
                if not base.is_relative_to(folder):
                    continue
            parts = node.module.split(".") if node.module else []
            if parts:
                yield from _resolve(base, parts)
            for alias in node.names:
                yield from _resolve(base, [*parts, alias.name])


def _resolve(base: Path, parts: Iterable[str]) -> Iterator[Path]:
    """Yield the files of `a.b.c` that lie below a folder: those of the packages on the way, too."""
    place = base
    for part in parts:
        module = place / f"{part}.py"
        place = place / part
        for file in (place / "__init__.py", module):
            if _is_small_file(file):
                yield file
                break
        if not place.is_dir():
            return


def _is_small_file(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= _LARGEST
    except (OSError, ValueError):
        return False
