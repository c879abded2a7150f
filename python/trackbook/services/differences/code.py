"""What lies between the code of two runs: commits, and what was not committed."""

import difflib
import re
from collections.abc import Callable
from pathlib import Path

from trackbook.capture.githistory import has_commit, read_code_diff, read_commits
from trackbook.domain.celldifference import CodeDifferences
from trackbook.domain.environment import Git
from trackbook.domain.run import RunDetail
from trackbook.errors import NotFound

MOST_COMMITS = 200
LARGEST_DIFF = 1_000_000
_SHORT = 10
_FILE = re.compile(rb"(?m)^(?=diff --git )")


class CodeComparing:
    """Compares the code of runs, with the repository around the project's folder if it is at hand."""

    def __init__(self, project: Path, read_text: Callable[[str, str], bytes]) -> None:
        self._project = project
        self._read_text = read_text

    def compare(self, left: RunDetail, right: RunDetail) -> CodeDifferences:
        """Return what lies between the code of two runs; what can't be told is no error, but has its reason."""
        one, other = (detail.environment.git if detail.environment else None for detail in (left, right))
        if one is None or other is None:
            lacking = [detail for detail, git in ((left, one), (right, other)) if git is None]
            numbers = " and ".join(f"#{detail.run.number}" for detail in lacking)
            return _nothing(f"No git commit was recorded for {numbers}.")
        patches = (self._patch(left), self._patch(right))
        unknown = [git.commit for git in (one, other) if not has_commit(self._project, git.commit)]
        if unknown:
            names = " and ".join(dict.fromkeys(commit[:_SHORT] for commit in unknown))
            reason = (
                f"The repository on this machine does not have {names}; fetch it to see the commits between."
            )
            if one.commit != other.commit:
                return _nothing(reason)
            return _of_patches(patches, reason)
        added, more_added = read_commits(self._project, one.commit, other.commit, MOST_COMMITS)
        removed, more_removed = read_commits(self._project, other.commit, one.commit, MOST_COMMITS)
        return self._told(
            (one, other),
            patches,
            CodeDifferences(added, removed, more_added, more_removed, "", False, True, None),
        )

    def _told(
        self, gits: tuple[Git, Git], patches: tuple[bytes, bytes], known: CodeDifferences
    ) -> CodeDifferences:
        one, other = gits
        found = read_code_diff(
            self._project, [(one.commit, patches[0]), (other.commit, patches[1])], LARGEST_DIFF
        )
        diff, cut, exact = found or ("", False, False)
        reason = None
        if found is None:
            reason = "git did not answer."
        elif one.diff_cut or other.diff_cut:
            exact, reason = False, "What was not committed was too long to be recorded whole."
        elif not exact:
            reason = "What was not committed does not fit its commit: the difference is between the commits."
        elif any(git.dirty and not git.diff for git in gits):
            exact, reason = False, "There were changes that were not committed, and are not recorded."
        return CodeDifferences(
            known.added, known.removed, known.more_added, known.more_removed, diff, cut, exact, reason
        )

    def _patch(self, detail: RunDetail) -> bytes:
        try:
            return self._read_text(detail.run.id, "diff")
        except NotFound:
            return b""


def _nothing(reason: str) -> CodeDifferences:
    return CodeDifferences([], [], 0, 0, "", False, False, reason)


def _of_patches(patches: tuple[bytes, bytes], reason: str) -> CodeDifferences:
    """Return how what was not committed differs, file by file, where both began at the same commit."""
    before, after = (
        {part.split(b"\n", 1)[0]: part for part in _FILE.split(patch) if part.startswith(b"diff --git ")}
        for patch in patches
    )
    lines: list[str] = []
    for name in sorted({*before, *after}):
        one, other = (side.get(name, b"").decode("utf-8", "replace").splitlines() for side in (before, after))
        if one != other:
            label = name.decode("utf-8", "replace").removeprefix("diff --git ")
            lines += difflib.unified_diff(one, other, f"{label} (left)", f"{label} (right)", lineterm="")
    text = "\n".join(lines)
    return CodeDifferences(
        [],
        [],
        0,
        0,
        text[:LARGEST_DIFF],
        len(text) > LARGEST_DIFF,
        False,
        reason if lines or any(patches) else None,
    )
