"""Where a store keeps what, and how a project's store is found."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from trackbook.domain.ids import is_id, new_id
from trackbook.errors import StoreError, StoreTooNew

FOLDER = ".trackbook"
FORMAT = 1
PROJECT_SUBJECT = "project"


class PartName(NamedTuple):
    """The name of one journal file: whose, by which writer, and its running number from 0."""

    subject: str
    writer: str
    part: int

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return f"{self.writer}-{self.part:04d}"


@dataclass(frozen=True, slots=True)
class StorePaths:
    """The paths of the store in the folder `root` (a project's `.trackbook`).

    `local` is a folder of this machine for the index and the ingester's files, where the store is on a network.
    `home` is named where the folder only keeps what belongs into another store, which can't be written just now.
    """

    root: Path
    local: Path | None = None
    home: Path | None = None

    @property
    def project(self) -> Path:
        """The project's folder, which holds the store."""
        return (self.home or self.root).parent

    @property
    def journals(self) -> Path:
        """Where open journals lie, a folder a run."""
        return self.root / "journals"

    @property
    def segments(self) -> Path:
        """Where sealed journals lie."""
        return self.root / "segments"

    @property
    def blobs(self) -> Path:
        """Where content-addressed files lie."""
        return self.root / "blobs"

    @property
    def cached_blobs(self) -> Path:
        """Where copies of blobs lie that are kept elsewhere; it can be deleted at any time."""
        return self.root / "cache"

    @property
    def jobs(self) -> Path:
        """Where jobs keep their folders."""
        return self.root / "jobs"

    @property
    def bells(self) -> Path:
        """Where processes of this machine that wait for jobs hang their bells."""
        return (self.local or self.root) / "bells"

    @property
    def templates(self) -> Path:
        """The file that says whose templates of warm kernels whoever works here on this machine may use."""
        return (self.local or self.root) / "templates"

    @property
    def ingester_bells(self) -> Path:
        """Where the ingester of this machine hangs the bell by which readers wake it."""
        return self.bells / "ingester"

    @property
    def index(self) -> Path:
        """The index database."""
        return (self.local or self.root) / "index.sqlite"

    @property
    def ingester_lock(self) -> Path:
        """The lock that the one ingester holds."""
        return (self.local or self.root) / "ingester.lock"

    @property
    def ingester_start(self) -> Path:
        """The file that says which process was started to be the ingester, and has perhaps not come to its lock yet."""
        return (self.local or self.root) / "ingester.start"

    @property
    def ingester_request(self) -> Path:
        """The file that asks a running ingester to end."""
        return (self.local or self.root) / "ingester.yield"

    @property
    def numbers(self) -> Path:
        """Where machines that share the store say which run has which number."""
        return self.root / "numbers"

    @property
    def id(self) -> str:
        """The project's id, made when the store was."""
        return str(self._identity()["id"])

    @property
    def name(self) -> str:
        """The project's name: that of its folder; of a spool, the last part of its store's URL."""
        if self.home is None and (remote := self.remote):
            return remote.rstrip("/").rpartition("/")[2]
        return self.project.name

    @property
    def remote(self) -> str | None:
        """The URL (without its password) of the store for which this folder is the spool; None for a store."""
        url = self._identity().get("remote")
        return None if url is None else str(url)

    def journal(self, name: PartName) -> Path:
        """Return the path of a journal file."""
        return self.journals / name.subject / f"{name.stem}.journal"

    def segment(self, name: PartName) -> Path:
        """Return the path of the segment that replaces a journal file."""
        return self.segments / name.subject / f"{name.stem}.segment"

    def lock(self, subject: str, writer: str) -> Path:
        """Return the path of a writer's lock file."""
        return self.journals / subject / f"{writer}.lock"

    def job_folder(self, job_id: str) -> Path:
        """Return the folder of a job."""
        return self.jobs / job_id

    def output_folder(self, job_id: str) -> Path:
        """The folder in which a job's notebook may leave files of its own."""
        return self.job_folder(job_id) / "outputs"

    def list_journals(self, subject: str | None = None) -> Iterator[tuple[PartName, Path]]:
        """Yield each journal file (those of one `subject`, if it is given), by subject, writer and part."""
        return _list_parts(self.journals, ".journal", subject)

    def list_segments(self, subject: str | None = None) -> Iterator[tuple[PartName, Path]]:
        """Yield each segment file (those of one `subject`, if it is given), by subject, writer and part."""
        return _list_parts(self.segments, ".segment", subject)

    def keep_artifacts_at(self, url: str | None) -> str | None:
        """Return the URL where the store's blobs are kept: what it says of itself, `url` if it has said nothing yet.

        None where they are kept in the store. Raises StoreError if the store can't be written.
        """
        identity = self._identity()
        if url is None or identity.get("artifacts") is not None:
            return identity.get("artifacts")
        draft = self.root / f"store-{os.getpid()}-{new_id()}.json"
        try:
            draft.write_text(json.dumps(identity | {"artifacts": url}), encoding="utf-8")
            os.replace(draft, self.root / "store.json")
        except OSError as error:
            raise StoreError(self.root, f"it can't note where its artifacts are kept ({error})") from error
        return url

    def check(self) -> "StorePaths":
        """Return self if this is a store that this version can use; raises StoreError if not."""
        identity = self._identity()
        if identity.get("format") != FORMAT:
            raise StoreTooNew(
                self.root, "a newer Trackbook wrote it; upgrade this one: pip install -U trackbook"
            )
        return self

    def _identity(self) -> dict[str, Any]:
        try:
            identity = json.loads((self.root / "store.json").read_bytes())
        except (OSError, ValueError) as error:
            raise StoreError(self.root, f"store.json can't be read ({error})") from error
        if not isinstance(identity, dict) or not is_id(str(identity.get("id"))):
            raise StoreError(self.root, "store.json is not a description of a store")
        return identity


def find_store(start: Path) -> StorePaths | None:
    """Return the store of the nearest folder, from `start` upwards, that has one."""
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        if (candidate / FOLDER / "store.json").is_file():
            return StorePaths(candidate / FOLDER).check()
    return None


def create_store(root: Path, remote: str | None = None) -> StorePaths:
    """Make the folder `root` a store, or the spool for the store at the URL `remote`; or return the one that is there.

    Two processes may do so at the same moment: the identity file appears whole or not at all, and the first wins.
    """
    paths = StorePaths(root.absolute())
    try:
        for folder in (paths.journals, paths.segments, paths.blobs, paths.jobs):
            folder.mkdir(parents=True, exist_ok=True)
        identity = paths.root / "store.json"
        if not identity.exists():
            (paths.root / ".gitignore").write_text("*\n", encoding="utf-8")
            draft = paths.root / f"store-{os.getpid()}-{new_id()}.json"
            description = {"format": FORMAT, "id": new_id()} | ({"remote": remote} if remote else {})
            draft.write_text(json.dumps(description), encoding="utf-8")
            _link_first(draft, identity)
    except OSError as error:
        raise StoreError(root, f"it can't be made here ({error.strerror or error})") from error
    return paths.check()


def locate_store(start: Path) -> StorePaths:
    """Return the store for work in the folder `start`: found upwards, else made at the git root, else in `start`."""
    return find_store(start) or create_store(_project_root(start) / FOLDER)


def planned_root(start: Path) -> Path:
    """Return the folder of that store, whether it is there, can be used, or not."""
    for candidate in (start.absolute(), *start.absolute().parents):
        if (candidate / FOLDER / "store.json").is_file():
            return candidate / FOLDER
    return _project_root(start) / FOLDER


def _project_root(start: Path) -> Path:
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
    return folder


def _link_first(draft: Path, target: Path) -> None:
    try:
        os.link(draft, target)
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        if not target.exists():
            os.replace(draft, target)
    draft.unlink(missing_ok=True)


def _list_parts(folder: Path, suffix: str, only: str | None) -> Iterator[tuple[PartName, Path]]:
    try:
        subjects = [only] if only else sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
    except FileNotFoundError:
        return
    for subject in subjects:
        try:
            names = sorted(os.listdir(folder / subject))
        except FileNotFoundError:  # there are none, or they were taken away meanwhile
            continue
        for name in names:
            if name.endswith(suffix):
                writer, _, part = name[: -len(suffix)].rpartition("-")
                if is_id(writer) and part.isdigit():
                    yield PartName(subject, writer, int(part)), folder / subject / name
