"""Bringing what runs write to the disk itself, every so many seconds: for who fears power cuts (TRACKBOOK_SYNC)."""

import os
import threading
from collections import deque
from pathlib import Path

from trackbook.services.recorder import RunRecorder
from trackbook.services.warning import warn
from trackbook.store.blobs import BlobStore
from trackbook.store.durable import bring_to_disk


class Syncing:
    """Brings the journals of a run, and the blobs that they name, to the disk in a thread of its own.

    A log call does not wait for it. What forked children write is brought to the disk, too.
    """

    def __init__(self, recorder: RunRecorder, seconds: float) -> None:
        self._store = recorder.store
        self._folder = recorder.store.journals / recorder.run_id
        self._seconds = seconds
        self._blobs = _NotedBlobs(recorder.store.blobs)
        recorder.blobs = self._blobs
        # What an ingester writes out of a journal it brings to no disk.
        recorder.keeps_content = False
        self._sizes: dict[Path, int] = {}  # of journals, as far as they are on the disk
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._warned = False
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._work, name="trackbook-syncing", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Bring to the disk what is not there yet, and stop."""
        if self._pid == os.getpid():
            self._over.set()
            self._thread.join()
            self._sync()

    def _work(self) -> None:
        while not self._over.wait(self._seconds):
            self._sync()

    def _sync(self) -> None:
        try:
            with self._turn:
                # Blobs first, so that no journal on the disk names one that is not.
                sizes = self._journal_sizes()
                self._sync_blobs()
                self._sync_journals(sizes)
        except OSError as error:
            if not self._warned:
                self._warned = True
                text = f"Trackbook could not bring {self._folder} to the disk ({error.strerror or error})."
                warn(text + " A power cut may take away what was tracked.")

    def _journal_sizes(self) -> dict[Path, int]:
        return {path: path.stat().st_size for path in _files(self._folder) if path.suffix == ".journal"}

    def _sync_blobs(self) -> None:
        folders: set[Path] = set()
        while self._blobs.noted:
            path = self._blobs.noted[0]
            bring_to_disk(path)
            folders.add(path.parent)
            self._blobs.noted.popleft()
        for folder in (*folders, self._store.blobs) if folders else ():
            bring_to_disk(folder)

    def _sync_journals(self, sizes: dict[Path, int]) -> None:
        for path, size in sizes.items():
            if self._sizes.get(path) != size:
                try:
                    bring_to_disk(path)
                    if path not in self._sizes:
                        self._sync_names()
                except FileNotFoundError:  # a segment meanwhile, which is on the disk
                    continue
                self._sizes[path] = size

    def _sync_names(self) -> None:
        for folder in (self._folder, self._store.journals, self._store.root, self._store.project):
            bring_to_disk(folder)


class _NotedBlobs(BlobStore):
    """Notes which files were put, for the next time that the disk is waited for."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.noted: deque[Path] = deque()
        self._pid = os.getpid()

    def put_bytes(self, data: bytes) -> str:
        digest = super().put_bytes(data)
        self._note(digest)
        return digest

    def put_file(self, source: Path) -> tuple[str, int]:
        digest, size = super().put_file(source)
        self._note(digest)
        return digest, size

    def _note(self, digest: str) -> None:
        path = self.path(digest)
        if self._pid == os.getpid():
            self.noted.append(path)
        else:  # a forked child has no thread that would come by
            for part in (path, path.parent, self.root):
                bring_to_disk(part)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:  # all of it was sealed
        return []
