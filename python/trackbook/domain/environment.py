"""The environment in which a run happened."""

from msgspec import Struct


class Git(Struct, frozen=True):
    """The state of the git work tree: full commit hash, and whether there were changes not committed.

    `remote` is the address of the branch's remote without user and password. `diff` is the digest of the blob with what
    was not committed, as `git diff HEAD` shows it; `diff_size` counts its bytes before it was cut, if `diff_cut`.
    """

    commit: str
    branch: str | None
    dirty: bool
    remote: str | None = None
    diff: str | None = None
    diff_size: int | None = None
    diff_cut: bool = False


class Editable(Struct, frozen=True):
    """A package that is installed from a folder of sources: where that is, and the state of its own git."""

    path: str
    commit: str | None = None
    dirty: bool | None = None


class LockFile(Struct, frozen=True):
    """The project's lock file: its path relative to the project, and the digest of the blob that holds it."""

    path: str
    digest: str
    size: int


class Environment(Struct, frozen=True):
    """What a run ran on. `packages` maps distribution names to versions, `editable` those among them that are installed
    from a folder. `variables` are environment variables of an allow-list, never others.
    """

    python: str
    platform: str
    executable: str
    packages: dict[str, str]
    hardware: dict[str, str | int]
    git: Git | None = None
    editable: dict[str, Editable] = {}
    lock: LockFile | None = None
    variables: dict[str, str] = {}


class Module(Struct, frozen=True):
    """A module of the project that a run imported. `path` is relative to the project, `digest` SHA-256 in hex."""

    name: str
    path: str
    digest: str
    size: int
