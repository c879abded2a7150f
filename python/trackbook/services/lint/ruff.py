"""Ruff, which reads notebooks: run once for many, with the user's own configuration."""

import hashlib
import json
import os
import shutil
import subprocess
import sysconfig
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from trackbook.notebook.lint.cells import cells_of
from trackbook.notebook.lint.source import read_source
from trackbook.notebook.read import Notebook, source_of

_TIMEOUT = 60.0
_KEPT = 256
_AT_ONCE = 200


class RuffEdit(NamedTuple):
    """A change that ruff calls safe: what stands from one line and column to another is replaced."""

    line: int
    column: int
    end_line: int
    end_column: int
    content: str


class RuffFinding(NamedTuple):
    """What ruff says, with the position of the cell among the code cells that it was given."""

    code: str
    name: str
    message: str
    cell: int
    line: int
    column: int
    end_line: int
    end_column: int
    edits: tuple[RuffEdit, ...] = ()


class RuffAnswer(NamedTuple):
    """What ruff found, or why it could not look."""

    findings: list[RuffFinding]
    failure: str = ""


class Ruff:
    """Asks ruff; what it said of a notebook is kept as long as the sources stay the same. Safe to use from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, tuple[str, ...]], RuffAnswer] = OrderedDict()

    def forget(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._kept.clear()

    def check(self, document: Notebook, path: Path, extend: Sequence[str] = ()) -> RuffAnswer:
        """Return what ruff says of a document that stands, or would stand, at `path`.

        `extend` are codes that are looked for beside those of the user's configuration.
        """
        program = find_ruff()
        if program is None:
            return RuffAnswer(
                [],
                "ruff is not installed (pip install ruff): unused imports and the like are not looked for.",
            )
        if not cells_of(document).is_python:
            return RuffAnswer([])
        plain = plain_notebook(document)
        key = (hashlib.sha256(plain).hexdigest(), str(path), (*extend, _configuration(path)))
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        answer = _ask(program, plain, path, extend)
        if not answer.failure:
            with self._lock:
                self._kept[key] = answer
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return answer

    def check_files(self, paths: Sequence[Path], extend: Sequence[str] = ()) -> Mapping[Path, RuffAnswer]:
        """Return what ruff says of saved notebooks of format 4, in as few calls as there can be.

        Those of which it could not be asked have no answer.
        """
        program = find_ruff()
        if program is None:
            return {}
        answers: dict[Path, RuffAnswer] = {}
        for first in range(0, len(paths), _AT_ONCE):
            some = paths[first : first + _AT_ONCE]
            command = [program, *_options(extend), "--", *(str(path.absolute()) for path in some)]
            items, failure = _run(command, None)
            by_file: dict[str, list[RuffFinding]] = {}
            for item in items:
                by_file.setdefault(os.path.realpath(item.get("filename") or ""), []).append(_finding(item))
            if failure:  # one of them may be to blame: they are asked for alone
                continue
            for path in some:
                answers[path] = RuffAnswer(by_file.get(os.path.realpath(path), []))
        return answers


RUFF = Ruff()


@cache
def find_ruff() -> str | None:
    """Return the program of this environment, else the one on the path; None where there is none."""
    for folder in (sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user")):
        if folder and (found := shutil.which("ruff", path=folder)) is not None:
            return found
    return shutil.which("ruff")


def plain_notebook(document: Notebook) -> bytes:
    """Return the code cells of a document as a file for ruff; other cells stay as empty ones, so that none moves.

    So do cells that can't be parsed: for one of them ruff would look at nothing else, and deep ones end it.
    """
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {},
            "outputs": [],
            "source": source_of(cell).replace("\r\n", "\n").replace("\r", "\n").splitlines(keepends=True),
        }
        if cell["cell_type"] == "code" and not is_broken(cell)
        else {"cell_type": "markdown", "id": f"c{number}", "metadata": {}, "source": []}
        for number, cell in enumerate(document["cells"])
    ]
    plain = {
        "cells": cells,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(plain).encode()


def is_broken(cell: Notebook) -> bool:
    """Tell whether a code cell can't be parsed."""
    return cell["cell_type"] == "code" and read_source(source_of(cell)).fault is not None


def _options(extend: Sequence[str]) -> list[str]:
    chosen = [f"--extend-select={','.join(extend)}"] if extend else []
    # Nothing is written into the user's folders.
    return ["check", "--no-cache", "--no-fix", "--quiet", "--output-format=json", "--exit-zero", *chosen]


def _ask(program: str, plain: bytes, path: Path, extend: Sequence[str]) -> RuffAnswer:
    name = path if path.suffix == ".ipynb" else path.with_suffix(".ipynb")
    command = [program, *_options(extend), "--stdin-filename", str(name.absolute()), "-"]
    items, failure = _run(command, plain)
    return RuffAnswer([_finding(item) for item in items], failure)


def _run(command: Sequence[str], data: bytes | None) -> tuple[list[dict[str, Any]], str]:
    try:
        done = subprocess.run(
            command,
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            cwd=Path.cwd().anchor,  # where no file above a notebook configures ruff, that of a working directory would
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return (
            [],
            f"ruff did not answer within {_TIMEOUT:.0f} seconds: unused imports and the like are not looked for.",
        )
    except OSError as error:
        return (
            [],
            f"ruff can't be started ({error.strerror or error}): unused imports and the like are not looked for.",
        )
    try:
        items = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[0] if said else f"it ended with {done.returncode}"
        return [], f"ruff failed: {reason}"
    return [item for item in items if isinstance(item, dict)], ""


def _finding(item: dict[str, Any]) -> RuffFinding:
    start, end = item.get("location") or {}, item.get("end_location") or {}
    fix = item.get("fix") or {}
    edits = fix.get("edits", []) if fix.get("applicability") == "safe" else []
    return RuffFinding(
        str(item.get("code") or "invalid-syntax"),
        str(item.get("name") or "").lower() or "invalid-syntax",
        str(item.get("message") or ""),
        int(item.get("cell") or 0),
        int(start.get("row", 1)),
        int(start.get("column", 1)),
        int(end.get("row", 1)),
        int(end.get("column", 1)),
        tuple(
            RuffEdit(
                edit["location"]["row"],
                edit["location"]["column"],
                edit["end_location"]["row"],
                edit["end_location"]["column"],
                edit.get("content") or "",
            )
            for edit in edits
        ),
    )


def _configuration(path: Path) -> str:
    """Return what tells one state of ruff's configuration above a path from another."""
    state = []
    for folder in path.absolute().parents:
        for name in ("ruff.toml", ".ruff.toml", "pyproject.toml"):
            try:
                state.append(f"{folder / name}:{(folder / name).stat().st_mtime_ns}")
            except OSError:
                continue
    return ";".join(state)
