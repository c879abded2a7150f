"""Fixing notebook files: what is safe is changed, all else stays byte for byte."""

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from trackbook.domain.lint import Diagnostic, LintReport
from trackbook.errors import NotebookError
from trackbook.notebook.lint.fixes import Edit, fix_document, render_fixed
from trackbook.notebook.read import Notebook, parse_notebook
from trackbook.services.lint.ruff import RuffFinding
from trackbook.services.linting import Linting

_MOST_ROUNDS = 20
# These change nothing of what a text half of the notebook holds.
_UNPAIRED = frozenset(("TB602", "TB604", "TB605"))


class FixedFile(NamedTuple):
    """A file after fixing: its bytes, what was fixed, what is left, why more was not, and the documents."""

    content: bytes
    made: list[Diagnostic]
    report: LintReport
    kept: str
    before: Notebook
    after: Notebook


def fix_file(data: bytes, path: Path, linting: Linting, shown: str | None = None) -> FixedFile:
    """Return a notebook's file with what can be fixed safely; nothing is written.

    Raises NotebookError for a file that is no notebook.
    """
    document = parse_notebook(data, shown or path)
    report = linting.notebook(document, path, shown)
    if not any(diagnostic.fixable for diagnostic in report.diagnostics):
        return FixedFile(data, [], report, "", document, document)
    if not _is_present(data):
        return FixedFile(
            data, [], report, "it has an older format: save it with Jupyter first", document, document
        )
    pair = _pair_of(document)
    content, current, made = data, document, []
    for _ in range(_MOST_ROUNDS):
        some = [one for one in report.diagnostics if pair == "" or one.code in _UNPAIRED]
        findings = linting.ruff(current, path)
        fixed = fix_document(current, some, lambda one, found=findings: _edits(one, found))  # type: ignore[misc]  # bound at once
        if not fixed.made:
            break
        content = render_fixed(content, fixed.document, fixed.origins)
        if json.loads(content.decode("utf-8-sig")) != _plain(fixed.document):
            raise NotebookError(
                shown or path, "it can't be fixed without a change elsewhere; please report this"
            )
        made += fixed.made
        current = fixed.document
        report = linting.notebook(current, path, shown)
    kept = f"it is paired with text ({pair}): mend the code there" if pair and _has_others(report) else ""
    return FixedFile(content, made, report, kept, document, current)


def write_fixed(path: Path, before: bytes, fixed: FixedFile) -> None:
    """Write a fixed file in one step; raises NotebookError if it was changed meanwhile, OSError if it can't be written.

    A notebook with a text half keeps its time: it must not seem newer than that.
    """
    target = path.resolve()  # a link stays one
    status = target.stat()
    if target.read_bytes() != before:
        raise NotebookError(path, "it was changed while it was linted; nothing is written")
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(fixed.content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, draft)
        if _pair_of(fixed.after):
            os.utime(draft, ns=(status.st_atime_ns, status.st_mtime_ns))
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _is_present(data: bytes) -> bool:
    return bool(json.loads(data.decode("utf-8-sig")).get("nbformat") == 4)


def _pair_of(document: Notebook) -> str:
    metadata = document.get("metadata", {}).get("jupytext")
    formats = metadata.get("formats") if isinstance(metadata, dict) else None
    return formats if isinstance(formats, str) and "," in formats else ""


def _has_others(report: LintReport) -> bool:
    return any(one.fixable and one.code not in _UNPAIRED for one in report.diagnostics)


def _edits(diagnostic: Diagnostic, findings: Sequence[RuffFinding]) -> list[Edit]:
    place = (diagnostic.code, diagnostic.cell, diagnostic.line, diagnostic.column)
    for finding in findings:
        if (finding.code, finding.cell, finding.line, finding.column) == place:
            return [Edit(*edit) for edit in finding.edits]
    return []


def _plain(document: Notebook) -> Any:
    return json.loads(json.dumps(document))
