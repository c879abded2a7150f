"""Whether a job that failed is begun again, and when."""

import random

from trackbook.domain.job import LONGEST_RETRY_DELAY, AttemptOutcome, FailureCause, JobSpec

_JITTER = 0.25


def cause_of(outcome: AttemptOutcome) -> FailureCause | None:
    """Return why an attempt failed; None for one that finished, was cancelled or pruned."""
    if outcome == "finished" or outcome == "cancelled" or outcome == "pruned":
        return None
    return outcome


def may_retry(spec: JobSpec, attempt: int, cause: FailureCause) -> bool:
    """Tell whether another attempt follows after number `attempt` (from 1) has failed for this cause."""
    return cause in spec.retry_on and attempt <= spec.retries


def retry_delay(spec: JobSpec, attempt: int) -> float:
    """Return how many seconds to wait after attempt number `attempt`: twice as long each time, an hour at most.

    A quarter more or less by chance, so that jobs that failed together do not come back together.
    """
    doubled = spec.retry_delay * 2.0 ** min(attempt - 1, 30)
    return min(doubled, LONGEST_RETRY_DELAY) * random.uniform(1 - _JITTER, 1 + _JITTER)
