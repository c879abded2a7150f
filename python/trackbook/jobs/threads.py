"""How many threads the libraries in a job's kernel may use, so that jobs side by side don't fight for the cores."""

import os
from collections.abc import Mapping

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def thread_caps(parallel: int, environ: Mapping[str, str], cores: int | None = None) -> dict[str, str]:
    """Return environment variables that give one of `parallel` jobs its share of the cores.

    What `environ` says already stays; a job that runs alone may use all cores.
    """
    if parallel <= 1:
        return {}
    share = max(1, (cores or usable_cores()) // parallel)
    return {name: str(share) for name in THREAD_VARIABLES if not environ.get(name)}


def forkable_caps(environ: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables for a process that is copied once its libraries of numbers have worked.

    Threads of OpenMP that wait in what is copied would be waited for in each copy, for ever; those of OpenBLAS, which
    looks for the same variable, do no harm.
    """
    blas = environ.get("OPENBLAS_NUM_THREADS") or environ.get("OMP_NUM_THREADS") or str(usable_cores())
    return {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": blas}


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
