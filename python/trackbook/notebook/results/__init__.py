"""Comparing results: what two executions of a notebook gave, within a tolerance. Runs no code.

What differs each time without meaning anything is left out of the comparison: noise.py says what.
"""

from trackbook.domain.difference import Difference as Difference
from trackbook.notebook.results.metrics import compare_metrics as compare_metrics
from trackbook.notebook.results.outputs import compare_outputs as compare_outputs

__all__ = ["Difference", "compare_metrics", "compare_outputs"]
