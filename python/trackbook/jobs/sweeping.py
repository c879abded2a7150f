"""The controller of a sweep: asks what to try next, keeps trials going, hears how they come out.

Run as `python -m trackbook.jobs.sweeping STORE SWEEP` it is a process of its own, which outlives who started it. What
it knows is in the trials' jobs and runs: whoever comes after it, after a kill, too, goes on from there.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from trackbook.config import Settings
from trackbook.errors import Conflict, TrackbookError
from trackbook.jobs.headstart import HeadStart
from trackbook.jobs.sweepcontroller import OnProgress, SweepController, SweepOutcome, Workers
from trackbook.services.context import open_services
from trackbook.store.paths import StorePaths

# Where results decide nothing, so many trials wait in the queue beside those that run: no worker ever waits for one.
AHEAD = 24
_SERVER_PATIENCE = 300.0  # seconds for a served store that is away to come back


def run_sweep(
    store: StorePaths,
    sweep_id: str,
    *,
    on_progress: OnProgress | None = None,
    workers: Workers | None = None,
    head_start: HeadStart | None = None,
    ahead: int = AHEAD,
) -> SweepOutcome:
    """Work a sweep off: begin it, or go on with it, and wait for its end.

    Trials that ended are not run again, others are, with the same parameters. Ctrl-C cancels what runs, and returns.
    When this process dies its workers end, too; `head_start` is a worker that was started before.

    Raises NotFound for an unknown sweep, Conflict while another process
    works it off, InfrastructureError if workers can't be started.
    """
    services = open_services(store, Settings.load().token)
    try:
        # A server that is away for a while costs time, and not the sweep.
        services.wait_for_server(_SERVER_PATIENCE)
        with services.sweeps.hold(sweep_id):
            spec = services.sweeps.spec(sweep_id)
            return SweepController(
                services, sweep_id, spec, on_progress or (lambda _: None), workers, head_start, ahead
            ).run()
    finally:
        services.close()


def start_sweep(store: StorePaths, sweep_id: str) -> None:
    """Have a process of its own work a sweep off; it outlives this one. Returns at once."""
    from trackbook.services.processes import start_module

    start_module(
        "trackbook.jobs.sweeping", str(store.root), sweep_id, folder=store.root, log=store.jobs / "sweeps.log"
    )


def _work_off(store: StorePaths, sweep_id: str) -> SweepOutcome:
    from trackbook.jobs.executors import open_trial_workers

    services = open_services(store, Settings.load().token)
    try:
        spec = services.sweeps.spec(sweep_id)
    finally:
        services.close()
    with open_trial_workers(store, spec.job.executor, parallel=spec.parallel) as workers_of:
        return run_sweep(store, sweep_id, workers=workers_of(sweep_id))


def main(arguments: Sequence[str] | None = None) -> int:
    """Work a sweep off as a process of its own; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m trackbook.jobs.sweeping", description="Work a sweep off."
    )
    parser.add_argument("store", type=Path, help="the store's folder")
    parser.add_argument("sweep", help="the id of the sweep")
    options = parser.parse_args(arguments)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, interrupt)
    try:
        return _work_off(StorePaths(options.store).check(), options.sweep).exit_code
    except Conflict:
        return 0
    except TrackbookError as error:
        sys.stderr.write(f"{error}\n")
        return 3


if __name__ == "__main__":
    sys.exit(main())
