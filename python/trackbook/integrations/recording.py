"""A fit from its beginning to its end, whatever the library: what fails in between is not the user's concern."""

import functools
import time
from collections.abc import Callable
from typing import Any

from trackbook.integrations.fits import Fit
from trackbook.integrations.watching import attempt, inside


def record_fit(
    library: str,
    name: str,
    call: Callable[[Fit | None], Any],
    prepare: Callable[[Fit], None],
    finish: Callable[[Fit, Any, float], None],
) -> Any:
    """Return what `call(fit)` returns; before it `prepare(fit)`, after it `finish(fit, result, seconds)`.

    The fit is None where none could be begun. What `call` raises ends the fit's run as failed, and is raised.
    """
    with inside():
        fit = attempt("a fit", lambda: Fit.open(library, name))
        if fit is None:
            return call(None)
        attempt("a fit's parameters", functools.partial(prepare, fit))
        began = time.perf_counter()
        try:
            result = call(fit)
        except BaseException as error:
            attempt("that a fit failed", functools.partial(fit.close, error))
            raise
        seconds = time.perf_counter() - began
        try:
            attempt("how long a fit took", lambda: fit.log({"fit_time": seconds}))
            attempt("what a fit came to", lambda: finish(fit, result, seconds))
        finally:
            attempt("the end of a fit", fit.close)
    return result
