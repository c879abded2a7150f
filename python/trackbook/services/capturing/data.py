"""Sees which of the project's files are read while a run is open."""

from trackbook.capture.opens import OpenedFile, OpenWatch
from trackbook.capture.readers import watch_readers
from trackbook.config import Settings
from trackbook.services.background import background
from trackbook.services.capturing.captures import is_off, switch_off
from trackbook.services.data import data_of
from trackbook.services.job_writes import JobWrites
from trackbook.services.recorder import RunRecorder
from trackbook.services.session import current_session
from trackbook.services.warning import warn


class DataCapture:
    """Records what readers open, for one run: at once without a digest, and again with it."""

    def __init__(self, recorder: RunRecorder) -> None:
        self._data = data_of(recorder)
        output = Settings.load().output_dir
        # Beside other jobs, somebody has to know what each of them writes.
        self._writes = None if output is None else JobWrites(output.parent, self._data.project)
        note = None if self._writes is None else self._writes.note
        self._watch = OpenWatch(self._data.project, self._opened, _failed, note)

    def begin(self) -> None:
        """Watch from now on."""
        background.start()
        watch_readers()
        self._watch.start()

    def update(self) -> None:
        """Wrap what a cell may have imported in a way that the import system did not see."""
        watch_readers()

    def finish(self, patience: float) -> None:
        """Watch no more; the digests are waited for with those of the data that the user named."""
        self._watch.stop()

    def _opened(self, opened: OpenedFile) -> None:
        try:
            cell_id = current_session().cell_id()
        except AttributeError:  # in another thread, at the moment at which the cell ended
            cell_id = None
        background.tell(lambda: self._see(opened, cell_id))

    def _see(self, opened: OpenedFile, cell_id: str | None) -> None:
        try:
            self._data.see(opened, cell_id)
        except Exception as error:
            self._watch.stop()
            _failed(error)


def _failed(error: Exception) -> None:
    if not is_off("data"):
        switch_off("data")
        warn(
            f"Trackbook stops seeing which files are read in this process ({type(error).__name__}: {error}). "
            "Your work and all else that is recorded go on.",
            stacklevel=4,
        )
