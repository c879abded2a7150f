"""The data that a run uses: named by the user, or seen while it was read. Digests are worked out beside the work."""

import contextlib
import os
import stat
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from trackbook.capture.datafile import FileFacts, FileState, digest_file, looks_like_database, state_of
from trackbook.capture.opens import OpenedFile, keep_quiet
from trackbook.capture.places import ProjectFolder, guess_role
from trackbook.capture.splits import role_of
from trackbook.domain.data import ROLES, DataInput, DataKind, DataRole
from trackbook.domain.names import MAX_NAME, check_name
from trackbook.errors import InvalidValue, UsageError
from trackbook.services.background import background
from trackbook.services.recorder import RunRecorder

if TYPE_CHECKING:
    from trackbook.capture.folder import FolderFacts
    from trackbook.capture.tables import MemoryTable

# More files than these, read one by one, are recorded as the folder in which they lie.
_FILES_IN_FOLDER = 100
_FILES_BELOW_FOLDER = 1000
_SHORT_PATIENCE = 0.02
# A file that is written again and again, and read in between, is no input with versions that anybody will look for.
_VERSIONS = 100
# For how many times as long as the digest of one of many files took the next one waits.
_SHARE = 10


class RunData:
    """The data of one run. What is still being digested when the run ends is added behind its end.

    `declare` and `finish` are called by the user's thread, `see` by the background's.
    """

    def __init__(self, recorder: RunRecorder) -> None:
        self.project = ProjectFolder(recorder.store.project)
        self._recorder = recorder
        self._pid = os.getpid()
        self._turn = threading.RLock()  # while it is held the run does not end
        self._over = False
        self._late: RunRecorder | None = None
        self._waiting = 0
        self._said: dict[str, DataInput] = {}  # by place
        self._states: dict[str, FileState | None] = {}  # of files that are recorded, by path
        self._inside: Counter[str] = Counter()  # files recorded one by one, by each folder around them
        self._versions: Counter[str] = Counter()  # that were seen, by place
        self._folded: dict[str, dict[str, FileState]] = {}

    # What the user names

    def declare(
        self,
        source: Any,
        name: str | None = None,
        role: DataRole | None = None,
        cell_id: str | None = None,
    ) -> str:
        """Record a file, folder, URL, table or array as used; returns the place by which it is listed.

        Raises UsageError for what is none of them or is not there, InvalidName and InvalidValue for a name or a role
        that can't be.
        """
        if name is not None:
            check_name("data", name)
        if role is not None and role not in ROLES:
            raise InvalidValue("role", role, f"a role is train, validation or test, not {role!r}")
        if isinstance(source, (str, os.PathLike)):
            path = os.fspath(source)
            if not isinstance(path, str):
                path = os.fsdecode(path)
            if not path:
                raise UsageError("An empty path names no data.")
            if "://" in path and not path.startswith("file://"):
                return self._declare_url(path, name, role, cell_id)
            return self._declare_path(path.removeprefix("file://"), name, role, cell_id)
        from trackbook.capture.tables import read_table

        table = read_table(source)
        if table is None:
            raise UsageError(_no_data(source))
        if name is None:
            raise UsageError(
                f"A table in memory has no name of its own: run.data({_kind(source)}, name='train')."
            )
        return self._declare_table(table, name, role or guess_role(name) or role_of(source), cell_id)

    def _declare_url(self, url: str, name: str | None, role: DataRole | None, cell_id: str | None) -> str:
        from trackbook.config import without_password

        place = _without_signature(without_password(url))
        plain = place.partition("?")[0].rstrip("/")
        given = name or plain.rpartition("/")[2][:MAX_NAME] or place[:MAX_NAME]
        self._say(DataInput(given, place, "other", "declared", role=role or guess_role(plain)), cell_id)
        return place

    def _declare_path(self, given: str, name: str | None, role: DataRole | None, cell_id: str | None) -> str:
        path = os.path.abspath(os.path.expanduser(given))
        try:
            status = os.stat(path)
        except OSError as error:
            raise UsageError(
                f"There is no file or folder {given!r} in {os.getcwd()} ({error.strerror})."
            ) from None
        is_folder = stat.S_ISDIR(status.st_mode)
        if not is_folder and not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{given!r} is a pipe or a device; name a file or a folder.")
        place = self.project.place(path)
        data = DataInput(
            name or os.path.basename(path)[:MAX_NAME] or place,
            place,
            "folder" if is_folder else _file_kind(path),
            "declared",
            size=None if is_folder else status.st_size,
            role=role or self._guess(place, name),
        )
        if is_folder:
            self._say(data, cell_id)
            self._later(lambda: self._add_folder(data, lambda: _all_of(path), cell_id))
        else:
            self._take_file(path, state_of(status), data, cell_id)
        return place

    def _declare_table(
        self, table: "MemoryTable", name: str, role: DataRole | None, cell_id: str | None
    ) -> str:
        data = DataInput(
            name,
            f"name:{name}",
            "table",
            "declared",
            size=table.size,
            role=role,
            rows=table.rows,
            columns=table.columns,
        )
        self._say(data, cell_id)
        self._later(lambda: self._add_table(data, table, cell_id))
        return data.place

    # What readers were seen to open

    def see(self, opened: OpenedFile, cell_id: str | None) -> None:
        """Record what was opened, unless it is no data or is recorded already."""
        path, state = opened.path, opened.state
        if not self.project.holds_data(path) or self._states.get(path, _UNKNOWN) == state:
            return
        place = self.project.place(path)
        self._versions[place] += 1
        if self._versions[place] > _VERSIONS:
            return
        kind: DataKind = "database" if opened.is_database else _file_kind(path)
        data = DataInput(
            os.path.basename(path)[:MAX_NAME],
            place,
            "folder" if state is None else kind,
            "observed",
            size=None if state is None else state.size,
            role=self._guess(place, None),
            reader=opened.reader,
        )
        if (said := self._said.get(place)) is not None:  # another version of what was named before
            data = replace(data, name=said.name, role=said.role or data.role, origin=said.origin)
        if state is None:
            self._states[path] = state
            self._say(data, cell_id)
            self._later(lambda: self._add_folder(data, lambda: _all_of(path), cell_id))
        elif place in self._said or not self._fold(path, state, opened.reader, cell_id):
            self._take_file(path, state, data, cell_id)

    def _fold(self, path: str, state: FileState, reader: str, cell_id: str | None) -> bool:
        parents = self._parents(path)
        for folder in parents:
            if folder in self._folded:
                self._folded[folder][path] = state
                self._later(lambda: self._read_ahead(path))
                return True
        for depth, folder in enumerate(parents):
            self._inside[folder] += 1
            if depth == 0:
                self._inside[f"{folder}{os.sep}"] += 1  # those that lie in it directly
        full = next(
            (
                folder
                for folder in parents
                if self._inside[f"{folder}{os.sep}"] > _FILES_IN_FOLDER
                or self._inside[folder] > _FILES_BELOW_FOLDER
            ),
            None,
        )
        if full is None:
            return False
        around = f"{full}{os.sep}"
        inside = {p: s for p, s in self._states.items() if p.startswith(around) and s is not None}
        self._folded[full] = {**inside, path: state}
        place = self.project.place(full)
        name = os.path.basename(full)[:MAX_NAME]
        role = self._guess(place, None)
        self._say(DataInput(name, place, "folder", "observed", role=role, reader=reader), cell_id)
        self._later(lambda: self._read_ahead(path))
        return True

    def _parents(self, path: str) -> list[str]:
        # From the nearest folder to the project's own.
        prefix = next(prefix for prefix in self.project.prefixes if path.startswith(prefix))
        parts = path[len(prefix) :].split(os.sep)[:-1]
        return [(prefix + os.sep.join(parts[:depth])).rstrip(os.sep) for depth in range(len(parts), -1, -1)]

    def _read_ahead(self, path: str) -> None:
        # The folder's digest is worked out when the run ends; by then its files are known.
        began = time.perf_counter()
        with contextlib.suppress(OSError):
            digest_file(path, None, background.rest)
        # A loop over thousands of small files gets the interpreter for most of the time.
        background.pause(min(_SHARE * (time.perf_counter() - began), 1.0))

    def _guess(self, place: str, name: str | None) -> DataRole | None:
        found = guess_role(name) if name else None
        if found is None:
            # Outside the project, only the nearest folders can be about the data.
            parts = place.split("/")
            found = guess_role("/".join(parts[-2:] if place.startswith("/") else parts))
        return found

    # The run's end

    def finish(self, patience: float) -> None:
        """Hear that the run is about to end; what is not known in `patience` seconds is added afterwards."""
        if self._pid != os.getpid():
            return
        if self._folded:
            background.tell(self._close_folders)
            background.start()
        # What is known already, as in the runs of a search that read the same file, needs no writer behind the end.
        background.wait(patience or _SHORT_PATIENCE)
        with self._turn:
            self._over = True

    def _close_folders(self) -> None:
        for folder, files in self._folded.items():
            said = self._said.get(self.project.place(folder))
            if said is None:
                continue
            taken = list(files.items())
            work = lambda folder=folder, taken=taken: _some_of(folder, taken)  # noqa: E731
            self._later(lambda said=said, work=work: self._add_folder(said, work, None))  # type: ignore[misc]

    # In the background

    def _take_file(self, path: str, state: FileState, data: DataInput, cell_id: str | None) -> None:
        self._states[path] = state
        self._say(data, cell_id)
        self._later(lambda: self._add_file(path, state, data, cell_id))

    def _add_file(self, path: str, state: FileState, data: DataInput, cell_id: str | None) -> None:
        try:
            facts = digest_file(path, state, background.rest, is_database=data.kind == "database")
        except OSError as error:
            self._say(replace(data, problem=error.strerror or str(error)), cell_id)
            return
        self._say(_with_facts(data, facts), cell_id)

    def _add_folder(self, data: DataInput, work: "Callable[[], FolderFacts]", cell_id: str | None) -> None:
        try:
            facts = work()
        except OSError as error:
            self._say(replace(data, problem=error.strerror or str(error)), cell_id)
            return
        known = replace(
            data,
            digest=facts.digest,
            size=facts.size,
            files=facts.files,
            manifest=self._recorder.store_blob(facts.manifest),
            changed=facts.changed,
            problem=facts.problem,
        )
        self._say(known, cell_id)

    def _add_table(self, data: DataInput, table: "MemoryTable", cell_id: str | None) -> None:
        try:
            known = replace(data, digest=table.digest(), changed=table.changed())
        except ValueError as error:
            known = replace(data, problem=str(error)[:500])
        self._say(known, cell_id)

    def _later(self, work: Callable[[], None]) -> None:
        with self._turn:
            self._waiting += 1

        def task() -> None:
            keep_quiet()
            try:
                work()
            except Exception as error:  # nothing of this may reach the user's work
                import logging

                text = "Trackbook could not record the data of %s: %s: %s"
                logging.getLogger(__name__).warning(text, self._recorder.name, type(error).__name__, error)
            finally:
                self._done()

        background.put(task)

    def _done(self) -> None:
        with self._turn:
            self._waiting -= 1
            if self._waiting == 0 and self._late is not None:
                self._late.close()
                self._late = None

    def _say(self, data: DataInput, cell_id: str | None) -> None:
        with self._turn:
            said = self._said.get(data.place)
            # What the user said about a version meanwhile is not taken back by what was begun before.
            if said is not None and said.origin == "declared" and data.origin == "observed":
                data = replace(data, origin="declared", name=said.name, role=said.role or data.role)
            if said is not None and data.reader is None:  # that it is named does not change what read it
                data = replace(data, reader=said.reader)
            self._said[data.place] = data
            if not self._over:
                self._recorder.data_used(data, cell_id)
                return
        run = self._recorder
        if self._late is None:
            self._late = RunRecorder.join(
                run.store, run.run_id, role="editor", experiment=run.experiment, name=run.name
            )
        self._late.data_used(data, cell_id)


_UNKNOWN = FileState(-1, -1, -1, -1)
_runs: "weakref.WeakKeyDictionary[RunRecorder, RunData]" = weakref.WeakKeyDictionary()


def data_of(recorder: RunRecorder) -> RunData:
    """Return the data of the run that this process writes with `recorder`; made when asked for first."""
    known = _runs.get(recorder)
    if known is None or known._pid != os.getpid():
        known = _runs[recorder] = RunData(recorder)
    return known


def finish_data(recorder: RunRecorder, patience: float) -> None:
    """Hear that a run is about to end."""
    if (known := _runs.pop(recorder, None)) is not None:
        known.finish(patience)


def _with_facts(data: DataInput, facts: FileFacts) -> DataInput:
    return replace(
        data,
        digest=facts.digest,
        size=facts.size,
        rows=facts.rows,
        columns=facts.columns,
        changed=facts.changed,
    )


def _all_of(folder: str) -> "FolderFacts":
    from trackbook.capture.folder import digest_folder

    return digest_folder(folder, background.rest)


def _some_of(folder: str, files: list[tuple[str, FileState]]) -> "FolderFacts":
    from trackbook.capture.folder import digest_files

    return digest_files(folder, files, background.rest)


def _file_kind(path: str) -> DataKind:
    return "database" if looks_like_database(path) else "file"


_SIGNATURES = (
    "sig",
    "token",
    "secret",
    "password",
    "credential",
    "accesskey",
    "access_key",
    "api_key",
    "apikey",
)


def _without_signature(url: str) -> str:
    # Signed addresses carry what opens them.
    path, mark, query = url.partition("?")
    if not mark:
        return url
    kept = [
        pair
        for pair in query.split("&")
        if not any(word in pair.partition("=")[0].lower() for word in _SIGNATURES)
    ]
    return f"{path}?{'&'.join(kept)}" if kept else path


def _kind(source: Any) -> str:
    return f"{type(source).__name__}"


def _no_data(source: Any) -> str:
    what = f"{type(source).__module__.partition('.')[0]} {type(source).__name__}"
    hints = {
        "LazyFrame": " Collect it first, or name the files that it scans.",
        "DuckDBPyRelation": " Turn it into a table first, with .df() or .pl().",
    }
    return (
        f"A {what} can't be recorded as data: name a file, a folder, a URL, a pandas, polars or pyarrow table, or "
        f"a numpy array.{hints.get(type(source).__name__, '')}"
    )
