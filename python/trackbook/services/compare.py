"""Comparing runs."""

from collections.abc import Sequence

from trackbook.domain.compare import Comparison, compare
from trackbook.domain.run import RunDetail
from trackbook.errors import NotFound, UsageError
from trackbook.services.runs import Runs
from trackbook.store.place import Place

MOST_RUNS = 100


class Compare:
    """Puts runs of one store side by side."""

    def __init__(self, place: Place, runs: Runs) -> None:
        self._runs = runs
        self._blobs = place.blobs

    def compare(self, run_ids: Sequence[str], all: bool = False) -> Comparison:  # noqa: A002  # its name on the wire
        """Compare runs, given as ids or numbers, in this order; only what differs unless `all`.

        Raises NotFound for an unknown run, UsageError for fewer than 2 runs or more than 100.
        """
        if not 2 <= len(run_ids) <= MOST_RUNS:
            raise UsageError(f"A comparison is of 2 to {MOST_RUNS} runs, not of {len(run_ids)}.")
        details = self._runs.details_to_compare(run_ids)
        return compare(details, self._sources(details), everything=all)

    def _sources(self, details: Sequence[RunDetail]) -> dict[str, str]:
        digests = {cell.source_digest for detail in details for cell in detail.cells}
        found: dict[str, str] = {}
        for digest in digests:
            try:
                found[digest] = self._blobs.get(digest).decode("utf-8", "surrogatepass")
            except NotFound:  # the execution is known all the same
                continue
        return found
