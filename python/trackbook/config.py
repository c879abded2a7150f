"""Settings: one frozen value, built at an entry point; nothing else reads the environment."""

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trackbook.errors import UsageError

STORE = "TRACKBOOK_STORE"
ARTIFACTS = "TRACKBOOK_ARTIFACTS"
TOKEN = "TRACKBOOK_TOKEN"
INSECURE = "TRACKBOOK_INSECURE"
SCHEDULER = "TRACKBOOK_SCHEDULER"
SPOOL = "TRACKBOOK_SPOOL"
CACHE = "TRACKBOOK_CACHE"
SYNC = "TRACKBOOK_SYNC"
CAPTURE = "TRACKBOOK_CAPTURE"
SYSTEM_INTERVAL = "TRACKBOOK_SYSTEM_INTERVAL"
VARIABLES = "TRACKBOOK_VARIABLES"
AUTO = "TRACKBOOK_AUTO"
WARM = "TRACKBOOK_WARM"
RUN = "TRACKBOOK_RUN"
JOB = "TRACKBOOK_JOB"
JOB_CELLS = "TRACKBOOK_JOB_CELLS"
OUTPUT_DIR = "TRACKBOOK_OUTPUT_DIR"
TEMPLATES = "TRACKBOOK_TEMPLATES"
JOBS = "TRACKBOOK_JOBS"
MODULES = "TRACKBOOK_MODULES"
NOTIFY_URL = "TRACKBOOK_NOTIFY_URL"
NOTEBOOK = "JPY_SESSION_NAME"
IPYTHON = "IPYTHONDIR"

# What is recorded without a line of user code, and can be switched off one by one.
CAPTURES = frozenset(
    (
        "environment",
        "git",
        "variables",
        "modules",
        "notebook",
        "cells",
        "outputs",
        "data",
        "system",
        "secrets",
    )
)
_SYSTEM_SECONDS = 10.0
MOST_PARALLEL = 64
_TOLD_BY_DEFAULT = frozenset(("failed", "finished"))
_CAN_BE_TOLD = _TOLD_BY_DEFAULT | {"cancelled"}
STORE_SCHEMES = ("postgresql", "http", "https")
_DATABASE = re.compile(r"(postgresql://)([^:/?#@]*):[^@]*@")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says.

    `store` is the folder of TRACKBOOK_STORE, which wins over the project's own `.trackbook`; `store_url` is that of a
    PostgreSQL database or of a `trackbook serve`, for which `token` opens the door. `artifacts` is the URL of a
    folder (any that fsspec knows) in which blobs are kept instead of in the store. `spool` is the folder where what
    is on its way to a `store_url` waits, `cache` the one for indexes that can't lie in their store. `run_id`,
    `job_id` and `output_dir` are set for the kernel of a job, and `leaves_cells` where who executes the job records its
    cells. `notebook` is the path that Jupyter gave the kernel
    at start. `sync` is after how many seconds what runs wrote is brought to the disk itself; None leaves that to the
    operating system. `capture` names what is recorded without a line of user code: TRACKBOOK_CAPTURE lists the names
    ("environment,git"), or with a minus those that are left out ("-data,-system"); "none" leaves out all. Without it
    `names_captures` is false, and the project's pyproject.toml may say it: `captures_in`. `variables` names environment
    variables that are recorded beside those of the built-in list; one that ends in "*" stands for all that begin so.
    `ipython` is the folder of IPython's profiles.
    `system_interval` is how many seconds lie between two samples of what machine and process do.
    `auto` is set
    by TRACKBOOK_AUTO=1: a notebook with a cell tagged `parameters` is recorded from there on, as with `%track auto`.
    `templates` is the folder, set for a worker's processes, in which forking servers have their sockets, those of the
    templates of warm kernels among them.
    `insecure` says that what is not encrypted may cross the network; `scheduler` is the Dask scheduler for jobs, which
    a project may name itself: `scheduler_in`. `warm` is false with TRACKBOOK_WARM=0: all kernels start
    the ordinary way.
    `modules` is the folder, set for the kernel of a job, from which it imports first: modules that have changed since.
    """

    store: Path | None = None
    store_url: str | None = None
    artifacts: str | None = None
    token: str | None = None
    spool: Path | None = None
    cache: Path | None = None
    run_id: str | None = None
    job_id: str | None = None
    leaves_cells: bool = False
    output_dir: Path | None = None
    notebook: Path | None = None
    sync: float | None = None
    capture: frozenset[str] = CAPTURES
    system_interval: float = _SYSTEM_SECONDS
    names_captures: bool = False
    variables: tuple[str, ...] = ()
    ipython: Path | None = None
    auto: bool = False
    templates: Path | None = None
    insecure: bool = False
    scheduler: str | None = None
    warm: bool = True
    modules: Path | None = None

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from `environ`, by default the process's own environment.

        Raises UsageError for a TRACKBOOK_STORE that is neither a folder's path nor a URL that can be a store, and for
        an http:// one of another machine, unless TRACKBOOK_INSECURE=1 says that this is meant; and for a
        TRACKBOOK_SYNC or TRACKBOOK_SYSTEM_INTERVAL that is no number of seconds.
        """
        env = os.environ if environ is None else environ
        store = env.get(STORE) or ""
        is_url = "://" in store
        if is_url and store.partition("://")[0].lower() not in STORE_SCHEMES:
            raise UsageError(
                f"{STORE} is {without_password(store)!r}: name a folder, postgresql://USER@HOST/DATABASE, or the "
                f"https:// address of a `trackbook serve`. For artifacts elsewhere there is {ARTIFACTS}."
            )
        if store.lower().startswith("http://") and env.get(INSECURE) != "1":
            _check_loopback(store)
        return cls(
            store=None if is_url else _path(store),
            store_url=store if is_url else None,
            artifacts=env.get(ARTIFACTS) or None,
            token=env.get(TOKEN) or None,
            spool=_path(env.get(SPOOL)),
            cache=_path(env.get(CACHE)),
            run_id=env.get(RUN) or None,
            job_id=env.get(JOB) or None,
            leaves_cells=env.get(JOB_CELLS) == "1",
            output_dir=_path(env.get(OUTPUT_DIR)),
            notebook=_path(env.get(NOTEBOOK)),
            sync=_seconds(SYNC, env.get(SYNC)),
            system_interval=_seconds(SYSTEM_INTERVAL, env.get(SYSTEM_INTERVAL), least=0.1) or _SYSTEM_SECONDS,
            capture=_captures(_words(env.get(CAPTURE)), CAPTURE),
            names_captures=bool(_words(env.get(CAPTURE))),
            variables=tuple(_words(env.get(VARIABLES))),
            ipython=_path(env.get(IPYTHON)),
            auto=env.get(AUTO) == "1",
            templates=_path(env.get(TEMPLATES)),
            insecure=env.get(INSECURE) == "1",
            scheduler=env.get(SCHEDULER) or None,
            warm=env.get(WARM) != "0",
            modules=_path(env.get(MODULES)),
        )

    @property
    def folder(self) -> Path | None:
        """The folder in which this process keeps its journals: the store's own, or a spool for its URL.

        None where neither is named: then the project's `.trackbook` is looked for.
        """
        if self.store_url is None:
            return self.store
        import hashlib

        name = hashlib.sha256(without_password(self.store_url).encode()).hexdigest()[:16]
        return self.spool_folder / name

    @property
    def remote(self) -> str | None:
        """The URL of the store without its password; None for a store in a folder."""
        return None if self.store_url is None else without_password(self.store_url)

    @property
    def spool_folder(self) -> Path:
        """Where spools lie, a folder each."""
        return self.spool or Path.home() / ".local" / "share" / "trackbook" / "spool"

    @property
    def cache_folder(self) -> Path:
        """Where indexes lie that can't lie in their store."""
        return self.cache or Path.home() / ".cache" / "trackbook"

    @property
    def environments_folder(self) -> Path:
        """Where environments lie that were made from the records of runs; their kernels are in `kernels`."""
        return self.cache_folder / "environments"

    @property
    def ipython_folder(self) -> Path:
        """Where IPython keeps the profiles of this user."""
        return self.ipython or Path.home() / ".ipython"

    def captures_in(self, project: Path) -> frozenset[str]:
        """Return what is recorded in a project without a line of user code.

        TRACKBOOK_CAPTURE says it, else `[tool.trackbook] capture = ["-data", ...]` in the project's pyproject.toml,
        else it is everything. Raises UsageError for a pyproject.toml that says what there is not.
        """
        return self.capture if self.names_captures else _project_captures(project / "pyproject.toml")

    def scheduler_in(self, project: Path) -> str | None:
        """Return the address of the Dask scheduler for a project's jobs; None for a cluster of this machine's own.

        TRACKBOOK_SCHEDULER says it, else `[tool.trackbook] scheduler = "tcp://…"` in the project's pyproject.toml.
        """
        if self.scheduler is not None:
            return self.scheduler
        named = _project_table(project / "pyproject.toml").get("scheduler")
        if named is not None and not isinstance(named, str):
            raise UsageError(
                f'{project / "pyproject.toml"} has to name a text: [tool.trackbook] scheduler = "tcp://…"'
            )
        return named or None

    def warm_in(self, project: Path) -> bool | list[str]:
        """Return whether kernels of a project start warm, or the names of the modules with which they do.

        TRACKBOOK_WARM=0 says no, else `[tool.trackbook] warm = false`, or `warm = ["pandas", ...]`, in the project's
        pyproject.toml; without either they do. Raises UsageError for a pyproject.toml that says anything else.
        """
        path = project / "pyproject.toml"
        said = _project_table(path).get("warm", True) if self.warm else False
        if isinstance(said, bool) or (isinstance(said, list) and all(isinstance(name, str) for name in said)):
            return said
        raise UsageError(
            f'{path} has to name modules, or say no: [tool.trackbook] warm = ["pandas"], warm = false'
        )

    def job_environment(self) -> dict[str, str]:
        """Return these settings as environment variables for a kernel."""
        pairs = (
            (STORE, self.store or self.store_url),
            (ARTIFACTS, self.artifacts),
            (TOKEN, self.token),
            (SPOOL, self.spool),
            (CACHE, self.cache),
            (INSECURE, "1" if self.insecure else None),
            (SYNC, self.sync),
            (SYSTEM_INTERVAL, None if self.system_interval == _SYSTEM_SECONDS else self.system_interval),
            (CAPTURE, _capture_text(self.capture) if self.names_captures else None),
            (VARIABLES, ",".join(self.variables) or None),
            (RUN, self.run_id),
            (JOB, self.job_id),
            (JOB_CELLS, "1" if self.leaves_cells else None),
            (OUTPUT_DIR, self.output_dir),
            (MODULES, self.modules),
        )
        return {name: str(value) for name, value in pairs if value is not None}


def jobs_in(project: Path) -> int:
    """Return how many jobs run at a time in a project where nobody says: TRACKBOOK_JOBS, else `[tool.trackbook] jobs`
    in the project's pyproject.toml, else 1.

    Raises UsageError where that is no whole number from 1 on.
    """
    text = os.environ.get(JOBS)
    if text:
        value: object = int(text) if text.isdecimal() else text
        where = JOBS
    else:
        path = project / "pyproject.toml"
        value, where = _project_table(path).get("jobs", 1), f"[tool.trackbook] jobs in {path}"
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_PARALLEL:
        raise UsageError(f"{where} is {value!r}: name a whole number from 1 to {MOST_PARALLEL}.")
    return value


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told of jobs that have ended: a web address, and of which ends."""

    url: str
    on: frozenset[str]


def notify_in(project: Path) -> Notify | None:
    """Return who is told of a project's jobs that have ended; None for nobody.

    TRACKBOOK_NOTIFY_URL names the address, else `[tool.trackbook.notify] url` in the project's pyproject.toml, where
    `on` lists the ends, by default failed and finished. Raises UsageError for what can't be one.
    """
    path = project / "pyproject.toml"
    said = _project_table(path).get("notify", {})
    where = f"[tool.trackbook.notify] in {path}"
    if not isinstance(said, dict):
        raise UsageError(f'{where} has to name an address: url = "https://..."')
    url = os.environ.get(NOTIFY_URL) or said.get("url")
    if not url:
        return None
    if not isinstance(url, str) or not url.lower().startswith(("https://", "http://")):
        raise UsageError(
            f"The address that is told of jobs ({NOTIFY_URL}, or url in {where}) is no https:// one."
        )
    on = said.get("on", sorted(_TOLD_BY_DEFAULT))
    if not isinstance(on, list) or not set(map(str, on)) <= _CAN_BE_TOLD:
        raise UsageError(f"{where}: `on` lists some of {', '.join(sorted(_CAN_BE_TOLD))}.")
    return Notify(url, frozenset(map(str, on)))


def captures_in(project: Path) -> frozenset[str]:
    """Return what is recorded in a project, for a process that only adds to its runs.

    Where the settings can't be read that is everything, secrets masked; what is wrong is said where runs start.
    """
    try:
        return Settings.load().captures_in(project)
    except UsageError:
        return CAPTURES


@dataclass(frozen=True, slots=True)
class SnapshotLimits:
    """What `[tool.trackbook.snapshots]` in a project's pyproject.toml says: whether jobs keep copies of their process
    between cells if nobody says otherwise, how many at `most`, with how many bytes of `memory` (None: a part of the
    machine's), and for how many `seconds` after a failure.
    """

    enabled: bool = False
    most: int = 8
    memory: int | None = None
    seconds: float = 3600.0


def snapshot_limits(project: Path) -> SnapshotLimits:
    """Return what a project says of snapshots of jobs. Raises UsageError for what can't be."""
    path = project / "pyproject.toml"
    try:
        data = path.read_bytes()
    except OSError:
        return SnapshotLimits()
    if b"snapshots" not in data:
        return SnapshotLimits()
    import tomllib

    where = f"[tool.trackbook.snapshots] in {path}"
    try:
        said = tomllib.loads(data.decode()).get("tool", {}).get("trackbook", {}).get("snapshots", False)
    except ValueError as error:
        raise UsageError(f"{path} can't be read ({error}); it names what Trackbook keeps.") from None
    if isinstance(said, bool):
        return SnapshotLimits(enabled=said)
    known: dict[str, Any] = {"most": int, "memory": int, "seconds": (int, float), "enabled": bool}
    if not isinstance(said, dict) or not set(said) <= set(known):
        raise UsageError(f"{where}: name enabled, most, memory (bytes) and seconds, and nothing else.")
    for name, value in said.items():
        if isinstance(value, bool) != (name == "enabled") or not isinstance(value, known[name]) or value < 0:
            raise UsageError(f"{where}: {name} can't be {value!r}.")
    return SnapshotLimits(**{"enabled": True} | said)


def without_password(url: str) -> str:
    """Return a URL as it may be shown and kept: without a password."""
    from urllib.parse import urlsplit, urlunsplit  # slow to import, and a folder needs neither

    # SQLAlchemy takes a password that holds a "/" as it is, where other readers of addresses would end the host.
    if (database := _DATABASE.match(url)) is not None:
        url = f"{database[1]}{database[2]}@{url[database.end() :]}"
    parts = urlsplit(url)
    query = "&".join(
        pair for pair in parts.query.split("&") if pair.partition("=")[0] not in ("password", "sslpassword")
    )
    parts = parts._replace(query=query)
    host = parts.netloc.rpartition("@")
    user = host[0].partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}@{host[2]}" if user else host[2]))


def _seconds(name: str, text: str | None, least: float = 0.0) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf") or seconds < least:
        smallest = f"from {least} on" if least else "above 0"
        raise UsageError(f"{name} is {text!r}: name a number of seconds {smallest}, such as 1 or 0.5.")
    return seconds


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _captures(words: Sequence[str], where: str) -> frozenset[str]:
    unknown = [word for word in words if word.removeprefix("-") not in CAPTURES | {"all", "none"}]
    if unknown:
        raise UsageError(
            f"{where} names {unknown[0]!r}, which there is not: all, none, or some of "
            f"{', '.join(sorted(CAPTURES))}, each with a minus in front to leave it out."
        )
    named = frozenset(word for word in words if word in CAPTURES)
    left_out = frozenset(word[1:] for word in words if word.startswith("-"))
    return (named if named or "none" in words else CAPTURES) - left_out


def _capture_text(capture: frozenset[str]) -> str:
    return "all" if capture == CAPTURES else ",".join(sorted(capture)) or "none"


def _project_captures(path: Path) -> frozenset[str]:
    words = _project_table(path).get("capture", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise UsageError(f'{path} has to list names: [tool.trackbook] capture = ["-data", "-system"]')
    return _captures(words, f"[tool.trackbook] capture in {path}")


def _project_table(path: Path) -> dict[str, Any]:
    """Return what a pyproject.toml says under [tool.trackbook]."""
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    if b"tool.trackbook" not in data:  # as nearly always, and reading TOML takes time
        return {}
    import tomllib

    try:
        table = tomllib.loads(data.decode()).get("tool", {}).get("trackbook", {})
    except ValueError as error:
        raise UsageError(f"{path} can't be read ({error}); it names what Trackbook records.") from None
    if not isinstance(table, dict):
        raise UsageError(f"{path} has to hold a table [tool.trackbook].")
    return table


def _check_loopback(url: str) -> None:
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    host = urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):  # a name, not an address
        if ip_address(host).is_loopback:
            return
    if host == "localhost":
        return
    raise UsageError(
        f"{STORE} is {without_password(url)!r}: over http:// your token and data could be read on the way. "
        f"Use https://, or set {INSECURE}=1 where the network itself is safe."
    )


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None
