"""Many notebooks at once: read, grouped by the store of their project, linted or fixed."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from trackbook.config import Settings
from trackbook.domain.lint import LintReport
from trackbook.errors import NotebookError, TrackbookError
from trackbook.notebook.cleaning.layout import Layout
from trackbook.notebook.lint.registry import diagnose
from trackbook.notebook.read import Notebook, parse_notebook
from trackbook.services.lint.fixing import FixedFile, fix_file, write_fixed
from trackbook.services.linting import Linting, LintOptions
from trackbook.store.paths import StorePaths, find_store

if TYPE_CHECKING:  # the database is loaded only where there is a store
    from trackbook.services.context import Services


class Linted(Struct, frozen=True):
    """A notebook that was linted; `document` is None where it can't be read."""

    report: LintReport
    document: Notebook | None = None
    data: bytes = b""

    def lines(self) -> dict[int, int]:
        """Return on which line of the file each cell begins, both from 1."""
        if self.document is None:
            return {}
        text = self.data.decode("utf-8-sig", "replace")
        root = Layout(text).root.items
        cells = root["cells"].items if isinstance(root, dict) and "cells" in root else None
        if not isinstance(cells, list):  # an older format
            return {}
        found, line, at = {}, 1, 0
        for number, cell in enumerate(cells, start=1):
            line += text.count("\n", at, cell.start)
            at = cell.start
            found[number] = line
        return found


class Batches:
    """Lints and fixes notebooks of any projects; opens the stores that there are, and makes none."""

    def __init__(self, options: LintOptions) -> None:
        self._options = options
        self._open: dict[Path, Services | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for services in self._open.values():
            if services is not None:
                services.close()

    def lint(self, paths: Sequence[Path]) -> list[Linted]:
        """Return what is found about saved notebooks, in their order. Raises UsageError as `Linting` does."""
        linted: dict[Path, Linted] = {}
        groups: dict[int, tuple[Services | None, dict[Path, Notebook]]] = {}
        for path in paths:
            try:
                data = path.read_bytes()
                document = parse_notebook(data, path)
            except (NotebookError, OSError) as error:
                linted[path] = _unreadable(path, error)
                continue
            linted[path] = Linted(LintReport(str(path)), document, data)
            services = self._services(path)
            groups.setdefault(id(services), (services, {}))[1][path] = document
        for services, documents in groups.values():
            reports = Linting(services, self._options).notebooks(documents)
            for path, report in zip(documents, reports, strict=True):
                linted[path] = Linted(report, linted[path].document, linted[path].data)
        return [linted[path] for path in paths]

    def lint_data(self, data: bytes, path: Path, shown: str) -> Linted:
        """Return what is found about a notebook that would lie at `path`."""
        try:
            document = parse_notebook(data, shown)
        except NotebookError as error:
            return _unreadable(shown, error)
        return Linted(
            Linting(self._services(path), self._options).notebook(document, path, shown), document, data
        )

    def fix(self, path: Path, *, write: bool) -> tuple[Linted, FixedFile | None]:
        """Fix a notebook, in its file with `write`, and return what is left and what was done."""
        try:
            data = path.read_bytes()
            fixed = fix_file(data, path, Linting(self._services(path), self._options), str(path))
        except (NotebookError, OSError) as error:
            return _unreadable(path, error), None
        if write and fixed.content != data:
            try:
                write_fixed(path, data, fixed)
            except (NotebookError, OSError) as error:  # the others are fixed nonetheless
                return self._unwritten(path, data, fixed, _reason(error))
        return Linted(fixed.report, fixed.after, fixed.content), fixed

    def _unwritten(self, path: Path, data: bytes, fixed: FixedFile, reason: str) -> tuple[Linted, FixedFile]:
        report = Linting(self._services(path), self._options).notebook(fixed.before, path)
        kept = FixedFile(data, [], report, reason, fixed.before, fixed.before)
        return Linted(report, fixed.before, data), kept

    def _services(self, path: Path) -> "Services | None":
        if not self._options.history:
            return None
        settings = Settings.load()
        if settings.store_url is not None:  # another machine's answers are not waited for
            return None
        with contextlib.suppress(TrackbookError):
            if settings.store is not None:
                store = (
                    StorePaths(settings.store.absolute())
                    if (settings.store / "store.json").is_file()
                    else None
                )
            else:
                store = find_store(path.absolute().parent)
            if store is None:
                return None
            from trackbook.services.context import open_services
            from trackbook.services.ingester import is_served

            if is_served(store.remote):
                return None
            if store.root not in self._open:
                self._open[store.root] = None
                services = open_services(store, settings.token)
                services.runs.refresh()
                self._open[store.root] = services
            return self._open[store.root]
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, NotebookError):
        return error.reason
    return getattr(error, "strerror", None) or str(error)


def _unreadable(path: Path | str, error: Exception) -> Linted:
    reason = _reason(error)
    return Linted(LintReport(str(path), [diagnose("TB600", f"This can't be linted: {reason}.")]))
