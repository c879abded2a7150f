"""A corpus of notebooks in the spirit of real ones, messy ones included; built on demand, so that none is committed.

`load(name)` returns a file's bytes; `NAMES` are all names, `RUNNABLE` those that run from top to bottom, and
`SAMPLES[name]` says more about one. What they are like is in the modules: `everyday`, `messy`, `formats`.
"""

from functools import cache

from . import everyday, formats, messy  # noqa: F401  # each puts its notebooks into SAMPLES
from .building import SAMPLES, Sample

__all__ = ["NAMES", "RUNNABLE", "SAMPLES", "Sample", "load"]

NAMES: list[str] = list(SAMPLES)
RUNNABLE: list[str] = [name for name, sample in SAMPLES.items() if sample.runnable]


@cache
def load(name: str) -> bytes:
    """Return the file of a notebook of the corpus."""
    return SAMPLES[name].build()
