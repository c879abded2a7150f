"""Retention: the rules in a store's `retention.toml`, and which runs they delete.

The file lies in the store and not in a pyproject.toml, because a store may serve several folders: what is deleted must
not depend on the folder from which somebody cleans up.
"""

import tomllib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from trackbook.domain.cleanup import Rules
from trackbook.domain.run import Run, RunStatus
from trackbook.errors import QueryError, UsageError
from trackbook.services.runs import Runs
from trackbook.store.paths import StorePaths

_FAILED: frozenset[RunStatus] = frozenset({"failed", "killed", "aborted", "timed_out", "lost"})
_PAGE = 500


def rules_file(store: StorePaths) -> Path:
    """Return where a store's rules are written down."""
    return store.root / "retention.toml"


def read_rules(store: StorePaths) -> Rules:
    """Return the rules of a store, none if nobody wrote any. Raises UsageError for a file that can't be understood."""
    path = rules_file(store)
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Rules)
    except FileNotFoundError:
        return Rules()
    except (ValueError, msgspec.ValidationError) as error:
        raise UsageError(f"{path} can't be used: {error}") from error


def doomed_by_rules(runs: Runs, rules: Rules, now: datetime | None = None) -> dict[str, tuple[Run, str]]:
    """Return the runs that the rules delete, by id, each with the rule. Running ones are none of them.

    Raises QueryError if the search `keep` can't be read.
    """
    if rules.trash_days is None and rules.failed_days is None and rules.keep_last is None:
        return {}
    moment = now or datetime.now(UTC)
    kept = _kept(runs, rules)
    doomed: dict[str, tuple[Run, str]] = {}
    seen: dict[str, int] = defaultdict(int)
    for run in _all(runs, None, trashed=False):  # the newest first
        seen[run.experiment] += 1
        if run.status == "running" or run.id in kept:
            continue
        if _is_older(run.ended, rules.failed_days, moment) and run.status in _FAILED:
            doomed[run.id] = (run, f"failed_days = {rules.failed_days:g}")
        elif rules.keep_last is not None and seen[run.experiment] > rules.keep_last:
            doomed[run.id] = (run, f"keep_last = {rules.keep_last}")
    if rules.trash_days is not None:
        put_away = runs.trashed_at()
        for run in _all(runs, None, trashed=True):
            is_old = _is_older(put_away.get(run.id), rules.trash_days, moment)
            if is_old and run.status != "running" and run.id not in kept:
                doomed[run.id] = (run, f"trash_days = {rules.trash_days:g}")
    return doomed


def _kept(runs: Runs, rules: Rules) -> set[str]:
    if rules.keep is None:
        return set()
    try:
        return {run.id for trashed in (False, True) for run in _all(runs, rules.keep, trashed=trashed)}
    except QueryError as error:
        raise UsageError(f"The rule `keep` can't be read: {error}") from error


def _all(runs: Runs, query: str | None, *, trashed: bool) -> list[Run]:
    found: list[Run] = []
    while True:
        page = runs.search(query, offset=len(found), limit=_PAGE, trashed=trashed)
        found += page.runs
        if not page.runs or len(found) >= page.total:
            return found


def _is_older(since: datetime | None, days: float | None, moment: datetime) -> bool:
    return days is not None and since is not None and moment - since >= timedelta(days=days)
