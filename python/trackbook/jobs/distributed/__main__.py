"""The process beside a Dask worker: makes its imports as a supervisor does, and then works on orders."""

import sys

from trackbook.jobs.supervisor import import_all


def main() -> int:
    """Work on orders until the input ends."""
    import_all()
    from trackbook.jobs.distributed.work import main as work

    return work()


if __name__ == "__main__":
    sys.exit(main())
