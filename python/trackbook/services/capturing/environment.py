"""The environment of runs: looked at once, masked once, and then recorded in each run that shares it."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from trackbook.capture.environment import ALL, FoundEnvironment, look_around
from trackbook.domain.environment import Environment, LockFile
from trackbook.domain.secret import MaskedSecret
from trackbook.services.masking import Masker
from trackbook.services.recorder import RunRecorder
from trackbook.store.blobs import digest_of


class PreparedEnvironment(Struct, frozen=True):
    """An environment with its secrets masked, the files that it names by digest, and what was masked in all of it."""

    environment: Environment
    files: dict[str, bytes]
    masked: list[MaskedSecret]

    def store_files(self, recorder: RunRecorder) -> None:
        """Store the files that it names in a run's store."""
        for digest, data in self.files.items():
            if not recorder.has_blob(digest):
                recorder.store_blob(data)

    def record(self, recorder: RunRecorder) -> None:
        """Record it in a run, whose store has its files."""
        recorder.environment_captured(self.environment)
        recorder.secrets_masked(self.masked)


def wanted_parts(recorder: RunRecorder) -> frozenset[str]:
    """Return which parts of the environment a run records: "environment", "git", "variables"."""
    return frozenset(name for name in ALL if recorder.captures(name))


def prepare_environment(
    project: Path, variables: Sequence[str], wanted: frozenset[str], masks: bool
) -> PreparedEnvironment:
    """Look at what is `wanted` of the environment of this process and of its project, and mask secrets in it.

    May take seconds: call it from a thread of its own.
    """
    masker = Masker(masks)
    found = look_around(project, os.environ, variables, wanted)
    files: dict[str, bytes] = {}
    environment = _with_files(_without_secrets(found.environment, masker), found, masker, files)
    return PreparedEnvironment(environment, files, masker.found)


def _without_secrets(environment: Environment, masker: Masker) -> Environment:
    git = environment.git
    if git is not None and git.remote is not None:
        git = msgspec.structs.replace(git, remote=masker.text(git.remote, "git remote"))
    variables = masker.named(environment.variables, "environment variable")
    return msgspec.structs.replace(environment, git=git, variables=variables)


def _with_files(
    environment: Environment, found: FoundEnvironment, masker: Masker, files: dict[str, bytes]
) -> Environment:
    git, lock = environment.git, None
    if git is not None and found.diff is not None:
        data = masker.data(found.diff.data, "git diff")
        files[digest := digest_of(data)] = data
        git = msgspec.structs.replace(git, diff=digest, diff_size=found.diff.size, diff_cut=found.diff.cut)
    if found.lock is not None:
        data = masker.data(found.lock.data, found.lock.path)
        files[digest := digest_of(data)] = data
        lock = LockFile(found.lock.path, digest, len(data))
    return msgspec.structs.replace(environment, git=git, lock=lock)
