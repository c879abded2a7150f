"""The environment in which a run happened."""

from msgspec import Struct


class Git(Struct, frozen=True):
    """The state of the git work tree: full commit hash, and whether there were changes not committed."""

    commit: str
    branch: str | None
    dirty: bool


class Environment(Struct, frozen=True):
    """What a run ran on. `packages` maps distribution names to versions."""

    python: str
    platform: str
    executable: str
    packages: dict[str, str]
    hardware: dict[str, str | int]
    git: Git | None = None


class Module(Struct, frozen=True):
    """A module of the project that a run imported. `path` is relative to the project, `digest` SHA-256 in hex."""

    name: str
    path: str
    digest: str
    size: int
