"""The state of the git work tree, asked of git itself."""

import contextlib
import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

from msgspec import Struct

from trackbook.capture.answers import SharedAnswers
from trackbook.domain.environment import Git

_TIMEOUT = 5.0
LARGEST_DIFF = 1_000_000
MOST_UNTRACKED = 200
# What git's answers depend on beside the folder.
_SETTINGS = ("HOME", "PATH", "XDG_CONFIG_HOME")
_shared: SharedAnswers | None = None
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Diff(Struct, frozen=True):
    """What was not committed: bytes that `git apply` takes, how many there were before they were cut, and if they were.

    In front, as comments, stand the names of files that git does not track.
    """

    data: bytes
    size: int
    cut: bool


def share_answers() -> None:
    """Have all processes that are forked from this one ask git for the state of a folder once in two seconds."""
    global _shared
    _shared = SharedAnswers()


def read_git(folder: Path) -> Git | None:
    """Return the commit, branch and dirtiness of the work tree around `folder`.

    Dirty means changes to tracked files; files that git does not know say nothing about the commit. Returns
    None where there is no git, no work tree, no commit yet, or git takes longer than five seconds.
    """
    answer = _ask_once(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    return None if answer is None else parse_status(answer.decode("utf-8", "replace"))


def read_remote(folder: Path) -> str | None:
    """Return the address of the branch's remote without user and password; None where there is none.

    Nothing is asked of the remote itself.
    """
    answer = _ask_once(folder, "ls-remote", "--get-url")
    if answer is None:
        return None
    address = answer.decode("utf-8", "replace").strip()
    # Without a remote git answers with the name of the one it looked for.
    return without_user(address) if "/" in address or ":" in address or "\\" in address else None


def read_diff(folder: Path, limit: int = LARGEST_DIFF) -> Diff | None:
    """Return what in the work tree around `folder` differs from the last commit; None where nothing does.

    What is longer than `limit` bytes is cut behind a line. Where git takes longer than five seconds, what it said
    until then counts.
    """
    plain = (
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        "--no-relative",
        "--src-prefix=a/",
        "--dst-prefix=b/",
    )
    said = _read_much(folder, limit, "diff", "HEAD", *plain)
    if said is None or not said.data:
        return None
    untracked = _untracked(folder)
    return Diff(untracked + said.data, len(untracked) + said.size, said.cut)


def is_held(path: Path, data: bytes) -> bool:
    """Tell whether git has these bytes of a file, as they were staged or committed last.

    git's own word on what has changed would not do: its filters may leave out what is in the file.
    """
    return _ask(path.parent, "cat-file", "blob", f":./{path.name}") == data


def read_untracked(folder: Path, paths: list[str]) -> list[str]:
    """Return those of some files of a folder, by their paths relative to it, that git does not track.

    None of them where there is no git.
    """
    if not paths:
        return []
    answer = _ask(folder, "ls-files", "--others", "-z", "--", *paths[:MOST_UNTRACKED])
    return [name.decode("utf-8", "replace") for name in (answer or b"").split(b"\0") if name]


def without_user(address: str) -> str:
    """Return the address of a remote without user, password and query; `git@host:path` becomes `host:path`."""
    scheme = _SCHEME.match(address)
    if scheme is None:
        host, colon, path = address.partition(":")
        return f"{host.rpartition('@')[2]}{colon}{path}" if "/" not in host else address
    place = address[scheme.end() :].partition("?")[0].partition("#")[0]
    host, slash, path = place.partition("/")
    return f"{scheme[0]}{host.rpartition('@')[2]}{slash}{path}"


def parse_status(text: str) -> Git | None:
    """Read the answer of `git status --porcelain=v2 --branch`; None when there is no commit yet."""
    headers: dict[str, str] = {}
    dirty = False
    for line in text.splitlines():
        if line.startswith("# "):
            key, _, value = line[2:].partition(" ")
            headers[key] = value
        elif line:
            dirty = True
    commit = headers.get("branch.oid", "(initial)")
    if commit == "(initial)":
        return None
    branch = headers.get("branch.head")
    return Git(commit=commit, branch=None if branch == "(detached)" else branch, dirty=dirty)


def _untracked(folder: Path) -> bytes:
    answer = _ask(
        folder, "ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory", "-z"
    )
    names = [name.decode("utf-8", "replace") for name in (answer or b"").split(b"\0") if name]
    if not names:
        return b""
    lines = ["# Not tracked by git:", *(f"#   {name!r}" for name in names[:MOST_UNTRACKED])]
    if len(names) > MOST_UNTRACKED:
        lines.append(f"#   and {len(names) - MOST_UNTRACKED:,} more")
    return "\n".join([*lines, "", ""]).encode()


def _command(*arguments: str) -> list[str]:
    # No optional locks: asking must not get in the way of a git command that the user runs meanwhile.
    return ["git", "--no-optional-locks", *arguments]


def _ask_once(folder: Path, *arguments: str) -> bytes | None:
    """Ask what others that were forked from the same process may have asked just now."""
    if any(name.startswith("GIT_") for name in os.environ):  # they may name a work tree that lies elsewhere
        return _ask(folder, *arguments)
    place = _find_repository(folder)
    if place is None or _shared is None:
        return None if place is None else _ask(folder, *arguments)
    settings = [os.environ.get(name) for name in _SETTINGS]
    key, at = json.dumps([str(folder.absolute()), arguments, settings, _stamps(place)]), time.monotonic()
    if (known := _shared.get(key)) is not None:
        return known.encode("utf-8", "surrogateescape")
    answer = _ask(folder, *arguments)
    if answer is not None:
        _shared.put(key, answer.decode("utf-8", "surrogateescape"), at)
    return answer


def _find_repository(folder: Path) -> Path | None:
    """Return the `.git` of the work tree around a folder; None where git, which takes a process to ask, finds none."""
    place = Path(os.path.realpath(folder))
    return next(
        (above / ".git" for above in (place, *place.parents) if os.path.lexists(above / ".git")), None
    )


def _stamps(place: Path) -> list[list[int] | None]:
    """Return what differs once something was committed, staged, or another branch was taken."""
    with contextlib.suppress(OSError, ValueError):  # a further work tree, or a submodule
        place = place.parent / place.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    found: list[list[int] | None] = []
    for name in ("HEAD", "index", "logs/HEAD", "config"):
        try:
            status = os.stat(place / name)  # noqa: PTH116
            found.append([status.st_mtime_ns, status.st_size, status.st_ino])
        except OSError:
            found.append(None)
    return found


def _ask(folder: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(
            _command(*arguments),
            cwd=folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # the interrupt of a cell goes to the whole process group
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def _read_much(folder: Path, limit: int, *arguments: str) -> Diff | None:
    # A changed table may make gigabytes, which must never lie in memory.
    try:
        process = subprocess.Popen(
            _command(*arguments),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None
    kept, size = bytearray(), 0
    timer = threading.Timer(_TIMEOUT, process.kill)
    timer.daemon = True
    timer.start()
    try:
        with process:
            assert process.stdout is not None
            while chunk := process.stdout.read(65536):
                kept += chunk[: max(0, limit - len(kept))]
                size += len(chunk)
    finally:
        timer.cancel()
        with contextlib.suppress(OSError):
            process.kill()
    if process.returncode == 0 and size <= len(kept):
        return Diff(bytes(kept), size, False)
    if process.returncode > 0:
        return None
    return Diff(bytes(kept[: kept.rfind(b"\n") + 1]), size, True)  # too much, or not done in time


def is_tracked(path: Path) -> bool:
    """Tell whether git tracks a file; no where there is no git, or it takes longer than five seconds."""
    return bool(_ask(path.parent, "ls-files", "--", path.name))
