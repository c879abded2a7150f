"""The metrics of a run as they are logged, read from the end of its journals: log calls know nothing of it."""

import contextlib
from pathlib import Path

from trackbook.domain.metric import is_system, series_name
from trackbook.domain.records import MetricsLogged
from trackbook.services.recorder import RunRecorder
from trackbook.store.journal import read_records

# Of what was logged between two looks only the end matters.
_TAIL = 64 * 1024


class LiveMetrics:
    """The last value of each metric, but for those of machine and process."""

    def __init__(self) -> None:
        self._run_id: str | None = None
        self._read: dict[Path, int] = {}
        self._values: dict[str, float] = {}

    def read(self, recorder: RunRecorder) -> dict[str, float]:
        """Return the last value of each metric of a run by its one-line name, as far as its journals are here."""
        if recorder.run_id != self._run_id:
            self._run_id, self._read, self._values = recorder.run_id, {}, {}
        with contextlib.suppress(OSError):  # a journal that is sealed, or a disk that refuses
            for _, path in recorder.store.list_journals(recorder.run_id):
                self._read_file(path)
        return dict(self._values)

    def _read_file(self, path: Path) -> None:
        size = path.stat().st_size
        start = max(self._read.get(path, 0), size - _TAIL)
        if size <= start:
            return
        self._read[path] = size
        for record in read_records(path, start):
            if isinstance(record, MetricsLogged):
                for key, value in record.values.items():
                    if is_system(key):
                        continue
                    self._values[series_name(key, record.context or {})] = value
