"""Changes of many runs at once, with one answer."""

from collections.abc import Callable

from trackbook.domain.bulk import BulkFailure, BulkRequest, BulkResult
from trackbook.domain.names import check_name
from trackbook.domain.run import Run
from trackbook.errors import NotFound, TrackbookError, UsageError
from trackbook.services.edits import Edits
from trackbook.services.runs import Runs
from trackbook.store.parts import slices
from trackbook.store.place import Place
from trackbook.store.runs import read_runs

_SECONDS = 60.0


class BulkEdits:
    """Puts runs of one store into the trash, takes them out, and sets their tags, many at a time."""

    def __init__(self, place: Place, runs: Runs, edits: Edits) -> None:
        self._database, self._runs, self._edits = place.database, runs, edits

    def apply(self, asked: BulkRequest) -> BulkResult:
        """Change runs; returns those that are not as they were before: the others were so already.

        What keeps one from being changed does not stop the others. Raises, before anything is changed, InvalidName for
        a tag, and UsageError for `tag` and `untag` without tags.
        """
        change, is_so = self._change(asked)
        known = self._read(asked.runs)
        changed, failed = [], []
        for run_id in dict.fromkeys(asked.runs):
            run = known.get(run_id)
            try:
                if run is None:
                    raise NotFound("run", run_id)
                if not is_so(run):
                    change(run_id)
                    changed.append(run_id)
            except TrackbookError as error:
                failed.append(BulkFailure(run_id, str(error)))
        if changed:
            self._runs.refresh(timeout=_SECONDS)
        return BulkResult(changed, failed)

    def _change(self, asked: BulkRequest) -> tuple[Callable[[str], None], Callable[[Run], bool]]:
        """Return what changes a run, and what tells that it is so already."""
        if asked.action == "trash":
            return self._edits.trash, lambda run: run.trashed
        if asked.action == "restore":
            return self._edits.restore, lambda run: not run.trashed
        if not asked.tags:
            raise UsageError(f"`{asked.action}` needs the tags that are meant.")
        tags = {check_name("tag", key): value for key, value in asked.tags.items()}
        if asked.action == "untag":
            tags = dict.fromkeys(tags)
        return (
            lambda run_id: self._edits.set_tags(run_id, tags),
            lambda run: all(run.tags.get(key) == value for key, value in tags.items()),
        )

    def _read(self, run_ids: list[str]) -> dict[str, Run]:
        with self._database.read() as connection:
            return {run.id: run for part in slices(run_ids) for run in read_runs(connection, part)}
