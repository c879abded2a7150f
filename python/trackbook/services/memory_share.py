"""How much memory the jobs of one worker may use together, and whether one more fits beside those that run."""

from datetime import timedelta

from trackbook.domain.clock import now, to_datetime
from trackbook.domain.job import JobSpec
from trackbook.store import jobs as table
from trackbook.store.database import Connection

# What a job took is a guess at what it will take.
_MARGIN = 1.1
# A job that does not fit lets others go first for so long.
_LONGEST_PASSED = timedelta(minutes=10)


def expected_memory(connection: Connection, spec: JobSpec) -> int | None:
    """Return how many bytes a job may need: its limit, else a little more than its notebook took lately; None if that
    is not known.
    """
    if spec.memory is not None:
        return spec.memory
    used = table.used_memory(connection, spec.path)
    return None if used is None else int(used * _MARGIN)


class MemoryShare:
    """The memory of the worker whose children are called as `child` is: `total` bytes for `capacity` jobs.

    `is_blocked` tells that the job that was looked at last did not fit for so long that no other one goes before it.
    """

    def __init__(self, child: str, total: int, capacity: int) -> None:
        self._worker = child.rpartition("/")[0] + "/"
        self._total, self._capacity = total, max(1, capacity)
        self.is_blocked = False

    def reserve(self, connection: Connection, job_id: str) -> int | None:
        """Return the bytes to hold for a job, within a transaction that writes; None if it does not fit now."""
        self.is_blocked = False
        job = table.read_job(connection, job_id)
        if job is None:
            return None
        expected = expected_memory(connection, job.spec)
        needed = self._total // self._capacity if expected is None else expected
        held = table.reserved_memory(connection, self._worker)
        # What is only known from earlier may be wrong: such a job gets all there is, rather than never its turn.
        if job.spec.memory is None:
            needed = min(needed, self._total)
        if needed <= self._total - held:
            return needed
        fits_ever = needed <= self._total
        self.is_blocked = fits_ever and to_datetime(now()) - job.submitted > _LONGEST_PASSED
        return None
