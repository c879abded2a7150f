"""What went into a run, held against what lies there now: its data and the project's modules."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from trackbook.capture.datafile import digest_file
from trackbook.capture.folder import FolderEntry
from trackbook.domain.data import DataInput, UsedData
from trackbook.domain.environment import Module
from trackbook.domain.obstacle import Obstacle
from trackbook.errors import TrackbookError
from trackbook.services.masking import Masker
from trackbook.store.blobs import digest_of
from trackbook.store.place import Blobs

_MOST_NAMED = 8
_decode_manifest = msgspec.json.Decoder(list[FolderEntry]).decode


class Inputs:
    """Looks at the data and modules that runs of one project used."""

    def __init__(self, project: Path, blobs: Blobs) -> None:
        self._project, self._blobs = project, blobs

    def data(self, used: Iterable[UsedData]) -> Iterator[Obstacle]:
        """Yield what is wrong with the data of a run: missing, changed, not known, or not part of the project.

        Reads each file whose content is known by its digest.
        """
        versions: dict[str, list[DataInput]] = {}
        for one in used:  # by place and time
            versions.setdefault(one.data.place, []).append(one.data)
        for place, found in versions.items():
            yield from self._check(place, found)

    def modules(self, modules: Iterable[Module]) -> Iterator[Obstacle]:
        """Yield which modules of the project are missing, or not what the run imported."""
        missing, changed = [], []
        for module in modules:
            try:
                source = (self._project / module.path).read_bytes()
            except OSError:
                missing.append(module.path)
                continue
            # What was recorded is the module without the secrets in it.
            if module.digest not in (digest_of(source), digest_of(Masker().data(source, module.path))):
                changed.append(module.path)
        if missing:
            yield Obstacle(
                "module_missing",
                "error",
                f"{_named(missing)} {_are(missing)} gone; the run imported {_them(missing)}.",
                "Bring the files back; the run has their text: trackbook show RUN --json lists their digests.",
                names=missing,
            )
        if changed:
            yield Obstacle(
                "module_changed",
                "warning",
                f"{_named(changed)} {'has' if len(changed) == 1 else 'have'} changed since the run imported "
                f"{_them(changed)}.",
                "Check out the commit of the run, or expect other results.",
                names=changed,
            )

    def _check(self, place: str, versions: list[DataInput]) -> Iterator[Obstacle]:
        first = versions[0]
        if place.startswith("name:"):
            return  # a table in memory: it is compared once it is made again
        if "://" in place:
            yield Obstacle(
                "data_address",
                "warning",
                f"{place} lies elsewhere: whether it is still the same can't be told from here.",
                "Keep a copy in the project, or a version in the address.",
                names=[place],
            )
            return
        path = self._project / place
        if not os.path.lexists(path):
            yield _missing(place)
            return
        if Path(place).is_absolute():
            yield Obstacle(
                "data_outside",
                "note",
                f"{place} lies outside of the project: another machine will not have it there.",
                "Keep data in the project's folder, or say where it is by a parameter.",
                names=[place],
            )
        if first.digest is None:
            reason = f" ({first.problem})" if first.problem else ""
            yield Obstacle(
                "data_unknown",
                "warning",
                f"What {place} held is not known{reason}: a change would not be noticed.",
                "Name it with %track data PATH, so that its content is known.",
                names=[place],
            )
            return
        yield from self._compare(path, place, versions)

    def _compare(self, path: Path, place: str, versions: list[DataInput]) -> Iterator[Obstacle]:
        digests = [one.digest for one in versions]
        try:
            if versions[0].kind == "folder":
                yield from self._compare_folder(path, place, versions[0])
                return
            now = digest_file(str(path), is_database=versions[0].kind == "database").digest
        except OSError as error:
            yield _missing(place, error.strerror or str(error))
            return
        if now == digests[0]:
            return
        if now in digests:
            yield Obstacle(
                "data_changed",
                "warning",
                f"{place} was written to while the run went on: it holds what the run left there, not what it found.",
                "Write results to other files than those that are read.",
                names=[place],
            )
            return
        yield _changed(place, digests[0] or "")

    def _compare_folder(self, path: Path, place: str, data: DataInput) -> Iterator[Obstacle]:
        try:
            entries = _decode_manifest(self._blobs.get(data.manifest or ""))
        except (TrackbookError, msgspec.MsgspecError, OSError):
            return
        missing, changed = [], []
        for entry in entries:
            if entry.digest is None:
                continue
            try:
                now = digest_file(str(path / entry.path)).digest
            except OSError:
                missing.append(f"{place}/{entry.path}")
                continue
            if now != entry.digest:
                changed.append(f"{place}/{entry.path}")
        if missing:
            yield Obstacle(
                "data_missing",
                "error",
                f"{_named(missing)} {_are(missing)} gone; the run read {_them(missing)}.",
                "Bring the files back to where they were.",
                names=missing,
            )
        if changed:
            yield Obstacle(
                "data_changed",
                "error",
                f"{_named(changed)} {'has' if len(changed) == 1 else 'have'} changed since the run read "
                f"{_them(changed)}.",
                "Bring the earlier version back.",
                names=changed,
            )


def _missing(place: str, reason: str = "") -> Obstacle:
    told = f" ({reason})" if reason else ""
    return Obstacle(
        "data_missing",
        "error",
        f"{place} is gone{told}; the run read it.",
        "Bring it back to where it was.",
        names=[place],
    )


def _changed(place: str, digest: str) -> Obstacle:
    return Obstacle(
        "data_changed",
        "error",
        f"{place} has changed since the run read it.",
        f"Bring the earlier version back; its SHA-256 begins with {digest[:12]}.",
        names=[place],
    )


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
