"""Blobs in a folder that fsspec knows by its URL: S3, Google Cloud Storage, Azure, SFTP, another disk ..."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trackbook.domain.ids import new_id
from trackbook.errors import MissingExtra, NotFound, StoreError, StoreUnreachable

_PIECE = 1024 * 1024


class UrlBlobs:
    """The blobs below `url`, at the same paths as in a store's folder. Raises StoreUnreachable if it can't be reached.

    Credentials are what the file system's own library finds: environment, profiles, roles.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._opened: tuple[Any, str] | None = None

    def has(self, digest: str) -> bool:
        """Tell whether a blob is there."""
        with self._clear_errors():
            files, root = self._open()
            return bool(files.exists(_path(root, digest)))

    def keep(self, digest: str) -> bool:
        """Tell whether a blob is there: nothing is swept away from there."""
        return self.has(digest)

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield a blob's bytes in pieces; raises NotFound if there is no such blob."""
        with self._clear_errors():
            files, root = self._open()
            try:
                with files.open(_path(root, digest), "rb") as file:
                    while piece := file.read(_PIECE):
                        yield piece
            except FileNotFoundError:
                raise NotFound("blob", digest) from None

    def write(self, digest: str, source: Path) -> None:
        """Store a file's bytes under their digest, unless they are there; what is there is whole."""
        with self._clear_errors():
            files, root = self._open()
            target = _path(root, digest)
            size = source.stat().st_size
            if files.exists(target) and files.size(target) == size:
                return
            files.makedirs(target.rpartition("/")[0], exist_ok=True)
            # An object store shows an object when it is complete; a folder needs a name to be complete under.
            is_folder = "file" in _protocols(files) or "local" in _protocols(files)
            draft = f"{target}-{new_id()}" if is_folder else target
            with open(source, "rb") as reader, files.open(draft, "wb") as writer:
                shutil.copyfileobj(reader, writer, _PIECE)
            if is_folder:
                files.mv(draft, target)
            files.invalidate_cache()
            if files.size(target) != size:
                raise StoreError(self.url, f"the blob {digest[:12]}… has not arrived whole")

    def _open(self) -> tuple[Any, str]:
        if self._opened is None:
            import fsspec

            options: dict[str, Any] = {"use_listings_cache": False}
            if self.url.startswith(("s3:", "s3a:")):
                options["config_kwargs"] = {
                    "connect_timeout": 5,
                    "read_timeout": 30,
                    "retries": {"max_attempts": 2},
                }
            files, root = fsspec.core.url_to_fs(self.url, **options)
            self._opened = files, root.rstrip("/")
        return self._opened

    @contextlib.contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except (NotFound, StoreError):
            raise
        except ImportError as error:
            raise MissingExtra(f"Artifacts at {self.url} ({error})", _extra(self.url)) from error
        except ValueError as error:
            raise StoreError(self.url, f"no file system of that kind is known ({error})") from error
        except Exception as error:  # each file system has errors of its own
            raise StoreUnreachable(self.url, f"{type(error).__name__}: {error}") from error


def _path(root: str, digest: str) -> str:
    return f"{root}/{digest[:2]}/{digest}"


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)


def _extra(url: str) -> str:
    return "s3" if url.startswith("s3") else "lab"
