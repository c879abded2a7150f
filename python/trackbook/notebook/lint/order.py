"""Order: what the saved execution counts say. TB105 and TB106."""

from collections.abc import Iterator

from trackbook.domain.lint import Diagnostic
from trackbook.domain.verdict import longest_rising
from trackbook.notebook.lint.cells import LintNotebook


def find_order(notebook: LintNotebook) -> Iterator[Diagnostic]:
    """Yield cells that ran in another order than they stand in, or never ran between ones that did."""
    ran = [cell for cell in notebook.code if cell.executed is not None]
    # Equal counts, of kernels that were restarted, say nothing.
    counts = sorted((cell.executed or 0, at) for at, cell in enumerate(ran))
    ranks = {at: rank for rank, (_, at) in enumerate(counts)}
    kept = longest_rising([ranks[at] for at in range(len(ran))]) if ran else set()
    for at, cell in enumerate(ran):
        if at in kept:
            continue
        below = next((other for other in ran[at + 1 :] if (other.executed or 0) < (cell.executed or 0)), None)
        above = next(
            (other for other in reversed(ran[:at]) if (other.executed or 0) > (cell.executed or 0)), None
        )
        if below is not None:
            message = (
                f"It ran (In [{cell.executed}]) after cell {below.position} below it (In [{below.executed}])."
            )
        elif above is not None:
            message = f"It ran (In [{cell.executed}]) before cell {above.position} above it (In [{above.executed}])."
        else:
            continue
        yield cell.diagnose("TB105", message)
    if not ran:
        return
    first, last = ran[0].position, ran[-1].position
    for cell in notebook.code:
        if first < cell.position < last and cell.executed is None and not cell.outputs and cell.has_code:
            yield cell.diagnose("TB106", "It never ran, between cells that did.")
