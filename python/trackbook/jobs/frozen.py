"""Gives a job what it kept of the time of its submission, where that has changed since: the kernel, and modules.

Mostly nothing has, and then nothing is done but to look.
"""

import hashlib
import json
import shutil
from pathlib import Path

import msgspec

from trackbook.config import Settings
from trackbook.domain.job import JobSpec
from trackbook.domain.snapshot import encode_part
from trackbook.errors import NotFound
from trackbook.services.freezing import KernelDescription, describe_kernel, without_secrets
from trackbook.store.place import Blobs

MODULES = "modules"


class FrozenParts:
    """What of a job's context has to be given back: `kernel` is the name to start it by, `modules` the folder, if any,
    that goes before all others from which it imports. `notes` says what has changed. `folder` is the job's,
    `workplace` the one in which it runs.
    """

    def __init__(self, blobs: Blobs, spec: JobSpec, kernel: str, folder: Path, workplace: Path) -> None:
        self._blobs, self._spec, self._workplace = blobs, spec, workplace
        self.kernel = kernel
        self.modules: Path | None = None
        self.notes: list[str] = []
        shutil.rmtree(folder / MODULES, ignore_errors=True)
        if spec.frozen is not None:
            self._restore_kernel(spec.frozen.kernel)
            self._restore_modules(folder / MODULES)

    def _restore_kernel(self, digest: str | None) -> None:
        if digest is None:
            return
        present = describe_kernel(self.kernel)
        kept = without_secrets(present)
        if kept is not None and _digest(encode_part(msgspec.to_builtins(kept))) == digest:
            return
        try:
            frozen = msgspec.json.decode(self._blobs.get(digest), type=KernelDescription)
        except NotFound:
            self.notes.append(f"The kernel {self.kernel!r} has changed since the job was submitted.")
            return
        program = Path(str(next(iter(frozen.spec.get("argv") or []), "")))
        if program.is_absolute() and not program.exists():
            # Of another machine, or taken away: what is here by this name is the best there is.
            self.notes.append(
                f"The kernel {self.kernel!r} was another one where the job was submitted, and its program {program} is "
                "not here; the job runs with the one of this machine."
            )
            return
        name = f"frozen-{digest[:16]}"
        place = Settings.load().environments_folder / "kernels" / name
        place.mkdir(parents=True, exist_ok=True)
        spec = frozen.spec | {
            "argv": [
                str(part).replace("{resource_dir}", frozen.folder) for part in frozen.spec.get("argv", [])
            ]
        }
        secrets = {} if present is None or kept is None else _left_out(present, kept)
        if secrets:
            spec["env"] = secrets | (spec.get("env") or {})
        draft = place / f"kernel.json.{self._spec.run_id}"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(spec), encoding="utf-8")
        draft.replace(place / "kernel.json")
        self.notes.append(
            f"The kernel {self.kernel!r} has changed since the job was submitted; the job runs with it as it was."
        )
        self.kernel = name

    def _restore_modules(self, target: Path) -> None:
        assert self._spec.frozen is not None
        modules = self._spec.frozen.modules
        changed = [one.path for one in modules if _digest_of(self._workplace / one.path) != one.digest]
        if not changed:
            return
        missing = [one.path for one in modules if not self._blobs.has(one.digest)]
        said = f"{', '.join(changed[:5])}{' ...' if len(changed) > 5 else ''}"
        if missing:
            self.notes.append(
                f"{said} changed since the job was submitted, and is no longer stored as it was."
            )
            return
        # All of them: a package is imported from one place.
        for one in modules:
            path = target / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            self._blobs.copy_to(one.digest, path)
        self.modules = target
        self.notes.append(f"{said} changed since the job was submitted; the job runs with it as it was then.")


def _left_out(present: KernelDescription, kept: KernelDescription) -> dict[str, str]:
    # What is no one's to store is taken from the kernel as it is now.
    given, stored = present.spec.get("env") or {}, kept.spec.get("env") or {}
    return {name: value for name, value in given.items() if name not in stored}


def _digest_of(path: Path) -> str | None:
    try:
        return _digest(path.read_bytes())
    except OSError:
        return None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
