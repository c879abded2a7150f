"""The state of random generators over a fork: what the notebook has seeded stays, the rest begins anew."""

import contextlib
import functools
import random
import sys
from collections.abc import Iterable
from typing import Any

_seeded: set[str] = set()
# Seeds that people set are smaller; torch's own, of which each process has another one, is not.
_LARGEST_SEED = 2**32


def watch_seeds() -> None:
    """Take note of seeds that are set in `random` from now on; numpy tells it by itself."""
    for name in ("seed", "setstate"):
        original = getattr(random, name)
        if not hasattr(original, "__wrapped__"):
            setattr(random, name, _noting(original))


def _noting(original: Any) -> Any:
    @functools.wraps(original)
    def noting(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        _seeded.add("random")
        return result

    return noting


class RandomState:
    """What has to be remembered before a fork, since Python itself gives each child another state of `random`."""

    def __init__(self) -> None:
        self._random = random.getstate()

    def restore(self, *, keep: bool, seeded: Iterable[str] = ()) -> None:
        """Go on in the child: with `keep` exactly as before, else only what was seeded; that is found out, and `seeded`
        names more ("random", "numpy", or "*" for all).
        """
        known = {*_seeded, *seeded}
        if keep or known & {"random", "*"}:
            # The state's own setter: the watched one would take it for a seed of the notebook.
            random._inst.setstate(self._random)
        generator = _numpy_generator()
        if generator is not None and not keep and not known & {"numpy", "*"} and not _is_seeded(generator):
            # Through the generator below: what the notebook drew before tells nothing of what it draws now.
            generator._bit_generator.state = type(generator._bit_generator)().state
        torch: Any = sys.modules.get("torch")
        if torch is not None and not keep and not known & {"torch", "*"}:
            with contextlib.suppress(Exception):  # a torch of another make
                if torch.initial_seed() >= _LARGEST_SEED:
                    torch.seed()


def drawn_unseeded(seeded: Iterable[str] = ()) -> list[str]:
    """Return the libraries from which numbers were drawn that nothing had seeded; `seeded` as for `restore`.

    Numpy alone: from `random` even imports draw, that of scikit-learn, for one.
    """
    generator = _numpy_generator()
    if generator is None or {*seeded} & {"numpy", "*"} or _is_seeded(generator):
        return []
    bits = generator._bit_generator
    now, fresh = bits.state["state"], type(bits)(bits.seed_seq).state["state"]
    return ["numpy"] if now["pos"] != fresh["pos"] or (now["key"] != fresh["key"]).any() else []


def _numpy_generator() -> Any:
    return getattr(getattr(sys.modules.get("numpy.random"), "mtrand", None), "_rand", None)


def _is_seeded(generator: Any) -> bool:
    # numpy forgets where a generator's first state came from as soon as a seed is set.
    return getattr(generator._bit_generator, "seed_seq", None) is None
