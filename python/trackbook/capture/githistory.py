"""What lies between two commits, asked of git itself. Nothing is fetched, and nothing in the repository is changed."""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from trackbook.domain.celldifference import Commit

_TIMEOUT = 10.0
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
# What a repository's own settings could make git start: signature checks, file watchers, pagers, drivers for diffs.
_SAFELY = (
    "git",
    "--no-optional-locks",
    "--no-pager",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
    "-c",
    "core.quotePath=false",
)
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/", "-M")


def has_commit(folder: Path, commit: str) -> bool:
    """Tell whether the repository around `folder` has a commit, given as its full hash; no where there is none."""
    return bool(_COMMIT.match(commit)) and _ask(folder, "cat-file", "-e", f"{commit}^{{commit}}") is not None


def read_commits(folder: Path, without: str, commit: str, most: int) -> tuple[list[Commit], int]:
    """Return the commits that `commit` has and `without` lacks, the newest first; and how many there are beyond `most`.

    Both are full hashes of commits that the repository has. Where git takes longer than ten seconds there are none.
    """
    span = f"{without}..{commit}"
    answer = _ask(folder, "log", "-z", f"--max-count={most}", "--format=%H%x1f%an%x1f%aI%x1f%s", span, "--")
    commits = []
    for line in (answer or b"").decode("utf-8", "replace").split("\0"):
        fields = line.strip("\n").split("\x1f")
        if len(fields) == 4:
            commits.append(Commit(*fields))
    if len(commits) < most:
        return commits, 0
    count = _ask(folder, "rev-list", "--count", span, "--") or b""
    return commits, max(0, int(count.strip() or 0) - len(commits))


def read_code_diff(
    folder: Path, sides: Sequence[tuple[str, bytes]], limit: int
) -> tuple[str, bool, bool] | None:
    """Return the difference between two states of the code, whether it was cut at `limit` bytes, and if it is exact.

    A state is the full hash of a commit, and what was not committed as `git diff` told it. Where that can't be put on
    its commit again, the difference is only between the commits, and not exact. None where git did not answer.
    """
    with tempfile.TemporaryDirectory(prefix="trackbook-diff-") as scratch:
        variables = _apart(folder, Path(scratch))
        trees = [_tree(folder, variables, scratch, commit, patch) for commit, patch in sides]
        exact = None not in trees
        names = [tree if exact and tree else commit for tree, (commit, _) in zip(trees, sides, strict=True)]
        answer = _ask(folder, "diff", *_PLAIN, *names, "--", variables=variables)
    if answer is None:
        return None
    cut = len(answer) > limit
    kept = answer[: answer.rfind(b"\n", 0, limit) + 1] if cut else answer
    return kept.decode("utf-8", "replace"), cut, exact


def _apart(folder: Path, scratch: Path) -> Mapping[str, str]:
    """Return variables with which git writes what it makes into `scratch`, and reads the repository's own as well."""
    objects = (_ask(folder, "rev-parse", "--git-path", "objects") or b"").decode().strip()
    own = scratch / "objects"
    own.mkdir()
    return {
        "GIT_OBJECT_DIRECTORY": str(own),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str((folder / objects).resolve()),
        "GIT_INDEX_FILE": str(scratch / "index"),
    }


def _tree(folder: Path, variables: Mapping[str, str], scratch: str, commit: str, patch: bytes) -> str | None:
    """Return the tree of a commit with a patch on it; None where the patch does not fit."""
    if not patch.strip():
        return commit
    if _ask(folder, "read-tree", commit, variables=variables) is None:
        return None
    # From the work tree's root: names in the patch are relative to it.
    root = (_ask(folder, "rev-parse", "--show-toplevel") or b"").decode("utf-8", "surrogateescape").strip()
    if not root:
        return None
    applied = _ask(
        Path(root), "apply", "--cached", "--whitespace=nowarn", "-", variables=variables, data=patch
    )
    if applied is None:
        return None
    tree = _ask(folder, "write-tree", variables=variables)
    return None if tree is None else tree.decode().strip()


def _ask(
    folder: Path, *arguments: str, variables: Mapping[str, str] | None = None, data: bytes = b""
) -> bytes | None:
    try:
        done = subprocess.run(
            [*_SAFELY, *arguments],
            cwd=folder,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(variables or {})},
            input=data,
            capture_output=True,
            start_new_session=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
