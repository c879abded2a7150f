"""What a Dask worker runs for a job. Imports little: it is imported by Dask's own unpickling."""

import msgspec


def run_order(data: bytes) -> bytes:
    """Work on the order in `data`, and return a report; both are JSON."""
    from trackbook.jobs.distributed.orders import Order, Report
    from trackbook.jobs.distributed.process import carry_out
    from trackbook.store.locks import os_host
    from trackbook.version import version

    order = msgspec.json.decode(data, type=Order)
    own = version()
    if _series(order.version) != _series(own):
        return msgspec.json.encode(
            Report(
                f"The Dask worker on {os_host()} has Trackbook {own}, and the jobs were submitted with "
                f"{order.version}: install the same there."
            )
        )
    return msgspec.json.encode(carry_out(order))


def see_store(data: bytes) -> str | None:
    """Return why this worker can't work for the store of the order in `data`; None if it can."""
    from trackbook.jobs.distributed.orders import Order, find_problem

    return find_problem(msgspec.json.decode(data, type=Order))


def _series(version: str) -> str:
    return ".".join(version.split(".")[:2])
