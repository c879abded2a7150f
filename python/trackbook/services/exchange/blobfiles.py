"""The content of an export: blobs copied by their digests, and checked while they are."""

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from trackbook.domain.ids import new_id
from trackbook.errors import NotFound
from trackbook.services.exchange.layout import describe_file
from trackbook.store.blobs import BlobStore
from trackbook.store.place import Blobs


class BlobFiles:
    """Copies blobs of a store into the folder of an export, each once."""

    def __init__(self, source: Blobs, folder: Path) -> None:
        self._source = source
        self._target = BlobStore(folder)
        self._folder = folder
        self.sizes: dict[str, int] = {}
        self.missing: set[str] = set()
        folder.mkdir()

    def add(self, digests: Iterable[str]) -> None:
        """Copy these blobs. What the store lacks, or has damaged, is noted as missing."""
        for digest in digests:
            if digest not in self.sizes and digest not in self.missing:
                self._copy(digest)

    def _copy(self, digest: str) -> None:
        draft = self._folder / f"draft-{new_id()}"
        try:
            self._source.copy_to(digest, draft)
            found = describe_file(draft)
            if found.sha256 != digest:
                raise NotFound("blob", digest)
            target = self._target.path(digest)
            target.parent.mkdir(exist_ok=True)
            draft.replace(target)
            self.sizes[digest] = found.size
        except NotFound:
            self.missing.add(digest)
        finally:
            draft.unlink(missing_ok=True)


@contextlib.contextmanager
def draft_folder(folder: Path) -> Iterator[Path]:
    """Give a new folder beside `folder` that becomes it at the end, and goes when an error ends the work."""
    draft = folder.with_name(f"{folder.name}.{new_id()[-8:]}.draft")
    draft.mkdir(parents=True)
    try:
        yield draft
        if folder.is_dir():
            folder.rmdir()  # an empty one: `replace` refuses it on Windows
        draft.replace(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
