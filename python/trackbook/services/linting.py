"""Linting: Trackbook's own rules, ruff, detect-secrets, git and the last run's verdict, joined."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trackbook.capture.git import is_tracked
from trackbook.domain.lint import Diagnostic, LintReport, Severity
from trackbook.errors import TrackbookError
from trackbook.notebook.lint.cells import LintCell, LintNotebook, cells_of
from trackbook.notebook.lint.checks import check_notebook
from trackbook.notebook.lint.hygiene import outputs_committed
from trackbook.notebook.lint.noqa import without_excused
from trackbook.notebook.lint.paths import find_reads
from trackbook.notebook.lint.selection import Selection
from trackbook.notebook.read import Notebook
from trackbook.services.lint.config import LintConfig, read_config
from trackbook.services.lint.ruff import RUFF, RuffAnswer, RuffFinding, is_broken
from trackbook.services.lint.secrets import find_secrets_of

if TYPE_CHECKING:  # the database is loaded only where there is a store
    from trackbook.services.context import Services

# With these a cell may read any name.
_SEES_NAMES = frozenset(("eval", "exec", "globals", "locals", "vars", "get_ipython"))
# Imported for what importing them does, not for a name: accessors of tables, styles, switches.
_DO_BY_IMPORT = (
    "cf_xarray", "cudf.pandas", "geoviews", "hvplot", "intel_extension_for_pytorch", "janitor", "mpl_toolkits.mplot3d",
    "pandas_ta", "pint_pandas", "pint_xarray", "readline", "rioxarray", "scienceplots", "sklearn.experimental",
    "sklearnex", "swifter", "tensorflow_text", "torch_xla",
)  # fmt: skip
_ERRORS = ("E9", "F5", "F6", "F7", "F82")


class LintOptions(NamedTuple):
    """What a caller wants beside what the project's configuration says.

    `outputs`: whether outputs are reported: None where git tracks the notebook, True also elsewhere, False nowhere.
    """

    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    outputs: bool | None = None
    history: bool = True


class Linting:
    """Lints notebooks; with the services of their project also what runs say of them. Nothing is ever written."""

    def __init__(self, project: "Services | None" = None, options: LintOptions | None = None) -> None:
        self._project = project
        self._options = options or LintOptions()

    def notebook(self, document: Notebook, path: Path, shown: str | None = None) -> LintReport:
        """Return what is found about a document that stands at `path`, or would; `shown` is the report's path.

        Raises UsageError for a configuration that can't be understood.
        """
        config = read_config(path.absolute().parent)
        selection = config.selection(path, self._options.select, self._options.ignore)
        answer = RUFF.check(document, path, _foreign(selection)) if config.ruff else None
        return self._report(document, path, shown or str(path), config, selection, answer)

    def ruff(self, document: Notebook, path: Path) -> Sequence[RuffFinding]:
        """Return what ruff itself says of a document, with its edits; nothing where it is not asked."""
        config = read_config(path.absolute().parent)
        selection = config.selection(path, self._options.select, self._options.ignore)
        return RUFF.check(document, path, _foreign(selection)).findings if config.ruff else []

    def notebooks(self, documents: Mapping[Path, Notebook]) -> Iterable[LintReport]:
        """Yield what is found about saved notebooks, in their order; ruff is called once for all of a configuration.

        Raises UsageError for a configuration that can't be understood.
        """
        groups: dict[tuple[str, ...], list[Path]] = {}
        configs = {path: read_config(path.absolute().parent) for path in documents}
        selections = {
            path: config.selection(path, self._options.select, self._options.ignore)
            for path, config in configs.items()
        }
        for path, config in configs.items():
            if config.ruff and not any(map(is_broken, documents[path]["cells"])):
                groups.setdefault(tuple(_foreign(selections[path])), []).append(path)
        answers: dict[Path, RuffAnswer] = {}
        for extend, paths in groups.items():
            answers.update(RUFF.check_files(paths, extend))
        for path, document in documents.items():
            answer = answers.get(path)
            if configs[path].ruff and (
                answer is None or any(finding.cell == 0 for finding in answer.findings)
            ):
                # A file that ruff can't read as it is, of an older format, say.
                answer = RUFF.check(document, path, _foreign(selections[path]))
            yield self._report(document, path, str(path), configs[path], selections[path], answer)

    def _report(
        self,
        document: Notebook,
        path: Path,
        shown: str,
        config: LintConfig,
        selection: Selection,
        answer: RuffAnswer | None,
    ) -> LintReport:
        notebook = cells_of(document)
        found, unseen = check_notebook(notebook, known=config.builtins, large_output=config.large_output)
        found += find_secrets_of(notebook)
        if notebook.is_python:
            missing, unread = _find_missing(notebook, path)
            found += missing
            unseen += unread
        if answer is not None and notebook.is_python:
            found += _from_ruff(notebook, answer)
            unseen += [answer.failure] if answer.failure else []
        outputs = outputs_committed(notebook)
        if outputs is not None and self._reports_outputs(path):  # git is asked last: it takes the longest
            found.append(outputs)
        if self._project is not None and self._options.history and config.history:
            from trackbook.services.lint.history import find_history

            try:
                found += find_history(notebook, path, self._project)
            except TrackbookError as error:
                unseen.append(f"The last run can't be read: {error}")
        chosen = [diagnostic for diagnostic in found if selection.has(diagnostic.code)]
        kept = sorted(without_excused(notebook, chosen), key=_place)
        return LintReport(shown, kept, unseen)

    def _reports_outputs(self, path: Path) -> bool:
        wanted = self._options.outputs
        return is_tracked(path) if wanted is None else wanted


def _foreign(selection: Selection) -> list[str]:
    """Return the codes beyond the usual that ruff has to be asked for."""
    usual = ("ALL", "F", "E9")
    return [code for code in selection.select if not code.startswith("TB") and code not in usual]


def _place(diagnostic: Diagnostic) -> tuple[int, int, int, str]:
    return diagnostic.cell, diagnostic.line, diagnostic.column, diagnostic.code


def _find_missing(notebook: LintNotebook, path: Path) -> tuple[list[Diagnostic], list[str]]:
    from trackbook.notebook.lint.syntax import place

    reads, unseen = find_reads(notebook)
    folder = path.absolute().parent
    found = []
    for read in reads:
        try:
            is_there = (folder / read.path).exists()
        except (OSError, ValueError):  # no path at all
            continue
        if not is_there:
            found.append(
                read.cell.diagnose(
                    "TB302",
                    f"There is no `{read.path}` in the notebook's folder.",
                    **place(read.cell, read.node),
                )
            )
    return found, unseen


def _from_ruff(notebook: LintNotebook, answer: RuffAnswer) -> list[Diagnostic]:
    cells = {cell.position: cell for cell in notebook.code}
    mentioned = {name for cell in notebook.code for name in cell.source.mentioned}
    for other in notebook.code:
        if other.source.fault is not None:
            mentioned.update(re.findall(r"[^\W\d]\w*", other.text))
        elif other.source.shifts:  # of `%time f()` ruff sees nothing
            mentioned.update(other.scan.used)
    hidden = any(map(_reads_any, notebook.code))
    diagnostics = []
    for finding in answer.findings:
        cell = cells.get(finding.cell)
        # F821 is left to TB101 to TB103, which know magics, and what later cells define.
        if cell is None or finding.code == "F821":
            continue
        names = _quoted(finding.message)
        bound = _bound(names) | _named_at(cell, finding)
        if finding.code == "F401" and _is_used_above(cell, finding, bound, notebook):
            continue  # ruff looks below an import only, and TB101 says what is wrong
        if finding.code in ("F401", "F811", "F841") and bound & mentioned:
            continue  # a magic, a shell command or what can't be parsed uses it
        stays = hidden or _does_by_import(names, notebook)
        diagnostics.append(_diagnostic(cell, finding, names, stays))
    return diagnostics


def _reads_any(cell: LintCell) -> bool:
    """Tell whether a cell may read names that its text does not tell."""
    return bool(_SEES_NAMES & cell.scan.used) or any(
        magic.name == "run" and "-i" in magic.words.split() for magic in cell.source.magics
    )


def _does_by_import(names: Sequence[str], notebook: LintNotebook) -> bool:
    """Tell whether an import may be there for its effect: `import hvplot.pandas` gives tables a `.hvplot`."""
    for name in names:
        if any(name == one or name.startswith(f"{one}.") for one in _DO_BY_IMPORT):
            return True
        accessor = re.compile(rf"[\w)\]]\.{re.escape(name.partition('.')[0])}\b")
        if any(accessor.search(cell.text) for cell in notebook.code):
            return True
    return False


def _named_at(cell: LintCell, finding: RuffFinding) -> set[str]:
    """Return the name that a cell binds where ruff points to: of `import numpy as np` its message tells no `np`."""
    if finding.line != finding.end_line or not 0 < finding.line <= len(cell.source.lines):
        return set()
    text = cell.source.lines[finding.line - 1][finding.column - 1 : finding.end_column - 1]
    return {text.rpartition(" as ")[2].strip().partition(".")[0]}


def _is_used_above(cell: LintCell, finding: RuffFinding, names: set[str], notebook: LintNotebook) -> bool:
    above = (other for other in notebook.code if other.position < cell.position)
    return any(names & other.scan.used for other in above) or any(
        event.kind == "read" and event.name in names and event.line < finding.line
        for event in cell.scan.events
    )


def _diagnostic(cell: LintCell, finding: RuffFinding, names: list[str], stays: bool) -> Diagnostic:
    severity: Severity = (
        "error" if finding.code.startswith(_ERRORS) or finding.code == "invalid-syntax" else "warning"
    )
    fixable = finding.code == "F401" and bool(finding.edits) and not stays
    message = finding.message if finding.message.endswith((".", "?")) else f"{finding.message}."
    return Diagnostic(
        finding.code,
        finding.name,
        severity,
        message,
        cell.position,
        cell.cell_id,
        finding.line,
        finding.column,
        finding.end_line,
        finding.end_column,
        names,
        fixable,
        "`trackbook lint --fix` removes it." if fixable else f"`ruff rule {finding.code}` explains it.",
    )


def _quoted(message: str) -> list[str]:
    parts = message.split("`")
    return parts[1:2] if len(parts) > 2 else []


def _bound(names: Sequence[str]) -> set[str]:
    """Return the name that an import of ruff's message binds: `numpy as np`, `os.path`, `math.pi`."""
    bound = set()
    for name in names:
        whole, _, alias = name.partition(" as ")
        bound |= {alias} if alias else {whole.partition(".")[0], whole.rpartition(".")[2]}
    return bound
