"""What a worker does when a trial has ended that was asked for once more by itself: it may be the best one now."""

import logging

from trackbook.config import Settings
from trackbook.domain.job import Job, is_late
from trackbook.store.paths import StorePaths

_INDEXING_SECONDS = 60.0


class LateTrials:
    """Has the best trials of a sweep marked anew that nobody works off. Other jobs pass untouched."""

    def __init__(self, store: StorePaths) -> None:
        self._store = store

    def conclude(self, job: Job) -> None:
        """Look at a job that has ended. What goes wrong is told in the log: its outcome stands all the same."""
        trial = job.spec.trial
        if trial is None or not is_late(job):
            return
        from trackbook.services.context import open_services  # seldom needed, and a worker starts often

        try:
            services = open_services(self._store, Settings.load().token)
            try:
                if services.sweeps.is_held(trial.sweep):  # who works it off hears of it
                    return
                services.runs.refresh(timeout=_INDEXING_SECONDS)
                services.sweeps.mark_best(trial.sweep)
            finally:
                services.close()
        except Exception:
            text = "The best trials of the sweep %s could not be marked."
            logging.getLogger(__name__).exception(text, trial.sweep)
