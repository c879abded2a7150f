"""The state of the git work tree, asked of git itself."""

import subprocess
from pathlib import Path

from trackbook.domain.environment import Git

_TIMEOUT = 5.0


def read_git(folder: Path) -> Git | None:
    """Return the commit, branch and dirtiness of the work tree around `folder`.

    Dirty means changes to tracked files; files that git does not know say nothing about the commit. Returns
    None where there is no git, no work tree, no commit yet, or git takes longer than five seconds.
    """
    # No optional locks: asking must not get in the way of a git command that the user runs meanwhile.
    command = ["git", "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # the interrupt of a cell goes to the whole process group
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode != 0:
        return None
    return parse_status(done.stdout.decode("utf-8", "replace"))


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
